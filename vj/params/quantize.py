"""Changes that wait for the music: now, on the next beat, on the next bar."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from vj.types import Beat, ControlEvent, When

BEATS_PER_BAR = 4
RENUMBERED = 0.5
"""Bars by which the bar's place must fall back to mean that a hand has put the one elsewhere."""


def nothing_drawn(_: ControlEvent) -> bool:
    """No change needs an image."""
    return False


class Quantizer:
    """Holds events until their beat or bar, less the look-ahead that making and showing the change takes."""

    def __init__(self) -> None:
        self._waiting: list[tuple[ControlEvent, bool]] = []
        self._near, self._far = _Grid(), _Grid()

    @property
    def waiting(self) -> int:
        """How many events are held back."""
        return len(self._waiting)

    def due(self, events: Iterable[ControlEvent], beat: Beat, lookahead: float = 0.0, *, drawing: float = 0.0,
            drawn: Callable[[ControlEvent], bool] = nothing_drawn) -> list[ControlEvent]:
        """The events that land on this tick, in order: ``lookahead`` seconds before the beat itself.

        What is ``drawn`` by the generator lands ``drawing`` seconds before that. A negative look-ahead lands after.
        """
        near, far = self._near.crossed(beat, lookahead), self._far.crossed(beat, lookahead + drawing)
        landed = [event for event, slow in self._waiting if (far if slow else near)[event.when]]
        self._waiting = [(event, slow) for event, slow in self._waiting if not (far if slow else near)[event.when]]
        for event in events:
            if event.when == "now":
                landed.append(event)
            else:
                self._waiting.append((event, drawn(event)))
        return landed


class _Grid:
    """Which beats and bars were reached with one look-ahead, each of them once, however the look-ahead moves."""

    def __init__(self) -> None:
        self._beats: float | None = None
        self._bars = 0.0

    def crossed(self, beat: Beat, lookahead: float) -> dict[When, bool]:
        """Does a beat, does a bar begin with this tick?"""
        ahead = lookahead * beat.bpm / 60.0
        beats = beat.count + beat.phase + ahead
        bars = beat.bars + beat.bar_phase + ahead / BEATS_PER_BAR
        if self._beats is None:
            self._beats, self._bars = beats, bars
        renumbered = bars < self._bars - RENUMBERED
        new_beat = math.floor(beats) > math.floor(self._beats)
        new_bar = renumbered or math.floor(bars) > math.floor(self._bars)
        self._beats, self._bars = max(beats, self._beats), bars if renumbered else max(bars, self._bars)
        return {"now": True, "beat": new_beat, "bar": new_bar}
