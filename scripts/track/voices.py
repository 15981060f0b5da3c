"""The instruments: bass, chord stab, electric piano, pad, a singing voice, a pluck, and the risers."""

from __future__ import annotations

import numpy as np

from .filters import bandpass, equalise, highpass, lowpass, sweep
from .grid import RATE
from .oscillators import TAU, Sound, decay, fade_out, hold, midi, noise, phase, random, saw, seconds, swept_saw

# Formants of an alto: centre in Hz, level in dB, bandwidth in Hz (after the tables in the Csound manual)
VOWELS = {
    "oo": ((325, 0, 50), (700, -12, 60), (2700, -32, 170), (3800, -40, 180)),
    "oh": ((450, 0, 70), (800, -8, 80), (2830, -20, 100), (3800, -28, 130)),
    "ah": ((800, 0, 80), (1150, -3, 90), (2900, -16, 120), (3900, -26, 130)),
    "eh": ((480, 0, 70), (1600, -9, 90), (2700, -18, 120), (3600, -26, 150)),
}


def bass(note: int, length: float, bright: float = 1.0) -> Sound:
    """A round, rolling bass: a filtered saw that plucks open over a clean sine."""
    t, freq = seconds(length), float(midi(note))
    cutoff = 110 + 950 * bright * np.exp(-t / 0.06) + 2.0 * freq
    grit = swept_saw(freq, cutoff, q=1.3, odd=0.7)
    sub = np.sin(TAU * freq * t)
    tone = np.tanh(1.1 * (0.5 * grit + 0.75 * sub))
    return tone * np.minimum(1, t / 0.003) * (0.75 + 0.25 * np.exp(-t / 0.1)) * fade_out(len(t), 0.02)


def stab(notes: tuple[int, ...], length: float = 0.42) -> Sound:
    """A chord of detuned saws behind a filter that snaps open and falls shut, (n, 2)."""
    t, dice = seconds(length), random(f"stab {notes}")
    cutoff = 340 + 5200 * np.exp(-t / 0.075) * np.minimum(1, t / 0.004)
    sides = [sum((_detuned(n, cutoff, cents * s, dice) for n in notes for cents in (3, 9)), 0 * t) for s in (-1, 1)]
    envelope = (0.35 + 0.65 * np.exp(-t / 0.16)) * np.minimum(1, t / 0.002) * fade_out(len(t), 0.12)
    return np.stack(sides, axis=1) * envelope[:, None] * 0.09


def _detuned(note: int, cutoff: Sound, cents: float, dice: np.random.Generator) -> Sound:
    return swept_saw(float(midi(note + cents / 100)), cutoff, q=1.4, start=dice.uniform(), odd=0.85)


def keys(notes: tuple[int, ...], length: float) -> Sound:
    """An electric piano: two sines in frequency modulation, a tine that fades, a slow pan, (n, 2)."""
    t, out = seconds(length), np.zeros((round(length * RATE), 2))
    pan = 0.5 + 0.2 * np.sin(TAU * 4.1 * t)
    for i, note in enumerate(notes):
        turn = TAU * float(midi(note)) * (t - 0.006 * i)  # a hand rolls over the keys
        tine = 0.35 * np.exp(-t / 0.05) * np.sin(14 * turn)
        tone = np.sin(turn + (1.3 * np.exp(-t / 0.5) + 0.25) * np.sin(turn) + tine) * np.exp(-t / 1.1)
        tone = tone * np.clip((t - 0.006 * i) / 0.003, 0, 1)
        out += tone[:, None] * np.stack([1 - pan, pan], axis=1)
    return out * fade_out(len(t), 0.08)[:, None] * 0.28


def pad(notes: tuple[int, ...], length: float) -> Sound:
    """Six slightly different saws a note, spread from left to right; the desk filters them, (n, 2)."""
    dice = random(f"pad {notes}")
    out = np.zeros((round(length * RATE), 2))
    for note in notes:
        for place in np.linspace(-1, 1, 6):
            tone = saw(float(midi(note + dice.uniform(-0.11, 0.11))), length, dice.uniform())
            out += tone[:, None] * np.sqrt(np.array([1 - place, 1 + place]) / 2)
    return out * hold(length, 0.25, 0.3)[:, None] * 0.05


def voice(note: int, length: float, vowels: tuple[str, str] = ("oo", "ah"), before: int | None = None) -> Sound:
    """Three singers on a syllable that opens from one vowel to the other, gliding from the note ``before``, (n, 2)."""
    t = seconds(length)
    opening = np.clip((t - 0.02) / 0.11, 0, 1)
    out = np.zeros((len(t), 2))
    for cents, pan, rate in ((-7, 0.2, 5.1), (0, 0.5, 5.6), (8, 0.8, 4.8)):
        vibrato = 0.18 * np.clip((t - 0.18) / 0.3, 0, 1) * np.sin(TAU * rate * t + cents)
        glide = 0 if before is None else (before - note) * np.exp(-t / 0.028)
        freq = midi(note + cents / 100 + vibrato + glide)
        out += _sing(freq, opening, vowels)[:, None] * np.array([1 - pan, pan])
    breath = equalise(noise(f"breath {note}", length), bandpass(3600, 0.7), highpass(1800))[:, None] * 0.035
    return (out + breath) * (hold(length, 0.028, 0.09) * (0.8 + 0.2 * np.exp(-t / 0.2)))[:, None] * 0.62


def _sing(freq: Sound, opening: Sound, vowels: tuple[str, str]) -> Sound:
    """Harmonics of a glottal pulse, each as loud as the vowel's formants let it through."""
    turn, out = phase(freq, len(freq)), np.zeros(len(freq))
    for h in range(1, int(7500 / float(freq.min())) + 1):
        closed, opened = (_mouth(h * freq, vowel) for vowel in vowels)
        out += (closed + opening * (opened - closed)) * h**-0.6 * np.sin(TAU * h * turn)
    return out


def _mouth(freq: Sound, vowel: str) -> Sound:
    shapes = (10 ** (db / 20) / np.sqrt(1 + ((freq - centre) / width) ** 2) for centre, db, width in VOWELS[vowel])
    return 0.02 + sum(shapes, np.zeros(len(freq)))


def pluck(note: int, length: float = 0.5) -> Sound:
    """A glassy string: the higher a harmonic, the sooner it is gone."""
    t, freq = seconds(length), float(midi(note))
    out = np.zeros(len(t))
    for h in range(1, min(28, int(14_000 / freq)) + 1):
        stiff = h * np.sqrt(1 + 0.00025 * h * h)
        out += np.sin(TAU * freq * stiff * t) * np.exp(-t * (6.0 + 3.2 * h)) * (1.0 if h % 2 else 0.6) / h**0.75
    return out * np.minimum(1, t / 0.0012) * fade_out(len(t), 0.05) * 0.4


def riser(length: float, low: float = 300.0, high: float = 9000.0) -> Sound:
    """Wind that climbs: band-passed noise, louder and narrower towards the top, with a rising tone inside, (n, 2)."""
    t = seconds(length)
    progress = t / length
    wind = np.stack([noise(f"riser {length:.2f} {side}", length) for side in "lr"], axis=1)
    cutoff = low * (high / low) ** progress
    tone = np.sin(TAU * phase(110 * 2 ** (3 * progress), len(t)))
    tremble = 0.75 + 0.25 * np.sin(TAU * phase(2 + 14 * progress**2, len(t)))
    wet = sweep(wind, cutoff, q=1.6, kind="band") * 0.55 + 0.05 * tone[:, None]
    return wet * (progress**1.8 * tremble * fade_out(len(t), 0.01))[:, None]


def fall(length: float) -> Sound:
    """The riser's answer: noise that sinks away after a first beat, (n, 2)."""
    t = seconds(length)
    wind = np.stack([noise(f"fall {side}", length) for side in "lr"], axis=1)
    return sweep(wind, 7000 * 0.03 ** (t / length), q=1.0, kind="band") * (0.35 * (1 - t / length) ** 2)[:, None]


def swell(length: float) -> Sound:
    """A cymbal played backwards, (n, 2)."""
    wash = np.stack([noise(f"swell {side}", length) for side in "lr"], axis=1)
    return equalise(wash * decay(length, length / 4)[:, None], highpass(2500), lowpass(11_000))[::-1] * 0.4
