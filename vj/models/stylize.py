"""The 26-style painting network: a feed-forward style transfer whose styles blend on a simplex.

Architecture: Dumoulin, Shlens and Kudlur, "A Learned Representation for Artistic Style" (2017), in the
small form of 32 channels: three convolutions down to a quarter, six residual blocks, nearest-neighbour
upsampling, conditional instance normalisation after every convolution (a scale and a shift per style).

What runs is algebraically the same network, arranged for speed:

- ``relu(g n + b)`` is stored as ``max(x, floor)``; the gain and the floor move into the next convolution's
  kernel and bias, which cost nothing: one pass over memory where the textbook has four. This is exact because
  the padding repeats the picture, never zeros.
- Upsample-and-convolve becomes a convolution on the small grid with one output per sub-pixel, and the last
  convolution runs on 2x2 blocks: the same sums, with enough channels to fill the vector units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from vj.types import VjError

STYLES = 26
PARAMETERS = 166_104
WEIGHTS = Path(__file__).parent / "weights" / "painter26.safetensors"

_EPS = 1e-5
_LEAST_GAIN = 1e-4
"""A style blend may bring a channel's gain to zero; dividing by this much still keeps its shift."""
_CHANNELS = 32
_BLOCKS = 6
CONVS: dict[str, tuple[int, int, int]] = {
    "contract.0": (32, 3, 9), "contract.1": (32, 32, 3), "contract.2": (32, 32, 3),
    **{f"res.{block}.{half}": (32, 32, 3) for block in range(_BLOCKS) for half in (0, 1)},
    "expand.0": (8, 32, 3), "expand.1": (4, 8, 3), "expand.2": (3, 4, 9),
}
"""Every convolution in order: channels out, channels in, kernel side."""


def read_weights(path: Path = WEIGHTS) -> dict[str, Tensor]:
    """The network's tensors. Raises VjError where the file is missing or is not this network."""
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise VjError(f"{path}: expected the painter's weights in safetensors format ({error})") from error
    for name, shape in expected_shapes().items():
        if name not in tensors or tuple(tensors[name].shape) != shape:
            raise VjError(f"{path}: expected a tensor {name!r} of shape {shape}")
    return tensors


def expected_shapes() -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor in the weights file."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (out, into, side) in CONVS.items():
        shapes[f"{name}.w"] = (out, into, side, side)
        shapes[f"{name}.gamma"] = shapes[f"{name}.beta"] = (STYLES, out)
    return shapes


class Relu(NamedTuple):
    """A rectified picture as it is stored: it stands for ``gain (stored - floor)``, per channel (C,)."""

    gain: Tensor
    floor: Tensor

    def read(self, stored: Tensor) -> Tensor:
        """What the stored picture stands for."""
        return (stored - _per_channel(self.floor, stored)) * _per_channel(self.gain, stored)

    def spread(self, subpixels: int) -> Relu:
        """For a picture whose channels were cut into sub-pixels."""
        return Relu(self.gain.repeat_interleave(subpixels), self.floor.repeat_interleave(subpixels))


class Stylizer:
    """Paints pictures. Holds the weights on one device; ``paint`` depends on its arguments alone."""

    def __init__(self, tensors: Mapping[str, Tensor], where: torch.device | str = "cpu",
                 precision: torch.dtype | None = None) -> None:
        self._dtype = precision or torch.float32
        self._styles = {name: tensors[name].to(where) for name in tensors if not name.endswith(".w")}
        kernels = {name: tensors[f"{name}.w"].to(where) for name in CONVS}
        for name in ("expand.0", "expand.1"):
            kernels[name] = upsampling_kernel(kernels[name])
        kernels["expand.2"] = blocked_kernel(kernels["expand.2"])
        self._kernels = {name: k.contiguous(memory_format=torch.channels_last) for name, k in kernels.items()}

    def paint(self, picture: Tensor, styles: Tensor) -> Tensor:
        """(1, 3, H, W) in 0..1, both sides multiples of 4 and at least 16, and weights (26,) -> the same shape."""
        with torch.inference_mode():
            return self._forward(picture, {name: styles @ table for name, table in self._styles.items()})

    def paint_pixels(self, picture: Tensor, styles: Sequence[float]) -> Tensor:
        """The same for a picture (H, W, 3) and style weights as plain numbers."""
        weights = torch.tensor(styles, dtype=torch.float32, device=picture.device)
        return self.paint(picture.permute(2, 0, 1)[None], weights)[0].permute(1, 2, 0)

    def _forward(self, picture: Tensor, style: Mapping[str, Tensor]) -> Tensor:
        mean = picture.mean((2, 3), keepdim=True)
        x = (picture - mean).to(self._dtype).contiguous(memory_format=torch.channels_last)
        x, relu = self._rectified("contract.0", functional.pad(x, (4,) * 4, mode="reflect"), None, style)
        for name in ("contract.1", "contract.2"):
            x, relu = self._rectified(name, functional.pad(x, (1,) * 4, mode="reflect"), relu, style, stride=2)
        x = relu.read(x)
        for block in range(_BLOCKS):
            x = self._residual(f"res.{block}", x, style)
        x, relu = self._rectified("expand.0", functional.pad(x, (1,) * 4, mode="replicate"), None, style, subpixels=4)
        x = functional.pad(functional.pixel_shuffle(x, 2), (1,) * 4, mode="replicate")
        x, relu = self._rectified("expand.1", x, relu, style, subpixels=4)
        return self._last(functional.pixel_shuffle(x, 2), relu, style)

    def _conv(self, name: str, x: Tensor, relu: Relu | None, stride: int = 1, sign: Tensor | None = None) -> Tensor:
        """Convolve what ``relu`` says its input stands for; ``sign`` turns single outputs round."""
        kernel, bias = self._kernels[name], None
        if sign is not None:
            kernel = kernel * sign.view(-1, 1, 1, 1)
        if relu is not None:
            kernel = kernel * relu.gain.view(1, -1, 1, 1)
            bias = -(kernel.sum((2, 3)) @ relu.floor).to(self._dtype)
        return functional.conv2d(x, kernel.to(self._dtype), bias, stride=stride)

    def _rectified(self, name: str, x: Tensor, relu: Relu | None, style: Mapping[str, Tensor],
                   *, stride: int = 1, subpixels: int = 1) -> tuple[Tensor, Relu]:
        """Convolve, normalise, rectify. ``relu(g (x - m) / s + b) = (g / s) (max(x, f) - f)``, f = m - b s / g."""
        gamma, beta = style[f"{name}.gamma"], style[f"{name}.beta"]
        sign = torch.where(gamma < 0, -1.0, 1.0)  # the identity needs g > 0
        x = self._conv(name, x, relu, stride, sign.repeat_interleave(subpixels))
        mean, deviation = moments(x, subpixels)
        gain = gamma.abs().clamp_min(_LEAST_GAIN) / deviation
        floor = mean - beta / gain
        return torch.maximum(x, _per_channel(floor.repeat_interleave(subpixels), x)), Relu(gain, floor)

    def _residual(self, name: str, x: Tensor, style: Mapping[str, Tensor]) -> Tensor:
        """``x + normalised``, less the last shift: the next convolution is normalised and would not see it."""
        y, relu = self._rectified(f"{name}.0", functional.pad(x, (1,) * 4, mode="reflect"), None, style)
        y = self._conv(f"{name}.1", functional.pad(y, (1,) * 4, mode="reflect"), relu)
        mean, deviation = moments(y)
        gain = style[f"{name}.1.gamma"] / deviation
        return (x - _per_channel(mean * gain, x)).addcmul_(y, _per_channel(gain, x))

    def _last(self, x: Tensor, relu: Relu, style: Mapping[str, Tensor]) -> Tensor:
        x = functional.pixel_unshuffle(functional.pad(x, (4,) * 4, mode="reflect"), 2)
        y = self._conv("expand.2", x, relu.spread(4))[:, :12].float()
        mean, deviation = moments(y, 4)
        gain = style["expand.2.gamma"] / deviation
        shift = style["expand.2.beta"] - mean * gain
        y = (y * _per_channel(gain.repeat_interleave(4), y)).add_(_per_channel(shift.repeat_interleave(4), y))
        return functional.pixel_shuffle(y.sigmoid_(), 2)


def moments(x: Tensor, subpixels: int = 1) -> tuple[Tensor, Tensor]:
    """Mean and deviation per channel (C / subpixels,) in float32; ``subpixels`` channels in a row count as one."""
    flat = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1]).float()  # (H W, C), a view when channels come last
    mean = flat.mean(0).view(-1, subpixels).mean(1)
    square = (flat * flat).mean(0).view(-1, subpixels).mean(1)
    return mean, (square - mean * mean).clamp_min_(0.0).add_(_EPS).sqrt_()


def upsampling_kernel(kernel: Tensor) -> Tensor:
    """(O, I, 3, 3) behind nearest upsampling by 2 -> (4 O, I, 3, 3) on the small grid, sub-pixels in a row.

    Sub-pixel ``a`` reads tap ``d`` from the small row ``floor((a + d - 1) / 2)``.
    """
    out, into, side, _ = kernel.shape
    small = kernel.new_zeros(out, 2, 2, into, side, side)
    for a in range(2):
        for b in range(2):
            for d in range(3):
                for e in range(3):
                    small[:, a, b, :, (a + d + 1) // 2, (b + e + 1) // 2] += kernel[:, :, d, e]
    return small.reshape(4 * out, into, side, side)


def blocked_kernel(kernel: Tensor) -> Tensor:
    """(3, I, 9, 9) -> (16, 4 I, 5, 5) on 2x2 blocks; the last four outputs only fill the vector unit."""
    out, into, side, _ = kernel.shape
    blocks = kernel.new_zeros(out, 2, 2, into, 2, 2, 5, 5)
    for a in range(2):
        for b in range(2):
            for d in range(side):
                for e in range(side):
                    row, column = a + d, b + e
                    blocks[:, a, b, :, row % 2, column % 2, row // 2, column // 2] = kernel[:, :, d, e]
    packed = kernel.new_zeros(16, 4 * into, 5, 5)
    packed[:4 * out] = blocks.reshape(4 * out, 4 * into, 5, 5)
    return packed


def _per_channel(values: Tensor, like: Tensor) -> Tensor:
    return values.to(like.dtype).view(1, -1, 1, 1)


def best_precision(where: torch.device | str) -> torch.dtype:
    """Half precision where the hardware multiplies it natively, by what it says of itself: never by timing.

    A measured choice could fall differently on two runs, and offline pictures must not depend on that.
    """
    if torch.device(where).type in ("cuda", "mps"):
        return torch.float16
    flags = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return torch.bfloat16 if flags.get("avx512_bf16") or flags.get("amx_bf16") else torch.float32
