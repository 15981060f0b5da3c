"""The tracker: from samples, or from what a net would say of them, to beats announced ahead of time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vj.audio.tracker.announce import Announced
from vj.audio.tracker.rehearsal import Ears, ToldNet, activations
from vj.audio.tracker.tracker import Tracker

RATE = 8000
EARS = Ears()


class NoFront:
    """The net's double needs no levels."""

    hop = RATE // 100

    def hear(self, hop: np.ndarray) -> None:
        """Nothing."""


class Flux:
    """Small true ears: how much louder this hop is than the one before."""

    def __init__(self, rate: int) -> None:
        self.hop = round(rate / 100)
        self.delay = 0.005
        self.tempi = None
        self.cut = False
        self._before = 0.0

    def hear(self, hop: np.ndarray) -> float:
        return float(np.log1p(1e3 * np.max(np.abs(hop)).astype(float) ** 2))

    def step(self, level: float) -> tuple[float, float]:
        rise, self._before = max(level - self._before, 0.0), level
        return min(rise / 7.0, 0.9), 0.2


def told(heard: np.ndarray, **range_: float) -> Tracker:
    return Tracker(RATE, net=ToldNet(heard), front=NoFront(), **range_)


def listen(tracker: Tracker, seconds: float) -> list[Announced]:
    return tracker.hear(np.zeros(round(seconds * RATE), np.float32))


def steady(bpm: float, duration: float, ears: Ears = EARS, start: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    beats = np.arange(start, duration, 60.0 / bpm)
    return beats, activations(beats, beats[::4], duration, ears, seed=round(bpm))


def errors(said: list[Announced], beats: np.ndarray, after: float = 5.0) -> np.ndarray:
    return np.array([a.time - beats[np.abs(beats - a.time).argmin()] for a in said if after < a.time < beats[-1] + 0.1])


@pytest.mark.parametrize("bpm", [84.0, 128.0, 171.5])
def test_steady_music(bpm: float) -> None:
    beats, heard = steady(bpm, 30.0)
    said = listen(told(heard), 30.0)
    late = errors(said, beats)
    assert said[0].emitted < 3.0
    assert len(late) == pytest.approx((beats > 5.0).sum(), abs=1)
    assert np.median(np.abs(late)) < 0.005
    assert abs(np.median(late)) < 0.003
    assert np.abs(late).max() < 0.03
    assert all(a.emitted <= a.time for a in said)
    assert np.median([a.bpm for a in said[10:]]) == pytest.approx(bpm, rel=0.003)
    downs = [a.downbeat == (np.abs(beats - a.time).argmin() % 4 == 0) for a in said if a.time > 8.0]
    assert np.mean(downs) > 0.95


def test_blocks_of_any_size_say_the_same() -> None:
    _, heard = steady(120.0, 12.0)
    whole = listen(told(heard), 12.0)
    tracker, pieces, rng, left = told(heard), [], np.random.default_rng(1), 12 * RATE
    while left:
        size = min(int(rng.integers(0, 700)), left)
        pieces += tracker.hear(np.zeros(size, np.float32))
        left -= size
    assert pieces == whole
    single, ones = told(heard), []
    for _ in range(2 * RATE):
        ones += single.hear(np.zeros(1, np.float32))
    assert ones == [a for a in whole if a.emitted <= 2.0]


def test_a_cut_to_another_tempo_is_followed() -> None:
    first, second = np.arange(0.3, 20.0, 0.5), np.arange(20.1, 40.0, 60.0 / 138.0)
    beats = np.concatenate([first, second])
    said = listen(told(activations(beats, [], 40.0, EARS)), 40.0)
    assert np.abs(errors(said, beats, 23.5)).max() < 0.04
    assert said[-1].bpm == pytest.approx(138.0, rel=0.01)
    assert np.diff([a.time for a in said]).min() > 0.25


def again(said: list[Announced], beats: np.ndarray, since: float) -> float:
    """Seconds from a cut to the first of four announcements in a row that are right."""
    times = np.array([a.time for a in said if a.time > since])
    right = np.array([np.abs(beats - time).min() < 0.05 for time in times])
    return float(next(times[n] for n in range(len(times)) if right[n:n + 4].sum() == 4)) - since


@pytest.mark.parametrize(("before", "after"), [(120.0, 138.0), (128.0, 128.0), (150.0, 92.0)])
def test_a_cut_that_the_net_tells_of_is_followed_sooner(before: float, after: float) -> None:
    waits = {True: [], False: []}
    for seed in range(6):
        first, second = np.arange(0.3, 20.0, 60.0 / before), np.arange(20.2 + 0.03 * seed, 40.0, 60.0 / after)
        beats = np.concatenate([first, second])
        heard = activations(beats, [], 40.0, EARS, seed=seed)
        cut = np.zeros((len(heard), 1))
        cut[2040] = 1.0
        for known in (True, False):
            said = listen(told(np.hstack([heard, cut * known])), 40.0)
            assert np.abs(errors(said, beats, 28.0)).max() < 0.04
            waits[known].append(again(said, second, 20.0))
    assert np.median(waits[True]) < 3.0
    assert np.median(waits[True]) < np.median(waits[False])


def test_a_cut_told_of_where_there_is_none_costs_nothing() -> None:
    beats, heard = steady(126.0, 40.0)
    cut = np.zeros((len(heard), 1))
    cut[2000] = 1.0
    said = listen(told(np.hstack([heard, cut])), 40.0)
    assert np.abs(errors(said, beats)).max() < 0.03
    assert len(errors(said, beats)) == pytest.approx((beats > 5.0).sum(), abs=1)


def test_a_glide_is_followed() -> None:
    beats, bpm = [0.3], 120.0
    while beats[-1] < 40.0:
        bpm = 120.0 + 8.0 * min(max((beats[-1] - 10.0) / 20.0, 0.0), 1.0)
        beats.append(beats[-1] + 60.0 / bpm)
    beats = np.array(beats)
    said = listen(told(activations(beats, [], 40.0, EARS)), 40.0)
    late = errors(said, beats)
    assert np.abs(late).max() < 0.04
    assert np.median(np.abs(late)) < 0.006


def test_a_breakdown_is_played_through_with_fading_confidence() -> None:
    beats = np.arange(0.3, 50.0, 60.0 / 124.0)
    played = beats[(beats < 20.0) | (beats > 36.0)]
    tracker = told(activations(played, [], 50.0, replace(EARS, false=0.0, half=0.0)))
    said = listen(tracker, 20.0)
    assert tracker.confidence > 0.6
    said += listen(tracker, 10.0)
    assert tracker.confidence < 0.2
    said += listen(tracker, 20.0)
    assert tracker.confidence > 0.5
    assert np.abs(errors(said, beats)).max() < 0.07
    assert len(said) >= len(beats) - 6


def test_nothing_for_long_ends_the_announcements() -> None:
    _, heard = steady(120.0, 10.0)
    tracker = told(heard)
    said = listen(tracker, 60.0)
    assert 38.0 < said[-1].time < 42.0
    assert tracker.bpm == 0.0
    assert tracker.confidence == 0.0
    assert not tracker.locked


def test_silence_and_murmur_are_not_believed() -> None:
    assert listen(told(np.zeros((2000, 2))), 20.0) == []
    rng = np.random.default_rng(2)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        tracker = told(rng.uniform(0.0, 0.2, (6000, 2)) * (rng.random((6000, 1)) < 0.2))
        worst = max([a.confidence for a in listen(tracker, 60.0)], default=0.0)
        assert worst < 0.3


def test_a_tap_moves_the_beat_and_a_range_names_the_octave() -> None:
    even = Ears(missed=0.0, half=1.0, lowest=0.5, highest=0.6, loud_half=0.6, false=0.0)
    beats = np.arange(0.3, 40.0, 0.5)
    tracker = told(activations(beats, [], 40.0, even), slowest=90.0, fastest=150.0)
    said = listen(tracker, 10.0)
    other = said[-1].time + 0.25
    for n in range(3):
        tracker.pull(other + 0.5 * n, 1.0)
    moved = listen(tracker, 2.0)
    assert (moved[-1].time - other) / 0.5 % 1.0 == pytest.approx(0.0, abs=0.1) or \
        (moved[-1].time - other) / 0.5 % 1.0 > 0.9
    tracker.limit(150.0, 260.0)
    listen(tracker, 6.0)
    assert tracker.bpm == pytest.approx(240.0, rel=0.02)


def test_a_half_beat_by_hand_holds_until_forgotten() -> None:
    beats, heard = steady(120.0, 40.0)
    tracker = told(heard)
    listen(tracker, 10.0)
    tracker.shift_half()
    off = errors(listen(tracker, 20.0), beats + 0.25, 10.5)
    assert np.abs(off).max() < 0.05
    tracker.forget()
    said = listen(tracker, 10.0)
    assert np.abs(errors(said, beats, 34.0)).max() < 0.05


def test_a_known_tempo_decides_the_octave() -> None:
    even = replace(EARS, half=1.0, lowest=0.6, highest=0.7, loud_half=0.7)
    beats = np.arange(0.3, 30.0, 60.0 / 85.0)
    tracker = told(activations(beats, [], 30.0, even))
    tracker.favour(85.0)
    listen(tracker, 20.0)
    assert tracker.bpm == pytest.approx(85.0, rel=0.01)
    tracker.forget()
    tracker.favour(170.0)
    listen(tracker, 10.0)
    assert tracker.bpm == pytest.approx(170.0, rel=0.01)


def test_reset_begins_again_at_zero() -> None:
    rate = 16000
    samples = np.zeros(rate * 8, np.float32)
    samples[::rate // 2] = 1.0
    tracker = Tracker(rate, net=Flux(rate), front=Flux(rate))
    first = tracker.hear(samples)
    tracker.reset()
    assert tracker.bpm == 0.0
    again = tracker.hear(samples)
    assert again[0].time == pytest.approx(first[0].time, abs=0.02)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 192000])
def test_clicks_at_any_rate(rate: int) -> None:
    samples = np.zeros(rate * 8, np.float32)
    beats = np.arange(0.25, 8.0, 60.0 / 126.0)
    samples[(beats * rate).astype(int)] = 1.0
    said = Tracker(rate, net=Flux(rate), front=Flux(rate)).hear(samples)
    assert said[0].emitted < 2.5
    assert np.abs(errors(said, beats, 3.0)).max() < 0.02


def test_broken_samples_are_silence() -> None:
    rate = 8000
    rng = np.random.default_rng(7)
    tracker = Tracker(rate, net=Flux(rate), front=Flux(rate))
    for value in (np.nan, np.inf, -np.inf, 1e30, 1e-40):
        block = np.full(rate, value, np.float32)
        block[rng.random(rate) < 0.5] = 0.1
        for beat in tracker.hear(block):
            assert np.isfinite([beat.time, beat.bpm, beat.confidence]).all()
    assert np.isfinite(tracker.confidence)


def test_hands_may_say_nonsense() -> None:
    tracker = told(steady(120.0, 10.0)[1])
    listen(tracker, 5.0)
    for value in (np.nan, np.inf, -1.0, 0.0, 1e9):
        tracker.pull(value, 1.0)
        tracker.pull(5.0, value)
        tracker.favour(value)
        tracker.limit(value, 100.0)
        tracker.limit(100.0, value)
    tracker.favour(None)
    tracker.limit(70.0, 180.0)
    said = listen(tracker, 5.0)
    assert all(np.isfinite([a.time, a.bpm, a.confidence]).all() for a in said)
    assert tracker.bpm == pytest.approx(120.0, rel=0.02)


@pytest.mark.slow
def test_minutes_bring_no_drift() -> None:
    period = 0.4687
    duration = 400.0
    beats = np.arange(0.3, duration, period)
    heard = activations(beats, beats[::4], duration, EARS)
    tracker = told(heard)
    said = listen(tracker, duration)
    assert len(said) == pytest.approx(len(beats), abs=8)
    assert np.abs(errors(said, beats, 300.0)).max() < 0.03
    assert tracker.confidence > 0.5
