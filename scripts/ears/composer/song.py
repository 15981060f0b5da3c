"""A whole song: score, sound and truth."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .cast import cast
from .compose import compose
from .genres import genres
from .mixdown import mixdown
from .render import render, times_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .score import Score


@dataclass(frozen=True, slots=True)
class Song:
    """Mono samples (n,) in -1..1, and the beats that people count, in seconds from the first sample."""

    samples: NDArray[np.float32]
    rate: int
    beats: list[float]
    downbeats: list[float]
    meter: int
    bpm: float


def song(genre: str, seed: int, seconds: float, rate: int | None = None) -> Song:
    """The song of a genre and a seed, always the same. A fifth of them are at 48 kHz unless the rate is given."""
    dice = np.random.default_rng([seed, zlib.crc32(f"sound of {genre}".encode())])
    rate = rate or (48_000 if dice.random() < 0.2 else 44_100)
    score, kind = compose(genre, seed, seconds), genres()[genre]
    start = _start(score, dice)
    stop = seconds - (float(dice.uniform(1, 5)) if dice.random() < 0.06 else 0.0)
    if stop < seconds:
        _end(score, start + stop)
    stems = render(score, cast(score, kind, rate, dice), start, seconds, rate=rate, dice=dice)
    kicks = times_of(score.parts.get("kick", []), score) - start
    mix = mixdown(stems, kicks, 60 / score.bpm, kind.form == "club", rate=rate, dice=dice)
    beats, downbeats = score.grid(max(0.0, start), start + min(stop, len(mix) / rate))  # a mix ends a little early
    return Song(mix, rate, [b + max(0.0, -start) for b in beats], [d + max(0.0, -start) for d in downbeats],
                score.meter, score.bpm)


def _start(score: Score, dice: np.random.Generator) -> float:
    """Where the recording sets in, in seconds of the score: anywhere, at a bar, or with a moment of silence before."""
    die = dice.random()
    if die < 0.15:
        return -float(dice.uniform(0.2, 2.5))
    if die < 0.35:
        return 0.0
    return float(dice.uniform(0, score.times.at(8 * score.meter)))


def _end(score: Score, at: float) -> None:
    """Nobody begins a note after a second."""
    for part, notes in score.parts.items():
        keep = times_of(notes, score) < at
        score.parts[part] = [note for note, stays in zip(notes, keep, strict=True) if stays]
