"""A card's real rate: found when it lies, not when it stutters, bursts or loses a little."""

from __future__ import annotations

import numpy as np
import pytest

from vj.audio.truerate import TrueRate


def run(true: TrueRate, rate: float, seconds: float, *, start: float = 100.0, block: int = 256, late: float = 0.0,
        seed: int = 0) -> list[float]:
    """Callbacks of a card that delivers ``rate`` a second, each up to ``late`` s late; when the verdict changed."""
    rng = np.random.default_rng(seed)
    wall, changed = start, []
    for n in range(1, int(seconds * rate / block) + 1):
        wall = max(wall, start + n * block / rate + rng.uniform(0.0, late))
        if true.mark(block, wall):
            changed.append(wall - start)
    return changed


@pytest.mark.parametrize(("said", "real"), [(48000, 44100), (44100, 48000), (96000, 48000), (48000, 96000),
                                            (48000, 16000)])
@pytest.mark.parametrize("late", [0.0, 0.05])
def test_a_lie_is_found_once_and_named_exactly(said: int, real: int, late: float) -> None:
    true = TrueRate(said)
    changed = run(true, real, 30.0, late=late)
    assert (true.said, true.real) == (said, real)
    assert len(changed) == 1
    assert 5.0 < changed[0] < 9.0


@pytest.mark.parametrize("off", [0.0, 0.001, -0.001, 0.005])
@pytest.mark.parametrize("late", [0.0, 0.02, 0.1])
def test_a_card_whose_crystal_is_a_little_off_tells_no_lie(off: float, late: float) -> None:
    true = TrueRate(48000)
    for seed in range(2):
        assert run(true, 48000 * (1 + off), 60.0, late=late, start=1000.0 * seed, seed=seed) == []
    assert true.real == 48000


def test_a_card_that_brings_a_third_of_a_second_at_once_is_measured_too() -> None:
    assert run(TrueRate(48000), 48000, 60.0, block=16000) == []
    lying = TrueRate(48000)
    run(lying, 44100, 60.0, block=14700)
    assert lying.real == 44100


def test_an_odd_rate_is_named_as_it_is() -> None:
    true = TrueRate(48000)
    run(true, 46000.0, 20.0)
    assert true.real == pytest.approx(46000, rel=2e-3)


def test_a_stall_with_or_without_its_samples_is_no_lie() -> None:
    true, wall = TrueRate(48000), 0.0
    for n in range(12):
        assert run(true, 48000, 4.0, start=wall) == []
        wall += 4.0 + 0.7 + 0.1 * n
    assert true.real == 48000


def test_a_card_that_stops_lying_is_believed_again() -> None:
    true = TrueRate(48000)
    run(true, 44100, 20.0)
    assert true.real == 44100
    run(true, 48000, 20.0, start=200.0)
    assert true.real == 48000
