"""Gradients between a few colours in OKLab, where equal steps look equal and no blend turns to mud.

OKLab: Bjorn Ottosson, "A perceptual color space for image processing" (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vj.types import VjError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Colours = NDArray[np.float64]

_TO_LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                    [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005]])
_TO_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                    [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660]])


def linear(hexes: Sequence[str]) -> Colours:
    """Colours ``#rrggbb`` -> linear light (N, 3), 0..1."""
    try:
        srgb = np.array([[int(colour[i:i + 2], 16) for i in (1, 3, 5)] for colour in hexes]) / 255.0
    except (ValueError, IndexError) as error:
        raise VjError(f"a palette's colours are written like #ff8800, got {', '.join(hexes)}") from error
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def encode(light: Colours) -> Colours:
    """Linear light -> sRGB, 0..1."""
    light = np.clip(light, 0.0, 1.0)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def to_oklab(light: Colours) -> Colours:
    """Linear light (..., 3) -> L, a, b."""
    return np.asarray(np.cbrt(light @ _TO_LMS.T) @ _TO_LAB.T)


def from_oklab(lab: Colours) -> Colours:
    """L, a, b (..., 3) -> linear light, which may lie outside 0..1."""
    return np.asarray((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T)


def gradient(hexes: Sequence[str], size: int, *, hue: float = 0.0, chroma: float = 1.0) -> Colours:
    """A table (size, 3) of linear light that runs through the colours once and back, so that it can be cycled.

    ``hue`` turns every colour, in turns; ``chroma`` multiplies its strength.
    """
    lab = _turned(to_oklab(linear(hexes)), hue, chroma)
    ring = np.concatenate([lab, lab[-2:0:-1]]) if len(lab) > 2 else lab
    return np.clip(from_oklab(_smooth_ring(ring, size)), 0.0, 1.0)


def _turned(lab: Colours, hue: float, chroma: float) -> Colours:
    cos, sin = np.cos(2 * np.pi * hue) * chroma, np.sin(2 * np.pi * hue) * chroma
    return np.stack([lab[:, 0], cos * lab[:, 1] - sin * lab[:, 2], sin * lab[:, 1] + cos * lab[:, 2]], 1)


def _smooth_ring(ring: Colours, size: int) -> Colours:
    """Interpolate a ring of colours with a smoothstep between neighbours: each colour gets a plateau."""
    place = np.arange(size) / size * len(ring)
    left = np.floor(place).astype(int)
    share = (place - left)[:, None]
    share = share * share * (3 - 2 * share)
    return np.asarray(ring[left % len(ring)] * (1 - share) + ring[(left + 1) % len(ring)] * share)
