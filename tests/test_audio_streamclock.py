"""The show's clock over a sound stream: smooth, monotone, and it goes on."""

import numpy as np
import pytest

from vj.audio.streamclock import StreamClock


def run(clock, end, mark=lambda wall: wall, start=0.0, stops=(), step=1 / 60, block=0.01):
    """Positions at each frame; a callback every ``block`` seconds except within ``stops``."""
    out, called = [], start
    for wall in np.arange(start, end, step):
        while called <= wall:
            if not any(a <= called < b for a, b in stops):
                clock.mark(mark(called), called)
            called += block
        out.append((wall, clock.at(wall)))
    return np.array(out)


def test_starts_at_zero_with_the_first_question():
    clock = StreamClock()
    clock.mark(7.0, 100.0)
    assert clock.at(100.0) == 0.0
    assert clock.at(100.1) == pytest.approx(0.1)


def test_follows_the_stream_smoothly_through_ragged_callbacks():
    rng = np.random.default_rng(0)
    shown = run(StreamClock(), 20, lambda wall: wall - rng.uniform(0, 0.02))
    speed = np.diff(shown[:, 1]) / np.diff(shown[:, 0])
    assert speed.min() > 0.93
    assert speed.max() < 1.07
    assert shown[-1, 1] == pytest.approx(shown[-1, 0], abs=0.03)


def test_follows_a_card_whose_clock_is_off():
    shown = run(StreamClock(), 60, lambda wall: wall * 1.002)
    assert shown[-1, 1] == pytest.approx(shown[-1, 0] * 1.002, abs=0.01)


def test_a_stall_runs_free_and_does_not_jump():
    shown = run(StreamClock(), 20, lambda wall: wall if wall < 5 else wall - 4, stops=[(5, 9)])
    speed = np.diff(shown[:, 1]) / np.diff(shown[:, 0])
    assert speed.min() > 0.89
    assert speed.max() < 1.11
    assert shown[-1, 1] == pytest.approx(shown[-1, 0], abs=0.05)


def test_says_when_it_is_lost():
    clock = StreamClock()
    assert not clock.alive(0.0)
    clock.mark(0.0, 1.0)
    assert clock.alive(1.2)
    assert not clock.alive(1.3)


def test_without_any_callback_the_wall_counts():
    clock = StreamClock()
    assert [clock.at(wall) for wall in (5.0, 6.0, 8.5)] == [0.0, 1.0, 3.5]


def test_absolute_waits_for_second_zero():
    clock = StreamClock(absolute=True)
    clock.mark(-0.1, 10.0)
    assert clock.at(10.05) == 0.0
    assert clock.at(10.1) == pytest.approx(0.0, abs=1e-9)
    assert clock.at(10.2) == pytest.approx(0.1)


def test_absolute_late_first_callback_does_not_stop_it():
    clock = StreamClock(absolute=True)
    clock.at(0.0)
    assert clock.at(2.0) == 2.0
    clock.mark(0.0, 2.1)
    assert clock.at(2.1) == pytest.approx(2.1)
    assert clock.at(3.0) == pytest.approx(3.0)


def test_a_wall_clock_that_steps_back_is_not_followed():
    clock = StreamClock()
    clock.at(10.0)
    clock.at(11.0)
    assert clock.at(10.5) == 1.0
    assert clock.at(11.5) == pytest.approx(1.5)


def test_a_stream_that_jumps_is_followed_from_where_the_show_is():
    """A stall, and then everything at once: the position neither waits nor hurries."""
    shown = run(StreamClock(), 20, lambda wall: wall - 3.0 if 5 <= wall < 6 else wall)
    speed = np.diff(shown[:, 1]) / np.diff(shown[:, 0])
    assert speed.min() > 0.89
    assert speed.max() < 1.11
    assert shown[-1, 1] == pytest.approx(shown[-1, 0], abs=0.05)


@pytest.mark.parametrize("asleep", [31.0, 3600.0, 40 * 3600.0])
def test_hours_asleep_do_not_count(asleep):
    clock = StreamClock()
    run(clock, 5)
    before = clock.at(5.0)
    assert clock.at(5.0 + asleep) == before
    after = run(clock, 20.0 + asleep, start=5.0 + asleep)
    assert after[-1, 1] - before == pytest.approx(15.0, abs=0.1)


def test_where_the_stream_stands_in_the_show():
    clock = StreamClock()
    assert clock.shift is None
    clock.mark(7.0, 100.0)
    clock.at(100.0)
    assert clock.shift == pytest.approx(-7.0)
    clock.at(101.0)
    assert clock.shift is None, "a lost stream stands nowhere"
