"""Beats are announced once, ahead of their time, never too close together."""

from __future__ import annotations

import numpy as np
import pytest

from vj.audio.tracker.announce import CLOSEST, LEAD, Announced, Announcer

FRAME = 0.01


def listen(announcer: Announcer, start: float, end: float, beat: float, period: float) -> list[tuple[float, float]]:
    frames = np.arange(round(start / FRAME), round(end / FRAME)) * FRAME
    said = ((announcer.due(now, beat, period), now) for now in frames)
    return [(time, now) for time, now in said if time is not None]


def test_every_beat_once_and_ahead() -> None:
    said = listen(Announcer(), 0.0, 10.0, 0.123, 0.47)
    times = [time for time, _ in said]
    assert times == pytest.approx([0.123 + 0.47 * n for n in range(len(times))])
    assert len(times) == 22
    assert all(LEAD - FRAME - 1e-9 <= time - now <= LEAD + 1e-9 for time, now in said)


def test_another_grid_is_taken_up_at_once_but_never_too_close() -> None:
    announcer = Announcer()
    before = listen(announcer, 0.0, 4.0, 0.0, 0.5)
    after = listen(announcer, 4.0, 8.0, 0.2, 0.4)
    assert after[0][0] - before[-1][0] >= CLOSEST * 0.4 - 1e-9
    assert after[0][0] - before[-1][0] < 0.4 + CLOSEST * 0.4
    assert np.diff([time for time, _ in after]) == pytest.approx(0.4)


def test_a_grid_that_wavers_never_repeats_a_beat() -> None:
    announcer, rng, times = Announcer(), np.random.default_rng(5), []
    for frame in range(2000):
        beat = 0.5 * np.floor(frame * FRAME / 0.5) + rng.normal(0.0, 0.02)
        time = announcer.due(frame * FRAME, beat, 0.5 * (1.0 + rng.normal(0.0, 0.02)))
        times += [] if time is None else [time]
    assert np.diff(times).min() > 0.25
    assert len(times) == pytest.approx(40, abs=3)


def test_a_beat_just_missed_is_still_said_an_older_one_not() -> None:
    assert Announcer().due(1.01, 1.0, 0.5) == pytest.approx(1.0)
    assert Announcer().due(1.05, 1.0, 0.5) is None


def test_a_hand_may_bring_the_next_beat_close() -> None:
    announcer = Announcer()
    listen(announcer, 0.0, 4.0, 0.0, 0.5)
    announcer.free()
    assert listen(announcer, 4.0, 4.3, 0.25, 0.5)[0][0] == pytest.approx(4.25)


def test_what_is_announced_is_frozen() -> None:
    beat = Announced(1.0, 0.95, 120.0, True, 0.8)
    with pytest.raises(AttributeError):
        beat.time = 2.0  # type: ignore[misc]
