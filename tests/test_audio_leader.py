"""Who leads, and how the beat clock goes from one leader to another: gliding, never back, the bar kept."""

import math

import numpy as np
import pytest

from vj.audio.beat import BeatClock
from vj.audio.leader import Leader
from vj.clockface import Reading, wrap

HOP = 256 / 44100


def says(source, bpm, start, end, beats=0.0, every=0.2, **flags):
    """What a clock says from ``start`` to ``end``, standing at ``beats`` at second 0: (time, reading)."""
    return [(t, Reading(t, beats + t * bpm / 60, bpm, source=source, **flags)) for t in np.arange(start, end, every)]


def run(clock, start, end, words=(), hands=(), heard=None):
    """Step hop by hop; the beats and sources shown. ``heard`` is a tempo whose beats the ears announce."""
    todo = sorted([*((t, lambda w=w: clock.follow(w)) for t, w in words), *hands], key=lambda item: item[0])
    if heard:
        beats = np.arange(math.ceil(start * heard / 60), end * heard / 60) * 60 / heard
        todo = sorted([*todo, *((t - 0.02, lambda t=t: clock.hear(t, heard)) for t in beats)], key=lambda item: item[0])
    shown, time = [], start
    while time < end:
        while todo and todo[0][0] <= time:
            todo.pop(0)[1]()
        time += HOP
        clock.step(time)
        beat = clock.at(time)
        shown.append((time, beat.count + beat.phase, beat.source, beat.bars + beat.bar_phase))
    return shown


def monotone(shown):
    return (np.diff([beats for _, beats, _, _ in shown]) >= 0).all()


def test_precedence_and_choice_by_hand():
    leader = Leader()
    assert leader.choose(0.0, tapped=False) == "audio"
    assert leader.choose(0.0, tapped=True) == "tap"
    for source in ("osc", "midi", "link"):
        assert leader.hear(Reading(0.0, 0.0, 120.0, source=source))
        assert leader.choose(0.5, tapped=True) == source
    assert leader.choose(1.5, tapped=False) == "audio"
    leader.hear(Reading(2.0, 0.0, 120.0, source="midi"))
    leader.hear(Reading(2.0, 0.0, 120.0, source="link"))
    choices = {"midi": "midi", "link": "link", "osc": "audio", "audio": "audio", "tap": "tap", "auto": "link"}
    for leader.wish, leads in choices.items():
        assert leader.choose(2.1, tapped=False) == leads
    leader.wish = "audio"
    assert leader.choose(2.1, tapped=True) == "audio"


@pytest.mark.parametrize("bad", [{"bpm": math.nan}, {"bpm": 1.0}, {"bpm": 1e5}, {"beats": math.inf},
                                 {"beats": 1e12}, {"time": math.nan}, {"source": "audio"}, {"source": "x"}])
def test_a_word_that_cannot_be_is_no_word(bad):
    assert not Leader().hear(Reading(**{"time": 0.0, "beats": 0.0, "bpm": 120.0, "source": "link"} | bad))


def test_a_stopped_transport_leads_nobody():
    leader = Leader()
    leader.hear(Reading(0.0, 0.0, 120.0, playing=False, source="midi"))
    assert leader.choose(0.0, tapped=False) == "audio"


@pytest.mark.parametrize("off", np.linspace(0.0, 0.9, 10))
def test_taking_over_glides_to_the_leader_s_beat_within_a_bar(off):
    clock = BeatClock()
    before = run(clock, 0, 10, heard=124)
    shown = run(clock, 10, 16, says("link", 126, 10, 16, beats=off, downbeat_known=True), heard=124)
    assert monotone([*before, *shown])
    time, beats, source, bars = next(row for row in shown if row[0] > 13)
    assert source == "link"
    assert clock.bpm == 126.0
    assert abs(wrap(beats - off - time * 126 / 60)) * 60 / 126 < 0.002
    assert abs(wrap(bars - (off + time * 126 / 60) / 4)) < 0.002
    speed = np.diff([b for _, b, _, _ in shown]) / np.diff([t for t, _, _, _ in shown]) * 60 / 126
    assert speed.max() < 1.52


def test_following_is_exact_to_a_fraction_of_a_millisecond():
    clock = BeatClock()
    shown = run(clock, 0, 30, says("link", 133.7, 0, 30, beats=7.3, downbeat_known=True))
    late = [(t, b) for t, b, _, _ in shown if t > 5]
    assert max(abs(wrap(b - 7.3 - t * 133.7 / 60)) for t, b in late) * 60 / 133.7 < 0.0005


def test_a_clock_that_falls_silent_leaves_its_tempo_and_the_next_one_leads():
    clock = BeatClock()
    words = says("link", 126, 0, 10, downbeat_known=True) + says("midi", 140, 0, 20, beats=0.4)
    shown = run(clock, 0, 30, words)
    assert monotone(shown)
    sources = {round(t): source for t, _, source, _ in shown}
    assert [sources[at] for at in (5, 15, 25)] == ["link", "midi", "audio"]
    assert clock.at(30.0).bpm == 140.0
    speed = [b for t, b, _, _ in shown if 25 < t < 29]
    assert (speed[-1] - speed[0]) / 4 == pytest.approx(140 / 60, rel=0.01)


def test_it_comes_back_to_the_better_clock_when_that_returns():
    clock = BeatClock()
    shown = run(clock, 0, 20, says("midi", 120, 0, 5) + says("midi", 120, 12, 20), heard=120)
    assert {source for t, _, source, _ in shown if 1 < t < 5} == {"midi"}
    assert {source for t, _, source, _ in shown if 7 < t < 11} == {"audio"}
    assert {source for t, _, source, _ in shown if t > 13} == {"midi"}
    assert monotone(shown)


def test_the_bar_is_carried_over_where_the_new_leader_knows_none():
    clock = BeatClock(120)
    run(clock, 0, 8, says("link", 120, 0, 8, beats=3.0, downbeat_known=True))
    shown = run(clock, 8, 12, says("osc", 120, 8, 12, beats=0.25))
    time, _, source, bars = shown[-1]
    assert source == "osc"
    assert abs(wrap(bars - (3 + time * 2) / 4)) < 0.15  # a quarter of a beat off the old beat, not a bar


def test_without_a_phase_a_clock_gives_the_tempo_and_the_ears_the_beat():
    clock = BeatClock()
    words = says("midi", 124.0, 0, 20, beats=0.37, phase_known=False)
    shown = run(clock, 0, 20, words, heard=124)
    assert {source for t, _, source, _ in shown if t > 1} == {"midi"}
    assert clock.bpm == 124.0
    assert abs(wrap(shown[-1][1] - shown[-1][0] * 124 / 60)) < 0.02


def test_a_leader_s_tempo_is_followed_at_once_and_a_ramp_within_a_few_ms():
    clock, words, beats, bpm = BeatClock(), [], 0.0, 120.0
    for k in range(200):
        words.append((k * 0.05, Reading(k * 0.05, beats, bpm, source="link", downbeat_known=True)))
        beats += 0.05 * bpm / 60
        bpm += 0.1
    shown = run(clock, 0, 10, words)
    truth = np.interp([t for t, *_ in shown], [t for t, _ in words], [w.beats for _, w in words])
    off = [abs(wrap(b - true)) for (t, b, _, _), true in zip(shown, truth, strict=True) if 2 < t < 9.9]
    assert max(off) * 0.5 < 0.005
    assert monotone(shown)


def test_a_song_position_that_goes_back_moves_the_bar_and_never_the_beat():
    clock = BeatClock(120)
    first = run(clock, 0, 6, says("midi", 120, 0, 6, beats=64.0, downbeat_known=True))
    shown = run(clock, 6, 10, says("midi", 120, 6, 10, beats=-12.0 + 3.0, downbeat_known=True))
    assert monotone([*first, *shown])
    assert (np.diff([bars for *_, bars in [*first, *shown]]) >= -1e-9).all()
    time, _, _, bars = shown[-1]
    assert abs(wrap(bars - (time * 2 - 9) / 4)) < 0.01


def test_resync_and_shift_stand_under_another_clock():
    clock = BeatClock(120)
    words = says("link", 120, 0, 30, downbeat_known=True)
    run(clock, 0, 10, words[:50], hands=[(9.5, lambda: clock.resync(9.5))])
    shown = run(clock, 10, 20, words[50:100])
    time, _, _, bars = shown[-1]
    assert abs(wrap(bars - (time - 9.5) * 2 / 4)) < 0.01
    shown = run(clock, 20, 30, words[100:], hands=[(20.1, clock.shift)])
    time, beats, _, _ = shown[-1]
    assert abs(wrap(beats - time * 2 - 0.5)) < 0.01
    assert monotone(shown)


def test_half_time_under_another_clock_keeps_its_beats():
    clock = BeatClock(174)
    words = says("link", 174, 0, 20, downbeat_known=True)
    run(clock, 0, 5, words[:25])
    clock.half()
    shown = run(clock, 5, 20, words[25:])
    time, beats, _, _ = shown[-1]
    assert clock.bpm == 87.0
    assert abs(wrap(2 * (beats - time * 87 / 60)) / 2) < 0.01


def test_a_tap_leads_for_a_moment_so_that_a_link_session_hears_it():
    clock = BeatClock(120)
    taps = [(t, lambda t=t: clock.tap(t)) for t in np.arange(5.0, 7.3, 60 / 132)]
    shown = run(clock, 0, 8, says("link", 120, 0, 8), hands=taps)
    assert {source for t, _, source, _ in shown if 6.2 < t < 8} == {"tap"}
    assert clock.bpm == pytest.approx(132)
    shown = run(clock, 8, 12, says("link", 132, 8, 12))
    assert shown[-1][2] == "link"


def test_midi_clock_is_not_disturbed_by_a_tap():
    clock = BeatClock(120)
    taps = [(t, lambda t=t: clock.tap(t)) for t in np.arange(5.0, 7.3, 60 / 132)]
    shown = run(clock, 0, 8, says("midi", 120, 0, 8), hands=taps)
    assert {source for t, _, source, _ in shown if t > 1} == {"midi"}
    assert clock.bpm == 120.0


@pytest.mark.parametrize("seed", range(30))
def test_switching_at_random_never_turns_the_beat_back(seed):
    rng = np.random.default_rng(seed)
    words = []
    for source in ("link", "midi", "osc"):
        time = rng.uniform(0, 5)
        while time < 60:
            long = rng.uniform(1, 12)
            words += says(source, rng.uniform(60, 190), time, min(time + long, 60), beats=rng.uniform(-50, 50),
                          downbeat_known=bool(rng.integers(2)), phase_known=bool(rng.integers(4)))
            time += long + rng.uniform(0, 8)
    clock = BeatClock()
    wishes = ["auto", "audio", "link", "midi", "osc", "tap"]
    hands = [(t, lambda t=t, w=w: clock.control(t, {"clock": w})) for t, w in
             zip(rng.uniform(0, 60, 8), rng.choice(wishes, 8), strict=True)]
    shown = run(clock, 0, 60, words, hands, heard=float(rng.uniform(80, 170)))
    assert monotone(shown)
    speeds = np.diff([b for _, b, _, _ in shown]) / HOP * 60
    assert speeds.max() < 190 * 1.51
    assert (np.diff([bars for *_, bars in shown]) >= -1e-9).all()
