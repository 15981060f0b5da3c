"""The beat clock: never backwards, true to ears and hands, running on alone."""

import itertools
import math

import numpy as np
import pytest

from vj.audio.beat import BEAT_PARAMS, BeatClock, fold
from vj.clockface import LEADERS, OUTSIDE, Reading, phrase, wrap
from vj.types import Beat

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


def heard(clock, bpm, start, end, offset=0.0, confidence=1.0):
    """A tracker that hears every beat at ``offset`` + n periods from ``start`` on, a little later."""
    period = 60 / bpm
    first = math.ceil((start - offset) / period) * period + offset
    return [(t + 0.03, lambda t=t: clock.hear(t, bpm, confidence=confidence)) for t in np.arange(first, end, period)]


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


@pytest.mark.parametrize(("bpm", "slowest", "fastest", "expected"), [
    (87, 70, 180, 87), (174, 70, 180, 174), (62, 70, 180, 124), (248, 70, 180, 124), (400, 70, 180, 100),
    (30, 70, 180, 120), (87, 88, 176, 174), (75, 100, 130, 150), (210, 100, 130, 105), (60, 100, 130, 120)])
def test_tempi_are_folded_into_the_range(bpm, slowest, fastest, expected):
    assert fold(bpm, slowest, fastest) == pytest.approx(expected)


def test_half_tempo_observations_keep_the_beat():
    clock = BeatClock()
    clock.control(0.0, {"slowest": 100.0, "fastest": 200.0})
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
    assert {spec.name for spec in BEAT_PARAMS} == {"tap", "resync", "half", "double", "shift", "nudge", "slowest",
                                                   "fastest", "lock", "clock", "tempo"}
    clock = BeatClock(120)
    run(clock, 0, 1)
    for time in (1.0, 1.5, 2.0):
        clock.control(time, {"tap": True})
    assert clock.bpm == pytest.approx(120)
    clock.control(2.0, {"double": True, "slowest": 60.0, "fastest": 170.0, "lock": True})
    assert (clock.bpm, clock.slowest, clock.fastest, clock.hold) == (pytest.approx(240), 60.0, 170.0, True)


# ------------------------------------------------------------------------------------------ ears


def jittered(clock, bpm, start, end, rng, spread, confidence=1.0, lead=0.03):
    """Beats announced ``lead`` seconds ahead, ``spread`` seconds off."""
    times = np.arange(math.ceil(start * bpm / 60), end * bpm / 60) * 60 / bpm
    return [(t - lead, lambda t=t, off=off: clock.hear(t + off, bpm, confidence=confidence))
            for t, off in zip(times, rng.normal(0, spread, len(times)), strict=True)]


def test_beats_announced_ahead_put_the_phase_within_five_ms():
    rng = np.random.default_rng(1)
    clock = BeatClock()
    shown = run(clock, 0, 60, events=jittered(clock, 126, 0, 60, rng, 0.01))
    late = shown[shown[:, 0] > 6]
    off = np.abs([wrap(beats - time * 126 / 60) for time, beats in late]) * 60 / 126
    assert np.median(off) < 0.005
    assert off.max() < 0.02


def test_a_tempo_that_glides_is_followed():
    """124 to 130 bpm in 60 s: a DJ's pitch fader."""
    clock = BeatClock()
    times, now = [], 0.0
    while now < 70:
        times.append(now)
        now += 60 / (124 + 6 * min(max(now - 5, 0), 60) / 60)
    events = [(t - 0.03, lambda t=t, b=60 / (u - t): clock.hear(t, b)) for t, u in itertools.pairwise(times)]
    shown = run(clock, 0, 69, events=events)
    at = np.interp(times[10:-2], shown[:, 0], shown[:, 1])
    assert np.abs(wrap_all(at)).max() < 0.05
    assert (np.diff(shown[:, 1]) >= 0).all()


def wrap_all(beats):
    return beats - np.floor(beats + 0.5)


def test_half_a_beat_off_is_mended_within_three_seconds_without_running_back():
    clock = BeatClock()
    run(clock, 0, 20, events=heard(clock, 124, 0, 20))
    shown = run(clock, 20, 23, events=heard(clock, 124, 20, 23, offset=0.5 * 60 / 124))
    assert (np.diff(shown[:, 1]) >= 0).all()
    assert abs(error(clock, 23, 124, 0.5 * 60 / 124)) < 0.03


def test_a_single_beat_elsewhere_is_not_believed():
    clock = BeatClock()
    run(clock, 0, 20, events=heard(clock, 124, 0, 20))
    before = clock.at(20.0)
    clock.hear(20.0 + 0.4 * 60 / 124, 124)
    run(clock, 20, 20.3)
    after = clock.at(20.3)
    assert after.count + after.phase - before.count - before.phase == pytest.approx(0.3 * 124 / 60, abs=0.02)


def test_doubtful_ears_make_a_doubtful_clock():
    rng = np.random.default_rng(2)
    clock = BeatClock()
    run(clock, 0, 30, events=jittered(clock, 100, 0, 30, rng, 0.2, confidence=0.25))
    assert clock.at(30.0).confidence < 0.3
    faint = BeatClock()
    run(faint, 0, 30, events=jittered(faint, 100, 0, 30, rng, 0.0, confidence=0.05))
    assert (faint.bpm, faint.at(30.0).confidence) == (120.0, 0.0)


def test_ears_that_fall_silent_leave_the_clock_running_unsure():
    clock = BeatClock()
    run(clock, 0, 20, events=heard(clock, 124, 0, 20))
    run(clock, 20, 36)
    assert abs(error(clock, 36, 124, 0)) < 0.05
    assert clock.at(36.0).confidence < 0.05


@pytest.mark.parametrize("bad", [(math.nan, 124, 1), (math.inf, 124, 1), (10, math.nan, 1), (10, 0, 1), (10, -5, 1),
                                 (10, 1e9, 1), (1e6, 124, 1), (10, 124, math.nan)])
def test_nonsense_from_the_ears_is_not_heard(bad):
    clock = BeatClock()
    run(clock, 0, 10, events=heard(clock, 124, 0, 10))
    clock.hear(*bad[:2], confidence=bad[2])
    run(clock, 10, 11)
    assert clock.bpm == pytest.approx(124, rel=1e-3)
    assert abs(error(clock, 11, 124, 0)) < 0.05


# ------------------------------------------------------------------------------------------ bars


def with_downbeats(clock, bpm, start, end, first, wrong=()):
    """Beats from beat 0 on, a downbeat where ``(k - first) % 4 == 0``; for ``wrong`` bars one beat late."""
    beats = range(math.ceil(start * bpm / 60), math.ceil(end * bpm / 60))
    return [(k * 60 / bpm - 0.03, lambda k=k: clock.hear(
        k * 60 / bpm, bpm, downbeat=(k - first - (k // 4 in wrong)) % 4 == 0)) for k in beats]


@pytest.mark.parametrize("first", range(4))
def test_the_bar_follows_the_downbeats_heard_and_bars_never_run_back(first):
    clock = BeatClock(120)
    bars = []
    events = with_downbeats(clock, 120, 0, 20, first)
    for start in np.arange(0, 20, 0.1):
        run(clock, start, start + 0.1, events=[e for e in events if start <= e[0] < start + 0.1])
        bars.append(clock.at(start + 0.1).bars)
    assert abs(wrap(clock.at(20.0).bar_phase - (40 - first) % 4 / 4)) < 0.02
    assert bars == sorted(bars)


def test_one_wrong_downbeat_moves_nothing():
    clock = BeatClock(120)
    run(clock, 0, 30, events=with_downbeats(clock, 120, 0, 30, 2, wrong=(9, 12)))
    assert abs(wrap(clock.at(30.0).bar_phase - (60 - 2) % 4 / 4)) < 0.02


def test_a_hand_that_said_the_one_is_not_corrected_by_ears():
    clock = BeatClock(120)
    events = [*with_downbeats(clock, 120, 0, 30, 0), (10.5, lambda: clock.resync(10.5))]
    run(clock, 0, 30, events=events)
    beat = clock.at(30.0)
    assert abs(wrap(beat.bar_phase - (30 - 10.5) * 2 % 4 / 4)) < 0.02
    assert beat.bars == int((30 - 10.5) * 2 / 4)


def test_phrases_are_counted_from_the_one():
    assert phrase(Beat(bars=9, bar_phase=0.5), 8) == (1, pytest.approx(1.5 / 8))
    assert phrase(Beat(bars=-1, bar_phase=0.75), 4) == (-1, pytest.approx(3.75 / 4))


# ----------------------------------------------------------------------------------------- hands


def test_half_a_beat_by_hand_stays_though_the_ears_say_the_other():
    clock = BeatClock(124)
    run(clock, 0, 10, events=heard(clock, 124, 0, 10))
    shown = run(clock, 10, 40, events=[*heard(clock, 124, 10, 40), (10.1, clock.shift)])
    assert (np.diff(shown[:, 1]) >= 0).all()
    assert abs(error(clock, 40, 124, 0.5 * 60 / 124)) < 0.03


def test_ears_that_see_the_hand_s_half_beat_later_do_not_turn_it_round_again():
    clock = BeatClock(124)
    run(clock, 0, 10, events=heard(clock, 124, 0, 10))
    run(clock, 10, 20, events=[*heard(clock, 124, 10, 20), (10.1, clock.shift)])
    run(clock, 20, 40, events=heard(clock, 124, 20, 40, offset=0.5 * 60 / 124))
    assert abs(error(clock, 40, 124, 0.5 * 60 / 124)) < 0.03


def test_resync_on_the_off_beat_is_meant():
    clock = BeatClock(120)
    run(clock, 0, 10, events=heard(clock, 120, 0, 10))
    run(clock, 10, 30, events=[*heard(clock, 120, 10, 30), (10.26, lambda: clock.resync(10.26))])
    beat = clock.at(30.0)
    assert abs(wrap(beat.count + beat.phase - (30 - 0.25) * 2)) < 0.03
    assert abs(wrap(beat.bar_phase - (30 - 10.25) * 2 % 4 / 4)) < 0.02


def test_locked_by_hand_neither_ears_nor_other_clocks_move_it():
    clock = BeatClock(124)
    run(clock, 0, 10, events=heard(clock, 124, 0, 10))
    clock.control(10.0, {"lock": True})
    events = [*heard(clock, 140, 10, 30),
              *((t, lambda t=t: clock.follow(Reading(t, t * 3, 180, source="link"))) for t in np.arange(10, 30, 0.2))]
    run(clock, 10, 30, events=events)
    assert clock.bpm == pytest.approx(124, rel=1e-3)
    assert abs(error(clock, 30, 124, 0)) < 0.1
    clock.control(30.0, {"lock": True, "half": True})
    assert clock.bpm == pytest.approx(62, rel=1e-3)


def test_half_by_hand_holds_its_octave_whatever_octave_the_ears_say():
    clock = BeatClock()
    run(clock, 0, 10, events=heard(clock, 140, 0, 10))
    clock.half()
    run(clock, 10, 20, events=heard(clock, 140, 10, 20))
    run(clock, 20, 30, events=heard(clock, 70, 20, 30))
    assert clock.bpm == pytest.approx(70, rel=1e-3)
    run(clock, 30, 50, events=heard(clock, 128, 30, 50))
    run(clock, 50, 60, events=heard(clock, 150, 50, 60))
    assert clock.bpm == pytest.approx(150, rel=1e-3)


def test_ears_that_only_guess_in_a_breakdown_do_not_lead_it_astray():
    clock = BeatClock()
    run(clock, 0, 20, events=heard(clock, 124, 0, 20, confidence=0.8))
    run(clock, 20, 34, events=heard(clock, 121, 20, 34, 0.1, confidence=0.33))
    assert clock.bpm == pytest.approx(124, rel=1e-3)
    assert abs(error(clock, 34.0, 124, 0.0)) < 0.02
    assert clock.at(34.0).confidence < 0.3
    run(clock, 34, 50, events=heard(clock, 124, 34, 50, confidence=0.8))
    assert clock.at(50.0).confidence > 0.7


def test_ears_that_are_never_surer_than_that_are_followed():
    clock = BeatClock()
    run(clock, 0, 20, events=heard(clock, 131, 0, 20, 0.1, confidence=0.33))
    assert clock.bpm == pytest.approx(131, rel=1e-3)
    assert abs(error(clock, 20.0, 131, 0.1)) < 0.02


def test_other_music_that_the_ears_are_less_sure_of_is_found_in_a_minute():
    clock = BeatClock()
    run(clock, 0, 20, events=heard(clock, 124, 0, 20, confidence=0.9))
    run(clock, 20, 80, events=heard(clock, 140, 20, 80, confidence=0.4))
    assert clock.bpm == pytest.approx(140, rel=1e-3)


class Pupil:
    """Ears that write down what they are told."""

    def __init__(self):
        self.told = []

    def pull(self, time):
        self.told.append(("pull", pytest.approx(time)))

    def favour(self, bpm):
        self.told.append(("favour", pytest.approx(bpm)))

    def shift_half(self):
        self.told.append("shift")


def test_the_ears_are_told_what_a_hand_and_another_clock_say():
    clock, ears = BeatClock(120), Pupil()
    clock.ears = ears
    run(clock, 0, 1)
    for time in (1.0, 1.5, 2.0):
        clock.tap(time)
    clock.resync(2.2)
    clock.half()
    clock.shift()
    assert ears.told == [("favour", 120), ("pull", 2.0), ("pull", 2.2), ("favour", 60), "shift"]
    other = BeatClock(120)
    other.ears = ears
    other.follow(Reading(0.0, 0.0, 133.0, source="link"))
    assert ears.told[-1] == ("favour", 133)


def test_a_tempo_written_down_stands_and_only_the_beat_is_listened_for():
    clock, ears = BeatClock(120), Pupil()
    clock.ears = ears
    clock.control(0.0, {"tempo": 87.0})
    assert (clock.bpm, ears.told) == (87.0, [("favour", 87)])
    run(clock, 0, 12, events=heard(clock, 174.3, 0, 12, 0.1))  # an octave up, and not quite that tempo
    assert clock.bpm == 87.0
    run(clock, 12, 24, events=heard(clock, 131.0, 12, 24))  # other music, as ears think: a hand wrote that it is not
    clock.double()
    assert clock.bpm == 87.0
    shown = run(clock, 24, 40, events=heard(clock, 87.0, 24, 40, 0.2))
    assert (np.diff(shown[:, 1]) >= 0).all()
    assert abs(error(clock, shown[-1, 0], 87.0, 0.2)) < 0.03
    clock.follow(Reading(40.0, 0.0, 133.0, source="link"))
    assert clock.bpm == 66.5  # a clock that leads knows better; the octave stays the hand's


def test_a_tempo_taken_back_is_listened_for_again():
    clock = BeatClock(120)
    clock.control(0.0, {"tempo": 87.0})
    run(clock, 0, 4, events=heard(clock, 131.0, 0, 4))
    clock.control(4.0, {"tempo": 0.0})
    run(clock, 4, 14, events=heard(clock, 131.0, 4, 14))
    assert clock.bpm == pytest.approx(131.0, rel=1e-3)


def test_ears_that_insist_get_the_clock_back_from_a_wrong_hand():
    clock = BeatClock()
    run(clock, 0, 4, events=[(t, lambda t=t: clock.tap(t)) for t in np.arange(1.0, 3.0, 60 / 100)])
    run(clock, 4, 60, events=heard(clock, 131, 4, 60))
    assert (clock.bpm, clock.at(60.0).source) == (pytest.approx(131, rel=1e-3), "audio")


def test_by_hand_the_taps_lead_and_the_ears_never_get_it_back():
    clock = BeatClock()
    clock.control(0.0, {"clock": "tap"})
    run(clock, 0, 4, events=[(t, lambda t=t: clock.tap(t)) for t in np.arange(1.0, 3.0, 60 / 100)])
    run(clock, 4, 90, events=heard(clock, 100.5, 4, 90))
    beat = clock.at(90.0)
    assert (beat.bpm, beat.source, beat.confidence) == (pytest.approx(100), "tap", pytest.approx(1.0))


# ---------------------------------------------------------------------------------- whatever comes


@pytest.mark.parametrize("seed", range(40))
def test_never_backwards_whatever_is_said_by_whom(seed):
    """Random beats, clocks, hands and choices, also wild ones: the beat goes on, and every number stays a number."""
    rng = np.random.default_rng(seed)
    clock, time, last, values = BeatClock(), 0.0, -1.0, {}
    for _ in range(1500):
        time += float(rng.choice([0.0, 0.002, HOP, 0.02, 0.3], p=[0.02, 0.3, 0.5, 0.16, 0.02]))
        match rng.integers(40):
            case 0:
                clock.hear(time + rng.uniform(-0.3, 0.3), rng.uniform(20, 400), bool(rng.integers(2)), rng.random())
            case 1 | 2 | 3:
                clock.hear(round(time * 2.1) / 2.1, 126, bool(rng.integers(2)))
            case 4 | 5 | 6:
                clock.follow(Reading(time + rng.uniform(-0.1, 0.1), rng.choice([-5e3, 0.0, 1.0]) + time * 2.2, 132,
                                     bool(rng.integers(4)), str(rng.choice(OUTSIDE)), bool(rng.integers(2)),
                                     bool(rng.integers(4))))
            case 7:
                clock.follow(Reading(rng.choice([math.nan, 1e300, -4.0, time]), rng.choice([math.inf, 1e18, 3.0]),
                                     rng.choice([math.nan, 0.0, -1.0, 1e9, 100.0]),
                                     source=str(rng.choice(["x", "osc"]))))
            case 8:
                values = {"nudge": rng.uniform(-250, 250), "lock": bool(rng.integers(2)),
                          "clock": str(rng.choice(LEADERS))}
            case 9:
                name = str(rng.choice(["tap", "resync", "half", "double", "shift"]))
                clock.control(time, values | {name: True})
        clock.control(time, values)
        clock.step(time, bool(rng.integers(2)))
        beat = clock.at(time)
        assert beat.count + beat.phase >= last
        assert 0.0 <= beat.phase < 1.0
        assert 0.0 <= beat.bar_phase < 1.0
        assert 0.0 <= beat.confidence <= 1.0
        assert 20.0 <= beat.bpm <= 400.0
        last = beat.count + beat.phase
    assert last > 0.2 * time * 20 / 60


def test_eight_hours_leave_no_drift():
    clock, bpm = BeatClock(), 127.3
    for k in range(round(8 * 3600 * bpm / 60)):
        at = k * 60 / bpm
        clock.hear(at, bpm, k % 4 == 0)
        clock.step(at + 0.01)
    assert abs(error(clock, at, bpm, 0)) < 1e-3
    assert clock.at(at).bars == pytest.approx(8 * 60 * bpm / 4, abs=2)
