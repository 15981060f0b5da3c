"""Flowing pictures from a small network of random weights: light enough for weak machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vj import clock
from vj.generators._base import Knobs, checked_size, image, to_pixels
from vj.generators._knobs import CONTENT
from vj.types import GenRequest, Image, VjError

if TYPE_CHECKING:
    from vj.generators._canvas import Canvas


STATIONS = 12
"""The journey turns the palette: after so many stations it is back home."""


class Cppn:
    """One world at the walk's point, lit and coloured."""

    NAME = "cppn"
    HELP = "Flowing worlds from a small random network; light enough for weak machines."
    PARAMS = CONTENT
    PURE = True

    def __init__(self) -> None:
        self._canvas: Canvas | None = None

    def load(self, device: str) -> None:
        from vj.generators._canvas import Canvas

        self._canvas = Canvas(device)

    def render(self, request: GenRequest) -> Image:
        import torch

        from vj.generators._canvas import INNER, evened, graded
        from vj.models.surface import encode

        start = clock.now()
        if self._canvas is None:
            raise VjError("the generator cppn was not loaded")
        size, knobs = checked_size(request), Knobs(self.PARAMS, request.params)
        with torch.inference_mode():
            world = self._canvas.world(knobs.text("world"))
            surface = self._canvas.content(request, world, knobs, evened(size, INNER),
                                           request.point.journey / STATIONS)
            rgb = encode(surface.lit())[:size[1], :size[0]]
            pixels = to_pixels(graded(rgb, knobs.number("contrast"), knobs.number("brightness")))
        return image(request, pixels, start)

    def close(self) -> None:
        self._canvas = None


Generator = Cppn
