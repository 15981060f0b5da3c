"""Pieces for the lessons: random patterns of drums under random basses, stabs and pads, with the exact time of each."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from .drums import RATE, SAMPLES, Sound, kit, sample, seconds

PADS = ("ambi_choir", "ambi_drone", "ambi_glass_hum", "ambi_piano", "ambi_lunar_land", "ambi_soft_buzz", "guit_em9")
BASSES = ("bass_dnb_f", "bass_hard_c", "bass_hit_c", "bass_thick_c", "bass_voxy_hit_c", "bass_woodsy_c")
PATTERNS = {
    "house": (126, "x...x...x...x...", "................", "....x.......x...", "x.x.x.x.x.x.x.x.", "..x...x...x...x."),
    "techno": (134, "x...x...x...x...", "................", "....x.......x...", "xxxxxxxxxxxxxxxx", "................"),
    "rock": (110, "x.....x.x.......", "....x.......x...", "................", "x.x.x.x.x.x.x.x.", "................"),
    "dnb": (174, "x.........x.....", "....x.......x...", "................", "x.x.x.x.x.x.x.x.", "................"),
    "break": (136, "x.x.......xx....", "....x..x.x..x..x", "................", "x.x.x.x.x.x.x.x.", "..........x....."),
    "trap": (140, "x......x..x.....", "........x.......", "................", "x.x.x.xxx.x.x.x.", "................"),
    "electro": (122, "x..x..x...x.....", "....x.......x...", "............x...", "..x...x...x...x.",
                "..............x."),
    "hiphop": (90, "x..x...x..x.....", "....x.......x...", "................", "x.x.x.x.x.xxx.x.", "......x........."),
}
"""Tempo; kick, snare, clap, closed and open hat in sixteenths."""
ROWS = (("kick", "kick", 0.85), ("snare", "snare", 0.55), ("clap", "snare", 0.5), ("hat", "hat", 0.22),
        ("open", "hat", 0.25))
"""A pattern's rows: the kit's sound, what it counts as, its level."""


@dataclass(frozen=True)
class Piece:
    """Samples at ``RATE``, (N,) float32, and the seconds at which each kind is struck."""

    sound: np.ndarray
    struck: dict[str, list[float]]
    pattern: str


def piece(seed: int, kept_back: bool, length: float = 12.0) -> Piece:
    """A piece by its number. Those kept back have samples of their own; half of the others have random patterns."""
    dice = np.random.default_rng([seed, int(kept_back)])
    name = str(dice.choice(list(PATTERNS)))
    bpm, *rows = PATTERNS[name]
    if not kept_back and dice.random() < 0.5:
        rows = ["".join(dice.choice(["x", "."], 16, p=[p, 1 - p])) for p in dice.uniform(0, (0.4, 0.3, 0.2, 0.9, 0.2))]
    step = 15 / (float(bpm) * dice.uniform(0.85, 1.1))
    count = round(length * RATE)
    sound = backing(dice, count, step) if dice.random() < 0.93 else np.zeros(count)
    struck = play(dice, sound, [str(row) for row in rows], step, kept_back)
    sound = np.tanh(dice.uniform(0.6, 1.6) * sound)
    sound *= 0.8 / max(np.abs(sound).max(), 1e-3)
    sound += 10 ** (dice.uniform(-90, -55) / 20) * dice.standard_normal(count)
    return Piece(sound.astype(np.float32), struck, name)


def play(dice: np.random.Generator, sound: Sound, rows: list[str], step: float,
         kept_back: bool) -> dict[str, list[float]]:
    """Mix the drums in; the times they are struck."""
    drums, swing = kit(dice, kept_back), dice.choice([0, 0, 0.2])
    levels = np.array([level for _, _, level in ROWS]) * 10 ** (dice.uniform(-6, 5, len(ROWS)) / 20)
    struck: dict[str, list[float]] = {kind: [] for _, kind, _ in ROWS}
    gone = dice.uniform(3, 8) if dice.random() < 0.3 else 1e9
    for place in range(int((len(sound) / RATE - 0.8) / step)):
        time = 0.5 + (place + (swing if place % 2 else 0)) * step
        for (name, kind, _), row, level in zip(ROWS, rows, levels, strict=True):
            if row[place % 16] == "x" and (kind == "hat" or not gone < time < gone + 2):
                _add(sound, level * dice.uniform(0.6, 1) * drums[name], time)
                if not struck[kind] or time > struck[kind][-1]:
                    struck[kind].append(time)
    return struck


def backing(dice: np.random.Generator, count: int, step: float) -> Sound:
    """A bass line and stabs on random steps, a pad, sometimes a long sample; each of them loud or soft."""
    out = np.zeros(count)
    roots = dice.choice([33, 29, 36, 31, 38, 34, 40], 4)
    cutoff, kind = float(dice.choice([300, 600, 1200])), dice.random()
    bass, pad, stab = dice.uniform(0.08, 0.32), dice.uniform(0.02, 0.14), dice.uniform(0.05, 0.2)
    t = seconds(2.2 * step)
    shape = np.minimum(t / dice.uniform(0.001, 0.02), 1) * np.exp(-t / dice.uniform(0.1, 0.5))
    shape *= np.minimum(1, (t[-1] - t) / 0.007)
    played, stabs = dice.random(16) < dice.uniform(0.2, 0.6), dice.random(16) < dice.choice([0, 0.15, 0.3])
    brightness, sine = float(dice.choice([1500, 4000, 9000])), dice.random() < 0.4
    there = SAMPLES.exists()
    hit = sample(str(dice.choice(BASSES)))[:round(0.5 * RATE)] if there and kind < 0.2 else None
    for place in range(int(count / RATE / step)):
        root, time = int(roots[place // 16 % 4]), max(place * step + dice.normal(0, 0.002), 0.0)
        if played[place % 16]:
            line = np.sin(2 * np.pi * hertz(root) * t) if sine else saw(root, len(t), cutoff)
            _add(out, bass * (hit if hit is not None else line * shape), time)
        if stabs[place % 16]:
            _add(out, 0.5 * stab * shape * sum(saw(root + 24 + note, len(t), brightness) for note in (0, 3, 7)), time)
        if place % 16 == 0 and kind > 0.3:
            _add(out, 0.5 * pad * chord(root + 24, step * 16), time)
    if there and dice.random() < 0.3:
        long = sample(str(dice.choice(PADS)))
        out += dice.uniform(0.05, 0.3) * np.tile(long, count // len(long) + 1)[:count]
    saw.cache_clear()
    return out


def hertz(note: int) -> float:
    return 440.0 * 2.0 ** ((note - 69) / 12)


def chord(root: int, length: float) -> Sound:
    """Four low-passed saws, faded in and out."""
    t = seconds(length)
    fade = np.minimum(t / 0.05, 1) * np.minimum((t[-1] - t) / 0.05, 1)
    return fade * sum(saw(root + note, len(t), 2500.0) for note in (0, 3, 7, 12))


@functools.lru_cache(maxsize=64)
def saw(note: int, count: int, cutoff: float) -> Sound:
    """A sawtooth through a soft low-pass."""
    wave = 2.0 * (np.arange(count) * hertz(note) / RATE % 1.0) - 1.0
    at = np.fft.rfftfreq(count, 1 / RATE)
    return np.fft.irfft(np.fft.rfft(wave) / np.sqrt(1 + (at / cutoff) ** 4), count)


def _add(track: Sound, sound: Sound, time: float) -> None:
    start = round(time * RATE)
    room = track[start:start + len(sound)]
    room += sound[:len(room)]
