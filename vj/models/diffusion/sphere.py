"""The walk's noise on the device: K seeds that stay there, and one small product a picture.

The same numbers as ``vj.models.latent``, so a seed and a point mean one latent everywhere. What a walk mixes is made
once for a seed and a size; a kick brings one vector when it begins; all else is a handful of weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vj.models.diffusion.marks import sent
from vj.models.latent import kick_vector, normals, seed_vector
from vj.types import LatentPoint

WORLD = 512
"""Diffusion's own world among those that a seed makes."""
STIR = 3
"""The stream of the noise that stands still, one for each step."""


class Sphere:
    """``count`` seeds of ``shape`` (C, h, w) for ``rows`` pictures at once, and still noise for ``steps`` steps.

    ``seeds`` (count, D), ``kicks`` (rows, D), ``stir`` (steps, C, h, w) are float32 and keep their addresses.
    """

    def __init__(self, shape: tuple[int, int, int], count: int, rows: int, steps: int, device: str) -> None:
        self.shape, self.count = shape, count
        self._dim, self._device = math.prod(shape), device
        self.seeds = torch.zeros(count, self._dim, device=device)
        self.kicks = torch.zeros(rows, self._dim, device=device)
        self.stir = torch.zeros(steps, *shape, device=device)
        self._seed: int | None = None
        self._kicked: list[int | None] = [None] * rows

    def settle(self, seed: int) -> None:
        """Stand in the world of ``seed``; does nothing where it stands there already."""
        if seed == self._seed:
            return
        rows = [seed_vector(seed, WORLD, k, self._dim) for k in range(self.count)]
        self.seeds.copy_(_tensor(np.stack(rows)))
        still = [normals(STIR, seed, WORLD, step, shape=self.shape) for step in range(len(self.stir))]
        self.stir.copy_(_tensor(np.stack(still)))
        self._seed = seed

    def aim(self, points: Sequence[LatentPoint]) -> tuple[np.ndarray, np.ndarray]:
        """(rows, count) weights and (rows,) shares of the kicks; brings the vectors of kicks that have begun."""
        weights, shares = np.zeros((len(points), self.count)), np.zeros(len(points))
        for row, point in enumerate(points):
            weights[row, :len(point.weights)] = np.asarray(point.weights) * math.cos(point.kick_angle)
            shares[row] = math.sin(point.kick_angle)
            if point.kick_angle != 0.0 and self._kicked[row] != point.kick_seed:
                self.kicks[row].copy_(sent(_tensor(kick_vector(point.kick_seed, WORLD, self._dim)), self._device))
                self._kicked[row] = point.kick_seed
        return weights, shares


def noise(seeds: Tensor, kicks: Tensor, weights: Tensor, shares: Tensor) -> Tensor:
    """(rows, D) latents of variance 1: the walk's mixture, rotated towards the kick."""
    return weights @ seeds + shares[:, None] * kicks


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
