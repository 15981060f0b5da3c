"""Band-limited sound sources and envelopes. Sounds are float64 arrays at RATE, mono (n,) unless said otherwise."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .grid import RATE

Sound = NDArray[np.float64]

TAU = 2 * np.pi
SEED = 124


def random(name: str) -> np.random.Generator:
    """A generator of its own for every sound, so that a part can be rebuilt without the parts before it."""
    return np.random.default_rng([SEED, zlib.crc32(name.encode())])


def seconds(length: float) -> Sound:
    """The time of every sample, (n,) in seconds from 0."""
    return np.arange(round(length * RATE)) / RATE


def midi(note: ArrayLike) -> NDArray[np.float64]:
    """Frequency in Hz of a MIDI note (69 = A4 = 440 Hz)."""
    return np.asarray(440.0 * 2.0 ** ((np.asarray(note, float) - 69.0) / 12.0))


def noise(name: str, length: float) -> Sound:
    """White noise of standard deviation 1, the same every time for one name."""
    return random(name).standard_normal(round(length * RATE))


def phase(freq: ArrayLike, count: int, start: float = 0.0) -> Sound:
    """Phase in turns of an oscillator whose frequency (Hz) may change at every sample."""
    step = np.broadcast_to(np.asarray(freq, float) / RATE, (count,))
    return np.asarray(start + np.cumsum(step) - step[0])


def saw(freq: float, length: float, start: float = 0.0) -> Sound:
    """A sawtooth with polynomial band-limited steps (polyBLEP, Valimaki and Huovilainen 2007)."""
    step = freq / RATE
    turn = phase(freq, round(length * RATE), start) % 1.0
    after, before = turn / step, (turn - 1.0) / step
    blep = np.where(after < 1, 2 * after - after**2 - 1, np.where(before > -1, before**2 + 2 * before + 1, 0.0))
    return 2 * turn - 1 - blep


def square(freq: float, length: float, start: float = 0.0) -> Sound:
    """A square wave: the difference of two sawtooths half a turn apart."""
    return 0.5 * (saw(freq, length, start) - saw(freq, length, start + 0.5))


def resonance(ratio: Sound, q: float) -> Sound:
    """Magnitude of a two-pole low-pass at ``ratio`` times its cutoff."""
    square_ratio = np.minimum(ratio, 1e3) ** 2
    return 1.0 / np.sqrt((1 - square_ratio) ** 2 + square_ratio / q**2)


def swept_saw(freq: float, cutoff: Sound, q: float = 0.9, start: float = 0.0, odd: float = 1.0) -> Sound:
    """A sawtooth behind a resonant low-pass, summed harmonic by harmonic: the cutoff (n,) in Hz may move freely.

    ``odd`` below 1 thins the even harmonics out: 0 is a square.
    """
    turn = phase(freq, len(cutoff), start)
    out = np.zeros(len(cutoff))
    top = min(16_000.0, 6.0 * float(cutoff.max()))
    for h in range(1, max(2, int(top / freq) + 1)):
        level = (odd if h % 2 == 0 else 1.0) / h
        out += level * resonance(h * freq / cutoff, q) * np.sin(TAU * h * turn)
    return out


def decay(length: float, tau: float, attack: float = 0.001) -> Sound:
    """An envelope that rises in ``attack`` and falls by exp(-t / tau), faded out in its last 5 ms."""
    t = seconds(length)
    return np.minimum(1.0, t / attack) * np.exp(-t / tau) * fade_out(len(t), 0.005)


def hold(length: float, attack: float, release: float) -> Sound:
    """An envelope that rises, stays and falls along raised cosines."""
    t = seconds(length)
    up = np.clip(t / attack, 0, 1)
    down = np.clip((length - t) / release, 0, 1)
    return (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 - 0.5 * np.cos(np.pi * down))


def fade_out(count: int, length: float) -> Sound:
    """Ones, then a straight line to zero over ``length`` seconds."""
    return np.clip((count - np.arange(count)) / (length * RATE), 0.0, 1.0)
