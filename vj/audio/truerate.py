"""How many samples a second a device really delivers, whatever it says."""

from __future__ import annotations

import math
from collections import deque

BUCKET = 1.0
"""Seconds of which the earliest callback counts: late ones say nothing, and bursts have an earliest one too."""
BUCKETS = 6
"""How many are compared: five seconds from the first to the last."""
GAP = 0.5
"""Seconds without a callback after which counting starts again."""
LIE = 0.01
"""A rate further off than this share is not the rate that was said."""
NEAR = 0.006
"""Within this share a measured rate is one of the usual ones."""
USUAL = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000)


class TrueRate:
    """Measures a stream that says it has ``said`` samples a second. ``real`` is that until it is proved wrong."""

    def __init__(self, said: int) -> None:
        self.said = said
        self.real = said
        self._suspect = said
        self._leads: deque[tuple[float, float]] = deque(maxlen=BUCKETS)
        self._count = 0
        self._first = self._last = self._bucket = -math.inf
        self._best = (-math.inf, 0.0)

    def mark(self, count: int, wall: float) -> bool:
        """``count`` samples came at ``wall`` seconds. True when ``real`` has changed."""
        if not 0.0 <= wall - self._last < GAP:
            self._restart(wall)
            return False
        self._last = wall
        self._count += count
        self._best = max(self._best, (self._count / self.said - (wall - self._first), wall))
        if wall - self._bucket < BUCKET:
            return False
        self._leads.append(self._best)
        self._bucket, self._best = wall, (-math.inf, wall)
        return len(self._leads) == BUCKETS and self._judge()

    def _restart(self, wall: float) -> None:
        """Forget what was counted, not what was found."""
        self._leads.clear()
        self._count = 0
        self._first = self._last = self._bucket = wall
        self._best = (-math.inf, wall)

    def _judge(self) -> bool:
        """What the leads say, believed when they say it twice."""
        (lead, begin), (later, end) = self._leads[0], self._leads[-1]
        rate = round(self.said * (1.0 + (later - lead) / (end - begin)))
        if abs(rate - self.said) <= LIE * self.said:
            rate = self.said
        rate = next((usual for usual in USUAL if abs(rate - usual) <= NEAR * usual), rate)
        believed = abs(rate - self._suspect) <= NEAR * rate
        self._suspect = rate
        if not believed or abs(rate - self.real) <= NEAR * rate:
            return False
        self.real = max(rate, 1000)
        return True
