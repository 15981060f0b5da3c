from __future__ import annotations

import numpy as np
import pytest

from vj import registry
from vj.camera import content_map, residual
from vj.types import BANDS, Band, Beat, Camera, Features, ParamSpec, Tick
from vj.walk import sphere
from vj.walk.sphere import Walk

DRIVES = registry.names("vj.walk.drives")


def defaults(specs: tuple[ParamSpec, ...], **over: object) -> dict:
    return {s.name: s.default for s in specs} | over


def hearing(time: float, level: float = 0.5, kick: float = 0.0) -> Features:
    return Features(time=time, bands={n: Band(level=level) for n, _, _ in BANDS}, kick=kick, beat=Beat(120.0))


def walked(drive: str, fps: int, seconds: float, seed: int = 7, kicks: bool = False, **over: object) -> list:
    plugin = registry.load("vj.walk.drives", drive, "Drive")
    walk, points = Walk(seed, plugin(seed)), []
    level = 0.0 if over.pop("silent", False) else 0.5
    for n in range(round(seconds * fps)):
        heard = hearing(n / fps, level, 1.0 if kicks and n % (fps // 2) == 0 else 0.0)
        points.append(walk.step(Tick(n, n / fps, 1 / fps), heard, defaults(sphere.PARAMS, **over),
                                defaults(plugin.PARAMS)))
    return points


@pytest.mark.parametrize("drive", DRIVES)
def test_the_walk_stays_on_the_sphere(drive):
    weights = np.array([p.weights for p in walked(drive, 30, 20.0)])
    assert weights.shape == (600, sphere.K)
    np.testing.assert_allclose(np.linalg.norm(weights, axis=1), 1.0, rtol=1e-9)


@pytest.mark.parametrize("drive", DRIVES)
def test_a_latent_keeps_its_variance_everywhere(drive):
    seeds = np.random.default_rng(1).standard_normal((sphere.K, 20_000))
    stds = [(np.array(p.weights) @ seeds).std() for p in walked(drive, 10, 30.0)]
    assert min(stds) > 0.97
    assert max(stds) < 1.03


@pytest.mark.parametrize("drive", DRIVES)
def test_the_same_place_after_two_seconds_at_30_and_60_fps(drive):
    slow, fast = walked(drive, 30, 2.0)[-1], walked(drive, 60, 2.0)[-1]
    np.testing.assert_allclose(slow.weights, fast.weights, atol=0.03)
    assert slow.journey == pytest.approx(fast.journey, rel=0.02)
    assert slow.camera.zoom == pytest.approx(fast.camera.zoom, abs=0.02)


@pytest.mark.parametrize("drive", DRIVES)
def test_no_step_is_a_cut(drive):
    weights = np.array([p.weights for p in walked(drive, 30, 10.0, speed=0.3)])
    steps = np.arccos(np.clip((weights[1:] * weights[:-1]).sum(1), -1, 1))
    assert steps.max() < 0.12


def test_louder_music_walks_faster():
    def way(silent: bool) -> float:
        w = np.array([p.weights for p in walked("drift", 30, 4.0, silent=silent)])
        return float(np.arccos(np.clip((w[1:] * w[:-1]).sum(1), -1, 1)).sum())
    assert way(False) > 1.5 * way(True)


def test_seeds_walk_different_ways_and_the_same_seed_the_same():
    assert walked("drift", 30, 1.0, seed=1)[-1] == walked("drift", 30, 1.0, seed=1)[-1]
    assert walked("drift", 30, 1.0, seed=1)[-1].weights != walked("drift", 30, 1.0, seed=2)[-1].weights


def test_a_kick_turns_away_and_comes_back_with_its_own_vector():
    points = walked("drift", 60, 2.0, kicks=True, kick=0.5, kick_decay=0.1)
    angles = [p.kick_angle for p in points]
    assert angles[0] == pytest.approx(0.5)
    assert angles[29] < 0.01
    assert angles[30] == pytest.approx(0.5)
    assert len({p.kick_seed for p in points}) == 4
    assert len({p.kick_seed for p in points[:30]}) == 1


def test_a_kick_that_returns_too_soon_keeps_its_vector_so_nothing_jumps():
    points = walked("drift", 60, 2.0, kicks=True, kick=0.5, kick_decay=2.0)
    assert len({p.kick_seed for p in points}) == 1


def test_the_residual_of_equal_cameras_is_the_identity():
    camera = Camera(0.3, -1.2, 0.7, 0.9)
    np.testing.assert_allclose(residual(camera, camera), (1, 0, 0, 1, 0, 0), atol=1e-12)


def test_the_residual_finds_the_same_content():
    def see(camera: Camera, x: float, y: float) -> tuple[float, float]:
        a, b, c, d, tx, ty = content_map(camera)
        return a * x + b * y + tx, c * x + d * y + ty
    image, view = Camera(0.1, 0.2, 0.3, 0.4), Camera(-0.5, 0.9, -0.2, 1.3)
    a, b, c, d, tx, ty = residual(image, view)
    x, y = 0.7, -0.4
    np.testing.assert_allclose(see(image, a * x + b * y + tx, c * x + d * y + ty), see(view, x, y), atol=1e-12)
