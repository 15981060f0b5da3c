"""Between the tracker and the beat clock: what is announced leads the clock, what hands say reaches the tracker."""

import numpy as np
import pytest
from sound import RATE, house

from vj.audio.afterwards import Afterwards
from vj.audio.analyzer import Analyzer
from vj.audio.beat import BeatClock
from vj.audio.pulse import TOLD, Pulse
from vj.audio.tracker.announce import Announced
from vj.clockface import Reading
from vj.types import Tick

HOP = 256


class Tracker:
    """Says what it was given, when its time has come; writes down what it is told."""

    def __init__(self, announced=()):
        self.coming, self.told, self._heard = list(announced), [], 0.0

    def hear(self, mono):
        self._heard += len(mono) / RATE
        due = [one for one in self.coming if one.emitted <= self._heard]
        self.coming = self.coming[len(due):]
        return due

    def __getattr__(self, name):
        return lambda *words: self.told.append((name, *words))


def play(pulse, clock, seconds, start=0.0):
    """Silence, hop by hop: the pulse hears nothing of it but the time."""
    for hop in range(round(seconds * RATE / HOP)):
        time = start + (hop + 1) * HOP / RATE
        pulse.hear(np.zeros(HOP, np.float32), time)
        pulse._later.step()
        clock.step(time)
    return time


def beats(bpm, count, downbeats=4, confidence=0.9):
    period = 60 / bpm
    return [Announced(1.0 + n * period, 0.95 + n * period, bpm, n % downbeats == 0, confidence) for n in range(count)]


def test_the_clock_goes_by_what_is_announced():
    clock = BeatClock()
    pulse = Pulse(RATE, clock, Tracker(beats(133, 30)), Afterwards())
    pulse.start = 100.0
    clock.step(100.0)
    play(pulse, clock, 13.0, start=100.0)
    beat = clock.at(101.0 + 24 * 60 / 133)
    assert beat.bpm == pytest.approx(133, abs=0.1)
    assert (beat.phase + 0.5) % 1.0 == pytest.approx(0.5, abs=0.02)
    assert (beat.bar_phase + 0.5) % 1.0 == pytest.approx(0.5, abs=0.02)
    assert beat.confidence > 0.7


def test_what_is_announced_without_confidence_moves_nothing():
    clock = BeatClock()
    play(Pulse(RATE, clock, Tracker(beats(133, 20, confidence=0.05)), Afterwards()), clock, 8.0)
    assert clock.bpm == 120.0
    assert clock.at(8.0).confidence == 0.0


def test_a_tracker_that_announces_where_nothing_is_struck_is_not_believed():
    clock = BeatClock()
    pulse = Pulse(RATE, clock, Tracker(beats(133, 30)), Afterwards())
    for hop in range(round(10.0 * RATE / HOP)):
        time = (hop + 1) * HOP / RATE
        pulse.hear(np.zeros(HOP, np.float32), time, struck=False)
        pulse._later.step()
        clock.step(time)
    assert clock.at(10.0).confidence == 0.0
    assert clock.bpm == 120.0


def test_the_tracker_is_told_what_hands_say_in_its_own_time():
    clock, tracker = BeatClock(), Tracker()
    pulse = Pulse(RATE, clock, tracker, Afterwards())
    pulse.start = 40.0
    for time in (41.0, 41.5, 42.0):
        clock.tap(time)
    clock.resync(43.0)
    clock.shift()
    assert tracker.told == [("favour", pytest.approx(120.0)), ("pull", pytest.approx(2.0)), ("pull", 3.0),
                            ("shift_half",)]


def test_a_tempo_that_was_told_is_preferred_for_a_while():
    clock, tracker = BeatClock(), Tracker()
    pulse = Pulse(RATE, clock, tracker, Afterwards())
    clock.half()
    assert tracker.told == [("favour", pytest.approx(120.0))], "in the tracker's range: half of it is not"
    play(pulse, clock, TOLD + 0.1)
    assert tracker.told[1:] == [("favour", None)]


def test_a_clock_that_says_the_same_again_and_again_is_told_once():
    clock, tracker = BeatClock(), Tracker()
    pulse = Pulse(RATE, clock, tracker, Afterwards())
    for second in range(20):
        clock.follow(Reading(float(second), second * 2.2, 132.0 + 0.1 * (second % 2), source="link"))
        play(pulse, clock, 1.0, start=float(second))
    assert tracker.told == [("favour", pytest.approx(132.0, abs=0.2))]


def test_the_range_of_tempi_is_the_tracker_s_too():
    ears = Analyzer(RATE)
    music, _ = house(160, 14.0)
    for n in range(14 * 30):
        tick = Tick(n, (n + 1) / 30, 1 / 30)
        ears.control(tick, {}, {"slowest": 60.0, "fastest": 100.0})
        heard = ears.process(tick, music[n * 1470:(n + 1) * 1470])
    assert heard.beat.bpm == pytest.approx(80, abs=0.5)


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_blocks_of_any_size_give_the_same_beat(rate):
    music, _ = house(126, 8.0, rate=rate)
    heard = [{}, {}]
    for said, sizes in zip(heard, ([256 * max(round(rate / 48000), 1)], [1, 331, 4096, 7, 1024]), strict=True):
        ears, place, n = Analyzer(rate), 0, 0
        while place < len(music):
            block = music[place:place + sizes[n % len(sizes)]]
            place, n = place + len(block), n + 1
            ears.process(Tick(n, place / rate, len(block) / rate), block)
            said[ears.time] = (ears.clock.beats(ears.time), ears.clock.bpm, ears.clock.confidence)
    common = set(heard[0]) & set(heard[1])
    assert len(common) > 20
    assert [heard[0][time] for time in common] == [heard[1][time] for time in common]


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_what_is_no_number_does_not_stop_the_beat(rate):
    music = house(128, 10.0, rate=rate)[0]
    music[5 * rate:5 * rate + 2000:3] = np.nan
    music[6 * rate:6 * rate + 500] = np.inf
    ears = Analyzer(rate)
    for n in range(600):
        heard = ears.process(Tick(n, (n + 1) / 60, 1 / 60), music[n * rate // 60:(n + 1) * rate // 60])
    assert heard.beat.bpm == pytest.approx(128, abs=0.5)
    assert heard.beat.confidence > 0.5
