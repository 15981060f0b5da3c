"""Worlds: points on the walk that have a number, so that a place which was found can be gone back to."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vj.models.latent import normals
from vj.types import LatentPoint

_STREAM = 4
"""Random numbers of their own, apart from seeds, kicks and still noise."""


@lru_cache(maxsize=256)
def stand(world: int, count: int) -> NDArray[np.float64]:
    """(count,) the unit vector of weights at which a world stands."""
    way = normals(_STREAM, world, shape=(count,))
    return np.asarray(way / np.linalg.norm(way))


def arc(a: NDArray[np.float64], b: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """The point at ``share`` of the way from one unit vector to another along the sphere (slerp)."""
    angle = math.acos(min(max(float(a @ b), -1.0), 1.0))
    if angle < 1e-6 or angle > math.pi - 1e-6:
        return a if share < 0.5 else b
    return np.asarray((math.sin((1.0 - share) * angle) * a + math.sin(share * angle) * b) / math.sin(angle))


def stood(point: LatentPoint, world: float, home: float) -> LatentPoint:
    """The point, ``home`` 0..1 of the way from where the walk is to where the world stands."""
    if home <= 0.0:
        return point
    here = np.asarray(point.weights)
    there = arc(stand(math.floor(world), here.size), stand(math.floor(world) + 1, here.size), world % 1.0)
    return replace(point, weights=tuple(arc(here / np.linalg.norm(here), there, home).tolist()))
