"""The net as torch trains it; ``vj.audio.tracker.net`` runs the same in NumPy."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import torch
import torch.distributed as mates
from safetensors.numpy import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from ears import gated
from vj.audio.tracker.front import SIZE
from vj.audio.tracker.net import STACK, TEMPI, packed, unpacked

INNER = 64
"""Width of the first layer, where nothing else is said."""
BLUR = 0.04
"""How far, as a share of the tempo, one that is meant may lie from one that is told: standard deviation."""
TEMPO, CHANGE = 0.05, 0.1
"""Weight of the tempo, and of cuts, among what is to be learnt."""


class Net(nn.Module):
    """(B, T, SIZE) levels to logits: (B, T, 2) beat and downbeat, (B, T / STACK, TEMPI) tempo, (B, T / STACK) a cut.

    T is a multiple of STACK, the frames of one step. ``coarse``: quicker, with fewer digits, as is fine for lessons.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, hidden: int, inner: int = INNER) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(SIZE))
        self.register_buffer("spread", torch.ones(SIZE))
        self.input = nn.Linear(2 * SIZE * STACK, inner)
        self.gru = nn.GRU(inner, hidden, 2, batch_first=True)
        self.output = nn.Linear(hidden, 2 * STACK)
        self.tempo = nn.Linear(hidden, len(TEMPI))
        self.change = nn.Linear(hidden, 1)
        nn.init.zeros_(self.change.weight)
        nn.init.constant_(self.change.bias, -3.0)
        self.drop = nn.Dropout(0.1)
        self.coarse = False

    def forward(self, levels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        before = functional.pad(levels, (0, 0, 2, 0))[:, :-2]
        told = torch.cat([(levels - self.mean) * self.spread, functional.relu(levels - before)], -1)
        steps = told.reshape(len(told), -1, 2 * SIZE * STACK)
        inner = torch.tanh(self.input(steps))
        known = self.drop(gated.layers(self.gru, inner, torch.bfloat16) if self.coarse else self.gru(inner)[0])
        return self.output(known).reshape(len(told), -1, 2), self.tempo(known), self.change(known)[..., 0]


def weights_in(path: Path) -> dict[str, Tensor]:
    """The weights in a file, without ``delay``."""
    return {name: torch.from_numpy(part) for name, part in unpacked(load_file(path)).items() if name != "delay"}


def net_like(weights: dict[str, Tensor], hidden: int = 0, inner: int = 0) -> Net:
    """A fresh net as wide as ``weights`` are, or wider."""
    return Net(max(hidden, weights["output.weight"].shape[1]), max(inner, weights["input.weight"].shape[0]))


def net_of(hidden: int, begin: Path | None, sample: np.ndarray, inner: int = 0) -> Net:
    """A fresh net that knows the levels' mean and spread from ``sample``, or one that was trained before.

    One with fewer units is given more, which at first nobody listens to: it hears what it heard.
    """
    if begin is not None:
        kept = weights_in(begin)
        net = net_like(kept, hidden, inner)
        net.load_state_dict(widened(kept, net))
        return net
    net = Net(hidden, inner or INNER)
    levels = torch.from_numpy(sample).reshape(-1, SIZE)
    net.mean.copy_(levels.mean(0))
    net.spread.copy_(1.0 / (levels.std(0) + 0.05))
    with torch.no_grad():
        net.output.bias.copy_(torch.tensor([-3.0, -4.5] * STACK))
    return net


@torch.no_grad()
def widened(kept: dict[str, Tensor], net: Net) -> dict[str, Tensor]:
    """The weights of ``net``, with those of a net of as many units or fewer in their places.

    What is new listens to everything as it was made to; what was there does not listen to what is new.
    """
    weights = net.state_dict()
    for name, old in kept.items():
        gates = 3 if name.startswith("gru.") else 1  # these stand above each other in one matrix
        for new, part in zip(weights[name].chunk(gates), old.chunk(gates), strict=True):
            listeners = new[:len(part)]
            listeners[..., part.shape[-1]:] = 0.0
            listeners[..., :part.shape[-1]] = part
    return weights


def save(net: Net, delay: float, path: Path) -> None:
    """Weights and ``delay``, seconds from a moment to the end of its own frame's window, as safetensors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".part")
    parts = [packed(name, tensor.numpy()) for name, tensor in net.state_dict().items()]
    save_file({**{name: part for kept in parts for name, part in kept.items()},
               "delay": np.array([delay], np.float32)}, fresh)
    fresh.replace(path)


class School:
    """Adam with a rate that warms up and falls along a cosine. ``wise`` is the mean of the last lessons' nets."""

    def __init__(self, net: Net, rate: float, coarse: bool = False) -> None:
        self.net, self._rate = net, rate
        self.wise = copy.deepcopy(net).eval()
        net.coarse = coarse
        self._optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-3)
        self._lessons = 0

    def learn(self, levels: np.ndarray, aim: np.ndarray, share: float) -> float:
        """One lesson at ``share`` 0..1 of the whole time; its loss."""
        self._lessons += 1
        rate = self._rate * min(self._lessons / 50, 1.0) * (0.5 + 0.5 * math.cos(math.pi * min(share, 1.0)))
        for group in self._optimiser.param_groups:
            group["lr"] = max(rate, 1e-5)
        self.net.train()
        (told, tempo, change), wished = self.net(torch.from_numpy(levels)), torch.from_numpy(aim)
        beats, downbeats, known, bpm, cuts = wished.unbind(-1)
        told_of = slice(STACK - 1, None, STACK)
        beat = functional.binary_cross_entropy_with_logits(told[..., 0], beats)
        down = functional.binary_cross_entropy_with_logits(told[..., 1], downbeats, weight=known)
        cut = functional.binary_cross_entropy_with_logits(change, cuts[:, told_of])
        loss = beat + 0.5 * down + TEMPO * tempo_loss(tempo, bpm[:, told_of]) + CHANGE * cut
        self._optimiser.zero_grad()
        loss.backward()
        agree([weight.grad for weight in self.net.parameters() if weight.grad is not None])
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self._optimiser.step()
        self._remember(max(1.0 / self._lessons, 0.005))
        return float(beat.detach())

    @torch.no_grad()
    def _remember(self, share: float) -> None:
        for kept, new in zip(self.wise.parameters(), self.net.parameters(), strict=True):
            kept.lerp_(new, share)

    @torch.no_grad()
    def hear(self, levels: np.ndarray) -> Tensor:
        """(T, 2) logits of one whole piece, (T, SIZE)."""
        padded = np.pad(levels, ((0, -len(levels) % STACK), (0, 0)))
        return self.wise(torch.from_numpy(padded)[None])[0][0, :len(levels)]


def agree(parts: list[Tensor]) -> None:
    """Where several learn side by side, all take the mean of what each would do."""
    if mates.is_initialized():
        whole = torch.cat([part.reshape(-1) for part in parts])
        mates.all_reduce(whole)
        for part, mean in zip(parts, whole.split([part.numel() for part in parts]), strict=True):
            part.copy_(mean.view_as(part) / mates.get_world_size())


def tempo_loss(told: Tensor, bpm: Tensor) -> Tensor:
    """Cross entropy of (B, S, TEMPI) logits with a bell about ``bpm`` (B, S), where that is known (not 0)."""
    known = bpm > 0
    if not known.any():
        return told.sum() * 0.0
    away = (torch.log(bpm[known])[:, None] - torch.log(torch.from_numpy(TEMPI).float())) / BLUR
    return functional.cross_entropy(told[known], torch.softmax(-0.5 * away**2, -1))
