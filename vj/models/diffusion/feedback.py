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
from torch.nn.functional import affine_grid, grid_sample

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
    """(B, C, h, w) seen through the motions ``way`` (B, 2, 3); beyond the edge it is mirrored."""
    grid = affine_grid(way, list(latents.shape), align_corners=False)
    seen: Tensor = grid_sample(latents, grid, mode="bicubic", padding_mode="reflection", align_corners=False)
    return seen


def spread(latents: Tensor) -> Tensor:
    """(2, B, C, 1, 1): mean and standard deviation of each channel."""
    return torch.stack([latents.mean((2, 3), keepdim=True), latents.std((2, 3), keepdim=True)])


def anchored(latents: Tensor, anchor: Tensor) -> Tensor:
    """The latents with each channel's mean and spread as in ``anchor`` (2, 1, C, 1, 1), nothing beyond ``LIMIT``."""
    mean, deviation = spread(latents)
    back: Tensor = (latents - mean) / deviation.clamp_min(1e-4) * anchor[1] + anchor[0]
    return back.clamp(-LIMIT, LIMIT)
