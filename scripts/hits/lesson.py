"""Teaching: what the ears see of each piece, and the net that learns to name it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from vj.audio.analyzer import Analyzer
from vj.audio.hits import KINDS, Net
from vj.audio.tracker.announce import Announced
from vj.types import Tick

from .drums import RATE
from .pieces import Piece

FIRST, LAST, AFTER = 0.013, 0.030, 0.060
"""Seconds after a hit in which a hop should know of it, and until which it may."""
BLOCK = 0.1
"""Seconds that the ears hear at once."""


@dataclass(frozen=True)
class Page:
    """A piece as the net sees it: (hops, inputs), what it should say and how much that counts, (hops, kinds)."""

    piece: Piece
    hop: float
    seen: np.ndarray
    right: np.ndarray
    counts: np.ndarray


class Idle:
    """Sits in the beat tracker's place, whose work is not needed here."""

    def hear(self, mono: np.ndarray) -> list[Announced]:
        return []

    def limit(self, slowest: float, fastest: float) -> None: ...

    def pull(self, time: float) -> None: ...

    def favour(self, bpm: float | None) -> None: ...

    def shift_half(self) -> None: ...


class Pupil:
    """Sits in the net's place and writes down what it would have seen."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        self.seen.append(seen.copy())
        return np.zeros((len(seen), len(KINDS)), np.float32)


def page(piece: Piece) -> Page:
    """Play a piece to the ears."""
    pupil = Pupil()
    ears = Analyzer(RATE, pupil, Idle())
    block = round(BLOCK * RATE)
    for index in range(len(piece.sound) // block):
        ears.process(Tick(index, (index + 1) * BLOCK, BLOCK), piece.sound[index * block:(index + 1) * block])
    seen, hop = np.concatenate(pupil.seen), ears.hop / RATE
    right, counts = _marks((np.arange(len(seen)) + 1) * hop, piece)
    return Page(piece, hop, seen, right, counts)


def _marks(times: np.ndarray, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    right = np.zeros((len(times), len(KINDS)), np.float32)
    counts = np.ones_like(right)
    for kind, name in enumerate(KINDS):
        since = np.full(len(times), np.inf)
        for time in piece.struck[name]:
            since = np.where(times > time, times - time, since)
        right[:, kind] = (since >= FIRST) & (since < LAST)
        counts[:, kind] = (right[:, kind] > 0) | (since >= AFTER)
    counts[times < 0.7] = 0.0
    return right, counts


def teach(pages: Sequence[Page], hidden: int, steps: int) -> dict[str, np.ndarray]:
    """The weights after ``steps`` lessons of 4096 hops; the inputs' scale is folded into them."""
    torch.manual_seed(0)
    seen, right, counts = (torch.tensor(np.concatenate([getattr(p, name) for p in pages]))
                           for name in ("seen", "right", "counts"))
    mean, spread = seen.mean(0), seen.std(0) + 1e-3
    seen = (seen - mean) / spread
    net = nn.Sequential(nn.Linear(seen.shape[1], hidden), nn.Tanh(), nn.Linear(hidden, len(KINDS)))
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=2e-2)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, 1e-4)
    for _ in range(steps):
        chosen = torch.randint(0, len(seen), (4096,))
        said = net(seen[chosen] + 0.1 * torch.randn(4096, seen.shape[1]))
        loss = binary_cross_entropy_with_logits(said, right[chosen], reduction="none", pos_weight=torch.full((3,), 2.0))
        optimizer.zero_grad()
        (loss * counts[chosen]).mean().backward()
        optimizer.step()
        rate.step()
    inner = net[0].weight.detach() / spread
    return {name: value.detach().numpy().astype(np.float32) for name, value in {
        "inner": inner, "bias": net[0].bias - inner @ mean, "outer": net[2].weight, "rest": net[2].bias}.items()}


@dataclass
class Score:
    """How a kind was heard."""

    right: int = 0
    said: int = 0
    true: int = 0
    late: tuple[float, ...] = ()

    @property
    def f(self) -> float:
        return 2 * self.right / max(self.said + self.true, 1)

    def __str__(self) -> str:
        median = 1000 * float(np.median(self.late)) if self.late else 0.0
        return (f"F {self.f:.3f} (precision {self.right / max(self.said, 1):.2f}, "
                f"recall {self.right / max(self.true, 1):.2f}, {median:.0f} ms late)")


def judge(piece: Piece, net: Net, *scores: dict[str, Score]) -> None:
    """Play a piece to ears with this ``net`` and count what they say of it from the third second on."""
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    ears = Analyzer(RATE, net, Idle())
    for index in range(len(piece.sound) // ears.hop):
        tick = Tick(index, (index + 1) * ears.hop / RATE, ears.hop / RATE)
        heard = ears.process(tick, piece.sound[index * ears.hop:(index + 1) * ears.hop])
        for kind in KINDS:
            if getattr(heard, kind):
                found[kind].append(tick.time)
    for score in scores:
        for kind in KINDS:
            count(score.setdefault(kind, Score()), found[kind], piece.struck[kind])


def count(score: Score, found: Sequence[float], struck: Sequence[float], after: float = 2.0) -> None:
    """One moment found from 10 ms before to 60 ms after each hit counts as right."""
    waiting = [time for time in found if time > after]
    true = [time for time in struck if time > after]
    score.said, score.true = score.said + len(waiting), score.true + len(true)
    for time in true:
        near = [n for n, other in enumerate(waiting) if -0.01 <= other - time <= 0.06]
        if near:
            score.right += 1
            score.late += (waiting.pop(near[0]) - time,)
