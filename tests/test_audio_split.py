"""Hits apart from held notes, noise apart from tones."""

import numpy as np
import pytest
from sound import RATE, add, noise_hit

from vj.audio.analyzer import Analyzer
from vj.types import Tick

SECONDS = 6.0
FPS = 60


def listen(music, rate=RATE):
    ears, step = Analyzer(rate), rate // FPS
    return [ears.process(Tick(n, (n + 1) / FPS, 1 / FPS), music[n * step:(n + 1) * step])
            for n in range(len(music) // step)]


def chord(rate=RATE):
    t = np.arange(round(SECONDS * rate)) / rate
    return 0.1 * sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6, 440.0))


def strokes(rate=RATE):
    rng, music = np.random.default_rng(1), np.zeros(round(SECONDS * rate))
    for time in np.arange(0.3, SECONDS, 0.4):
        add(music, noise_hit(rng, rate, 0.5, 0.02), time, rate)
    return music


def test_held_notes_are_harmonic():
    late = listen(chord())[FPS * 2:]
    assert np.mean([f.harmonic for f in late]) > 4 * np.mean([f.percussive for f in late])
    assert max(f.flatness for f in late) < 0.25


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_strokes_are_percussive(rate):
    late = listen(strokes(rate), rate)[FPS * 2:]
    hit = [f for f in late if f.percussive > 0.3]
    assert len(hit) >= 9
    assert np.mean([f.percussive for f in hit]) > 2 * np.mean([f.harmonic for f in hit])


def test_strokes_over_notes_are_told_apart_within_a_tenth_of_a_second():
    late = listen(chord() + strokes())[FPS * 2:]
    alone = np.array([f.harmonic for f in late])
    assert alone.min() > 0.2, "the notes go on"
    struck = np.array([f.percussive for f in late])
    times = np.array([f.time for f in late])
    for time in np.arange(2.3, SECONDS - 0.2, 0.4):
        before = struck[(times > time - 0.05) & (times <= time)].max()
        after = struck[(times > time) & (times < time + 0.1)].max()
        assert after > before + 0.15


def test_noise_is_flat_and_silence_is_nothing():
    noise = 0.1 * np.random.default_rng(2).standard_normal(round(SECONDS * RATE))
    assert listen(noise)[-1].flatness > 0.8
    last = listen(np.concatenate([noise, np.zeros(3 * RATE)]))[-1]
    assert max(last.flatness, last.percussive, last.harmonic) < 1e-3
