"""A picture from elsewhere, made to fit: what img2img starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vj.models.diffusion.marks import sent

if TYPE_CHECKING:
    from vj.models.diffusion.shot import Pixels


def fitted(source: Pixels, size: tuple[int, int], device: str) -> Tensor:
    """(H, W, 3) uint8 on the device, of ``size`` (width, height): the middle of the source, nothing stretched."""
    there = sent(torch.from_numpy(source[..., :3].copy()), device)
    width, height = size
    if source.shape[:2] == (height, width):
        return there
    x = there.permute(2, 0, 1)[None].float()
    scale = max(width / x.shape[3], height / x.shape[2])
    wide, high = max(round(x.shape[3] * scale), width), max(round(x.shape[2] * scale), height)
    x = interpolate(x, (high, wide), mode="bilinear", align_corners=False, antialias=True)
    left, top = (wide - width) // 2, (high - height) // 2
    cut = x[0, :, top:top + height, left:left + width]
    return (cut + 0.5).clamp(0.0, 255.0).to(torch.uint8).permute(1, 2, 0)
