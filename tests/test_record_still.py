"""JPEGs of single pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vj.record.still import Stills


def gradient(width: int, height: int, depth: int = 4) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 255 // width, y * 255 // height, 255 - x * 255 // width, np.full_like(x, 255)]
    return np.stack(planes[:depth], -1).astype(np.uint8)


@pytest.mark.parametrize("depth", [3, 4])
def test_the_colours_survive(depth: int) -> None:
    pixels = gradient(384, 216, depth)
    again = np.asarray(Image.open(io.BytesIO(Stills().jpeg(pixels))).convert("RGB")).astype(int)
    assert again.shape == (216, 384, 3)
    assert np.abs(again - pixels[..., :3]).mean() < 3.0


def test_the_size_may_change_and_rows_may_be_backwards() -> None:
    stills = Stills()
    for width, height in ((384, 216), (64, 36), (384, 216)):
        picture = Image.open(io.BytesIO(stills.jpeg(gradient(width, height)[::-1])))
        assert picture.size == (width, height)
        assert np.asarray(picture)[-1, 0, 1] < 30


def test_every_picture_stands_alone() -> None:
    stills = Stills()
    first = stills.jpeg(gradient(64, 36))
    stills.jpeg(255 - gradient(64, 36))
    assert stills.jpeg(gradient(64, 36)) == first
