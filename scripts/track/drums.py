"""The drum kit: every function makes one hit, mono (n,) or stereo (n, 2), near full scale."""

from __future__ import annotations

import numpy as np

from .filters import bandpass, bell, equalise, highpass, lowpass, shelf
from .grid import RATE
from .oscillators import TAU, Sound, decay, fade_out, noise, phase, random, seconds, square

METAL = (263.0, 391.7, 474.9, 671.1, 693.3, 1027.2)  # Hz: six squares out of tune with one another, as in the old boxes


def kick(length: float = 0.30) -> Sound:
    """Click and body: a sine falls from 400 Hz through the chest to 47 Hz in the stomach."""
    t = seconds(length)
    freq = 46.5 + 210 * np.exp(-t / 0.013) + 150 * np.exp(-t / 0.0035)
    body = np.sin(TAU * phase(freq, len(t))) * (0.66 * np.exp(-t / 0.105) + 0.45 * np.exp(-t / 0.03))
    body = np.tanh(1.6 * body) / np.tanh(1.6)
    click = equalise(noise("kick click", length), bandpass(3400, 0.6)) * np.exp(-t / 0.0022) * 0.55
    knock = np.sin(TAU * 1150 * t) * np.exp(-t / 0.0045) * 0.22
    return np.asarray((body + click + knock) * np.minimum(1, t / 0.0004) * fade_out(len(t), 0.06))


def clap(take: int = 0) -> Sound:
    """Four hands a few milliseconds apart and their tail; each side hears different hands."""
    t = seconds(0.32)
    return np.stack([_hands(f"clap {take} {side}", t) for side in "lr"], axis=1)


def _hands(name: str, t: Sound) -> Sound:
    dice = random(name)
    envelope = 0.55 * np.exp(-np.maximum(t - 0.03, 0) / 0.055) * (t > 0.03)
    for when in (0.0, 0.0105, 0.0205, 0.03):
        late = when + dice.uniform(0, 0.0012) * (when > 0)
        envelope = envelope + np.exp(-np.maximum(t - late, 0) / 0.0034) * (t >= late)
    skin = dice.standard_normal(len(t))
    tone = equalise(skin, bandpass(1250, 1.1)) + 0.8 * equalise(skin, bandpass(3000, 0.7), highpass(900))
    return 0.8 * tone * envelope * fade_out(len(t), 0.03)


def snare(pitch: float = 190.0, take: int = 0) -> Sound:
    """Two drum-head modes under a rattle of wires."""
    t = seconds(0.26)
    head = np.sin(TAU * phase(pitch * (1 + 0.5 * np.exp(-t / 0.012)), len(t))) + 0.5 * np.sin(TAU * 1.62 * pitch * t)
    wires = equalise(noise(f"snare {take}", 0.26), highpass(1400), bell(4500, 4)) * np.exp(-t / 0.07)
    return (0.65 * head * np.exp(-t / 0.05) + 0.34 * wires) * np.minimum(1, t / 0.0006) * fade_out(len(t), 0.03)


def _metal(name: str, length: float) -> Sound:
    dice = random(name)
    return sum((square(f * 1.7, length, dice.uniform()) for f in METAL), np.zeros(round(length * RATE))) / 3


def closed_hat(take: int = 0) -> Sound:
    """A short tick of metal and air."""
    grain = _metal(f"hat {take}", 0.09) + 0.9 * noise(f"hat air {take}", 0.09)
    return equalise(grain * decay(0.09, 0.017, 0.0004), highpass(7200), highpass(5200), bell(10_500, 3, 1.2)) * 0.55


def open_hat(take: int = 0) -> Sound:
    """The off-beat: a quarter of a second of spray, wider than the closed one."""
    metal = _metal(f"open {take}", 0.3)
    sides = [metal + 0.8 * noise(f"open air {take} {side}", 0.3) for side in "lr"]
    envelope = decay(0.3, 0.11, 0.0008) * fade_out(round(0.3 * RATE), 0.08)
    spray = np.stack(sides, axis=1) * envelope[:, None] * 0.45
    return equalise(spray, highpass(6200), highpass(4200), shelf(12_000, -2))


def shaker(take: int = 0) -> Sound:
    """Beads thrown forward: noise that swells before it stops."""
    t = seconds(0.085)
    envelope = np.minimum(1, (t / 0.028) ** 1.5) * np.exp(-np.maximum(t - 0.028, 0) / 0.018) * fade_out(len(t), 0.01)
    return equalise(noise(f"shaker {take}", 0.085), bandpass(6400, 0.9), highpass(3000)) * envelope * 0.8


def ride(take: int = 0) -> Sound:
    """A bell-like cymbal that keeps the last chorus open."""
    t = seconds(0.5)
    bell_tone = sum((np.sin(TAU * f * t + f) for f in (3187.0, 4411.0, 5273.0, 6841.0, 8123.0)), np.zeros(len(t)))
    wash = equalise(noise(f"ride {take}", 0.5), highpass(7500))
    return (0.07 * bell_tone * np.exp(-t / 0.12) + 0.28 * wash * np.exp(-t / 0.16)) * fade_out(len(t), 0.1)


def conga(pitch: float) -> Sound:
    """A tuned skin with the slap of a palm."""
    t = seconds(0.22)
    skin = np.sin(TAU * phase(pitch * (1 + 0.12 * np.exp(-t / 0.02)), len(t))) * np.exp(-t / 0.055)
    slap = equalise(noise(f"conga {pitch:.0f}", 0.22), bandpass(1900, 1.0)) * np.exp(-t / 0.006)
    return (0.8 * skin + 0.5 * slap) * np.minimum(1, t / 0.0008) * fade_out(len(t), 0.03)


def rim() -> Sound:
    """A dry stick on the rim."""
    t = seconds(0.06)
    wood = np.sin(TAU * 1710 * t) + 0.6 * np.sin(TAU * 2480 * t) + 0.4 * np.sin(TAU * 820 * t)
    return 0.5 * wood * np.exp(-t / 0.007) * np.minimum(1, t / 0.0003) * fade_out(len(t), 0.01)


def crash() -> Sound:
    """Two seconds of cymbal for the first beat of a section."""
    t = seconds(2.4)
    sides = [noise(f"crash {side}", 2.4) + 0.5 * _metal(f"crash metal {side}", 2.4) for side in "lr"]
    envelope = (0.7 * np.exp(-t / 0.55) + 0.3 * np.exp(-t / 0.08)) * fade_out(len(t), 0.4)
    return equalise(np.stack(sides, axis=1), highpass(3800), lowpass(13_000)) * envelope[:, None] * 0.4


def impact() -> Sound:
    """The floor of the drop: a sine that sinks for a second under a blow of dark noise."""
    t = seconds(1.6)
    boom = np.sin(TAU * phase(34 + 60 * np.exp(-t / 0.12), len(t))) * np.exp(-t / 0.45)
    blow = equalise(noise("impact", 1.6), lowpass(420)) * np.exp(-t / 0.22)
    return (0.8 * boom + 0.7 * blow) * np.minimum(1, t / 0.003) * fade_out(len(t), 0.3)
