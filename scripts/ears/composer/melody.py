"""Tunes: a rhythmic motif, laid over the changes, answered and varied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .score import Note

if TYPE_CHECKING:
    import numpy as np

    from .harmony import Changes

STEADY, SYNCOPATED, SPARSE, RUNNING = "steady", "syncopated", "sparse", "running"
CHANCES = {  # of a note on: the beat, the eighth between, the two sixteenths
    STEADY: (0.75, 0.4, 0.04), SYNCOPATED: (0.35, 0.55, 0.3), SPARSE: (0.3, 0.2, 0.05),
    RUNNING: (0.8, 0.8, 0.5),
}


def tune(style: str, changes: Changes, start: float, beats: int, bar: tuple[int, int], *, lowest: int,
         dice: np.random.Generator) -> list[Note]:
    """A melody over ``beats`` from ``start``: phrases of two or four bars, A A' B A' in rhythm.

    ``bar``: beats a bar and steps a beat; ``lowest``: the tonic's place is in the octave above this pitch.
    """
    meter, steps = bar
    bars = int(dice.choice((1, 2, 2, 4)))
    motifs = [_motif(style, bars * meter, steps, dice) for _ in range(2)]
    plan = ((0, 0, 1, 0), (0, 1, 0, 1), (0, 0, 0, 1), (0, 0, 0, 0))[int(dice.integers(4))]
    place, made = int(dice.integers(0, 6)), []
    for phrase in range(-(-beats // (bars * meter))):
        if dice.random() < 0.12:
            continue
        for at, length in motifs[plan[phrase % 4]]:
            beat = start + phrase * bars * meter + at
            place += int(dice.choice((-2, -1, -1, 0, 1, 1, 2, 3, -3)))
            place = max(-2, min(10, place))
            made.append(Note(beat, _pitch(changes, beat, place, lowest), float(dice.uniform(0.65, 0.95)), length))
    return [n for n in made if n.beat < start + beats]


def _motif(style: str, beats: int, steps: int, dice: np.random.Generator) -> list[tuple[float, float]]:
    """Starts and lengths in beats."""
    beat, half, rest = CHANCES[style]
    chance = [beat if i % steps == 0 else half if i * 2 % steps == 0 or steps == 3 else rest
              for i in range(beats * steps)]
    on = [i for i, p in enumerate(chance) if dice.random() < p]
    on = on or [0]
    if len(on) > 2 and dice.random() < 0.6:
        on = [i for i in on if i < beats * steps * dice.uniform(0.55, 1.0)] or on  # breath at the phrase's end
    gate = dice.uniform(0.5, 1.0)
    ends = [*on[1:], beats * steps]
    return [(a / steps, min(3.0, (b - a) / steps) * gate) for a, b in zip(on, ends, strict=True)]


def _pitch(changes: Changes, beat: float, place: int, lowest: int) -> int:
    """On the beat a chord tone near the place, between beats the scale."""
    chord = changes.at(beat)
    base = chord.key.pitch(0, 0)
    pitch = chord.key.pitch(place, 0)
    if abs(beat - round(beat)) < 1e-6:
        tones = [chord.key.pitch(tone + 7 * turn, 0) for tone in chord.tones for turn in (-1, 0, 1, 2)]
        pitch = min(tones, key=lambda tone: abs(tone - pitch))
    return lowest + (base - lowest) % 12 + pitch - base
