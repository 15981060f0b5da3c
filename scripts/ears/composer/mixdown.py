"""The mixing desk: ducking, echoes, room, tape, glue and level, every song another throw of dice. Mono."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .tone import clock, convolved, filtered, normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]
    Dice = np.random.Generator

BLOCK = 128


def mixdown(stems: dict[str, Sound], kicks: NDArray[np.float64], beat: float, club: bool, *, rate: int,
            dice: Dice) -> Sound:
    """One mono sound (n,) within -1..1. ``kicks`` in seconds, ``beat`` in seconds."""
    if dice.random() < (0.6 if club else 0.12):
        depth, recover = float(dice.uniform(0.3, 0.97)), float(dice.uniform(0.25, 0.8)) * beat
        gain = ducking(len(stems["kick"]), kicks, depth, recover, rate)
        for name in ("bass", "tones", "pad"):
            stems[name] *= gain
    send = stems["tones"] * float(dice.uniform(0.1, 1)) + stems["pad"] * 0.5 + stems["effects"] * 0.5
    if dice.random() < 0.4:
        gap = beat * float(dice.choice((0.75, 0.75, 0.5, 1, 1 / 3, 0.25)))
        stems["tones"] += _echoes(stems["tones"], gap, rate, dice)
    if dice.random() < 0.7:
        send += stems["drums"] * float(dice.choice((0, 0.15, 0.4, 0.8)))
        wet = convolved(send, room(rate, dice))
        stems["effects"] += wet * float(dice.uniform(0.05, 0.5))
    mix = sum(stems.values(), np.zeros_like(stems["kick"]))
    if dice.random() < (0.22 if club else 0.05):
        mix = swept(mix, beat, rate, dice)
    return mastered(mix, rate, dice)


def swept(mix: Sound, beat: float, rate: int, dice: Dice) -> Sound:
    """A disc jockey's hand on the filter: for some bars only lows or only highs pass, then all comes back."""
    low = dice.random() < 0.65
    corner = float(np.exp(dice.uniform(np.log(120), np.log(900)))) * (1.0 if low else 1.5)
    shut = filtered(mix, rate, *(("low" if low else "high", corner, 0.9),) * 2)
    amount = np.zeros(len(mix), np.float32)
    for _ in range(int(dice.integers(1, 3))):
        start, length = dice.uniform(-8, len(mix) / rate / beat) * beat, dice.choice((4, 8, 16, 32)) * beat
        edge = float(dice.choice((0.01, 0.5, 1.0))) * length
        t = np.arange(len(mix), dtype=np.float32) / np.float32(rate) - np.float32(start)
        inside = np.clip(t / np.float32(0.2), 0, 1) * np.clip((np.float32(length) - t) / np.float32(edge), 0, 1)
        np.maximum(amount, inside, out=amount)
    return mix + amount * (shut - mix)


def mastered(mix: Sound, rate: int, dice: Dice) -> Sound:
    """Tone, drive, compressor, limiter and a level between -30 and 0 dBFS."""
    mix = filtered(mix, rate, *_tone(dice))
    mix = mix / max(1e-6, float(np.percentile(np.abs(mix[:: 7]), 99.7)))
    if dice.random() < 0.5:
        drive = float(np.exp(dice.uniform(-1.2, 1.0)))
        mix = np.tanh(drive * mix) / np.float32(np.tanh(drive))
    if dice.random() < 0.6:
        mix = compressed(mix, rate, float(dice.uniform(-24, -6)), float(dice.uniform(1.5, 6)),
                         (float(dice.uniform(0.002, 0.03)), float(dice.uniform(0.05, 0.4))))
    mix = normal(np.clip(mix, -1, 1) if dice.random() < 0.7 else mix)
    if dice.random() < 0.25:
        mix = mix + _hiss(len(mix), dice)
    if dice.random() < 0.06:
        mix = mix + _crackle(len(mix), rate, dice)
    if dice.random() < 0.08:
        mix = mix * np.clip(np.arange(len(mix)) / (rate * dice.uniform(3, 15)), 0.02, 1).astype(np.float32)
    level = -float(dice.exponential(5)) if dice.random() < 0.75 else -float(dice.uniform(5, 30))
    return np.asarray(normal(mix) * 10 ** (max(-30.0, level) / 20), np.float32)


def _hiss(count: int, dice: Dice) -> Sound:
    return dice.standard_normal(count, dtype=np.float32) * np.float32(10 ** (dice.uniform(-75, -45) / 20))


def _crackle(count: int, rate: int, dice: Dice) -> Sound:
    """A worn record: some ticks a second, most of them small."""
    ticks = np.zeros(count, np.float32)
    places = dice.integers(0, count, int(count / rate * dice.uniform(3, 25)))
    ticks[places] = dice.standard_normal(len(places)) ** 3 * 0.05
    return np.clip(filtered(ticks, rate, ("band", 3000.0, 0.5)), -0.2, 0.2)


def _tone(dice: Dice) -> list[tuple[str, float, float]]:
    bands = [("high", float(dice.choice((20, 30, 40))), 0.7), ("shelf", 3000.0, float(dice.normal(0, 3))),
             ("bell", 80.0, float(dice.normal(0, 3))),
             ("bell", float(dice.uniform(300, 1500)), float(dice.normal(0, 2.5)))]
    if dice.random() < 0.12:
        bands.append(("low", float(np.exp(dice.uniform(np.log(3000), np.log(12000)))), 0.7))
    if dice.random() < 0.08:
        bands.append(("high", float(dice.uniform(80, 220)), 0.7))
    return bands


def ducking(count: int, kicks: NDArray[np.float64], depth: float, recover: float, rate: int) -> Sound:
    """Gain (n,) that falls at every kick and comes back within ``recover`` seconds."""
    gain = np.ones(count, np.float32)
    t = clock(recover, rate)
    back = 0.5 + 0.5 * np.cos(np.pi * t / np.float32(recover))
    dip = (1 - depth * np.minimum(1, t / 0.003) * back).astype(np.float32)
    for kick in kicks:
        start = round(kick * rate)
        if 0 <= start < count:
            part = gain[start : start + len(dip)]
            np.minimum(part, dip[: len(part)], out=part)
    return gain


def _echoes(sound: Sound, gap: float, rate: int, dice: Dice) -> Sound:
    """Up to six echoes, each weaker."""
    out, feedback = np.zeros_like(sound), float(dice.uniform(0.2, 0.65))
    for k in range(1, 7):
        shift = round(k * gap * rate)
        if feedback**k < 0.03 or shift >= len(sound):
            break
        out[shift:] += sound[: len(sound) - shift] * np.float32(feedback**k)
    return out


def room(rate: int, dice: Dice) -> Sound:
    """An impulse response of energy 1: early reflections and noise that dies away, high tones first."""
    fall = float(np.exp(dice.uniform(np.log(0.15), np.log(3.0))))
    t = clock(min(2.5, fall), rate)
    tail = dice.standard_normal(len(t), dtype=np.float32) * np.exp(-6.9 * t / np.float32(fall))
    dark = filtered(tail, rate, ("low", 1500.0, 0.7), ("high", 150.0, 0.7))
    bright = filtered(tail * np.exp(-t / np.float32(0.3 * fall)), rate, ("high", 1500.0, 0.7))
    made = dark + bright
    made[: round(0.004 * rate)] = 0
    for delay in dice.uniform(0.004, 0.06, 8):
        made[min(len(made) - 1, round(delay * rate))] += dice.uniform(-1, 1) * 8
    return np.asarray(made / np.sqrt((made**2).sum()), np.float32)


def compressed(sound: Sound, rate: int, threshold: float, ratio: float, tau: tuple[float, float]) -> Sound:
    """A bus compressor that looks every 128 samples; threshold in dB, ``tau``: attack and release in seconds."""
    blocks = len(sound) // BLOCK
    power = (sound[: blocks * BLOCK].reshape(blocks, BLOCK) ** 2).mean(axis=1)
    over = np.maximum(0.0, 10 * np.log10(power + 1e-12) - threshold) * (1 - 1 / ratio)
    up, down = np.exp(-BLOCK / rate / tau[0]), np.exp(-BLOCK / rate / tau[1])
    reduction, level = [0.0] * blocks, 0.0
    for i, wanted in enumerate(over.tolist()):
        level = wanted + (up if wanted > level else down) * (level - wanted)
        reduction[i] = level
    gain = (10 ** (-np.array([0.0, *reduction], np.float32) / 20)).astype(np.float32)
    ramp = np.linspace(0, 1, BLOCK, endpoint=False, dtype=np.float32)
    curve = (gain[:-1, None] + np.diff(gain)[:, None] * ramp).ravel()
    return sound[: len(curve)] * curve
