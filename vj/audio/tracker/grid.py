"""The grid: when beats fall, to a millisecond. A small Kalman filter draws its line through what was heard."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.tracker.pointer import summit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Heard = NDArray[np.float64]

FRESH = (0.025, 0.02)
"""How far a new grid may be off: beat in seconds, period as a share of itself (standard deviations)."""
DRIFT = (0.001, 0.0012)
"""What a beat may stray on its own, the same units: players breathe, DJs glide."""
JITTER = 0.012
"""Seconds, standard deviation, of a clear peak about its beat."""
WINDOW = 0.07
"""Seconds to both sides of a beat in which its peak may stand, at most; and ``NARROW`` of the period."""
NARROW = 0.15
FAINT = 0.06
"""Activation below which a peak says nothing of when."""


@dataclass(frozen=True, slots=True)
class Peak:
    """What stood nearest to an expected beat: ``error`` seconds after it, ``height`` 0..1."""

    error: float
    height: float


def window(period: float) -> float:
    """Seconds to both sides of a beat in which its peak is looked for."""
    return min(WINDOW, NARROW * period)


def find_peak(heard: Heard, start: float, seconds: float) -> Peak:
    """The best peak in ``heard``, activations ``seconds`` apart, the first ``start`` seconds from the beat.

    Near peaks count more. Its place lies between frames: the top of the parabola through three logarithms, which is
    exact for a bell.
    """
    away = start + seconds * np.arange(len(heard))
    place = int((heard * np.exp(-0.5 * (away / 0.045) ** 2)).argmax())
    inside = 0 < place < len(heard) - 1
    offset = summit(*(float(value) for value in heard[place - 1:place + 2])) if inside else 0.0
    return Peak(float(away[place]) + offset * seconds, float(heard[place]))


class Grid:
    """Beats at ``beat`` + n * ``period`` seconds. ``advance`` to the next beat, then ``correct`` by what was heard."""

    def __init__(self, beat: float, period: float) -> None:
        self.beat = beat
        self.period = period
        self._place, self._cross, self._pace = FRESH[0] ** 2, 0.0, (FRESH[1] * period) ** 2
        self._leaning = 0.0

    def advance(self) -> None:
        """On to the next beat, a little less sure."""
        self.beat += self.period
        self._place += 2.0 * self._cross + self._pace + DRIFT[0] ** 2
        self._cross += self._pace
        self._pace += (DRIFT[1] * self.period) ** 2

    def correct(self, peak: Peak) -> None:
        """A peak was heard about ``beat``."""
        if peak.height < FAINT:
            return
        noise = JITTER**2 * (0.5 + 0.5 / peak.height)
        total = self._place + noise
        self._lean(peak.error / math.sqrt(total))
        place, pace = self._place / total, self._cross / total
        self.beat += place * peak.error
        self.period += pace * peak.error
        self._pace -= pace * self._cross
        self._cross *= 1.0 - place
        self._place *= 1.0 - place

    def _lean(self, error: float) -> None:
        """Errors that keep to one side mean that the tempo moves: listen more than believe."""
        self._leaning += 0.3 * (max(min(error, 3.0), -3.0) - self._leaning)
        if abs(self._leaning) > 0.8:
            self._pace += (2.0 * DRIFT[1] * self.period) ** 2

    def next(self, time: float) -> float:
        """The first beat after ``time``."""
        return self.beat + math.ceil((time - self.beat) / self.period + 1e-9) * self.period
