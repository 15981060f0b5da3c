"""Bringing a painted picture back to a world's own colours and light."""

from __future__ import annotations

import torch
from torch import Tensor

from vj.models.surface import Surface, encode

_LUMA = (0.2126, 0.7152, 0.0722)
_CHROMA = 1.3
"""Strokes are darker and lighter than what they cover; a little more colour keeps them as vivid."""


def luma(rgb: Tensor) -> Tensor:
    """(H, W, 3) -> (H, W, 1)."""
    red, green, blue = _LUMA
    return (rgb[..., 0:1] * red).add_(rgb[..., 1:2], alpha=green).add_(rgb[..., 2:3], alpha=blue)


def to_paint(surface: Surface) -> Tensor:
    """What the painter looks at, sRGB (H, W, 3): lit enough to show its forms, never so dark that it has none."""
    return encode(surface.lit(0.65))


def calmed(painted: Tensor, share: float) -> Tensor:
    """(H, W, 3): a share 0..1 of a 3x3 binomial blur. The finest strokes are what shimmers; they hold little else."""
    if share <= 0.0:
        return painted
    return torch.lerp(painted, _binomial(_binomial(painted, 0), 1), share)


def _binomial(picture: Tensor, axis: int) -> Tensor:
    """A quarter, a half, a quarter along one axis; the border stays."""
    inner = picture.shape[axis] - 2
    left, middle, right = (picture.narrow(axis, start, inner) for start in range(3))
    soft = (middle * 0.5).add_(left, alpha=0.25).add_(right, alpha=0.25)
    return torch.cat([picture.narrow(axis, 0, 1), soft, picture.narrow(axis, inner + 1, 1)], axis)


def recoloured(painted: Tensor, surface: Surface, own: float) -> Tensor:
    """sRGB (H, W, 3): the strokes of ``painted`` with a share ``own`` 0..1 of the world's colours under them."""
    if own <= 0.0:
        return painted
    flat = encode(surface.paint)
    world = (flat - luma(flat)).mul_(_CHROMA).add_(luma(painted))
    return torch.lerp(painted, world.clamp_(0.0, 1.0), own)


def relit(painted: Tensor, surface: Surface, share: float) -> Tensor:
    """sRGB (H, W, 3): a share 0..1 of the world's light and shadow over the paint, and its shine."""
    shade = encode(surface.shade) * share + (1.0 - share)
    return painted * shade[..., None] + (0.7 * share * surface.shine)[..., None]
