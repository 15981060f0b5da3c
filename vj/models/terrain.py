"""A one-step consistency network that knows landscapes: noise in, a field of heights out.

Architecture: the U-Net of Dhariwal and Nichol, "Diffusion Models Beat GANs on Image Synthesis" (2021), with adaptive
group normalisation, residual blocks that halve and double the grid, and attention on the three coarsest; the scalings
are those of Song et al., "Consistency Models" (2023). 10.46 million parameters, taught on 128 x 128 cells.

It draws other sides as well, but not fields whose edges meet: that there are zeros beyond the edge is how it knows
where it is, and without them it gives nothing but noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

CELLS, GRAIN = 128, 16
"""The side that the network was taught on, and what every side is a multiple of."""
SIGMA_MIN, SIGMA_MAX, SIGMA_DATA = 0.002, 80.0, 0.5
"""The least and the most noise that it was taught to see under, and the fields' own spread."""
_GROUPS, _HEAD, _WAVES = 32, 32, 16
_STAGES, _EACH = 25, 5
"""Stages on the way down, and on the way up; every fifth changes the grid."""


class Terrain:
    """The network on one device. ``heights`` depends on its arguments alone."""

    def __init__(self, tensors: Mapping[str, Tensor], where: torch.device | str = "cpu",
                 precision: torch.dtype = torch.float32) -> None:
        self._dtype, self._where = precision, torch.device(where)
        self._tensors = {name: self._placed(tensor) for name, tensor in tensors.items()}

    def heights(self, noisy: Tensor, sigma: float, difficulty: float) -> Tensor:
        """What lies under noise of ``sigma``: (B, 1, H, W) -> heights (B, 1, H, W), -1..1.

        ``difficulty`` 0 smooth .. 1 rugged. Sides are multiples of ``GRAIN``.
        """
        with torch.inference_mode():
            noisy = noisy.to(self._where)
            x = (noisy / math.hypot(sigma, SIGMA_DATA)).to(self._dtype)
            made = self._network(x, self._told(sigma, difficulty)).float()
            skip, out = scalings(sigma)
            return (noisy * skip).add_(made, alpha=out).clamp_(-1.0, 1.0)

    def _placed(self, tensor: Tensor) -> Tensor:
        tensor = tensor.to(self._where, self._dtype)
        return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor

    def _told(self, sigma: float, difficulty: float) -> Tensor:
        """(1, 128) what every residual block is told."""
        rates = torch.exp(torch.arange(_WAVES) * (-math.log(10_000.0) / _WAVES))
        angles = rates * (250.0 * math.log(sigma))
        waves = torch.cat([angles.cos(), angles.sin()])[None].to(self._where, self._dtype)
        rugged = torch.full((1, 1), difficulty, device=self._where, dtype=self._dtype)
        both = [self._linear(f"{name}.2", functional.silu(self._linear(f"{name}.0", x)))
                for name, x in (("time_embed", waves), ("label_emb", rugged))]
        return functional.silu(both[0] + both[1])

    def _network(self, x: Tensor, told: Tensor) -> Tensor:
        x = self._conv("input_blocks.0.0", x.contiguous(memory_format=torch.channels_last))
        kept = [x]
        for stage in range(1, _STAGES):
            x = self._halved(x, stage, told) if stage % _EACH == 0 else self._stage(f"input_blocks.{stage}", x, told)
            kept.append(x)
        x = self._stage("middle_block", x, told)
        x = self._residual("middle_block.2", x, told)
        for stage in range(_STAGES):
            x = self._stage(f"output_blocks.{stage}", torch.cat([x, kept.pop()], 1), told)
            if stage % _EACH == _EACH - 1 and stage + 1 < _STAGES:
                x = self._doubled(x, stage, told)
        return self._conv("out.2", self._lively("out.0", x))

    def _stage(self, name: str, x: Tensor, told: Tensor) -> Tensor:
        x = self._residual(f"{name}.0", x, told)
        return self._attended(f"{name}.1", x) if f"{name}.1.qkv.weight" in self._tensors else x

    def _halved(self, x: Tensor, stage: int, told: Tensor) -> Tensor:
        return self._residual(f"input_blocks.{stage}.0", x, told, lambda y: functional.avg_pool2d(y, 2))

    def _doubled(self, x: Tensor, stage: int, told: Tensor) -> Tensor:
        part = 2 if f"output_blocks.{stage}.1.qkv.weight" in self._tensors else 1
        return self._residual(f"output_blocks.{stage}.{part}", x, told,
                              lambda y: functional.interpolate(y, scale_factor=2.0, mode="nearest"))

    def _residual(self, name: str, x: Tensor, told: Tensor,
                  resized: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        """Twice normalised, activated and convolved; what the network is told scales and shifts the second norm."""
        y = self._lively(f"{name}.in_layers.0", x)
        if resized is not None:
            x, y = resized(x), resized(y)
        y = self._conv(f"{name}.in_layers.2", y)
        scale, shift = self._linear(f"{name}.emb_layers.1", told)[..., None, None].chunk(2, 1)
        y = functional.silu(torch.addcmul(shift, self._norm(f"{name}.out_layers.0", y), scale + 1.0))
        y = self._conv(f"{name}.out_layers.3", y)
        if f"{name}.skip_connection.weight" in self._tensors:
            x = self._conv(f"{name}.skip_connection", x)
        return x + y

    def _attended(self, name: str, x: Tensor) -> Tensor:
        """Every cell looks at every other, in heads of 32 channels."""
        batch, channels, height, width = x.shape
        qkv = self._conv(f"{name}.qkv", self._norm(f"{name}.norm", x))
        q, k, v = qkv.reshape(batch, 3, channels // _HEAD, _HEAD, height * width).transpose(-1, -2).unbind(1)
        seen = functional.scaled_dot_product_attention(q, k, v).transpose(-1, -2).reshape(x.shape)
        return x + self._conv(f"{name}.proj_out", seen)

    def _conv(self, name: str, x: Tensor) -> Tensor:
        """A convolution that keeps the grid."""
        kernel = self._tensors[f"{name}.weight"]
        return functional.conv2d(x, kernel, self._bias(name), padding=kernel.shape[-1] // 2)

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return functional.linear(x, self._tensors[f"{name}.weight"], self._bias(name))

    def _lively(self, name: str, x: Tensor) -> Tensor:
        return functional.silu(self._norm(name, x))

    def _norm(self, name: str, x: Tensor) -> Tensor:
        return functional.group_norm(x, _GROUPS, self._tensors[f"{name}.weight"], self._bias(name))

    def _bias(self, name: str) -> Tensor:
        return self._tensors[f"{name}.bias"]


def scalings(sigma: float) -> tuple[float, float]:
    """Shares of the noisy field and of the network's answer: at the least noise the field is its own answer."""
    above = sigma - SIGMA_MIN
    return SIGMA_DATA**2 / (above**2 + SIGMA_DATA**2), SIGMA_DATA * above / math.hypot(sigma, SIGMA_DATA)


def sigma_of(strength: float) -> float:
    """Noise at a strength 0..1: equal steps multiply it by as much."""
    return SIGMA_MIN * math.pow(SIGMA_MAX / SIGMA_MIN, min(max(strength, 0.0), 1.0))
