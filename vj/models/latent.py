"""Where a walk's point lies in a model's latent space: the same maths for every generator.

Unit normals come from NumPy's PCG64, so a seed means the same latent whatever the version of torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from vj.types import LatentPoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

_SEEDS, _KICK, _MASK = 1, 2, (1 << 64) - 1
"""Streams of their own for seeds and kicks, so that no kick ever equals a seed."""


def normals(stream: int, *keys: int, shape: tuple[int, ...]) -> Vector:
    """Unit normals that depend on the keys alone; any whole number is a key."""
    rng = np.random.Generator(np.random.PCG64([stream, *(key & _MASK for key in keys)]))
    return rng.standard_normal(shape)


def seed_vector(seed: int, world: int, k: int, dim: int) -> Vector:
    """``xi_k`` (dim,): the k-th vector that a walk mixes."""
    return normals(_SEEDS, seed, world, k, shape=(dim,))


def kick_vector(kick_seed: int, world: int, dim: int) -> Vector:
    """What a kick rotates towards (dim,), held for the hit."""
    return normals(_KICK, kick_seed, world, shape=(dim,))


@lru_cache(maxsize=64)
def seeds(seed: int, world: int, count: int, dim: int) -> Vector:
    """The K vectors ``xi_k`` (count, dim) a walk mixes. Each keeps its place when ``count`` grows."""
    xi = np.stack([seed_vector(seed, world, k, dim) for k in range(count)])
    xi.setflags(write=False)
    return xi


def mix(weights: Sequence[float], xi: Vector) -> Vector:
    """``sum_k w_k xi_k``: on the unit sphere of weights its variance is 1 everywhere."""
    return np.asarray(weights, dtype=np.float64) @ xi


def kick(z: Vector, towards: Vector, angle: float) -> Vector:
    """Rotate ``z`` by ``angle`` towards a vector held for the hit; angle 0 is home. Keeps the variance."""
    return math.cos(angle) * z + math.sin(angle) * towards


def latent(point: LatentPoint, seed: int, world: int, dim: int) -> Vector:
    """The latent (dim,) at which the walk stands in one world, its kick included."""
    z = mix(point.weights, seeds(seed, world, len(point.weights), dim))
    if point.kick_angle == 0.0:
        return z
    return kick(z, kick_vector(point.kick_seed, world, dim), point.kick_angle)
