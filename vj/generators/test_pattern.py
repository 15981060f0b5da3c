"""A double for rehearsal and tests: stripes that tell which tick and which hits made them. NumPy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vj import clock
from vj.camera import content_map
from vj.generators._base import Knobs, checked_size, image
from vj.params.spec import number
from vj.types import GenRequest, Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vj.types import Pixels

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
        pixels = np.full((height, width, 4), 255, np.uint8)
        stripes = self._stripes(request, knobs.number("stripes"), width, height)
        hit = request.features.bands["bass"].hits * knobs.number("flash")
        for channel, share in enumerate(colour(request)):
            pixels[..., channel] = stripes * (255.0 * share * (1.0 - hit)) + 255.0 * hit
        pixels[: max(height // 8, 1), :, :3] = index_bars(request.tick.index, width)[None, :, None]
        return image(request, pixels, start)

    def close(self) -> None:
        """Nothing to give back."""

    def _stripes(self, request: GenRequest, count: float, width: int, height: int) -> NDArray[np.float32]:
        """(H, W) of 0.05..0.85, moving with the camera."""
        a, b, c, d, tx, ty = content_map(request.point.camera)
        y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) * (2.0 / height) - 1.0
        x = (np.arange(width, dtype=np.float32)[None, :] + 0.5 - width / 2) * (2.0 / height)
        pace = np.float32(count * np.pi)
        across = np.sin((x * a + (y * b + tx)) * pace)
        along = np.sin((x * c + (y * d + ty)) * pace)
        return (across + along) * np.float32(0.2) + np.float32(0.45)


def colour(request: GenRequest) -> list[float]:
    """Red, green, blue 0..1: the walk's first weights, turned by the seed and the journey."""
    weights = np.resize(np.asarray(request.point.weights), 3)
    shares = 0.5 + 0.3 * weights + 0.15 * np.sin(request.seed % 1000 + request.point.journey + np.arange(3))
    return [float(share) for share in np.clip(shares, 0.0, 1.0)]


def index_bars(index: int, width: int) -> Pixels:
    """(width,) of 0 and 255: the low 16 bits of a tick's index."""
    bit = BITS - 1 - np.arange(width) * BITS // width
    return ((index >> bit & 1) * 255).astype(np.uint8)


def read_index(pixels: Pixels) -> int:
    """The index that a picture's bars tell."""
    row = pixels[0, :, 0] > 127
    middles = (np.arange(BITS) * 2 + 1) * len(row) // (2 * BITS)
    return int(sum(1 << (BITS - 1 - i) for i, at in enumerate(middles) if row[at]))


Generator = TestPattern
