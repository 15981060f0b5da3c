"""Changes that wait for the music: now, on the next beat, on the next bar."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vj.types import Beat, ControlEvent

BEATS_PER_BAR = 4


class Quantizer:
    """Holds events until their beat or bar, less the look-ahead that generating and showing takes."""

    def __init__(self) -> None:
        self._waiting: list[ControlEvent] = []
        self._last: float | None = None

    @property
    def waiting(self) -> int:
        """How many events are held back."""
        return len(self._waiting)

    def due(self, events: Iterable[ControlEvent], beat: Beat, lookahead: float = 0.0) -> list[ControlEvent]:
        """The events that land on this tick, in order. ``lookahead`` seconds before the beat itself."""
        place = beat.count + beat.phase + lookahead * beat.bpm / 60.0
        last = place if self._last is None else self._last
        crossed = {"beat": math.floor(place) > math.floor(last),
                   "bar": math.floor(place / BEATS_PER_BAR) > math.floor(last / BEATS_PER_BAR)}
        self._last = max(place, last)
        landed = [e for e in self._waiting if crossed[e.when]]
        self._waiting = [e for e in self._waiting if not crossed[e.when]]
        for event in events:
            (landed if event.when == "now" else self._waiting).append(event)
        return landed
