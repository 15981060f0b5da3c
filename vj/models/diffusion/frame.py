"""One picture as one graph: noise, UNet steps, calm, decoding, bytes; every input at an address that stays.

``paint`` is the whole of it: a function of a model and a dictionary of buffers that writes its results into buffers of
the same dictionary. It allocates nothing that outlives it, reads no number on the host and branches on nothing but its
``Kind``, so it can be captured as a CUDA graph or compiled whole, and what a performer turns changes numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vj.models.diffusion import calm, feedback, sampler
from vj.models.diffusion.letter import Letter
from vj.models.diffusion.sphere import Sphere, noise

STRETCH = 8
"""Pixels of a picture to one of its latent, in each direction."""
MEMORY = ("trail", "held", "shown", "anchor")
"""The buffers that one picture leaves to the next."""
KINDS = 64
"""Kinds of pictures that one process may compile."""
TUNED: dict[str, str | int | bool | Callable[..., Any]] = {
    "max_autotune": True, "coordinate_descent_tuning": True, "conv_1x1_as_mm": True, "triton.cudagraphs": False}
SEEDS = 16
"""Seeds that a plate has room for; a walk with more gets a larger one."""


@dataclass(frozen=True)
class Kind:
    """What a plate cannot change. ``size`` width, height in pixels, multiples of 8; ``rows`` pictures at once.

    ``guided``: the model runs twice, with the negative prompt too. ``sourced``: a picture is encoded first. ``fed``:
    the picture before may be fed back.
    """

    size: tuple[int, int]
    rows: int = 1
    steps: int = 1
    guided: bool = False
    sourced: bool = False
    fed: bool = True
    deck: str = "a"
    seeds: int = SEEDS


@dataclass(frozen=True)
class Model:
    """The networks, and what their configs say about feeding them."""

    unet: Any
    vae: Any
    dtype: torch.dtype
    device: str

    @property
    def channels(self) -> int:
        return int(self.unet.config.in_channels)

    @property
    def pooled(self) -> int:
        """Size of the whole text's vector, 0 where the UNet takes none."""
        if getattr(self.unet.config, "addition_embed_type", None) != "text_time":
            return 0
        return int(self.unet.config.projection_class_embeddings_input_dim
                   - 6 * self.unet.config.addition_time_embed_dim)

    @property
    def guidance_size(self) -> int:
        """Size of the embedding that tells a distilled model its guidance, 0 where it takes none."""
        return int(getattr(self.unet.config, "time_cond_proj_dim", None) or 0)


class Plate:
    """The buffers of one kind of picture, inked with a shot's numbers and printed again and again."""

    def __init__(self, model: Model, kind: Kind) -> None:
        self.model, self.kind = model, kind
        width, height = kind.size
        shape = (model.channels, height // STRETCH, width // STRETCH)
        self.letter = Letter(fields(kind), model.device)
        self.sphere = Sphere(shape, kind.seeds, kind.rows, kind.steps, model.device)
        self.buffers = buffers(model, kind, shape) | {
            "seeds": self.sphere.seeds, "kicks": self.sphere.kicks, "stir": self.sphere.stir,
            **self.letter.on_device}
        self.letter.write("way", np.eye(2, 3))
        self.letter.write("follow", 1.0)

    def print(self) -> None:
        """Draw from the buffers into the buffers."""
        with torch.no_grad():
            paint(self.model, self.kind, self.buffers)

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """What is printed meanwhile leaves no memory behind."""
        kept = {name: self.buffers[name].clone() for name in MEMORY}
        try:
            yield
        finally:
            self.remember(kept)

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take over the memory of another plate, of whatever size."""
        for name in MEMORY:
            mine, other = self.buffers[name], memory[name]
            if mine.shape != other.shape:
                other = interpolate(other[None], mine.shape[-2:], mode="bilinear", align_corners=False)[0]
            mine.copy_(other)

    def recall(self, clean: Tensor, rgba: Tensor) -> None:
        """Take over the memory as one row of a batch left it: its latent (C, h, w) and its picture (H, W, 4)."""
        self.buffers["held"].copy_(clean.nan_to_num())
        self.buffers["trail"].copy_(clean.nan_to_num())
        self.buffers["shown"].copy_(rgba[..., :3].permute(2, 0, 1).float() / 255.0)

    def say(self, tokens: Sequence[Tensor], pooled: Sequence[Tensor | None]) -> None:
        """The texts' embeddings (77, D) of each row; with guidance those of the negative prompt first."""
        for row, one in enumerate(tokens):
            self.buffers["tokens"][row].copy_(one)
        for row, whole in enumerate(pooled):
            if whole is not None and "pooled" in self.buffers:
                self.buffers["pooled"][row].copy_(whole)


def compiled(plate: Plate, *, tuned: bool = False) -> tuple[Callable[[], None], Callable[[], None]]:
    """Printing through torch.compile, and a rehearsal on a plate of its own that makes it compile.

    Compiled once for a kind of picture, whichever deck shows it. ``tuned`` lets the compiler try many kernels for each
    product: minutes more.
    """
    twin = Plate(plate.model, plate.kind)

    def run(on: Plate) -> None:
        with torch.no_grad():
            whole(tuned)(on.model, replace(on.kind, deck=""), on.buffers)

    return lambda: run(plate), lambda: run(twin)


@lru_cache(maxsize=2)
def whole(tuned: bool) -> Callable[[Model, Kind, Mapping[str, Tensor]], None]:
    """``paint`` as the compiler takes it: as one graph, anew for every kind."""
    import torch._dynamo

    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, KINDS)
    made: Callable[[Model, Kind, Mapping[str, Tensor]], None] = torch.compile(
        paint, fullgraph=True, dynamic=False, options=TUNED if tuned else None)
    return made


def fields(kind: Kind) -> dict[str, tuple[int, ...]]:
    """The numbers of a picture, see ``paint``."""
    rows = kind.rows
    return {"weights": (rows, kind.seeds), "kick": (rows,), "begin": (rows, 2), "steps": (rows, kind.steps, 5),
            "guidance": (rows,), "follow": (rows, 2), "way": (rows, 2, 3), "fed": (rows, 2)}


def buffers(model: Model, kind: Kind, shape: tuple[int, int, int]) -> dict[str, Tensor]:
    """What is too large for a letter, and what a picture leaves behind.

    ``trail``, ``held`` (C, h, w) and ``shown`` (3, H, W) are the memory from one picture to the next: what is fed back,
    what the latents' calm holds, what the pixels' calm holds. ``anchor`` (2, 1, C, 1, 1) is the mean and spread that
    holds the trail. Results: ``clean`` (B, C, h, w), ``spread`` (2, B, C, 1, 1) as drawn, ``rgba`` (B, H, W, 4).
    """
    (width, height), rows = kind.size, kind.rows
    texts = rows * (2 if kind.guided else 1)
    half: dict[str, Any] = {"dtype": model.dtype, "device": model.device}
    made = {
        "tokens": torch.zeros(texts, 77, int(model.unet.config.cross_attention_dim), **half),
        "trail": torch.zeros(shape, device=model.device), "held": torch.zeros(shape, device=model.device),
        "shown": torch.zeros(3, height, width, device=model.device),
        "clean": torch.zeros(rows, *shape, device=model.device),
        "spread": torch.zeros(2, rows, shape[0], 1, 1, device=model.device),
        "anchor": torch.stack([torch.zeros(1, shape[0], 1, 1), torch.ones(1, shape[0], 1, 1)]).to(model.device),
        "rgba": torch.full((rows, height, width, 4), 255, dtype=torch.uint8, device=model.device),
    }
    if model.pooled:
        made["pooled"] = torch.zeros(texts, model.pooled, **half)
        made["sizes"] = torch.tensor([[height, width, 0, 0, height, width]] * texts, **half)
    if model.guidance_size:
        made["told"] = torch.zeros(rows, model.guidance_size, **half)
    if kind.sourced:
        made["source"] = torch.zeros(rows, height, width, 3, dtype=torch.uint8, device=model.device)
    return made


def paint(model: Model, kind: Kind, b: Mapping[str, Tensor]) -> None:
    """Draw ``kind.rows`` pictures. The letter's fields:

    ``weights`` and ``kick`` place the walk; ``begin`` (signal, noise) and ``steps`` are the course; ``follow`` is the
    calm of latent and pixels; ``way`` moves what is fed back, ``fed`` is its (share, part of the trail kept).
    """
    start = noise(b["seeds"], b["kicks"], b["weights"], b["kick"]).view_as(b["clean"])
    trail = _trail(kind, b)
    state = start * _each(b["begin"][:, 1])
    if kind.fed or kind.sourced:
        state = state + _base(model, kind, b, trail) * _each(b["begin"][:, 0])
    drawn = sampler.run(lambda x, t: _output(model, kind, b, x, t), state, b["steps"], b["stir"])
    clean = calm.smoothed(drawn, b["held"], b["follow"][:, 0])
    rgb = calm.steadied(decoded(model, clean), b["shown"], b["follow"][:, 1])
    b["spread"].copy_(feedback.spread(drawn))
    b["clean"].copy_(clean)
    b["held"].copy_(clean[-1].nan_to_num())  # a picture that overflowed is one bad picture and no more
    b["trail"].copy_(torch.lerp(clean[-1], trail[-1], b["fed"][-1, 1]).nan_to_num())
    b["shown"].copy_(rgb[-1].nan_to_num())
    b["rgba"][..., :3] = (rgb * 255.0 + 0.5).clamp(0.0, 255.0).permute(0, 2, 3, 1).to(torch.uint8)


def decoded(model: Model, clean: Tensor) -> Tensor:
    """(B, 3, H, W) 0..1 float32 of latents, as the model's own decoder and its config have it."""
    config, kind = model.vae.config, model.vae.dtype
    z = clean / float(config.scaling_factor) + float(getattr(config, "shift_factor", None) or 0.0)
    rgb: Tensor = model.vae.decode(z.to(kind), return_dict=False)[0]
    return (rgb.float() * 0.5 + 0.5).clamp(0.0, 1.0)


def encoded(model: Model, source: Tensor) -> Tensor:
    """Latents (B, C, h, w) float32 of pictures (B, H, W, 3) uint8: the mode, never a sample."""
    config, kind = model.vae.config, model.vae.dtype
    x = (source.permute(0, 3, 1, 2).float() / 127.5 - 1.0).to(kind)
    found = model.vae.encode(x, return_dict=False)[0]
    z: Tensor = found if isinstance(found, Tensor) else found.mode()
    return (z.float() - float(getattr(config, "shift_factor", None) or 0.0)) * float(config.scaling_factor)


def _trail(kind: Kind, b: Mapping[str, Tensor]) -> Tensor:
    """(B, C, h, w) what is fed back, moved on and anchored."""
    if not kind.fed:
        return b["trail"][None]
    return feedback.anchored(feedback.moved(b["trail"].expand(kind.rows, -1, -1, -1), b["way"]), b["anchor"])


def _base(model: Model, kind: Kind, b: Mapping[str, Tensor], trail: Tensor) -> Tensor:
    """(B, C, h, w) what the noise is laid over. Without a source the trail stands alone; the course says how much."""
    if not kind.sourced:
        return trail * (_each(b["fed"][:, 0]) > 0.0)
    return torch.lerp(encoded(model, b["source"]), trail, _each(b["fed"][:, 0]))


def _output(model: Model, kind: Kind, b: Mapping[str, Tensor], x: Tensor, timestep: Tensor) -> Tensor:
    """The UNet's output float32 for states (B, C, h, w) at ``timestep`` (B,), guided where the kind says so."""
    more: dict[str, Any] = {}
    if "pooled" in b:
        more["added_cond_kwargs"] = {"text_embeds": b["pooled"], "time_ids": b["sizes"]}
    if "told" in b:
        more["timestep_cond"] = b["told"]
    if kind.guided:
        x, timestep = torch.cat([x, x]), torch.cat([timestep, timestep])
    if model.device.startswith("cuda"):
        x = x.contiguous(memory_format=torch.channels_last)
    out: Tensor = model.unet(x.to(model.dtype), timestep, encoder_hidden_states=b["tokens"], return_dict=False,
                             **more)[0].float()
    if not kind.guided:
        return out
    without, said = out.chunk(2)
    return without + _each(b["guidance"]) * (said - without)


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def rounded(size: tuple[int, int], most: float = math.inf, step: int = STRETCH) -> tuple[int, int]:
    """The size, its sides multiples of ``step``, smaller in proportion where it has over ``most`` pixels."""
    width, height = size
    scale = min(1.0, math.sqrt(most / max(width * height, 1))) + 1e-9
    return max(int(width * scale) // step, 1) * step, max(int(height * scale) // step, 1) * step
