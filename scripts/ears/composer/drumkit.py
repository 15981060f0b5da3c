"""Drum hits from oscillators and noise, every kit another throw of dice: (n,) float32, sounding from sample 0 on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .tone import clock, fade, filtered, normal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Sound = NDArray[np.float32]
    Dice = np.random.Generator

TAU = np.float32(2 * np.pi)


def _fall(t: Sound, tau: float) -> Sound:
    return np.exp(-t / np.float32(tau))


def _noise(t: Sound, dice: Dice) -> Sound:
    return dice.standard_normal(len(t), dtype=np.float32)


def _swept(freq: Sound, rate: int) -> Sound:
    return np.sin(TAU * np.cumsum(freq, dtype=np.float64).astype(np.float32) / rate)


def _between(dice: Dice, low: float, high: float) -> float:
    """A number whose logarithm is even between two bounds."""
    return float(np.exp(dice.uniform(np.log(low), np.log(high))))


def kick(dice: Dice, rate: int) -> Sound:
    """From a dry thud to a long boom; with much click, little or none; clean or driven."""
    decay = _between(dice, 0.04, 0.5)
    t = clock(min(1.0, 5 * decay), rate)
    low, sweep = dice.uniform(40, 68), _between(dice, 20, 450)
    freq = low + sweep * _fall(t, _between(dice, 0.006, 0.035))
    body = _swept(freq, rate) * _fall(t, decay) * np.minimum(1, t / np.float32(_between(dice, 0.0003, 0.005)) + 0.02)
    drive = float(dice.choice((0.2, 1, 1, 3, 8)))
    body = np.tanh(drive * body) / np.tanh(drive)
    click = filtered(_noise(t, dice) * _fall(t, 0.003), rate, ("band", _between(dice, 800, 6000), 0.7))
    amount = float(dice.choice((0, 0.05, 0.2, 0.5)))
    return fade(normal(normal(body) + amount * normal(click)), rate)


def snare(dice: Dice, rate: int) -> Sound:
    """Head and wires in any mixture, from a tight crack to a gated wash."""
    t = clock(0.4, rate)
    pitch = _between(dice, 130, 330)
    head = _swept(pitch * (1 + 0.6 * _fall(t, 0.012)), rate) + 0.5 * np.sin(TAU * pitch * 1.62 * t)
    head *= _fall(t, _between(dice, 0.02, 0.12))
    tail = _between(dice, 0.03, 0.2)
    cut, ring = _between(dice, 500, 3000), _between(dice, 2000, 8000)
    wires = filtered(_noise(t, dice), rate, ("high", cut, 0.7), ("bell", ring, 5))
    wires *= _fall(t, tail) if dice.random() < 0.8 else (t < tail).astype(np.float32)
    return fade(normal(dice.uniform(0.1, 1) * normal(head) + dice.uniform(0.3, 1) * normal(wires)), rate)


def clap(dice: Dice, rate: int) -> Sound:
    """Three or four hands and the room's answer. The beat is at the first hand, or at the last when they are close."""
    t = clock(0.35, rate)
    gap, tail = dice.uniform(0.004, 0.012), _between(dice, 0.03, 0.15)
    hands = int(dice.integers(1, 5))
    last = gap * (hands - 1)
    shape = 0.7 * _fall(np.maximum(t - last, 0), tail) * (t >= last)
    for hand in range(hands):
        shape = shape + _fall(np.maximum(t - gap * hand, 0), 0.004) * (t >= gap * hand)
    grain = filtered(_noise(t, dice), rate, ("band", _between(dice, 900, 2400), 0.9), ("high", 500, 0.7))
    return fade(normal(grain * shape), rate)


def rim(dice: Dice, rate: int) -> Sound:
    """Wood, a click, or a 808's electric tick."""
    t = clock(0.08, rate)
    tones = [_between(dice, 400, 1200), _between(dice, 1400, 2800)]
    wood = sum((np.sin(TAU * f * t) for f in tones), np.zeros_like(t)) * _fall(t, _between(dice, 0.004, 0.015))
    return fade(normal(wood + 0.2 * _noise(t, dice) * _fall(t, 0.002)), rate)


def _metal(t: Sound, base: float, dice: Dice, spread: float) -> Sound:
    ratios = (1.0, 1.483, 1.932, 2.546, 2.630, 3.897)
    freqs = [base * ratio * (1 + spread * dice.standard_normal()) for ratio in ratios]
    turns = [np.sign(np.sin(TAU * (freq * t + dice.random()))) for freq in freqs]
    return np.asarray(sum(turns, np.zeros_like(t)), np.float32)


def _cymbal(dice: Dice, rate: int, length: float, tau: float, low: float) -> Sound:
    t = clock(length, rate)
    mix = dice.random()
    grain = mix * _metal(t, _between(dice, 300, 900), dice, 0.02) / 3 + (1 - mix) * _noise(t, dice)
    grain = filtered(grain, rate, ("high", low, 0.8), ("high", low * 0.7, 0.7))
    return fade(normal(grain * _fall(t, tau)), rate)


def hat(dice: Dice, rate: int) -> Sound:
    """A closed hat: 10 to 60 ms of metal, air or both."""
    return _cymbal(dice, rate, 0.15, _between(dice, 0.008, 0.05), _between(dice, 3500, 9500))


def open_hat(dice: Dice, rate: int) -> Sound:
    """An open hat."""
    return _cymbal(dice, rate, 0.6, _between(dice, 0.05, 0.25), _between(dice, 3000, 8500))


def ride(dice: Dice, rate: int) -> Sound:
    """A ride: ping and wash."""
    t = clock(0.9, rate)
    ping = sum((np.sin(TAU * f * t + dice.random()) for f in dice.uniform(2500, 9000, 5)), np.zeros_like(t))
    wash = filtered(_noise(t, dice), rate, ("high", _between(dice, 4000, 8000), 0.7))
    made = normal(ping * _fall(t, _between(dice, 0.05, 0.3))) + dice.uniform(0.2, 1) * normal(wash * _fall(t, 0.2))
    return fade(normal(made), rate, 0.1)


def crash(dice: Dice, rate: int) -> Sound:
    """Two seconds of cymbal."""
    return _cymbal(dice, rate, 2.2, _between(dice, 0.3, 0.8), _between(dice, 2000, 5000))


def shaker(dice: Dice, rate: int) -> Sound:
    """Beads: a burst that swells for some milliseconds."""
    t = clock(0.1, rate)
    swell, fall = _between(dice, 0.002, 0.012), _between(dice, 0.01, 0.035)
    shape = np.minimum(1, t / np.float32(swell)) * _fall(np.maximum(t - swell, 0), fall)
    return fade(normal(filtered(_noise(t, dice), rate, ("band", _between(dice, 4000, 9000), 0.9)) * shape), rate)


def tambourine(dice: Dice, rate: int) -> Sound:
    """Jingles: three short rattles of metal."""
    t = clock(0.2, rate)
    shape = sum((_fall(np.maximum(t - d, 0), 0.02) * (t >= d) for d in (0, 0.012, 0.03)), np.zeros_like(t))
    grain = filtered(_metal(t, _between(dice, 1500, 3000), dice, 0.05) + _noise(t, dice), rate, ("high", 6000, 0.8))
    return fade(normal(grain * shape), rate)


def skin(dice: Dice, rate: int, low: float, high: float) -> Sound:
    """A tom or conga: a tuned head, more or less of the palm."""
    pitch, decay = _between(dice, low, high), _between(dice, 0.04, 0.25)
    t = clock(min(0.8, 5 * decay), rate)
    tone = _swept(pitch * (1 + dice.uniform(0, 0.5) * _fall(t, 0.03)), rate) * _fall(t, decay)
    slap = filtered(_noise(t, dice), rate, ("band", _between(dice, 800, 4000), 1.0)) * _fall(t, 0.006)
    return fade(normal(tone + dice.uniform(0, 0.5) * normal(slap)), rate)


def bell(dice: Dice, rate: int) -> Sound:
    """A cowbell: two squares out of tune."""
    t = clock(0.3, rate)
    base = _between(dice, 450, 800)
    tone = np.sign(np.sin(TAU * base * t)) + np.sign(np.sin(TAU * base * dice.uniform(1.4, 1.55) * t))
    return fade(normal(filtered(tone, rate, ("band", base * 1.6, 0.8)) * _fall(t, _between(dice, 0.03, 0.12))), rate)


def blip(dice: Dice, rate: int) -> Sound:
    """Percussion of no name: FM, a blip, a zap, a knock, filtered noise."""
    t = clock(0.3, rate)
    freq = _between(dice, 150, 3000)
    ratio, depth = dice.uniform(0.3, 5), dice.uniform(0, 6)
    fm = np.sin(TAU * freq * (1 + dice.uniform(0, 2) * _fall(t, 0.02)) * t + depth * np.sin(TAU * freq * ratio * t))
    air = filtered(_noise(t, dice), rate, ("band", _between(dice, 500, 8000), 1.5))
    mix = dice.random()
    return fade(normal((mix * fm + (1 - mix) * normal(air)) * _fall(t, _between(dice, 0.008, 0.08))), rate)


HITS: dict[str, Callable[[Dice, int], Sound]] = {
    "kick": kick, "snare": snare, "clap": clap, "rim": rim, "hat": hat, "open": open_hat, "ride": ride,
    "crash": crash, "shaker": shaker, "tamb": tambourine, "cowbell": bell, "clave": rim, "perc": blip, "roll": snare,
    "tom_hi": lambda dice, rate: skin(dice, rate, 140, 280),
    "tom_lo": lambda dice, rate: skin(dice, rate, 60, 140),
    "conga_hi": lambda dice, rate: skin(dice, rate, 260, 480),
    "conga_lo": lambda dice, rate: skin(dice, rate, 160, 260),
}


def kit_hits(drum: str, dice: Dice, rate: int, takes: int = 2) -> list[Sound]:
    """A drum of one kit, struck ``takes`` times: the same parameters, other noise."""
    state = dice.integers(1 << 62)
    made = []
    for take in range(takes):
        twin = _Twin(np.random.default_rng(state), np.random.default_rng([state, take]))
        made.append(HITS[drum](twin, rate))  # type: ignore[arg-type]
    return made


class _Twin:
    """Dice whose numbers are always the same and whose noise is another one each time."""

    def __init__(self, dice: Dice, noise: Dice) -> None:
        self._dice = dice
        self._noise = noise

    def __getattr__(self, name: str) -> object:
        return getattr(self._dice, name)

    def standard_normal(self, size: int | None = None, dtype: type = np.float64) -> object:
        return self._dice.standard_normal() if size is None else self._noise.standard_normal(size, dtype)
