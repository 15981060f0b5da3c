"""What another clock says, wherever it came from: the word between those who hear clocks and the one who follows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vj.types import Beat

OUTSIDE = ("link", "midi", "osc")
"""Clocks from outside, the most trusted first."""
LEADERS = ("auto", "audio", "link", "midi", "osc", "tap")
"""Who may lead: one by hand, or ``auto``, the most trusted that is there."""
SLOWEST, FASTEST = 20.0, 400.0
"""bpm: a clock that says anything else is not believed."""
BEATS_PER_BAR = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """Where another clock stood at ``time`` seconds: ``beats`` in quarter notes, going at ``bpm`` from there.

    ``beats`` counts from a bar's first beat where ``downbeat_known``; without ``phase_known`` only the tempo is
    meant. ``playing`` False: its transport is stopped, and it leads nobody.
    """

    time: float
    beats: float
    bpm: float
    playing: bool = True
    source: str = "midi"
    downbeat_known: bool = False
    phase_known: bool = True

    def at(self, time: float) -> float:
        """Beats at ``time``, straight on from here."""
        return self.beats + (time - self.time) * self.bpm / 60.0 if self.playing else self.beats

    @property
    def sound(self) -> bool:
        """Whether these are numbers to work with."""
        return (math.isfinite(self.time) and math.isfinite(self.beats) and abs(self.beats) < 1e9
                and SLOWEST <= self.bpm <= FASTEST and self.source in OUTSIDE)


def phrase(beat: Beat, bars: int) -> tuple[int, float]:
    """Which phrase of ``bars`` bars this is since the one, and where in it, 0..1."""
    index = beat.bars // bars
    return index, (beat.bars - index * bars + beat.bar_phase) / bars


def wrap(beats: float) -> float:
    """The signed distance to the nearest whole beat, -0.5..0.5."""
    return beats - math.floor(beats + 0.5)
