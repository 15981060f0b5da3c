"""Show seconds from a sound stream: smooth between callbacks, never backwards, going on when the device stops."""

from __future__ import annotations

import math

PATIENCE = 0.25
"""Seconds without a callback after which the stream counts as lost."""
PULL = 0.5
"""Seconds in which a difference to the stream is caught up with."""
LIMIT = 0.1
"""Most the clock runs faster or slower than the wall while it catches up."""
JUMP = 0.25
"""Seconds off beyond which nothing is caught up with: the stream has jumped, and is followed from where the show is."""
LONGEST = 30.0
"""Seconds between two looks beyond which the machine was asleep: that time does not count."""


class StreamClock:
    """Turns "so many seconds of sound by then" into a position that a show can run on.

    ``mark`` belongs to the callback: one assignment. ``at`` belongs to the main thread. A lost stream does not
    stop the position: it runs on with the wall clock, and when the stream comes back, from where the position is.
    ``absolute``: the stream's second 0 is the show's (a track being played, which may start a latency before 0);
    otherwise the first call of ``at`` is.
    """

    def __init__(self, absolute: bool = False) -> None:
        self._absolute = absolute
        self._mark: tuple[float, float] | None = None
        self._shift = 0.0
        self._position = 0.0
        self._wall: float | None = None
        self._lost = True

    @property
    def marked(self) -> bool:
        """True once the device has called."""
        return self._mark is not None

    @property
    def shift(self) -> float | None:
        """Show seconds of the stream's second 0; None while the stream is lost."""
        return None if self._lost else self._shift

    def mark(self, seconds: float, wall: float) -> None:
        """The stream stood at ``seconds`` at wall time ``wall``."""
        self._mark = (seconds, wall)

    def alive(self, wall: float) -> bool:
        """True while callbacks come."""
        mark = self._mark
        return mark is not None and wall - mark[1] < PATIENCE

    def at(self, wall: float) -> float:
        """Show seconds at ``wall``. Never less than before."""
        step = max(wall - self._wall, 0.0) if self._wall is not None else 0.0
        step = step if step < LONGEST else 0.0
        self._wall = wall if self._wall is None else max(wall, self._wall)
        if self._absolute and self._mark is not None:
            self._position = max(self._stream(wall, self._mark), 0.0)
            self._absolute, self._lost = self._position <= 0.0, False
        else:
            self._position += step
            self._position += self._correction(wall, step)
            self._absolute = self._absolute and self._position <= 0.0
        return self._position

    @staticmethod
    def _stream(wall: float, mark: tuple[float, float]) -> float:
        return mark[0] + min(max(wall - mark[1], 0.0), LONGEST)

    def _correction(self, wall: float, step: float) -> float:
        """How much to run faster or slower in ``step`` seconds, to stay with the stream."""
        mark = self._mark
        if mark is None or wall - mark[1] >= PATIENCE:
            self._lost = True
            return 0.0
        stream = self._stream(wall, mark)
        if self._lost:
            self._lost = False
            self._shift = self._position - stream
        error = stream + self._shift - self._position
        if abs(error) > JUMP:
            self._shift = self._position - stream
            return 0.0
        limit = LIMIT * step
        return min(max(error * (1.0 - math.exp(-step / PULL)), -limit), limit)
