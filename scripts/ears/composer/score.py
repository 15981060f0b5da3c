"""What a song is before it sounds: notes on a beat grid, and the grid's place in time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Note:
    """One event. Swing is already in ``beat``; what is early or late by hand is in ``late``."""

    beat: float
    pitch: float = 60.0
    velocity: float = 0.8
    length: float = 0.25
    """Beats."""
    late: float = 0.0
    """Seconds."""


@dataclass(frozen=True, slots=True)
class TimeMap:
    """When every beat falls: ``seconds[i]`` is the time of beat i; between two beats time runs evenly."""

    seconds: NDArray[np.float64]

    def at(self, beats: ArrayLike) -> NDArray[np.float64]:
        """Seconds of any beats; past the ends the first and the last tempo go on."""
        beats = np.asarray(beats, float)
        grid = np.arange(len(self.seconds))
        inside = np.interp(beats, grid, self.seconds)
        before = np.minimum(beats, 0) * (self.seconds[1] - self.seconds[0])
        after = np.maximum(beats - grid[-1], 0) * (self.seconds[-1] - self.seconds[-2])
        return inside + before + after


@dataclass(slots=True)
class Score:
    """A whole song: its parts by name, and its beats."""

    genre: str
    bpm: float
    meter: int
    times: TimeMap
    parts: dict[str, list[Note]] = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)
    """How parts play, by part and variant: ``chords A``: ``skank``."""
    first_downbeat: int = 0
    """Index of a beat on which a bar starts."""

    def add(self, part: str, notes: list[Note]) -> None:
        """More notes for a part."""
        if notes:
            self.parts.setdefault(part, []).extend(notes)

    def grid(self, start: float, end: float) -> tuple[list[float], list[float]]:
        """Beats and downbeats in start <= time < end, as seconds after ``start``."""
        index = np.arange(len(self.times.seconds))
        times = self.times.seconds
        inside = (times >= start) & (times < end)
        bar = inside & ((index - self.first_downbeat) % self.meter == 0)
        return (times[inside] - start).tolist(), (times[bar] - start).tolist()
