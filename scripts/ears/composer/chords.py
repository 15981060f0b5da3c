"""What keyboards and guitars do: held chords, stabs, strums, arpeggios."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .patterns import choose, rhythm_of, rhythms
from .score import Note

if TYPE_CHECKING:
    import numpy as np

    from .harmony import Changes

PACES = {"eighths": 0.5, "sixteenths": 0.25, "triplets": 1 / 3, "dotted": 0.75, "sextuplets": 1 / 6, "quarters": 1.0}
"""Beats between two notes of an arpeggio."""


def comp(style: str, changes: Changes, start: float, beats: int, lowest: int, *,
         dice: np.random.Generator) -> list[Note]:
    """Chords in a rhythm over ``beats`` from ``start``; voiced in the octave from ``lowest`` up."""
    rhythm = choose(rhythm_of("comps", style), dice)
    step = 1 / 3 if style in rhythms()["comps_triplets"] else 0.25
    made = []
    for i in range(round(beats / step)):
        mark = rhythm[i % len(rhythm)]
        if mark in ".-":
            continue
        rest = rhythm[i % len(rhythm) + 1 :]
        held = len(rest) - len(rest.lstrip("-"))
        beat = start + i * step
        made += _chord(changes, beat, (1 + held - 0.1) * step, {"C": 0.9, "c": 0.65, "g": 0.3}[mark], lowest)
    return _cut_at_changes(made, changes) if style in ("halves", "power") else made


def _chord(changes: Changes, beat: float, length: float, velocity: float, lowest: int) -> list[Note]:
    ahead = beat + (0.5 if length > 1 else 0.0)  # a chord pushed before the bar line belongs to the next one
    sounding = changes.at(ahead) if (beat * 2) % 2 == 1 else changes.at(beat)
    return [Note(beat, pitch, velocity, length) for pitch in sounding.voicing(lowest)]


def held(changes: Changes, start: float, beats: int, lowest: int) -> list[Note]:
    """Each chord of the changes for as long as it lasts, within ``beats`` from ``start``."""
    made, beat, end = [], start, start + beats
    while beat < end - 1e-6:
        edge = min(end, changes.edge(beat))
        made += [Note(beat, pitch, 0.8, edge - beat) for pitch in changes.at(beat).voicing(lowest)]
        beat = edge
    return made


def _cut_at_changes(notes: list[Note], changes: Changes) -> list[Note]:
    """Held chords strike again where the harmony changes under them."""
    return [replace(n, length=min(n.length, changes.edge(n.beat) - n.beat)) for n in notes]


def arpeggio(pace: str, changes: Changes, start: float, beats: int, lowest: int, *,
             dice: np.random.Generator) -> list[Note]:
    """Broken chords; accents follow the figure's own length, which need not be the bar's."""
    step = PACES[pace]
    figure = _figure(dice)
    accents = int(dice.choice((0, 3, 4, len(figure))))
    rests = dice.random(len(figure)) < dice.choice((0.0, 0.0, 0.25))
    octaves, gate = int(dice.integers(1, 3)), dice.uniform(0.3, 1.0)
    made = []
    for i in range(int(beats / step + 1e-6)):
        if rests[i % len(figure)]:
            continue
        tones = changes.at(start + i * step).voicing(lowest)
        rung = figure[i % len(figure)]
        pitch = tones[rung % len(tones)] + 12 * (rung // len(tones) % octaves)
        loud = 0.95 if accents and i % accents == 0 else 0.65
        made.append(Note(start + i * step, pitch, loud, step * gate))
    return made


def _figure(dice: np.random.Generator) -> list[int]:
    """Which rung of the chord's ladder comes when: 3 to 8 steps, up, down, there and back, or any."""
    size = int(dice.choice((3, 4, 4, 6, 8, 8, 16)))
    up = list(range(size))
    kinds = (up, up[::-1], up[: size // 2 + 1] + up[size // 2 - 1 : 0 : -1], list(dice.integers(0, 6, size)))
    return [int(rung) for rung in kinds[int(dice.integers(len(kinds)))]]
