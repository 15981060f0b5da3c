"""The grid: when beats fall, to a millisecond, as a line through the peaks heard.

How fast to follow depends on the music: a sequencer keeps its tempo for minutes, a DJ glides, a band breathes. So
several followers run side by side, from stiff to nimble, and each counts as much as its last predictions were good.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.tracker.pointer import summit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Heard = NDArray[np.float64]

STIFFNESS = np.array([0.5, 0.65, 0.8, 0.9, 0.95])
"""How much of what it believed each follower keeps: a critically damped alpha-beta filter's discount."""
PLACE, PACE = 1.0 - STIFFNESS**2, (1.0 - STIFFNESS) ** 2
"""Of an error, what goes into the place and into the period (Benedict & Bordner 1962; Brookner 1998)."""
SEEN = 4.0
"""Beats that a fresh grid counts as seen already; until there are many, all followers average them evenly."""
MEMORY, CONTRAST = 0.9, 16.0
"""How much of the past errors is kept at each beat, and how sharply smaller errors are preferred."""
JITTER = 0.008
"""Seconds, the error expected of every follower at first."""
WINDOW = 0.07
"""Seconds to both sides of a beat in which its peak may stand, at most; and ``NARROW`` of the period."""
NARROW = 0.15
FAINT, CLEAR = 0.06, 0.6
"""Activation below which a peak says nothing of when, and the share of the usual height from which it says all."""
FAR = 2.5
"""Times the usual error at which a peak counts half."""


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
        self._beats = np.full(len(STIFFNESS), beat)
        self._periods = np.full(len(STIFFNESS), period)
        self._errors = np.full(len(STIFFNESS), JITTER**2)
        self._seen = SEEN
        self._usual = 0.3
        self._lead()

    def _lead(self) -> None:
        weight = (self._errors + 1e-6) ** (-0.5 * CONTRAST)
        weight /= weight.sum()
        self.beat = float(weight @ self._beats)
        self.period = float(weight @ self._periods)

    def advance(self) -> None:
        """On to the next beat."""
        self._beats += self._periods
        self._lead()

    def move(self, seconds: float) -> None:
        """Every beat later by this much."""
        self._beats += seconds
        self._lead()

    def correct(self, peak: Peak) -> None:
        """A peak was heard about ``beat``."""
        if peak.height < FAINT:
            return
        share = self._share(peak)
        errors = self.beat + peak.error - self._beats
        self._errors += (1.0 - MEMORY) * share * (errors**2 - self._errors)
        # The straight line through n equal beats, until a follower's own discount forgets more than that.
        n = self._seen
        self._beats += share * np.maximum(PLACE, 2.0 * (2.0 * n - 1.0) / (n * (n + 1.0))) * errors
        self._periods += share * np.maximum(PACE, 6.0 / (n * (n + 1.0))) * errors
        self._seen += share
        self._lead()

    def _share(self, peak: Peak) -> float:
        """How much a peak counts, 0..1: less when it is low beside the others, or far from where it was expected."""
        share = min(peak.height / (CLEAR * self._usual), 1.0) ** 2
        self._usual += (0.2 if peak.height > self._usual else 0.03) * (peak.height - self._usual)
        # A clear beat that comes early or late is a tempo that moves; a faint one is likelier to be none.
        reach = FAR * min(peak.height / self._usual, 1.0)
        far = peak.error**2 / (reach**2 * float(self._errors.min()))
        return share / (1.0 + far)

    def next(self, time: float) -> float:
        """The first beat after ``time``."""
        return self.beat + math.ceil((time - self.beat) / self.period + 1e-9) * self.period
