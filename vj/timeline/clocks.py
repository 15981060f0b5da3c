"""Other clocks played back: what they said in a show, said again at the same moments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from vj.clockface import Reading
from vj.types import Beat, Tick


class TakenClocks:
    """Hands out each word once, when the moment has come at which the show took it in."""

    def __init__(self, told: Sequence[tuple[float, Reading]]) -> None:
        self._told = sorted(told, key=lambda pair: pair[0])
        self._times = [time for time, _ in self._told]
        self._next = 0

    def read(self, tick: Tick, capture: float = 0.0) -> list[Reading]:
        """The words up to and including this tick that were not handed out yet."""
        end = bisect_right(self._times, tick.time, lo=self._next)
        words = [reading for _, reading in self._told[self._next:end]]
        self._next = end
        return words

    def lead(self, tick: Tick, capture: float, beat: Beat) -> None:
        """Nobody follows a show that is played back."""

    def news(self) -> str:
        """Nothing."""
        return ""
