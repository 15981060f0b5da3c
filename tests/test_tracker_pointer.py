"""The pointer finds tempo and phase in activations alone."""

from __future__ import annotations

import numpy as np
import pytest

from vj.audio.tracker.bar import Bar
from vj.audio.tracker.pointer import Pointer
from vj.audio.tracker.rehearsal import Ears, activations

SECONDS, DELAY = 0.01, 0.06
CLEAR = Ears(jitter=0.0, missed=0.0, lowest=0.8, highest=0.9, half=0.0, false=0.0)


def listen(pointer: Pointer, heard: np.ndarray) -> None:
    for beat, downbeat in heard:
        pointer.step(float(beat), float(downbeat))


def heard(bpm: float, duration: float, ears: Ears = CLEAR, seed: int = 1) -> np.ndarray:
    beats = np.arange(0.3, duration, 60.0 / bpm)
    return activations(beats, beats[::4], duration, ears, seed=seed)


@pytest.mark.parametrize("bpm", [73.0, 88.3, 101.7, 127.4, 128.0, 173.6])
def test_tempo_and_phase_are_found_far_finer_than_frames(bpm: float) -> None:
    pointer = Pointer(SECONDS, 70.0, 180.0)
    listen(pointer, heard(bpm, 12.0))
    mode = pointer.best()
    assert mode.mass > 0.7
    assert 60.0 / mode.period == pytest.approx(bpm, rel=0.006)
    moment = 12.0 - DELAY + mode.ahead
    away = (moment - 0.3) / (60.0 / bpm)
    assert abs(away - round(away)) * 60.0 / bpm < 0.015


def test_the_belief_is_a_belief() -> None:
    pointer = Pointer(SECONDS, 70.0, 180.0)
    rng = np.random.default_rng(3)
    for beat in rng.random(2000) ** 8:
        pointer.step(float(beat))
        assert pointer.belief.sum() == pytest.approx(1.0, abs=2e-3)
        assert pointer.belief.min() >= 0.0


def test_rings_are_as_long_as_they_say_on_average() -> None:
    pointer = Pointer(SECONDS, 70.0, 180.0)
    rings = pointer.rings
    mean = (rings.length - 1 + rings.keep) * pointer.seconds
    assert mean == pytest.approx(rings.periods, rel=1e-6)


def test_a_tap_settles_which_half_is_the_beat() -> None:
    both = Ears(jitter=0.0, missed=0.0, lowest=0.6, highest=0.6, half=1.0, loud_half=0.6, false=0.0)
    pointer = Pointer(SECONDS, 100.0, 140.0)
    beats = np.arange(0.3, 8.0, 0.25)
    listen(pointer, activations(beats, [], 8.0, both))
    before = pointer.best()
    other = (before.ahead + 0.5 * before.period) % before.period
    pointer.pull(other, 1.0)
    assert pointer.near(before.period, other).mass > pointer.near(before.period, before.ahead).mass


def test_limits_hold_and_fold_what_was_known() -> None:
    pointer = Pointer(SECONDS, 70.0, 180.0)
    listen(pointer, heard(160.0, 10.0))
    pointer.limit(60.0, 100.0)
    mode = pointer.best()
    assert 60.0 / mode.period == pytest.approx(80.0, rel=0.02)
    assert pointer.belief.sum() == pytest.approx(1.0, abs=1e-4)
    assert pointer.belief.shape == (7, pointer.rings.size)


def test_half_a_beat_by_hand_stays_against_what_is_heard() -> None:
    pointer = Pointer(SECONDS, 70.0, 180.0)
    first = heard(120.0, 20.0)
    listen(pointer, first[:1000])
    before = pointer.best()
    pointer.shift_half(before.period)
    listen(pointer, first[1000:])
    after = pointer.best()
    moved = (10.0 + after.ahead - before.ahead) / 0.5 % 1.0
    assert moved == pytest.approx(0.5, abs=0.05)


def test_a_known_tempo_decides_the_octave() -> None:
    pointer = Pointer(SECONDS, 70.0, 180.0)
    even = activations(np.arange(0.3, 8.0, 60.0 / 160.0), [], 8.0, CLEAR)
    pointer.favour(80.0)
    listen(pointer, even)
    assert pointer.near(60.0 / 80.0, pointer.best().ahead).mass > 0.2


def test_silence_says_nothing_of_tempo() -> None:
    pointer = Pointer(SECONDS, 70.0, 180.0)
    listen(pointer, heard(128.0, 10.0))
    before = pointer.best()
    for _ in range(1000):
        pointer.step(0.0)
    assert pointer.best().period == pytest.approx(before.period, rel=0.02)


def test_a_reminder_puts_the_belief_where_the_grid_stands() -> None:
    pointer = Pointer(SECONDS, 70.0, 180.0)
    pointer.remind(0.48, 0.3, 0.9)
    mode = pointer.best()
    assert mode.mass == pytest.approx(0.9, abs=0.05)
    assert mode.period == pytest.approx(0.48, rel=0.01)
    assert mode.ahead == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("meter", [3, 4])
def test_the_place_in_the_bar_is_found(meter: int) -> None:
    pointer = Pointer(SECONDS, 70.0, 180.0)
    beats = np.arange(0.3, 24.0, 0.5)
    listen(pointer, activations(beats, beats[1::meter], 24.0, CLEAR, seed=2))
    mode = pointer.best()
    bar = Bar()
    last = round((24.0 - DELAY + mode.ahead - 0.3) / 0.5) - 1
    bar.know(pointer.places(mode.period, mode.ahead))
    assert [bar.first(n) for n in range(12)] == [(last + n) % meter == 1 for n in range(12)]


def test_downbeats_tell_which_of_two_even_grids_is_right() -> None:
    both = Ears(jitter=0.0, missed=0.0, lowest=0.6, highest=0.6, half=1.0, loud_half=0.6, false=0.0)
    for start in (0.0, 0.25):
        pointer = Pointer(SECONDS, 100.0, 140.0)
        halves = np.arange(0.3, 16.0, 0.25)
        true = np.arange(0.3 + start, 16.0, 0.5)
        listen(pointer, activations(halves, true[::4], 16.0, both, seed=3))
        mode = pointer.best()
        off = (16.0 - DELAY + mode.ahead - true[0]) / 0.5 % 1.0
        assert min(off, 1.0 - off) < 0.1
