"""How sure: from how clearly the last seconds' beats stood out, and from how much of the belief agrees."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vj.audio.tracker.grid import Peak

LOCKED = 0.4
"""Confidence from which announcements are to be relied on."""
REST = 4.0
"""Seconds over which evidence fades."""
STEADY = 2.0
"""Seconds over which the belief must agree: what is strewn at random agrees for a moment and then does not."""
MOVED = 0.5
"""Share of the evidence for one grid that is some for another."""


class Trust:
    """``confidence`` 0..1, about the chance that the grid is right."""

    def __init__(self) -> None:
        self.present = 0.0
        self._clear = 0.0
        self._mass = self._agreed = 0.0

    def step(self, seconds: float, present: float) -> None:
        """Time passes; ``present`` 0..1: whether there is music to hear."""
        self.present = present
        self._clear *= math.exp(-seconds / REST)
        self._agreed += (1.0 - math.exp(-seconds / STEADY)) * (self._mass - self._agreed)

    def beat(self, peak: Peak, between: NDArray[np.float64], period: float) -> None:
        """A beat was due: the peak near it, and the activations since the beat before it."""
        loudest = float(between.max()) if len(between) else 0.0
        clear = peak.height**2 / (peak.height**2 + 0.5 * loudest**2 + 0.02) * min(peak.height / 0.3, 1.0)
        self._clear += (1.0 - math.exp(-period / REST)) * clear

    def look(self, mass: float) -> None:
        """This much of the belief stands on the grid."""
        self._mass = mass

    def move(self) -> None:
        """Another grid is followed from now on."""
        self._clear *= MOVED

    @property
    def locked(self) -> bool:
        return self.confidence > LOCKED

    @property
    def confidence(self) -> float:
        return self._clear * self._agreed
