"""From smooth fields to a lit, coloured surface: palette, relief, depth and ink, on the full grid."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from vj.models.pattern import Finish

TABLE = 2048
"""Entries of a colour table: fine enough that no gradient shows steps."""

_LIGHT = (-0.52, -0.66, 0.55)
"""Where the light comes from: above left, towards the eye."""

_STEPS = 6


def enlarge(fields: Tensor, size: tuple[int, int]) -> Tensor:
    """Fields (1, F, h, w) -> (F, height, width), bicubic: the relief would show a bilinear grid."""
    width, height = size
    return functional.interpolate(fields, size=(height, width), mode="bicubic", align_corners=False)[0]


def colour(fields: Tensor, table: Tensor, finish: Finish) -> Tensor:
    """Fields (4, H, W) and a table (TABLE, 3) of linear light -> linear light (H, W, 3)."""
    hue, height, depth, ink = fields
    place = _terraced(hue * (0.16 * finish.cycles) + (finish.shift + 0.5), finish)
    rgb = lookup(table, place - place.floor())
    light, shine = _lit(height + _ripples(hue, finish), finish)
    shade = light * _depth(depth, finish) * _ink(ink, finish)
    return (rgb * shade[..., None]).add_((shine * shade)[..., None])


def _terraced(place: Tensor, finish: Finish) -> Tensor:
    """Gather the colours on eight steps a cycle, with smooth edges."""
    if finish.terraces <= 0:
        return place
    turn = place * (2 * math.pi * _STEPS)
    return place - torch.sin(turn) * (min(finish.terraces, 1.0) * 0.98 / (2 * math.pi * _STEPS))


def _ripples(field: Tensor, finish: Finish) -> Tensor | float:
    """A fine wave along the contours of a field, damped where it would be finer than the pixels."""
    if finish.ripple <= 0:
        return 0.0
    right, down = slopes(field)
    pace = torch.sqrt(right * right + down * down) * (finish.strands * 2.0 / field.shape[0])  # radians a pixel
    return torch.sin(field * finish.strands) * torch.exp(-((pace * 1.2) ** 2)) * (finish.ripple / finish.strands)


def lookup(table: Tensor, place: Tensor) -> Tensor:
    """Rows of a table (TABLE, 3) at 0..1 (H, W) -> (H, W, 3)."""
    index = (place * len(table)).long().clamp_(0, len(table) - 1)
    return table.index_select(0, index.flatten()).view(*place.shape, 3)


def slopes(field: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences (H, W) per half height of the picture, right and down."""
    step = field.shape[0] / 4.0
    wide = functional.pad(field[None, None], (1, 1, 1, 1), mode="replicate")[0, 0]
    return (wide[1:-1, 2:] - wide[1:-1, :-2]) * step, (wide[2:, 1:-1] - wide[:-2, 1:-1]) * step


def _lit(height: Tensor, finish: Finish) -> tuple[Tensor, Tensor]:
    """Light on the relief, about 1 where it is flat, and its shine."""
    right, down = slopes(height)
    steep = finish.relief * 0.35
    x, y, z = _LIGHT
    length = torch.rsqrt((right * right + down * down) * (steep * steep) + 1.0)
    facing = (z - steep * (x * right + y * down)) * length
    light = (facing.clamp(min=0.0) * (1.0 / z)).clamp_(max=2.2)
    mirror = (facing.clamp(min=0.0) ** 2) ** 8
    return torch.lerp(torch.ones_like(light), light, min(finish.relief, 1.0)), mirror * (0.9 * finish.gloss)


def _depth(depth: Tensor, finish: Finish) -> Tensor:
    """Near things bright, far ones black; glow lifts the nearest over white."""
    near = torch.sigmoid(depth * 2.2 + 0.6)
    return 1.0 - finish.depth * (1.0 - near) + finish.glow * near**4


def _ink(field: Tensor, finish: Finish) -> Tensor:
    """Dark contour lines of even width on the screen."""
    if finish.ink <= 0:
        return torch.ones_like(field)
    right, down = slopes(field)
    wave = torch.sin(field * (finish.bands * 1.5))
    steep = torch.sqrt(right * right + down * down + 0.02) * (finish.bands * 1.5)
    line = torch.exp(-((wave / (steep * 0.03)) ** 2))
    return 1.0 - min(finish.ink, 1.0) * line


def encode(light: Tensor) -> Tensor:
    """Linear light -> sRGB 0..1, with roots only (error under 1/500)."""
    x = light.clamp(0.0, 1.0)
    one = x.sqrt()
    two = one.sqrt()
    return (one * 0.662002687 + two * 0.684122060 - two.sqrt() * 0.323583601 - x * 0.0225411470).clamp_(0.0, 1.0)
