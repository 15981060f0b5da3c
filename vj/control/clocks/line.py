"""A straight line through the moments of equally spaced ticks, that outliers do not bend and jumps start anew."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

RECENT = 8
"""Ticks whose median says whether the line still goes through them."""
SLACK = 1.5e-3
"""Seconds that the median of the recent ticks may always be off."""
SIGMAS = 5.0
"""Standard errors of that median beyond which the ticks have left the line."""
OUTLIER = 4.0
"""Standard deviations beyond which one tick is not counted."""
FINEST = 5e-5
"""Seconds: no clock is trusted to be truer."""

Floats = NDArray[np.float64]


class Line:
    """Least squares over the last ``most`` pairs of position and time.

    A running mean of intervals would throw away what the line keeps: the noise of n ticks falls with n to the power
    of 1.5, not with its root. The spread is the median absolute deviation, so a few late ticks change nothing.
    """

    def __init__(self, most: int) -> None:
        self._points: deque[tuple[float, float]] = deque(maxlen=most)
        self._fit: tuple[float, float, float] | None = None

    def __len__(self) -> int:
        return len(self._points)

    def add(self, position: float, time: float) -> None:
        """A tick at ``position`` (beats) came at ``time`` (seconds)."""
        self._points.append((position, time))
        self._fit = None

    def clear(self) -> None:
        """Start anew."""
        self._points.clear()
        self._fit = None

    def fit(self) -> tuple[float, float, float] | None:
        """Position and time of the line at its newest tick, and seconds per beat; None with fewer than three ticks.

        Ticks that have left the line start a new one: the old ones are forgotten.
        """
        if self._fit is None and len(self._points) >= 3:
            self._fit = self._through()
        return self._fit

    def _through(self) -> tuple[float, float, float]:
        positions, times = np.array(self._points, np.float64).T
        slope, start, spread = _straight(positions, times)
        if len(times) > 2 * RECENT:
            off = abs(float(np.median(times[-RECENT:] - start - slope * (positions[-RECENT:] - positions[0]))))
            if off > max(SLACK, SIGMAS * 1.25 * spread / RECENT**0.5):
                for _ in range(len(times) - RECENT):
                    self._points.popleft()
                positions, times = positions[-RECENT:], times[-RECENT:]
                slope, start, spread = _straight(positions, times)
        return float(positions[-1]), float(start + slope * (positions[-1] - positions[0])), float(slope)


def _straight(positions: Floats, times: Floats) -> tuple[float, float, float]:
    """Slope, value at the first position, and the spread (standard deviation) around the line."""
    along = positions - positions[0]
    slope, start = _least_squares(along, times)
    off = times - start - slope * along
    spread = max(1.4826 * float(np.median(np.abs(off - np.median(off)))), FINEST)
    good = np.abs(off - np.median(off)) < OUTLIER * spread
    if 3 <= good.sum() < len(times):
        slope, start = _least_squares(along[good], times[good])
    return slope, start, spread


def _least_squares(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and value at 0 of the line nearest to the points; level where all x are one."""
    middle, mean = float(x.mean()), float(y.mean())
    away = x - middle
    square = float(away @ away)
    slope = float(away @ (y - mean)) / square if square > 0.0 else 0.0
    return slope, mean - slope * middle
