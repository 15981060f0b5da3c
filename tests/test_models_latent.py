"""The latent maths: unit variance everywhere, kicks that come home, seeds that stay."""

import math

import numpy as np
import pytest

from vj.models.latent import kick, latent, mix, normals, seeds
from vj.types import LatentPoint


def on_sphere(count: int, rng: np.random.Generator) -> np.ndarray:
    weights = rng.standard_normal(count)
    return weights / np.linalg.norm(weights)


def test_the_variance_stays_one_all_over_the_sphere() -> None:
    rng = np.random.default_rng(5)
    xi = seeds(3, 7, 12, 4096)
    deviations = [mix(on_sphere(12, rng), xi).std() for _ in range(300)]
    assert min(deviations) > 0.95
    assert max(deviations) < 1.05


@pytest.mark.parametrize("angle", [0.0, 0.1, 0.4, 0.8, 1.6])
def test_a_kick_keeps_the_variance_and_its_correlation_with_home_is_the_cosine(angle: float) -> None:
    home, towards = normals(1, 0, shape=(20_000,)), normals(2, 0, shape=(20_000,))
    away = kick(home, towards, angle)
    assert away.std() == pytest.approx(1.0, abs=0.03)
    assert np.corrcoef(home, away)[0, 1] == pytest.approx(math.cos(angle), abs=0.03)


def test_a_kick_of_angle_zero_is_home_whatever_its_seed() -> None:
    weights = tuple(on_sphere(8, np.random.default_rng(1)))
    home = latent(LatentPoint(weights), 1, 2, 16)
    assert np.array_equal(latent(LatentPoint(weights, kick_seed=99, kick_angle=0.0), 1, 2, 16), home)
    assert not np.allclose(latent(LatentPoint(weights, kick_seed=99, kick_angle=0.3), 1, 2, 16), home)


def test_seed_world_and_kick_each_change_the_latent() -> None:
    point = LatentPoint((0.6, 0.8), kick_seed=1, kick_angle=0.5)
    other_kick = LatentPoint((0.6, 0.8), kick_seed=2, kick_angle=0.5)
    places = [latent(point, 1, 1, 16), latent(point, 2, 1, 16), latent(point, 1, 2, 16), latent(other_kick, 1, 1, 16)]
    for one in range(4):
        for two in range(one):
            assert not np.allclose(places[one], places[two])


def test_a_seed_keeps_its_vector_when_the_walk_gets_more_seeds() -> None:
    assert np.array_equal(seeds(4, 4, 6, 16), seeds(4, 4, 12, 16)[:6])


def test_any_whole_number_is_a_seed() -> None:
    assert np.isfinite(normals(1, -5, 2**70, shape=(8,))).all()


def test_the_numbers_are_those_of_pcg64() -> None:
    expected = np.random.Generator(np.random.PCG64([1, 2, 3, 0])).standard_normal(4)
    assert np.array_equal(seeds(2, 3, 1, 4)[0], expected)
