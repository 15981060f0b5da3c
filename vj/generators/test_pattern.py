"""A double for rehearsal and tests: stripes that tell which tick and which hits made them. NumPy only."""

from __future__ import annotations

import numpy as np

from vj import clock
from vj.camera import content_map
from vj.generators._base import Knobs, checked_size, image
from vj.params.spec import number
from vj.types import GenRequest, Image

BITS = 16
"""The top eighth of the picture writes the tick's index in black and white bars, highest bit left."""


class TestPattern:
    """Stripes of the world, brightness of the hits, and the tick's index in bars."""

    __test__ = False
    NAME = "test_pattern"
    HELP = "Stripes that show the tick, the hits and the camera; for rehearsal and tests."
    PARAMS = (
        number("stripes", 4.0, 1.0, 16.0, help="Stripes across the picture's height."),
        number("flash", 1.0, 0.0, 1.0, smooth=0.0, help="How much a bass hit brightens the picture."),
    )
    PURE = True

    def load(self, device: str) -> None:
        """Nothing to load."""

    def render(self, request: GenRequest) -> Image:
        start = clock.now()
        width, height = checked_size(request)
        knobs = Knobs(self.PARAMS, request.params)
        pixels = np.empty((height, width, 4), np.uint8)
        pixels[..., :3] = self._stripes(request, knobs, width, height)
        pixels[..., 3] = 255
        pixels[: max(height // 8, 1), :, :3] = index_bars(request.tick.index, width)[None, :, None]
        return image(request, pixels, start)

    def close(self) -> None:
        """Nothing to give back."""

    def _stripes(self, request: GenRequest, knobs: Knobs, width: int, height: int) -> np.ndarray:
        a, b, c, d, tx, ty = content_map(request.point.camera)
        y = (np.arange(height)[:, None] + 0.5) * (2.0 / height) - 1.0
        x = (np.arange(width)[None, :] + 0.5 - width / 2) * (2.0 / height)
        across = np.sin((a * x + b * y + tx) * knobs.number("stripes") * np.pi)
        along = np.sin((c * x + d * y + ty) * knobs.number("stripes") * np.pi)
        hit = request.features.bands["bass"].hits * knobs.number("flash")
        weights = np.resize(np.asarray(request.point.weights), 3)
        colour = 0.5 + 0.3 * weights + 0.15 * np.sin(request.seed + request.point.journey + np.arange(3))
        light = colour * (0.45 + 0.2 * across + 0.2 * along)[..., None]
        return np.asarray(np.clip(light + hit * (1.0 - light), 0.0, 1.0) * 255.0).astype(np.uint8)


def index_bars(index: int, width: int) -> np.ndarray:
    """(width,) of 0 and 255: the low 16 bits of a tick's index."""
    bit = BITS - 1 - np.arange(width) * BITS // width
    return ((index >> bit & 1) * 255).astype(np.uint8)


def read_index(pixels: np.ndarray) -> int:
    """The index that a picture's bars tell."""
    row = pixels[0, :, 0] > 127
    middles = (np.arange(BITS) * 2 + 1) * len(row) // (2 * BITS)
    return int(sum(1 << (BITS - 1 - i) for i, at in enumerate(middles) if row[at]))


Generator = TestPattern
