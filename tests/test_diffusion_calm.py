"""Calm: nothing at 0; what shimmers is held, what really moves passes; hands are slewed by seconds, not by calls."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vj.models.diffusion.calm import FADE, TURN, Slew, fastest, follows, shares, smoothed, steadied, turned
from vj.types import LatentPoint


def rows(follow: float, count: int) -> torch.Tensor:
    return torch.full((count,), follow)


def test_without_calm_everything_is_as_drawn() -> None:
    drawn, held = torch.randn(3, 4, 8, 8), torch.randn(4, 8, 8)
    rgb, shown = torch.rand(3, 3, 16, 16), torch.rand(3, 16, 16)
    assert follows(0.0, 0.03) == (1.0, 1.0)
    assert torch.equal(smoothed(drawn, held, rows(1.0, 3)), drawn)
    assert torch.equal(steadied(rgb, shown, rows(1.0, 3)), rgb)


def test_latents_follow_in_seconds_whatever_the_rate() -> None:
    goal, start = torch.randn(1, 4, 8, 8).expand(60, -1, -1, -1), torch.zeros(4, 8, 8)
    fast = smoothed(goal, start, rows(follows(1.0, 1 / 120)[0], 60))[23]
    slow = smoothed(goal[:6], start, rows(follows(1.0, 1 / 30)[0], 6))[5]
    way = 1.0 - math.exp(-0.2 / 0.08)
    assert torch.allclose(fast - fast.mean((1, 2), keepdim=True), slow - slow.mean((1, 2), keepdim=True), atol=1e-4)
    assert float((fast * goal[0]).sum() / (goal[0] ** 2).sum()) >= way - 0.01


def test_a_batch_is_smoothed_as_one_after_the_other() -> None:
    drawn, held, follow = torch.randn(4, 4, 8, 8), torch.randn(4, 8, 8), torch.tensor([0.3, 0.5, 0.9, 0.2])
    last = held
    for row in range(4):
        mean = torch.lerp(last, drawn[row], follow[row])
        assert torch.isfinite(smoothed(drawn[row:row + 1], last, follow[row:row + 1])).all()
        last = mean
    together = smoothed(drawn, held, follow)
    middle = last.mean((1, 2), keepdim=True)
    gain = (drawn[3].std((1, 2), keepdim=True) / last.std((1, 2), keepdim=True)).clamp(1.0, 1.5)
    assert torch.allclose(together[3], (last - middle) * gain + middle, atol=1e-5)


def test_shimmer_is_held_and_the_mean_is_right() -> None:
    generator = torch.Generator().manual_seed(0)
    still = torch.rand(3, 32, 32, generator=generator) * 0.6 + 0.2
    noisy = still + 0.015 * torch.randn(40, 3, 32, 32, generator=generator)
    calm = steadied(noisy, noisy[0], rows(follows(1.0, 1 / 30)[1], 40))
    assert calm.diff(dim=0).abs().mean() < 0.25 * noisy.diff(dim=0).abs().mean()
    assert (calm[20:].mean(0) - still).abs().mean() < 0.01


def test_a_hit_is_as_sharp_as_ever() -> None:
    before, after = torch.zeros(3, 32, 32), torch.zeros(1, 3, 32, 32)
    after[..., 8:24, 8:24] = 1.0
    shown = steadied(after, before, rows(follows(1.0, 1 / 30)[1], 1))
    assert torch.allclose(shown[0, :, 9:23, 9:23], torch.ones(3, 14, 14))
    assert torch.equal(shown[0, :, :4, :4], torch.zeros(3, 4, 4))


@pytest.mark.parametrize("rate", [30, 120])
def test_a_thrown_fader_glides_over_seconds_not_calls(rate: int) -> None:
    slew = Slew()
    assert slew.strength(0.2, 1.0, 1 / rate) == 0.2
    values = [slew.strength(1.0, 1.0, 1 / rate) for _ in range(rate // 3)]
    assert values[-1] == pytest.approx(0.2 + FADE / 3, abs=0.03)
    assert max(np.diff([0.2, *values])) <= FADE / rate + 1e-9
    rest = [slew.strength(1.0, 1.0, 1 / rate) for _ in range(3 * rate)]
    assert all(np.diff(rest) >= 0.0), "it lands softly, and beyond nothing"
    assert rest[-1] == 1.0


def test_the_calmer_the_slower_and_towards_none_there_is_no_bound() -> None:
    speeds = [fastest(calm) for calm in (0.001, 0.1, 0.3, 0.5, 1.0)]
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[0] > 100.0
    assert speeds[-1] == FADE


def test_without_calm_a_fader_jumps() -> None:
    slew = Slew()
    slew.strength(0.2, 0.0, 0.03)
    assert slew.strength(1.0, 0.0, 0.03) == 1.0
    assert slew.prompts((("a", 1.0),), 0.0, 0.03) == (("a", 1.0),)
    assert slew.prompts((("b", 2.0),), 0.0, 0.03) == (("b", 1.0),)


def test_prompts_cross_at_a_calm_speed_and_arrive() -> None:
    slew = Slew()
    slew.prompts((("a", 1.0),), 1.0, 0.1)
    first = dict(slew.prompts((("b", 1.0),), 1.0, 0.1))
    assert first == {"a": pytest.approx(1.0 - FADE / 10), "b": pytest.approx(FADE / 10)}
    for _ in range(12):
        mixture = slew.prompts((("b", 1.0),), 1.0, 0.1)
        assert sum(part for _, part in mixture) == pytest.approx(1.0)
    assert mixture == (("b", 1.0),)


def test_weights_of_prompts_are_parts_of_one() -> None:
    assert shares((("a", 2.0), ("b", 1.0), ("a", 1.0), ("c", -3.0))) == {"a": 0.75, "b": 0.25}
    assert shares((("a", 0.0), ("b", 0.0))) == {"a": 0.5, "b": 0.5}


def test_the_walk_turns_no_faster_than_calm_allows() -> None:
    slew = Slew()
    home, far = LatentPoint((1.0, 0.0, 0.0)), LatentPoint((0.0, 1.0, 0.0))
    assert slew.point(home, 1.0, 0.1) == home.weights
    on = np.array(slew.point(far, 1.0, 0.1))
    assert math.acos(on[0]) == pytest.approx(TURN * 0.1)
    for _ in range(10):
        on = np.array(slew.point(far, 1.0, 0.1))
    assert tuple(on) == far.weights


@pytest.mark.parametrize("wanted", [(-1.0, 0.0, 0.0), (0.6, 0.8, 0.0), (1.0, 0.0, 0.0)])
def test_every_turn_stays_on_the_sphere(wanted: tuple[float, ...]) -> None:
    here, there = np.array([1.0, 0.0, 0.0]), np.array(wanted)
    for _ in range(80):
        before, here = here, turned(here, there, 0.1)
        assert np.linalg.norm(here) == pytest.approx(1.0)
        assert math.acos(min(float(before @ here), 1.0)) <= 0.1 + 1e-6
    assert np.allclose(here, there)
