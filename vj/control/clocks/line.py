"""A straight line through the moments of ticks, that outliers do not bend and jumps start anew."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RECENT = 12
"""Ticks whose median says whether the line still goes through them; the fewest that make a new line."""
SLACK = 1.5e-3
"""Seconds that the median of the recent ticks may always be off."""
SIGMAS = 5.0
"""Standard errors of that median beyond which the ticks have left the line."""
OUTLIER = 4.0
"""Standard deviations beyond which one tick is not counted."""
STEEPEST = 2.5
"""How many times faster or slower the next line may go at once."""
ROUNDS = 4
"""Times that outliers are looked for: the first ones hide others."""
FINEST = 5e-5
"""Seconds: no clock is trusted to be truer."""

Floats = NDArray[np.float64]


class Fit(NamedTuple):
    """The line's newest tick: its position (beats) and its time (seconds); seconds per beat, and their relative
    standard error.
    """

    position: float
    time: float
    period: float
    doubt: float


class Line:
    """Least squares over the last ``most`` pairs of position and time.

    A running mean of intervals would throw away what the line keeps: the noise of n ticks falls with n to the power
    of 1.5, not with its root. The spread is the median distance of a tick from its two neighbours' line, so neither
    a few late ticks nor a change of tempo looks like noise.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._positions = np.zeros(2 * most)
        self._times = np.zeros(2 * most)
        self._begin = self._end = 0
        self._fit: Fit | None = None

    def __len__(self) -> int:
        return self._end - self._begin

    def add(self, position: float, time: float) -> None:
        """A tick at ``position`` (beats) came at ``time`` (seconds)."""
        if self._end == len(self._times):
            self._close_up()
        self._positions[self._end], self._times[self._end] = position, time
        self._end += 1
        self._begin = max(self._begin, self._end - self._most)
        self._fit = None

    def clear(self) -> None:
        """Start anew."""
        self._begin = self._end = 0
        self._fit = None

    def fit(self) -> Fit | None:
        """The line; None with fewer than three ticks.

        Ticks that have left the line start a new one: the old ones are forgotten.
        """
        if self._fit is None and len(self) >= 3:
            self._fit = self._through()
        return self._fit

    def _close_up(self) -> None:
        """Move what is remembered to the front."""
        kept = slice(self._begin, self._end)
        count = len(self)
        self._positions[:count], self._times[:count] = self._positions[kept], self._times[kept]
        self._begin, self._end = 0, count

    def _through(self) -> Fit:
        spread = _spread(*self._kept())
        while True:
            positions, times = self._kept()
            slope, start, error = _straight(positions, times, spread)
            if len(self) <= RECENT or not _left(positions, times, slope, start, spread):
                place = float(positions[-1])
                return Fit(place, start + slope * (place - float(positions[0])), slope,
                           error / slope if slope > 0.0 else math.inf)
            self._begin = self._end - max(len(self) // 2, RECENT)

    def _kept(self) -> tuple[Floats, Floats]:
        return self._positions[self._begin:self._end], self._times[self._begin:self._end]


def _left(positions: Floats, times: Floats, slope: float, start: float, spread: float) -> bool:
    """Whether the newest ticks have left the line for one of their own. Late ones that come in a heap have none: they
    are off by anything, and those after them lie on the old line again.
    """
    off = times[-RECENT:] - start - slope * (positions[-RECENT:] - positions[0])
    away = abs(_median(off))
    if away <= max(SLACK, SIGMAS * 1.25 * spread / RECENT**0.5):
        return False
    own, begin = _least_squares(positions[-RECENT:], times[-RECENT:])
    beside = np.abs(times[-RECENT:] - begin - own * positions[-RECENT:])
    return _median(beside) < away / 3.0 and slope / STEEPEST < own < slope * STEEPEST


def _median(values: Floats) -> float:
    return float(np.sort(values)[len(values) // 2])


def _spread(positions: Floats, times: Floats) -> float:
    """Standard deviation of a tick, from its distance to the line between its neighbours."""
    wide = positions[2:] - positions[:-2]
    share = np.divide(positions[1:-1] - positions[:-2], wide, out=np.full(len(wide), 0.5), where=wide > 0.0)
    off = times[1:-1] - (1.0 - share) * times[:-2] - share * times[2:]
    scale = np.sqrt(1.0 + share * share + (1.0 - share) * (1.0 - share))
    return max(1.4826 * _median(np.abs(off) / scale), FINEST)


def _straight(positions: Floats, times: Floats, spread: float) -> tuple[float, float, float]:
    """Slope, value at the first position, and the slope's standard error, of the ticks that are no outliers."""
    along = positions - positions[0]
    slope, start = _least_squares(along, times)
    for _ in range(ROUNDS):
        off = times - start - slope * along
        off -= _median(off)
        good = np.abs(off) < OUTLIER * max(1.4826 * _median(np.abs(off)), spread)
        if good.all() or good.sum() < 3:
            break
        along, times = along[good], times[good]
        slope, start = _least_squares(along, times)
    off = times - start - slope * along
    wide = float(np.square(along - along.mean()).sum())
    error = math.sqrt(float(off @ off) / max(len(off) - 2, 1) / wide) if wide > 0.0 else math.inf
    return slope, start, error


def _least_squares(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and value at 0 of the line nearest to the points; level where all x are one."""
    middle, mean = float(x.mean()), float(y.mean())
    away = x - middle
    square = float(away @ away)
    slope = float(away @ (y - mean)) / square if square > 0.0 else 0.0
    return slope, mean - slope * middle
