"""Events by time: a recorded take played back, or a show written beforehand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from vj.types import ControlEvent


class Timeline:
    """Hands out each event once, when its time has come. Equal times keep their order."""

    def __init__(self, events: Sequence[tuple[float, ControlEvent]] = ()) -> None:
        self._events = sorted(events, key=lambda pair: pair[0])
        self._times = [time for time, _ in self._events]
        self._next = 0

    def due(self, time: float) -> list[ControlEvent]:
        """The events up to and including ``time`` seconds that were not handed out yet."""
        end = bisect_right(self._times, time, lo=self._next)
        events = [event for _, event in self._events[self._next:end]]
        self._next = end
        return events
