"""What the embedded generators share: reading knobs, choosing a device, handing back an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vj import clock
from vj.types import GenRequest, Image, ParamSpec, Value, VjError

if TYPE_CHECKING:
    from torch import Tensor

    from vj.types import Pixels

SMALLEST, LARGEST = 16, 8192
"""Sides of a picture, pixels."""


class Knobs:
    """This request's parameters; what it does not carry stands at its default."""

    def __init__(self, specs: Sequence[ParamSpec], values: Mapping[str, Value]) -> None:
        self._values = {spec.name: values.get(spec.name, spec.default) for spec in specs}

    def number(self, name: str) -> float:
        return float(self._values[name])

    def text(self, name: str) -> str:
        return str(self._values[name])


def about(own: float, knob: float) -> float:
    """A world's own value 0..1, turned by a knob: 0.5 leaves it, 0 gives none, 1 gives all."""
    return own * knob * 2.0 if knob <= 0.5 else own + (1.0 - own) * (knob * 2.0 - 1.0)


def checked_size(request: GenRequest) -> tuple[int, int]:
    """(width, height) of a request. Raises VjError where it is no size for a picture."""
    width, height = request.size
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise VjError(f"a picture's sides are {SMALLEST} to {LARGEST} pixels, got {width}x{height}")
    return width, height


def image(request: GenRequest, pixels: Pixels, start: float) -> Image:
    """The answer to a request, work counted since ``start``."""
    return Image(pixels, request.tick.index, request.tick.time, request.point.camera, clock.now() - start)


def to_pixels(rgb: Tensor) -> Pixels:
    """sRGB (H, W, 3) 0..1 -> RGBA bytes (H, W, 4) on the host."""
    import torch

    height, width, _ = rgb.shape
    pixels = torch.full((height, width, 4), 255, dtype=torch.uint8, device=rgb.device)
    pixels[..., :3] = (rgb * 255.0 + 0.5).clamp_(0.0, 255.0)
    result: Pixels = pixels.cpu().numpy()
    return result
