"""The picture before, fed back as a latent: moved on, kept from drifting, never so strong that it feeds on itself.

What is fed back is the clean latent that the last steps ended on. It is moved (zoom, rotation, pan) by how much time
has passed, its channels' mean and spread are set to those that the model gives from noise alone, and then it is the
source that the walk's noise is laid over. So fresh noise enters every picture, and a loop cannot collapse into grey or
burn out, however long it runs.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vj.models.diffusion.shot import Feedback

REACH = 0.6
"""How far ``amount`` 1 goes: beyond it a picture that feeds on itself falls apart."""
LIMIT = 10.0
"""No value of a latent that is fed back is larger."""


def share(feedback: Feedback) -> float:
    """The part 0..``REACH`` of the source that is fed back."""
    return REACH * min(max(feedback.amount, 0.0), 1.0)


def kept(feedback: Feedback, dt: float) -> float:
    """The part of the trail that stays over ``dt`` seconds."""
    return math.exp(-dt / feedback.decay) if feedback.decay > 0.0 else 0.0


def motion(feedback: Feedback, dt: float, aspect: float) -> NDArray[np.float32]:
    """(2, 3): from places of the new latent to places of the old, both -1..1 across. ``aspect``: width over height."""
    scale = 2.0 ** (-feedback.zoom * dt)
    cos, sin = math.cos(feedback.angle * dt) * scale, math.sin(feedback.angle * dt) * scale
    x, y = feedback.x * dt, feedback.y * dt
    return np.array([[cos, sin / aspect, -(cos * x + sin * y) / aspect], [-sin * aspect, cos, sin * x - cos * y]],
                    np.float32)


def moved(latents: Tensor, way: Tensor) -> Tensor:
    """(B, C, h, w) seen through the motions ``way`` (B, 2, 3); beyond the edge it is mirrored.

    By Catmull and Rom's cubic, which shifts by a small part of a pixel exactly as far as it is asked to. (The one in
    grid_sample goes up to half as far again, so that a picture fed back at 120 a second would move faster than at 30.)
    """
    height, width = latents.shape[-2:]
    y, x = _middles(height, latents), _middles(width, latents)
    across, down = (line[:, 0] * x + line[:, 1] * y[:, None] + line[:, 2] for line in way[..., None, None].unbind(1))
    weights_x, at_x = _taps((across + 1.0) * width / 2 - 0.5, width)
    weights_y, at_y = _taps((down + 1.0) * height / 2 - 0.5, height)
    at = (at_y[:, :, None] * width + at_x[:, None]).flatten(1)  # (B, 16 h w)
    found = latents.flatten(2).gather(2, at[:, None].expand(-1, latents.shape[1], -1))
    found = found.view(*latents.shape[:2], 4, 4, height, width)
    return (found * weights_y[:, None, :, None] * weights_x[:, None, None]).sum((2, 3))


def _middles(count: int, like: Tensor) -> Tensor:
    """Where pixels' middles are, -1..1."""
    return (torch.arange(count, device=like.device, dtype=like.dtype) * 2.0 + 1.0) / count - 1.0


def _taps(place: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Weights and numbers (B, 4, h, w) of the four pixels around places (B, h, w)."""
    first = place.floor()
    t = place - first
    weights = torch.stack([((2.0 - t) * t - 1.0) * t, (3.0 * t - 5.0) * t * t + 2.0, ((4.0 - 3.0 * t) * t + 1.0) * t,
                           (t - 1.0) * t * t], 1) / 2.0
    near = first.long()[:, None] + torch.arange(-1, 3, device=place.device)[:, None, None]
    folded = near.remainder(2 * count)
    return weights, torch.where(folded < count, folded, 2 * count - 1 - folded)


def spread(latents: Tensor) -> Tensor:
    """(2, B, C, 1, 1): mean and standard deviation of each channel."""
    return torch.stack([latents.mean((2, 3), keepdim=True), latents.std((2, 3), keepdim=True)])


def anchored(latents: Tensor, anchor: Tensor) -> Tensor:
    """The latents with each channel's mean and spread as in ``anchor`` (2, 1, C, 1, 1), nothing beyond ``LIMIT``."""
    mean, deviation = spread(latents)
    back: Tensor = (latents - mean) / deviation.clamp_min(1e-4) * anchor[1] + anchor[0]
    return back.clamp(-LIMIT, LIMIT)
