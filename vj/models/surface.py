"""From smooth fields to a lit, coloured surface: palette, relief, depth and ink, on the full grid."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vj.models.pattern import Finish

TABLE = 2048
"""Entries of a colour table: fine enough that no gradient shows steps."""

_LIGHT = (-0.52, -0.66, 0.55)
"""Where the light comes from: above left, towards the eye."""
_WRAP = 0.25
"""How far light reaches round an edge."""
_STEPS = 6
"""Terraces a turn of the palette."""

Slopes = tuple[Tensor, Tensor]
"""(H, W) per half height of the picture, right and down."""


class Surface(NamedTuple):
    """A picture before its light: ``paint`` (H, W, 3) linear light, ``shade`` and ``shine`` (H, W)."""

    paint: Tensor
    shade: Tensor
    shine: Tensor

    def lit(self, depth: float = 1.0) -> Tensor:
        """Linear light (H, W, 3) with ``depth`` 0..1 of the shade. Shine is mostly of its ground's colour."""
        shade = self.shade * depth + (1.0 - depth)
        rgb = self.paint * (shade + 2.0 * self.shine)[..., None]
        return rgb.add_((0.35 * self.shine)[..., None])


def enlarge(fields: Tensor, size: tuple[int, int], margin: int) -> Tensor:
    """Fields (1, F, h + 2 margin, w + 2 margin) -> (F, height + 2, width + 2), one pixel of margin left.

    By cubic B-splines: their second derivative is continuous, so that light on the relief shows no grid.
    """
    rows = _splines(fields.shape[2], size[1], margin).to(fields.device)
    columns = _splines(fields.shape[3], size[0], margin).to(fields.device)
    return rows @ fields[0] @ columns.T


@lru_cache(maxsize=16)
def _splines(cells: int, pixels: int, margin: int) -> Tensor:
    """(pixels + 2, cells): each pixel's four weights over the cells' centres."""
    view = cells - 2 * margin
    at = (np.arange(-1, pixels + 1) + 0.5) * view / pixels - 0.5 + margin
    away = np.abs(at[:, None] - np.arange(cells))
    near, far = 2 / 3 - away**2 + away**3 / 2, (2 - np.minimum(away, 2)) ** 3 / 6
    return torch.from_numpy(np.where(away < 1, near, far).astype(np.float32))


def draw(fields: Tensor, table: Tensor, finish: Finish) -> Surface:
    """Fields (4, H + 2, W + 2) and a table (TABLE, 3) of linear light -> the surface (H, W)."""
    hue, height, depth, ink = fields
    hue_slopes, slopes = _slopes(hue), _slopes(height)
    if finish.ripple > 0:
        slopes = _rippled(slopes, _inside(hue), hue_slopes, finish)
    place = _terraced(_inside(hue) * (0.16 * finish.cycles) + (finish.shift + 0.5), finish)
    light, shine = _lit(slopes, finish)
    shade = light.mul_(_depth(_inside(depth), finish))
    if finish.ink > 0:
        shade.mul_(_inked(_inside(ink), _slopes(ink), finish))
    return Surface(lookup(table, place - place.floor()), shade, shine.mul_(shade))


def lookup(table: Tensor, place: Tensor) -> Tensor:
    """Rows of a table (TABLE, 3) at 0..1 (H, W) -> (H, W, 3)."""
    index = (place * len(table)).int().clamp_(0, len(table) - 1)
    return table.index_select(0, index.flatten()).view(*place.shape, 3)


def encode(light: Tensor) -> Tensor:
    """Linear light -> sRGB 0..1, with roots only (error under 1/500)."""
    x = light.clamp(0.0, 1.0)
    one = x.sqrt()
    two = one.sqrt()
    return (one * 0.662002687 + two * 0.684122060 - two.sqrt() * 0.323583601 - x * 0.0225411470).clamp_(0.0, 1.0)


def _inside(field: Tensor) -> Tensor:
    return field[1:-1, 1:-1]


def _slopes(field: Tensor) -> Slopes:
    """Central differences of a field with one pixel of margin."""
    step = (field.shape[0] - 2) / 4.0
    return (field[1:-1, 2:] - field[1:-1, :-2]) * step, (field[2:, 1:-1] - field[:-2, 1:-1]) * step


def _terraced(place: Tensor, finish: Finish) -> Tensor:
    """Gather the colours on steps, with smooth edges."""
    if finish.terraces <= 0:
        return place
    turn = 2 * math.pi * _STEPS
    return place - torch.sin(place * turn) * (min(finish.terraces, 1.0) * 0.98 / turn)


def _rippled(slopes: Slopes, field: Tensor, field_slopes: Slopes, finish: Finish) -> Slopes:
    """Add the slopes of a fine wave along a field's contours, damped where it would be finer than the pixels."""
    right, down = field_slopes
    pace = (right * right + down * down) * (finish.strands * 2.0 / field.shape[0]) ** 2  # radians a pixel, squared
    wave = torch.cos(field * finish.strands).mul_(torch.exp(pace * -1.4)).mul_(finish.ripple)
    return slopes[0] + right * wave, slopes[1] + down * wave


def _lit(slopes: Slopes, finish: Finish) -> tuple[Tensor, Tensor]:
    """Light on the relief, 1 where it is flat and never quite 0, and its shine."""
    right, down = slopes
    steep = finish.relief * 0.3
    x, y, z = _LIGHT
    length = torch.rsqrt((right * right + down * down) * (steep * steep) + 1.0)
    facing = (z - steep * (x * right + y * down)).mul_(length)  # cosine between the surface and the light
    light = ((facing + _WRAP) / (z + _WRAP)).clamp_(min=0.0)
    return light * light.clamp(max=1.0), facing.clamp_(min=0.0).pow_(16).mul_(finish.gloss)


def _depth(depth: Tensor, finish: Finish) -> Tensor:
    """Near things bright, far ones black; glow lifts the nearest over white."""
    near = torch.sigmoid(depth * 2.4 + 0.8)
    return 1.0 - finish.depth * (1.0 - near) + finish.glow * near**4


def _inked(field: Tensor, slopes: Slopes, finish: Finish) -> Tensor:
    """Dark contour lines of even width on the screen."""
    right, down = slopes
    pace = finish.bands * 1.5
    width = torch.sqrt(right * right + down * down + 0.05) * (pace * 0.03)
    line = torch.exp(-((torch.sin(field * pace) / width) ** 2))
    return 1.0 - min(finish.ink, 1.0) * line
