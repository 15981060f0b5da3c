"""MIDI clock in: ticks into beats, whatever the cable does to them."""

import math
import threading
import time

import numpy as np
import pytest

from vj.clock import now
from vj.clockface import wrap
from vj.control.clocks.line import Line
from vj.control.clocks.midi_clock import FLOODED, WAITING, MidiClock
from vj.control.clocks.ticks import GONE, Ticks


def send(ticks, bpm, start, count, *, jitter=None):
    """``count`` ticks from ``start`` on; the time of the tick that would come next."""
    for k in range(count):
        ticks.hear("clock", 0, start + k * 60 / bpm / 24 + (0.0 if jitter is None else float(jitter[k])))
    return start + count * 60 / bpm / 24


@pytest.mark.parametrize("seed", range(5))
def test_one_ms_of_jitter_at_128_bpm_leaves_a_tempo_spread_under_0_07(seed):
    rng = np.random.default_rng(seed)
    ticks, tempi, phases = Ticks(), [], []
    ticks.hear("start", 0, 0.0)
    for k in range(24 * 128):
        true = k * 60 / 128 / 24
        ticks.hear("clock", 0, true + rng.normal(0.0, 1e-3))
        if k > 96:
            reading = ticks.reading(true)
            tempi.append(reading.bpm)
            phases.append(wrap(reading.at(true) - k / 24) * 60 / 128)
    assert np.std(tempi) < 0.07
    assert abs(np.mean(tempi) - 128) < 0.01
    assert np.abs(phases).max() < 1.5e-3


def test_late_ticks_of_a_busy_machine_hardly_move_it():
    """One tick in twenty is 8 ms late, as when the interpreter was elsewhere."""
    rng = np.random.default_rng(3)
    ticks, tempi, phases = Ticks(), [], []
    ticks.hear("start", 0, 0.0)
    for k in range(24 * 128):
        true = k * 60 / 128 / 24
        ticks.hear("clock", 0, true + abs(rng.normal(0, 3e-4)) + (0.008 if rng.random() < 0.05 else 0.0))
        if k > 96:
            reading = ticks.reading(true)
            tempi.append(reading.bpm)
            phases.append(wrap(reading.at(true) - k / 24) * 60 / 128)
    assert np.std(tempi) < 0.07
    assert np.abs(phases).max() < 1.5e-3


def test_a_heap_of_ticks_after_a_stall_moves_nothing():
    """The show's machine stood still for a quarter of a second: what came meanwhile is stamped at once."""
    ticks, tempi, phases = Ticks(), [], []
    ticks.hear("start", 0, 0.0)
    for k in range(400):
        true = k * 60 / 126 / 24
        stamped = 4.25 if 4.0 < true < 4.25 else true
        ticks.hear("clock", 0, stamped)
        if k > 100 and not 4.0 < true < 4.25:
            reading = ticks.reading(true)
            tempi.append(reading.bpm)
            phases.append(wrap(reading.at(true) - k / 24) * 60 / 126)
    assert np.abs(np.array(tempi) - 126).max() < 0.3
    assert np.abs(phases).max() < 2e-3


def test_the_first_tick_after_a_start_is_tick_0():
    ticks = Ticks()
    at = send(ticks, 120, 0.0, 101)  # a clock that ran before
    ticks.hear("start", 0, at - 0.001)
    send(ticks, 120, at, 25)
    reading = ticks.reading(at + 0.5)
    assert reading.at(at) == pytest.approx(0.0, abs=1e-6)
    assert reading.at(at + 0.5) == pytest.approx(1.0, abs=1e-6)
    assert (reading.downbeat_known, reading.phase_known, reading.playing) == (True, True, True)


def test_without_a_start_only_the_tempo_is_known():
    ticks = Ticks()
    send(ticks, 97, 0.0, 100)
    reading = ticks.reading(2.5)
    assert reading.bpm == pytest.approx(97)
    assert not reading.phase_known


def test_between_ticks_the_phase_runs_on():
    ticks = Ticks()
    ticks.hear("start", 0, 0.0)
    send(ticks, 60, 0.0, 49)
    places = [ticks.reading(2.0).at(2.0 + t) for t in np.arange(0, 0.04, 0.001)]
    assert np.diff(places) == pytest.approx(0.001)


def test_stop_and_continue_go_on_where_it_stopped():
    ticks = Ticks()
    ticks.hear("start", 0, 0.0)
    at = send(ticks, 120, 0.0, 60)  # two beats and a half
    ticks.hear("stop", 0, at)
    at = send(ticks, 120, at, 30)  # the clock runs on
    reading = ticks.reading(at)
    assert (reading.playing, reading.beats) == (False, 2.5)
    ticks.hear("continue", 0, at)
    send(ticks, 120, at, 24)
    assert ticks.reading(at + 0.5).at(at) == pytest.approx(2.5, abs=1e-6)
    assert ticks.reading(at + 0.5).playing


@pytest.mark.parametrize("position", [0, 64, 4 * 17, 16383])
def test_song_position_forward_and_backwards(position):
    ticks = Ticks()
    ticks.hear("start", 0, 0.0)
    at = send(ticks, 120, 0.0, 24 * 9)
    ticks.hear("stop", 0, at)
    ticks.hear("songpos", position, at)
    ticks.hear("continue", 0, at)
    send(ticks, 120, at, 24)
    reading = ticks.reading(at + 0.5)
    assert reading.at(at) == pytest.approx(position / 4, abs=1e-6)
    assert reading.downbeat_known
    ticks.hear("songpos", 8, at + 0.5)  # while it plays
    at = send(ticks, 120, at + 0.5, 12)
    assert ticks.reading(at).at(at) == pytest.approx(2.5, abs=1e-6)


def test_a_continue_into_the_unknown_says_no_phase():
    ticks = Ticks()
    ticks.hear("continue", 0, 0.0)
    send(ticks, 120, 0.0, 48)
    assert not ticks.reading(1.0).phase_known


@pytest.mark.parametrize(("before", "after"), [(128, 140), (128, 126), (174, 87), (90, 180), (128, 129)])
def test_a_tempo_jump_is_followed_within_a_beat_or_two(before, after):
    rng = np.random.default_rng(1)
    ticks = Ticks()
    ticks.hear("start", 0, 0.0)
    at = send(ticks, before, 0.0, 200, jitter=rng.normal(0, 3e-4, 200))
    for _ in range(40):
        send(ticks, after, at, 1, jitter=rng.normal(0, 3e-4, 1))
        at += 60 / after / 24
        reading = ticks.reading(at)
    assert reading.bpm == pytest.approx(after, rel=0.004)
    assert abs(wrap(reading.at(at) - 240 / 24)) * 60 / after < 0.002


def test_a_tempo_jump_that_nobody_looked_at_is_seen_later():
    ticks = Ticks()
    at = send(ticks, 128, 0.0, 200)
    at = send(ticks, 140, at, 40)
    assert ticks.reading(at).bpm == pytest.approx(140, rel=0.001)


def test_a_clock_that_stops_without_a_word_is_gone_and_comes_back():
    ticks = Ticks()
    ticks.hear("start", 0, 0.0)
    at = send(ticks, 120, 0.0, 100)
    assert ticks.reading(at) is not None
    assert ticks.reading(at + GONE + 0.01) is None
    at = send(ticks, 120, at + 5.0, 23)
    assert ticks.reading(at) is None
    send(ticks, 120, at, 10)
    assert ticks.reading(at + 0.2).bpm == pytest.approx(120)


@pytest.mark.parametrize("bpm", [5.0, 2000.0])
def test_a_tempo_that_no_music_has_is_nothing(bpm):
    ticks = Ticks()
    at = send(ticks, bpm, 0.0, 100)
    assert ticks.reading(at) is None


def test_times_that_go_back_start_anew():
    ticks = Ticks()
    send(ticks, 120, 100.0, 50)
    at = send(ticks, 120, 3.0, 50)
    assert ticks.reading(at).bpm == pytest.approx(120)


def test_other_messages_are_nothing():
    ticks = Ticks()
    for kind in ("note_on", "active_sensing", "reset", "", "clock2"):
        ticks.hear(kind, 5, 0.0)
    assert ticks.reading(0.0) is None


def test_a_line_needs_three_points_and_stays_finite_when_all_come_at_once():
    line = Line(10)
    for position in range(2):
        line.add(position, 1.0)
    assert line.fit() is None
    for position in range(2, 40):
        line.add(position, 1.0)
    assert line.fit() == (39.0, pytest.approx(1.0), 0.0, math.inf)


# --------------------------------------------------------------------------------- the clock itself


def test_a_flood_of_ticks_is_told_once_and_costs_nothing():
    """100,000 ticks a second: what is more than can be music is not even kept."""
    wall = [0.0]
    clock = MidiClock(lambda: wall[0])
    for _frame in range(120):
        for _ in range(100_000 // 60):
            wall[0] += 1e-5
            clock.heard("clock", 0)
        began = time.perf_counter()
        assert clock.read(wall[0]) is None
        assert time.perf_counter() - began < 0.05
    assert "far more ticks" in clock.news()
    assert clock.news() == ""
    wall[0] += FLOODED + 0.1
    for _ in range(60):
        wall[0] += 60 / 128 / 24
        clock.heard("clock", 0)
        reading = clock.read(wall[0])
    assert reading.bpm == pytest.approx(128)


def test_ticks_that_waited_for_a_stalled_show_are_all_counted():
    clock = MidiClock(now)
    wall = [0.0]
    clock._now = lambda: wall[0]
    clock.heard("start", 0)
    for k in range(WAITING - 20):
        wall[0] = k * 60 / 300 / 24
        clock.heard("clock", 0)
    assert clock.read(wall[0]).at(wall[0]) == pytest.approx((WAITING - 21) / 24, abs=1e-6)


def test_many_threads_may_talk_while_one_reads():
    clock = MidiClock(now)
    ended = threading.Event()

    def talk():
        while not ended.is_set():
            clock.heard("clock", 0)
            clock.heard("songpos", 3)
            time.sleep(0.0005)

    threads = [threading.Thread(target=talk) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        clock.read(now())
        time.sleep(0.002)
    ended.set()
    for thread in threads:
        thread.join()
    assert all(not thread.is_alive() for thread in threads)
