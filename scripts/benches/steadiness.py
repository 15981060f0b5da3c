"""How steady moving pictures are, in numbers: what changes, what of it is no motion, what pops, whether loops close.

A walk is (N, H, W, 3) float32, levels 0..255.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.float32]
Plane = NDArray[np.float32]

LEVELS, ROUNDS, WINDOW = 3, 4, 9
"""Of the search for motion: halvings of the picture, corrections at each, pixels that move together."""
POP = 2.0
"""A step that changes this many times as much as the steps of its walk pops."""


class Steadiness(NamedTuple):
    """``change``: mean change from picture to picture, levels of 255. ``warped``: what is left of it when the picture
    before is moved along with the motion. ``jitter``: mean second difference over mean change, 0 steady flow, 1 noise
    that comes and goes, 2 flicker. ``pops``: share of steps. ``largest``: the change of the largest step.
    ``gradient``: how crisp it is, mean levels a pixel.
    """

    change: float
    warped: float
    jitter: float
    pops: float
    largest: float
    gradient: float


def steadiness(walk: Pictures, usual: float | None = None) -> Steadiness:
    """The figures of a walk of at least three pictures. ``usual``: a step's change, where not the walk's median."""
    change = np.diff(walk, axis=0)
    each = np.abs(change).mean((1, 2, 3))
    turn = np.abs(np.diff(change, axis=0)).mean()
    gradient = np.abs(np.diff(walk, axis=1)).mean() + np.abs(np.diff(walk, axis=2)).mean()
    left = [float(np.abs(after - carried(before, motion(before, after))).mean())
            for before, after in pairwise(walk)]
    pops = each > POP * max(float(np.median(each)) if usual is None else usual, 1e-6)
    return Steadiness(float(each.mean()), float(np.mean(left)), float(turn / max(each.mean(), 1e-6)),
                      float(pops.mean()), float(each.max()), float(gradient))


def closure(walk: Pictures, period: int) -> float:
    """Mean difference of pictures one loop apart, levels: 0 where the loop closes."""
    return float(np.abs(walk[period:] - walk[:-period]).mean())


def motion(before: Pictures, after: Pictures) -> NDArray[np.float32]:
    """(2, H, W) pixels right and down that each place of ``after`` has come: Lucas and Kanade 1981, coarse to fine."""
    pairs = [(_grey(before), _grey(after))]
    while len(pairs) < LEVELS and min(pairs[-1][0].shape) >= 2 * WINDOW:
        pairs.append((_halved(pairs[-1][0]), _halved(pairs[-1][1])))
    way = np.zeros((2, *pairs[-1][0].shape), np.float32)
    for one, two in reversed(pairs):
        if way.shape[1:] != one.shape:
            way = 2.0 * np.stack([_doubled(part, one.shape) for part in way])
        for _ in range(ROUNDS):
            way = np.clip(way + _correction(_looked_up(one, way), two), -WINDOW, WINDOW)
    one, two = pairs[0]
    helps = _blurred(np.abs(two - _looked_up(one, way))) < _blurred(np.abs(two - one))
    return way * helps


def carried(picture: Pictures, way: NDArray[np.float32]) -> Pictures:
    """The picture (H, W, 3) moved along."""
    return np.stack([_looked_up(picture[..., channel], way) for channel in range(picture.shape[-1])], -1)


def _correction(one: Plane, two: Plane) -> NDArray[np.float32]:
    """By how much further ``one`` has to go to meet ``two``, window by window; nowhere where nothing is seen."""
    down, right = np.gradient(one)
    change = two - one
    xx, yy, xy = _blurred(right * right) + 4.0, _blurred(down * down) + 4.0, _blurred(right * down)
    xt, yt = _blurred(right * change), _blurred(down * change)
    area = xx * yy - xy * xy
    return np.stack([(xy * yt - yy * xt) / area, (xy * xt - xx * yt) / area]).astype(np.float32)


def _looked_up(plane: Plane, way: NDArray[np.float32]) -> Plane:
    """``plane`` at each place less its way, between pixels linearly, the edge going on."""
    height, width = plane.shape
    y = np.clip(np.arange(height, dtype=np.float32)[:, None] - way[1], 0, height - 1)
    x = np.clip(np.arange(width, dtype=np.float32)[None] - way[0], 0, width - 1)
    top, left = np.minimum(y.astype(int), height - 2), np.minimum(x.astype(int), width - 2)
    fy, fx = y - top, x - left
    upper = plane[top, left] * (1 - fx) + plane[top, left + 1] * fx
    lower = plane[top + 1, left] * (1 - fx) + plane[top + 1, left + 1] * fx
    found: Plane = (upper * (1 - fy) + lower * fy).astype(np.float32)
    return found


def _blurred(plane: Plane) -> Plane:
    """Means over ``WINDOW`` pixels each way."""
    for axis in (0, 1):
        padded = np.pad(plane, [(WINDOW // 2 + 1, WINDOW // 2) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        total = np.cumsum(padded.astype(np.float64), axis=axis)
        ahead, behind = (np.take(total, range(n, n + plane.shape[axis]), axis) for n in (WINDOW, 0))
        plane = ((ahead - behind) / WINDOW).astype(np.float32)
    return plane


def _grey(picture: Pictures) -> Plane:
    grey: Plane = (picture @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)
    return grey


def _halved(plane: Plane) -> Plane:
    height, width = plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2
    half: Plane = plane[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3)).astype(np.float32)
    return half


def _doubled(plane: Plane, shape: tuple[int, ...]) -> Plane:
    rows = np.minimum(np.arange(shape[0]) // 2, plane.shape[0] - 1)
    columns = np.minimum(np.arange(shape[1]) // 2, plane.shape[1] - 1)
    return plane[rows][:, columns]
