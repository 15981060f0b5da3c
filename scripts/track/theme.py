"""The theme: harmony, patterns and the melody. A pattern is a bar of sixteen characters, one a sixteenth: a digit is a
hit of that velocity, a dot is a rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Syllable(NamedTuple):
    """A sung note: its bar in the phrase of four, its step, its length in steps, MIDI note, vowels from and to."""

    bar: int
    step: int
    length: float
    note: int
    vowels: str


# Fm9, Dbmaj9, Bbm9, Cm11: one bar each, close voicings that share notes, so that the hand hardly moves
CHORDS = ((53, 56, 60, 63, 67), (53, 56, 60, 63, 65), (53, 56, 58, 61, 72), (55, 58, 60, 63, 65))
ROOTS = (29, 37, 34, 36)  # F1, Db2, Bb1, C2

CLOSED = "6.4.6.4.6.4.6.47"
SIXTEENTHS = "8357835783578358"
OPEN = "..9...9...9...9."
CLAP = "....9.......9..."
CLAP_GHOST = "....9.......9..3"
SHAKER = "3746374637463746"
CONGAS = "...5..7....6.4.8"
CONGA_PITCHES = (208.0, 277.0, 208.0, 311.0, 233.0)  # Hz
RIM = "..6..5....6..6.."
RIDE = "7...7...7...7.5."
STABS = ("...9..8...6..7..", "..8...9..6....8.")
BASS = (  # the sixteenth of the kick stays free
    ".69..69..69L..9.",
    "..96..9S..9..66S",
)
BASS_MARKS = {  # length in steps, semitones up, velocity
    "9": (1.4, 0, 1.0), "6": (1.0, 0, 0.67), "L": (1.0, 12, 0.62), "S": (0.85, 12, 0.62),
}  # fmt: skip
HOOK = (
    Syllable(0, 2, 2.5, 72, "oo ah"), Syllable(0, 5, 2.5, 75, "oh ah"), Syllable(0, 8, 5, 72, "ah oh"),
    Syllable(0, 14, 2, 70, "oo eh"), Syllable(1, 0, 4, 68, "oh ah"), Syllable(1, 6, 3, 70, "oo ah"),
    Syllable(1, 10, 5, 72, "ah oh"), Syllable(2, 2, 2.5, 72, "oo ah"), Syllable(2, 5, 2.5, 75, "oh ah"),
    Syllable(2, 8, 3.5, 77, "ah eh"), Syllable(2, 12, 2, 75, "oo ah"), Syllable(2, 14, 2, 72, "oo oh"),
    Syllable(3, 0, 5, 70, "oh ah"), Syllable(3, 6, 8, 67, "oo oh"),
)  # fmt: skip
SECOND_VOICE = {77: 72, 75: 72, 72: 68, 70: 65, 68: 65, 67: 63}  # a third or a fourth below
ARP = (0, 2, 4, 1, 3, 2, 4, 3, 0, 2, 4, 1, 4, 3, 2, 1)
ARP_PLAYED = "8..6..7.8..6.7.5"


def hits(pattern: str) -> Iterator[tuple[int, float]]:
    """Step and velocity 0..1 of a pattern's hits."""
    return ((step, int(mark) / 9) for step, mark in enumerate(pattern) if mark != ".")
