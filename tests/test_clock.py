from __future__ import annotations

import itertools

import pytest

from vj import clock
from vj.clock import MAX_DT, OfflineClock, WallClock


class World:
    """A wall clock that only moves when somebody sleeps or works."""

    def __init__(self, monkeypatch):
        self.time = 100.0
        self.slept = []
        monkeypatch.setattr(clock, "now", lambda: self.time)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_offline_ticks_are_exact_and_can_start_late():
    ticks = list(OfflineClock(30, 90, start=60))
    assert [t.index for t in ticks] == list(range(60, 90))
    assert ticks[-1].time == 89 / 30


def test_wall_ticks_come_at_their_rate_whatever_the_work_takes(world):
    ticks = []
    for tick in WallClock(50, duration=1.0, sleep=world.sleep):
        ticks.append(tick)
        world.time += 0.004
    assert len(ticks) in (50, 51)
    assert sum(t.dt for t in ticks) == pytest.approx(1.0, abs=0.03)
    assert ticks[10].time == pytest.approx(0.2)


def test_a_stall_is_one_gap_and_not_a_burst(world):
    ticks = []
    for tick in WallClock(50, duration=2.0, sleep=world.sleep):
        ticks.append(tick)
        world.time += 0.5 if tick.index == 10 else 0.004
    steps = [b.time - a.time for a, b in itertools.pairwise(ticks)]
    assert max(steps) == pytest.approx(0.5, abs=0.02)
    assert sorted(steps)[-2] < 0.03
    assert min(steps) > 0.01
    assert max(t.dt for t in ticks) == MAX_DT
    assert [t.index for t in ticks] == list(range(len(ticks)))


def test_time_follows_the_sound_and_never_runs_backwards(world):
    heard = iter([0.0, 0.02, 0.01, 0.05, 9.0])
    assert [t.time for t in WallClock(50, 5.0, lambda: next(heard), sleep=world.sleep)] == [0.0, 0.02, 0.02, 0.05]


def test_slack_leaves_the_pacing_to_the_screen(world):
    for tick in WallClock(60, sleep=world.sleep, slack=0.2):
        world.time += 1 / 60  # the vertical blank
        if tick.index == 20:
            break
    assert world.slept == []
