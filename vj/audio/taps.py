"""A hand that taps along: the straight line through its last moments."""

from __future__ import annotations

SHORTEST, LONGEST = 0.15, 2.5
"""Seconds between two taps that belong together: from 400 to 24 bpm."""
FEWEST, MOST = 3, 8


class Taps:
    """The taps that belong together; a pause, or one that comes far too early, starts a new count."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def tap(self, time: float) -> tuple[float, float] | None:
        """A tap at ``time`` seconds. From the third on: the beat's length, and where the last beat should lie."""
        if self._times and not SHORTEST < time - self._times[-1] < LONGEST:
            self._times.clear()
        self._times = [*self._times[1 - MOST:], time]
        return _line(self._times) if len(self._times) >= FEWEST else None


def _line(times: list[float]) -> tuple[float, float]:
    """Least squares through equally spaced moments: their interval, and where the last of them should lie."""
    count = len(times)
    middle, mean = (count - 1) / 2.0, sum(times) / count
    spread = sum((k - middle) ** 2 for k in range(count))
    interval = sum((k - middle) * (time - mean) for k, time in enumerate(times)) / spread
    return interval, mean + interval * middle
