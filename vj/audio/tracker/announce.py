"""Announcing: each beat once, a little ahead of its time, never two too close together."""

from __future__ import annotations

import math
from dataclasses import dataclass

LEAD = 0.05
"""Seconds before a beat at which it is announced."""
CLOSEST = 0.6
"""Beats announced never lie closer together than this share of a period."""
LATE = 0.015
"""Seconds by which a beat may be over and still be announced: a grid just found begins with the next one."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A beat at ``time``, said at ``emitted``: both seconds of the stream. ``downbeat``: it is a bar's first."""

    time: float
    emitted: float
    bpm: float
    downbeat: bool
    confidence: float


class Announcer:
    """Says when a grid's beats are due. A grid may change under it at any moment."""

    def __init__(self, lead: float = LEAD) -> None:
        self.lead = lead
        self._last = -math.inf

    def due(self, now: float, beat: float, period: float) -> float | None:
        """The time of a beat to be announced ``now``, of the grid ``beat`` + n * ``period``; None: none yet."""
        soonest = max(now - LATE, self._last + CLOSEST * period)
        coming = beat + math.ceil((soonest - beat) / period) * period
        if coming - now > self.lead:
            return None
        self._last = coming
        return coming

    def free(self) -> None:
        """A hand moved the grid: its next beat may come close to the last."""
        self._last = -math.inf
