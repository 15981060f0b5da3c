"""Bringing a painted picture back to a world's own colours and light."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

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
    wide = functional.pad(painted.permute(2, 0, 1)[None], (1, 1, 1, 1), mode="replicate")
    soft = functional.avg_pool2d(functional.avg_pool2d(wide, 2, 1), 2, 1)[0].permute(1, 2, 0)
    return torch.lerp(painted, soft, share)


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
