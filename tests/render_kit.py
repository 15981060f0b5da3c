"""What the picture tests share: one context, ticks, pictures made from a camera."""

from __future__ import annotations

import functools

import numpy as np

from vj.camera import content_map
from vj.render.context import headless_context
from vj.render.effects import EffectLibrary
from vj.types import BANDS, Band, Beat, Camera, Features, Image, LatentPoint, Tick

SIZE = (160, 90)
NO_CHANGE = {"time": 0.0}
HOME = Camera()


@functools.cache
def context():
    """One context for all tests: making one costs a tenth of a second."""
    return headless_context()


@functools.cache
def library():
    return EffectLibrary.open()


def tick(index, fps=30.0):
    return Tick(index, index / fps, 1.0 / fps)


def features(index, kick_every=15):
    """A steady 120 BPM at 30 fps."""
    bands = {name: Band(0.5, 0.2, 0.5, index / 60) for name, _, _ in BANDS}
    beat = Beat(120.0, index // 15, index % 15 / 15, index % 60 / 60, 1.0)
    return Features(index / 30, 0.5, bands, 0.3, float(index % kick_every == 0), beat=beat)


def world(camera, size):
    """A smooth picture of a world seen from ``camera``: (H, W, 4) bytes."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    px, py = ((x + 0.5) / width * 2 - 1) * width / height, (y + 0.5) / height * 2 - 1
    a, b, c, d, tx, ty = content_map(camera)
    u, v = a * px + b * py + tx, c * px + d * py + ty
    levels = [0.5 + 0.4 * np.sin(3 * u + 1), 0.5 + 0.4 * np.cos(2.5 * v), 0.5 + 0.4 * np.sin(2 * u - 3 * v), u * 0 + 1]
    return np.round(np.stack(levels, -1) * 255).astype(np.uint8)


def image(index, camera=HOME, size=SIZE, fps=30.0):
    return Image(world(camera, size), index, index / fps, camera)


def flat(level, index, size=SIZE, fps=30.0):
    """One colour all over; ``level`` is one number or three."""
    pixels = np.full((size[1], size[0], 4), 255, np.uint8)
    pixels[..., :3] = np.round(np.asarray(level) * 255)
    return Image(pixels, index, index / fps)


def play(compositor, frames, *, start=0, make=image, params=None, camera=HOME, hears=features):
    """Render ``frames`` ticks with a new image each (``make(index)`` or None); the last frame's pixels."""
    frame = None
    for index in range(start, start + frames):
        picture = make(index)
        frame = compositor.render(tick(index), hears(index), params or {}, {"a": picture},
                                  {"a": LatentPoint((1.0,), camera=camera)})
    return frame.read()
