"""The walk's noise on the device: the very latents of every other generator, at unit variance, at fixed addresses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vj.models.diffusion.sphere import WORLD, Sphere, noise
from vj.models.latent import latent
from vj.types import LatentPoint

SHAPE = (4, 16, 24)


def on_sphere(count: int, seed: int) -> tuple[float, ...]:
    weights = np.random.default_rng(seed).standard_normal(count)
    return tuple((weights / np.linalg.norm(weights)).tolist())


def heard(sphere: Sphere, points: list[LatentPoint]) -> torch.Tensor:
    weights, kicks = (torch.from_numpy(part).float() for part in sphere.aim(points))
    return noise(sphere.seeds, sphere.kicks, weights, kicks)


@pytest.mark.parametrize("count", [2, 12, 16])
@pytest.mark.parametrize("angle", [0.0, 0.3, 1.2, -0.4])
def test_a_point_is_the_same_latent_as_everywhere(count: int, angle: float) -> None:
    sphere = Sphere(SHAPE, 16, 1, 1, "cpu")
    sphere.settle(7)
    point = LatentPoint(on_sphere(count, 3), kick_seed=5, kick_angle=angle)
    expected = latent(point, 7, WORLD, math.prod(SHAPE))
    assert np.allclose(heard(sphere, [point])[0].numpy(), expected, atol=1e-5)


def test_the_variance_stays_one_all_over_the_sphere() -> None:
    sphere = Sphere((4, 64, 64), 16, 1, 1, "cpu")
    sphere.settle(1)
    spreads = [heard(sphere, [LatentPoint(on_sphere(12, n), n, 0.1 * n)]).std().item() for n in range(30)]
    assert 0.97 < min(spreads) < max(spreads) < 1.03


def test_several_points_at_once_each_with_its_kick() -> None:
    sphere = Sphere(SHAPE, 16, 3, 1, "cpu")
    sphere.settle(7)
    points = [LatentPoint(on_sphere(12, n), kick_seed=n, kick_angle=0.2 * n) for n in range(3)]
    for row, point in enumerate(points):
        expected = latent(point, 7, WORLD, math.prod(SHAPE))
        assert np.allclose(heard(sphere, points)[row].numpy(), expected, atol=1e-5)


def test_a_new_seed_and_a_new_kick_keep_their_addresses() -> None:
    sphere = Sphere(SHAPE, 16, 1, 2, "cpu")
    buffers = (sphere.seeds, sphere.kicks, sphere.stir)
    sphere.settle(1)
    heard(sphere, [LatentPoint(on_sphere(12, 0), 1, 0.5)])
    before, at = [b.clone() for b in buffers], [b.data_ptr() for b in buffers]
    sphere.settle(2)
    heard(sphere, [LatentPoint(on_sphere(12, 0), 2, 0.5)])
    assert [b.data_ptr() for b in (sphere.seeds, sphere.kicks, sphere.stir)] == at
    assert not any(torch.equal(old, new) for old, new in zip(before, buffers, strict=True))


def test_the_noise_of_each_step_stands_still_and_is_its_own() -> None:
    sphere = Sphere(SHAPE, 16, 1, 3, "cpu")
    sphere.settle(1)
    steps = sphere.stir.flatten(1).numpy()
    assert np.abs(np.corrcoef(np.vstack([steps, sphere.seeds.numpy()[:4]])) - np.eye(7)).max() < 0.1
    again = Sphere(SHAPE, 16, 1, 3, "cpu")
    again.settle(1)
    assert torch.equal(again.stir, sphere.stir)
