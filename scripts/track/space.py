"""Rooms and echoes as impulse responses, and placing a sound between left and right. Stereo is (n, 2)."""

from __future__ import annotations

import numpy as np

from .filters import bandpass, equalise, fast_length, highpass, lowpass
from .grid import RATE, STEP
from .oscillators import Sound, random, seconds

OCTAVES = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)  # Hz


def stereo(sound: Sound, pan: float = 0.0) -> Sound:
    """Mono at ``pan`` -1..1 with constant power; stereo is returned as it is."""
    if sound.ndim == 2:
        return sound
    angle = (pan + 1) * np.pi / 4
    return np.asarray(sound[:, None] * (np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)])))


def widen(sound: Sound, width: float) -> Sound:
    """Side signal times ``width``: 0 is mono, 1 as it was."""
    mid: Sound = sound.mean(axis=1, keepdims=True)
    return mid + width * (sound - mid)


def room(name: str, rt60: float, damping: float, predelay: float = 0.01) -> Sound:
    """A reverberant impulse response, (n, 2), of energy 1 a side.

    Noise in octave bands falls by 60 dB in ``rt60`` seconds at 500 Hz, and faster by the power ``damping`` above.
    """
    t = seconds(rt60 * 1.3)
    tail = np.zeros((len(t), 2))
    for octave in OCTAVES:
        fall = rt60 * min(1.15, (500.0 / octave) ** damping)
        grain = random(f"{name} {octave}").standard_normal((len(t), 2))
        tail += equalise(grain, bandpass(octave, 1.2)) * np.exp(-6.91 * t / fall)[:, None]
    tail *= np.minimum(1.0, t / 0.012)[:, None]
    tail = equalise(tail + _early(name, len(t)) * np.abs(tail).max(), highpass(180.0))
    out = np.pad(tail, ((round(predelay * RATE), 0), (0, 0)))
    return np.asarray(out / np.sqrt((out**2).sum(axis=0)))


def _early(name: str, count: int) -> Sound:
    """Twelve first reflections within 60 ms, scattered left and right."""
    dice = random(f"{name} early")
    out = np.zeros((count, 2))
    for when in np.sort(dice.uniform(0.004, 0.06, 12)):
        out[int(when * RATE)] += dice.uniform(-1, 1, 2) * np.exp(-when / 0.03)
    return out


def echoes(steps: float, feedback: float, tone: float, count: int = 9) -> Sound:
    """Ping-pong echoes every ``steps`` sixteenths, each darker than the last: an impulse response, (n, 2)."""
    gap = round(steps * STEP * RATE)
    out = np.zeros((gap * (count + 1) + RATE // 10, 2))
    tap = np.zeros(RATE // 10)
    tap[0] = 1.0
    for echo in range(1, count + 1):
        tap = equalise(tap, lowpass(tone, 0.6), highpass(220.0, 0.6)) * (feedback if echo > 1 else 1.0)
        out[gap * echo : gap * echo + len(tap), echo % 2] += tap
        out[gap * echo : gap * echo + len(tap), 1 - echo % 2] += 0.25 * tap
    return out


def convolve(sound: Sound, impulse: Sound) -> Sound:
    """The sound (n, 2) in the room (m, 2), cut to n."""
    size = fast_length(len(sound) + len(impulse))
    wet = np.fft.rfft(sound, size, axis=0) * np.fft.rfft(impulse, size, axis=0)
    return np.fft.irfft(wet, size, axis=0)[: len(sound)]
