"""Tempo over a song, swing, and the hands of players."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .score import Note, TimeMap

LATEST = 0.03  # s: nobody in the band is further off than this


@dataclass(frozen=True, slots=True)
class Feel:
    """How a song's players stand to the grid."""

    swing: float = 0.5
    """Where the second of two notes comes: 0.5 straight, 0.667 triplets."""
    swung: float = 0.25
    """Beats of the notes that swing: 0.25 sixteenths, 0.5 eighths."""
    loose: float = 0.0
    """Standard deviation of each note in seconds."""
    snare_late: float = 0.0
    """Seconds."""
    hat_late: float = 0.0
    bass_late: float = 0.0


def swung(beat: float, feel: Feel) -> float:
    """The beat moved by swing: within each pair of notes the second comes late, the pair's ends stay."""
    pair = 2 * feel.swung
    whole = np.floor(beat / pair + 1e-9) * pair
    place = (beat - whole) / pair
    first = feel.swing
    bent = place * 2 * first if place < 0.5 else first + (place - 0.5) * 2 * (1 - first)
    return float(whole + bent * pair)


def played(notes: list[Note], part: str, feel: Feel, dice: np.random.Generator, loose: float = 1.0) -> list[Note]:
    """The notes as this part's player plays them: swung, late by habit, and loose by ``loose`` times the feel."""
    habit = _habit(part, feel)
    spread = np.clip(dice.standard_normal(len(notes)), -2, 2) * feel.loose * loose
    late = np.clip(habit + spread, -LATEST, LATEST)
    return [replace(n, beat=swung(n.beat, feel), late=n.late + float(d)) for n, d in zip(notes, late, strict=True)]


def _habit(part: str, feel: Feel) -> float:
    if part in ("snare", "clap", "rim"):
        return feel.snare_late
    if part in ("hat", "open", "ride", "shaker", "tamb"):
        return feel.hat_late
    return feel.bass_late if part.startswith("bass") else 0.0


def steady(bpm: float, beats: int) -> TimeMap:
    """A machine's tempo."""
    return TimeMap(np.arange(beats + 1) * 60.0 / bpm)


def from_tempos(bpms: np.ndarray) -> TimeMap:
    """One tempo a beat."""
    return TimeMap(np.concatenate(([0.0], np.cumsum(60.0 / bpms))))


def drifting(bpm: float, beats: int, depth: float, dice: np.random.Generator) -> TimeMap:
    """A band's tempo: it wanders by about ``depth`` (a share) over half a minute, and trembles by a tenth of that."""
    slow = np.cumsum(dice.standard_normal(beats))
    bend = np.arange(beats) * 60 / bpm / 24
    waves = sum(np.sin(2 * np.pi * (bend * dice.uniform(0.4, 1.6) + dice.uniform())) for _ in range(3)) / 2
    wander = 0.6 * waves + 0.4 * slow / max(1e-9, np.abs(slow).max()) + 0.1 * dice.standard_normal(beats)
    return from_tempos(bpm * (1 + depth * wander))


def ramping(bpm: float, beats: int, dice: np.random.Generator) -> TimeMap:
    """A tempo that moves by up to an eighth over some bars and stays there."""
    ratio = 1 + dice.uniform(0.03, 0.12) * dice.choice((-1, 1))
    start, span = int(beats * dice.uniform(0.1, 0.5)), int(dice.integers(8, 64))
    place = np.clip((np.arange(beats) - start) / span, 0, 1)
    return from_tempos(bpm * ratio**place)


def cutting(bpm: float, beats: int, bar: int, dice: np.random.Generator) -> TimeMap:
    """A tempo that jumps once, at a bar's start."""
    other = bpm * (1 + dice.uniform(0.04, 0.25) * dice.choice((-1, 1)))
    cut = int(beats * dice.uniform(0.35, 0.65)) // bar * bar
    return from_tempos(np.where(np.arange(beats) < cut, bpm, other))
