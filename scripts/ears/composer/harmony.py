"""Scales, chord progressions and voicings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SCALES = {
    "minor": (0, 2, 3, 5, 7, 8, 10), "major": (0, 2, 4, 5, 7, 9, 11), "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10), "mixolydian": (0, 2, 4, 5, 7, 9, 10), "harmonic": (0, 2, 3, 5, 7, 8, 11),
}

PROGRESSIONS: dict[str, str] = {  # degrees from 0; a comma holds a chord, one more unit of the chord's length
    "loop_minor": "0,5,2,6 0,3,5,6 5,6,0,0 0,0,5,6 0,6,5,6 0,2,6,3 0,5,3,4 5,3,0,6 0,0,3,3 3,0,6,5",
    "loop_major": "0,4,5,3 0,5,3,4 5,3,0,4 0,3,5,4 3,4,5,5 0,3,0,4 1,4,0,0 0,2,3,4 0,0,3,4 3,0,4,5",
    "two": "0,3 0,6 0,5 0,1 0,4 0,2 5,6", "one": "0 0 0,0,0,6 0,0,0,1",
    "jazz": "1,4,0,0 0,5,1,4 2,5,1,4 0,3,6,2,5,1,4,0 0,0,1,4 3,3,0,5,1,4,0,4",
    "blues": "0,0,0,0,3,3,0,0,4,3,0,4 0,3,0,0,3,3,0,0,4,3,0,0",
    "rock": "0,6,3,0 0,3,4,3 0,4,5,3 0,3,0,4 0,5,3,4 0,0,6,3 0,2,3,3 3,4,0,0",
    "doowop": "0,5,3,4 0,5,1,4", "latin": "0,4,4,0 0,3,4,3 0,3,4,4 0,6,5,4 1,4,0,0",
    "metal": "0,0,5,6 0,1,0,6 0,0,1,0 0,5,1,0 0,0,3,1",
}


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (0..11) and a scale."""

    tonic: int
    scale: tuple[int, ...]

    def pitch(self, degree: int, octave: int) -> int:
        """MIDI note of a scale degree (0 = tonic, any integer); octave 4 starts at MIDI 60."""
        turn, step = divmod(degree, len(self.scale))
        return 12 * (octave + 1 + turn) + self.tonic + self.scale[step]


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord of a key: ``tones`` are scale degrees, the root first."""

    key: Key
    root: int
    tones: tuple[int, ...]

    def bass(self, octave: int = 2) -> int:
        """The root as MIDI note, between E of an octave and the E flat above it."""
        return fold(self.key.pitch(self.root, octave), 12 * (octave + 1) + 4)

    def fifth(self, octave: int = 2) -> int:
        """The fifth over the bass note."""
        return self.bass(octave) + (self.key.pitch(self.root + 4, 0) - self.key.pitch(self.root, 0))

    def third(self, octave: int = 2) -> int:
        """The third over the bass note."""
        return self.bass(octave) + (self.key.pitch(self.root + 2, 0) - self.key.pitch(self.root, 0))

    def voicing(self, lowest: int) -> list[int]:
        """Close position in the octave from ``lowest`` up: neighbours in a progression share that octave."""
        return sorted(fold(self.key.pitch(tone, 4), lowest) for tone in self.tones)


def fold(pitch: int, lowest: int) -> int:
    """The pitch moved by octaves into lowest .. lowest + 11."""
    return lowest + (pitch - lowest) % 12


def chord(key: Key, root: int, kind: str) -> Chord:
    """A chord on a degree: ``triad``, ``seventh``, ``ninth``, ``power`` (root and fifth) or ``sus``."""
    shape = {"triad": (0, 2, 4), "seventh": (0, 2, 4, 6), "ninth": (0, 2, 6, 8), "power": (0, 4), "sus": (0, 3, 4)}
    return Chord(key, root, tuple(root + tone for tone in shape[kind]))


@dataclass(frozen=True, slots=True)
class Changes:
    """A progression that goes round: one chord every ``beats``."""

    chords: tuple[Chord, ...]
    beats: float
    start: float = 0.0
    """Beat of the song on which the round begins."""

    def at(self, beat: float) -> Chord:
        """The chord that sounds at a beat of the song."""
        return self.chords[int((beat - self.start) / self.beats + 1e-6) % len(self.chords)]

    def edge(self, beat: float) -> float:
        """The beat on which the chord that sounds at ``beat`` gives way."""
        return self.start + (int((beat - self.start) / self.beats + 1e-6) + 1) * self.beats


def changes(key: Key, family: str, kind: str, beats: float, dice: np.random.Generator) -> Changes:
    """A progression of a family in a key."""
    options = PROGRESSIONS[family].split()
    degrees = [int(d) for d in options[int(dice.integers(len(options)))].split(",")]
    return Changes(tuple(chord(key, d, kind) for d in degrees), beats)
