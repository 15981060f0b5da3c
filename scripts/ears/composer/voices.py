"""Tuned instruments from wavetables whose spectrum moves, FM, and pads made in the frequency domain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .tone import clock, filtered, normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]
    Dice = np.random.Generator

TABLE, FRAMES = 2048, 6
FORMANTS = (  # Hz, of a i o u e
    (730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240), (530, 1840, 2480),
)
SHAPES = ("saw", "square", "pulse", "triangle", "organ", "voice", "pluck", "fm", "super", "string")


@dataclass(slots=True)
class Patch:
    """The settings of one instrument of a song. Times in seconds, frequencies in Hz."""

    shape: str = "saw"
    cutoff: float = 2000.0
    """Where the low-pass rests."""
    sweep: float = 0.0
    """Octaves by which it starts higher."""
    fall: float = 0.15
    """Time constant of that fall."""
    resonance: float = 0.8
    attack: float = 0.003
    decay: float = 0.4
    sustain: float = 0.6
    release: float = 0.05
    detuned: int = 1
    cents: float = 12.0
    vibrato: float = 0.0
    """Semitones."""
    drive: float = 0.0
    wobble: float = 0.0
    """Beats a wobble of the low-pass; 0: none."""
    sub: float = 0.0
    ratio: float = 2.0
    depth: float = 2.0
    strum: float = 0.0
    """Seconds between two notes of a chord."""
    phases: NDArray[np.float64] = field(default_factory=lambda: np.zeros(16))


def _amplitudes(patch: Patch, freq: float, count: int, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Levels of harmonics 1..count at some times, (times, count): source, then filter."""
    h = np.arange(1, count + 1)
    odd = h % 2 == 1
    level = {
        "square": odd / h, "pulse": np.abs(np.sin(np.pi * 0.22 * h)) / h, "triangle": odd / h**2.0,
        "organ": np.isin(h, (1, 2, 3, 4, 6, 8)) / np.sqrt(h), "pluck": np.abs(np.sin(np.pi * 0.17 * h)) / h**0.7,
    }.get(patch.shape, 1.0 / h)
    if patch.shape == "voice":
        level = level * _formants(h * freq, patch)
    cutoff = patch.cutoff * 2.0 ** (patch.sweep * np.exp(-times / patch.fall))
    ratio = (h[None] * freq / cutoff[:, None]) ** 2
    made = level / np.sqrt((1 - ratio) ** 2 + ratio / patch.resonance**2)
    if patch.shape == "pluck":  # a string loses its upper partials first
        made = made * np.exp(-times[:, None] * (0.8 + 0.35 * h) * (2 + freq / 200))
    return np.asarray(made * (h * freq < 16_000))


def _formants(freqs: NDArray[np.float64], patch: Patch) -> NDArray[np.float64]:
    peaks = FORMANTS[int(patch.phases[0] * len(FORMANTS)) % len(FORMANTS)]
    hills = [np.exp(-(((freqs - f) / (90 + 0.08 * f)) ** 2)) / (1 + i) for i, f in enumerate(peaks)]
    return np.asarray(np.sum(hills, axis=0) + 0.03)


def _tables(patch: Patch, freq: float, seconds: float) -> tuple[Sound, NDArray[np.float64]]:
    """Single cycles of the tone at some moments, (FRAMES * TABLE,), and those moments."""
    times = np.concatenate(([0.0], np.geomspace(0.008, max(0.02, seconds), FRAMES - 1)))
    count = max(1, min(TABLE // 2 - 1, int(16_000 / freq)))
    spectrum = np.zeros((FRAMES, TABLE // 2 + 1), complex)
    spectrum[:, 1 : count + 1] = -0.5j * TABLE * _amplitudes(patch, freq, count, times)
    return np.fft.irfft(spectrum, TABLE).astype(np.float32).ravel(), times


def _turns(patch: Patch, freq: float, count: int, rate: int, voice: int) -> Sound:
    """Phase in turns of one of the detuned oscillators."""
    away = (voice - (patch.detuned - 1) / 2) / max(1, patch.detuned - 1) * 2 if patch.detuned > 1 else 0.0
    pitch = freq * 2 ** (away * patch.cents / 1200)
    start = patch.phases[voice] if patch.detuned > 1 else 0.0
    turns = start + np.arange(count) * (pitch / rate)
    if patch.vibrato:
        t = np.arange(count) / rate
        depth = pitch * patch.vibrato * 0.0578 / (11 * np.pi)  # a semitone is 5.78 %
        turns = turns - depth * np.minimum(1, t / 0.3) * np.cos(2 * np.pi * 5.5 * t)
    return np.asarray(turns)


def note(patch: Patch, pitch: float, seconds: float, rate: int, wobble: float = 0.0) -> Sound:
    """One note, (n,) float32; ``wobble`` is the rate in Hz at which the filter opens and shuts."""
    freq, length = 440.0 * 2 ** ((pitch - 69) / 12), seconds + patch.release
    count = max(64, round(length * rate))
    if patch.shape == "fm":
        made = _fm(patch, freq, count, rate)
    else:
        tables, times = _tables(patch, freq, length)
        made = sum((_look_up(tables, times, _turns(patch, freq, count, rate, v), rate) for v in range(patch.detuned)),
                   np.zeros(count, np.float32))
        made /= np.sqrt(patch.detuned) * max(1e-6, float(np.abs(tables).max()))
    if patch.drive:
        made = np.tanh(patch.drive * made)
    if patch.sub:
        made = made + patch.sub * np.sin(2 * np.pi * _turns(patch, freq / 2 if freq > 70 else freq, count, rate, 0))
    if wobble:
        made = _wobbled(made, wobble, rate)
    return np.asarray(made * _envelope(patch, seconds, count, rate), np.float32)


def _look_up(tables: Sound, times: NDArray[np.float64], turns: NDArray[np.float64], rate: int) -> Sound:
    place = ((turns % 1.0) * TABLE).astype(np.int32) & (TABLE - 1)
    moment = np.interp(np.arange(len(turns)) / rate, times, np.arange(FRAMES))
    frame = np.minimum(moment.astype(np.int32), FRAMES - 2)
    mix = (moment - frame).astype(np.float32)
    place += frame * TABLE
    return tables[place] * (1 - mix) + tables[place + TABLE] * mix


def _fm(patch: Patch, freq: float, count: int, rate: int) -> Sound:
    t = clock(count / rate, rate)[:count]
    depth = patch.depth * (0.2 + 0.8 * np.exp(-t / np.float32(patch.fall)))
    turn = np.float32(2 * np.pi) * ((np.arange(count) * freq / rate) % 1.0).astype(np.float32)
    other = np.float32(2 * np.pi) * ((np.arange(count) * freq * patch.ratio / rate) % 1.0).astype(np.float32)
    return np.sin(turn + depth * np.sin(other))


def _envelope(patch: Patch, seconds: float, count: int, rate: int) -> Sound:
    t = clock(count / rate, rate)[:count]
    body = patch.sustain + (1 - patch.sustain) * np.exp(-t / np.float32(patch.decay))
    rise = np.minimum(1, (t + np.float32(0.0003)) / np.float32(patch.attack))
    off = np.exp(-np.maximum(0, t - seconds) * np.float32(5 / patch.release))
    edge = np.minimum(1, (count - np.arange(count)) / 64).astype(np.float32)
    return np.asarray(body * rise * off * edge, np.float32)


def _wobbled(sound: Sound, hertz: float, rate: int) -> Sound:
    """The sound between a dark and a bright copy of itself, opening at the start of each wobble."""
    dark = filtered(sound, rate, ("low", 180.0, 0.9), ("low", 300.0, 0.7))
    bright = filtered(sound, rate, ("low", 3500.0, 1.6))
    place = (np.arange(len(sound)) / rate * hertz) % 1.0
    mix = (np.minimum(1, place * 20) * np.exp(-place * 3.0)).astype(np.float32)
    return dark * (1 - mix) + bright * mix


def pad(pitches: tuple[float, ...], patch: Patch, seconds: float, rate: int, dice: Dice) -> Sound:
    """A held chord: every harmonic a band of noise, as wide as an ensemble is out of tune (P. Nasca's PADsynth)."""
    size = 1 << 17
    level = np.zeros(size // 2 + 1)
    bins = np.arange(size // 2 + 1) * rate / size
    for pitch in pitches:
        freq = 440.0 * 2 ** ((pitch - 69) / 12)
        count = max(1, min(40, int(min(9000, 6 * patch.cutoff) / freq)))
        amps = _amplitudes(patch, freq, count, np.array([10.0]))[0]
        for h, amp in enumerate(amps, 1):
            width = freq * h * (2 ** (patch.cents / 1200) - 1) + 0.4
            low, high = np.searchsorted(bins, (freq * h - 3 * width, freq * h + 3 * width))
            level[low:high] += amp * np.exp(-(((bins[low:high] - freq * h) / width) ** 2)) / np.sqrt(width)
    cloud = np.fft.irfft(level * np.exp(2j * np.pi * dice.random(len(level))), size).astype(np.float32)
    count = round((seconds + patch.release) * rate)
    loud = np.resize(cloud, count) / max(1e-9, 3.5 * float(cloud.std()))
    return np.asarray(loud * _envelope(patch, seconds, count, rate), np.float32)


def riser(seconds: float, rate: int, dice: Dice) -> Sound:
    """Noise or a tone that climbs for as long as it lasts and stops."""
    t = clock(seconds, rate)
    place = t / np.float32(max(seconds, 0.1))
    if dice.random() < 0.5:
        noise = dice.standard_normal(len(t), dtype=np.float32)
        bands = [filtered(noise, rate, ("band", 500 * 2.0**k, 1.0)) for k in range(5)]
        parts = [band * np.maximum(0, 1 - np.abs(place * 4 - k)) for k, band in enumerate(bands)]
        return normal(np.asarray(sum(parts) * place, np.float32))
    pitch = 110 * 2.0 ** (dice.uniform(1, 4) * place)
    return normal(np.asarray(np.tanh(3 * np.sin(2 * np.pi * np.cumsum(pitch) / rate)) * place, np.float32))


def impact(rate: int, dice: Dice) -> Sound:
    """A boom that sinks."""
    t = clock(2.0, rate)
    tone = np.sin(2 * np.pi * np.cumsum(32 + 60 * np.exp(-t / 0.15)) / rate) * np.exp(-t / dice.uniform(0.2, 0.6))
    noise = filtered(dice.standard_normal(len(t), dtype=np.float32), rate, ("low", 600.0, 0.7)) * np.exp(-t / 0.25)
    return normal(np.asarray(tone + noise, np.float32))
