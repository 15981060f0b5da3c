"""The beat clock: never backwards, true to ears and hands, running on alone."""

import math

import numpy as np
import pytest

from vj.audio.beat import BEAT_PARAMS, BeatClock, fold, wrap

HOP = 256 / 44100


def run(clock, start, end, present=True, events=()):
    """Step hop by hop, calling ``(time, action)`` events in passing; the beats shown."""
    pending = sorted(events, key=lambda event: event[0])
    shown = []
    time = start
    while time < end:
        while pending and pending[0][0] <= time:
            pending.pop(0)[1]()
        time += HOP
        clock.step(time, present)
        beat = clock.at(time)
        shown.append((time, beat.count + beat.phase))
    return np.array(shown)


def heard(clock, bpm, start, end, offset=0.0):
    """A tracker that hears every beat at ``offset`` + n periods from ``start`` on, a little later."""
    period = 60 / bpm
    first = math.ceil((start - offset) / period) * period + offset
    return [(t + 0.03, lambda t=t: clock.hear(t, bpm)) for t in np.arange(first, end, period)]


def error(clock, time, bpm, offset):
    beat = clock.at(time)
    return wrap(beat.count + beat.phase - (time - offset) * bpm / 60)


@pytest.mark.parametrize("bpm", [90, 124, 174])
@pytest.mark.parametrize("offset", [0.0, 0.1, 0.25, 0.4])
def test_finds_tempo_and_beat_and_never_runs_backwards(bpm, offset):
    clock = BeatClock()
    shown = run(clock, 0, 8, events=heard(clock, bpm, 0, 8, offset))
    assert (np.diff(shown[:, 1]) >= 0).all()
    assert clock.bpm == pytest.approx(bpm, rel=1e-3)
    assert abs(error(clock, shown[-1, 0], bpm, offset)) < 0.03
    assert clock.at(8).confidence > (0.85 if bpm > 100 else 0.8)


def test_locked_it_bends_by_three_percent_at_most():
    clock = BeatClock(124)
    run(clock, 0, 10, events=heard(clock, 124, 0, 10))
    shown = run(clock, 10, 20, events=heard(clock, 124, 10, 20, 0.05))
    speed = np.diff(shown[:, 1]) / np.diff(shown[:, 0]) * 60 / clock.bpm
    assert speed.min() > 0.96
    assert speed.max() < 1.04


def test_runs_on_alone_and_says_so():
    clock = BeatClock()
    run(clock, 0, 10, events=heard(clock, 124, 0, 10))
    shown = run(clock, 10, 40, present=False)
    assert abs(error(clock, shown[-1, 0], 124, 0)) < 0.05
    assert clock.at(40).confidence < 0.01


def test_one_wrong_beat_changes_nothing_much():
    clock = BeatClock()
    run(clock, 0, 10, events=heard(clock, 124, 0, 10))
    clock.hear(9.9, 140)
    run(clock, 10, 11)
    assert clock.bpm == pytest.approx(124, rel=1e-3)


def test_follows_a_new_tempo():
    clock = BeatClock()
    run(clock, 0, 10, events=heard(clock, 124, 0, 10))
    run(clock, 10, 20, events=heard(clock, 140, 10, 20))
    assert clock.bpm == pytest.approx(140, rel=1e-3)
    assert abs(error(clock, 20, 140, 0)) < 0.05


@pytest.mark.parametrize(("bpm", "slowest", "expected"), [(87, 88, 174), (174, 88, 174), (62, 88, 124),
                                                          (248, 88, 124), (88, 88, 88), (124, 60, 62)])
def test_tempi_are_folded_into_one_octave(bpm, slowest, expected):
    assert fold(bpm, slowest) == pytest.approx(expected)


def test_half_tempo_observations_keep_the_beat():
    clock = BeatClock()
    run(clock, 0, 10, events=heard(clock, 87, 0, 10))
    assert clock.bpm == pytest.approx(174, rel=1e-3)
    assert abs(error(clock, 10, 174, 0)) < 0.05


def test_three_taps_set_tempo_and_beat_and_hold():
    clock = BeatClock()
    taps = [(t, lambda t=t: clock.tap(t)) for t in np.arange(2.0, 4.1, 60 / 100)]
    run(clock, 0, 6, events=taps)
    assert clock.bpm == pytest.approx(100, rel=1e-6)
    assert abs(error(clock, 6, 100, 2.0)) < 0.03
    run(clock, 6, 9, events=heard(clock, 124, 6, 9))
    assert clock.bpm == pytest.approx(100, rel=1e-6)


def test_uneven_taps_are_averaged_and_a_pause_starts_again():
    clock = BeatClock()
    for n, wobble in enumerate([0.0, 0.01, -0.01, 0.012, -0.008, 0.0]):
        clock.tap(1 + n * 0.5 + wobble)
    assert clock.bpm == pytest.approx(120, rel=0.02)
    clock.tap(20.0)
    clock.tap(20.4)
    assert clock.bpm == pytest.approx(120, rel=0.02)
    clock.tap(20.8)
    assert clock.bpm == pytest.approx(150, rel=1e-3)


def test_confident_ears_take_over_after_the_hand_has_rested():
    clock = BeatClock()
    run(clock, 0, 4, events=[(t, lambda t=t: clock.tap(t)) for t in np.arange(1.0, 3.0, 60 / 123)])
    run(clock, 4, 30, events=heard(clock, 124, 4, 30))
    assert clock.bpm == pytest.approx(124, rel=2e-3)


@pytest.mark.parametrize("at", np.linspace(3.0, 3.5, 7))
def test_resync_puts_the_one_here_without_running_backwards(at):
    clock = BeatClock(120)
    shown = run(clock, 0, 6, events=[(at, lambda: clock.resync(at))])
    assert (np.diff(shown[:, 1]) >= 0).all()
    beat = clock.at(6.0)
    expected = (6.0 - at) * 2 % 4 / 4
    assert abs(wrap(beat.bar_phase - expected)) < 0.02


def test_half_and_double():
    clock = BeatClock(124)
    run(clock, 0, 10, events=heard(clock, 124, 0, 10))
    clock.double()
    run(clock, 10, 16, events=heard(clock, 124, 10, 16))
    assert clock.bpm == pytest.approx(248, rel=1e-2)
    clock.half()
    clock.half()
    shown = run(clock, 16, 20)
    assert clock.bpm == pytest.approx(62, rel=1e-2)
    assert (np.diff(shown[:, 1]) >= 0).all()


def test_nudge_moves_the_beat_later_and_stays_monotone():
    clock = BeatClock(120)
    run(clock, 0, 2)
    before = clock.at(2.0)
    clock.control(2.0, {"nudge": 100.0})
    held = clock.at(2.01)
    assert held.count + held.phase >= before.count + before.phase
    run(clock, 2.0, 4.0)
    beat = clock.at(4.0)
    assert beat.count + beat.phase == pytest.approx(8 - 0.2, abs=0.02)


def test_parameters_are_what_control_reads():
    assert {spec.name for spec in BEAT_PARAMS} == {"tap", "resync", "half", "double", "nudge", "slowest"}
    clock = BeatClock(120)
    run(clock, 0, 1)
    for time in (1.0, 1.5, 2.0):
        clock.control(time, {"tap": True})
    assert clock.bpm == pytest.approx(120)
    clock.control(2.0, {"double": True, "slowest": 60.0})
    assert (clock.bpm, clock.slowest) == (pytest.approx(240), 60.0)
