"""Bass lines: rhythms of their genres, laid over the changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .patterns import choose, rhythm_of
from .score import Note

if TYPE_CHECKING:
    import numpy as np

    from .harmony import Changes, Chord

WALKS = ((0, 2, 4, 3), (0, 1, 2, 4), (0, -1, -3, 1), (0, 4, 2, 1), (0, 7, 4, 2), (0, 2, 4, 5))


def line(style: str, changes: Changes, start: float, beats: int, step: float, *, dice: np.random.Generator,
         octave: int = 1) -> list[Note]:
    """A bass line over ``beats`` beats from ``start``, one rhythm all through, its last bar sometimes varied."""
    if style == "walk":
        return _walking(changes, start, beats, dice, octave)
    rhythm, other = choose(rhythm_of("bass", style), dice), choose(rhythm_of("bass", style), dice)
    per_pass = len(rhythm) * step
    made, beat = [], 0.0
    while beat < beats - 1e-9:
        last = beats - beat <= per_pass and len(other) == len(rhythm) and dice.random() < 0.3
        made += _one_pass(other if last else rhythm, changes, start + beat, step, octave)
        beat += per_pass
    return [n for n in made if n.beat < start + beats - 1e-9]


def _one_pass(rhythm: str, changes: Changes, start: float, step: float, octave: int) -> list[Note]:
    made = []
    for i, mark in enumerate(rhythm):
        if mark in ".-":
            continue
        held = len(rhythm[i + 1 :]) - len(rhythm[i + 1 :].lstrip("-"))
        beat = start + i * step
        pitch = _pitch(mark, changes.at(beat), changes.at(start + len(rhythm) * step), octave)
        strong = 1.0 if mark == "R" else 0.8
        made.append(Note(beat, pitch, strong, (1 + held - 0.15) * step))
    return made


def _pitch(mark: str, chord: Chord, after: Chord, octave: int) -> int:
    root = chord.bass(octave)
    if mark == "a":
        goal = after.bass(octave)
        return goal + (1 if root > goal else -1)
    return {"5": chord.fifth(octave), "4": chord.fifth(octave) - 12, "8": root + 12, "3": chord.third(octave)}.get(
        mark, root)


def _walking(changes: Changes, start: float, beats: int, dice: np.random.Generator, octave: int) -> list[Note]:
    """A note a beat; the root where the chord changes, chord and passing tones between, sometimes a skip."""
    made: list[Note] = []
    walk, place = WALKS[0], 0
    for i in range(beats):
        beat = start + i
        chord = changes.at(beat)
        if i == 0 or chord is not changes.at(beat - 1) or place >= 4:
            walk, place = WALKS[int(dice.integers(len(WALKS)))], 0
        pitch = chord.bass(octave) + chord.key.pitch(chord.root + walk[place], 0) - chord.key.pitch(chord.root, 0)
        made.append(Note(beat, pitch, 0.9 if place == 0 else 0.75, 0.9))
        if dice.random() < 0.1:
            made.append(Note(beat + 2 / 3, pitch, 0.45, 0.25))
        place += 1
    return made
