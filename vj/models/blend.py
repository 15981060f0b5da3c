"""Bringing a painted picture back to a world's own colours."""

from __future__ import annotations

import torch
from torch import Tensor

from vj.models import surface

_LUMA = (0.2126, 0.7152, 0.0722)


def luma(rgb: Tensor) -> Tensor:
    """(H, W, 3) -> (H, W)."""
    red, green, blue = _LUMA
    return rgb[..., 0] * red + rgb[..., 1] * green + rgb[..., 2] * blue


def recoloured(painted: Tensor, content: Tensor, tones: Tensor, own: float) -> Tensor:
    """sRGB pictures (H, W, 3): keep the strokes of ``painted``, take ``own`` 0..1 of the colours from the world.

    Half of the world's share is the hue lying under the stroke, half the world's own tone of the stroke's brightness.
    """
    if own <= 0.0:
        return painted
    light = luma(painted)
    toned = surface.encode(surface.lookup(tones, light))
    under = content * ((light + 0.06) / (luma(content) + 0.06)).clamp_(max=3.0)[..., None]
    return torch.lerp(painted, (toned + under.clamp_(0.0, 1.0)).mul_(0.5), own)
