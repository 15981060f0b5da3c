"""Auto-gain: every band's own running loudest and quietest, so that a quiet feed fills the range too."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.float32]

FLOOR = -120.0
"""dBFS of nothing at all."""
LOWEST, BINS = -100, 112
"""The histogram's first decibel and its length: -100 .. +11 dBFS."""
STEP = 16
"""Hops between two looks at the quantiles (93 ms at 44.1 kHz)."""
WINDOW = 10
"""Segments of one second that the quantiles remember."""


class AutoGain:
    """Where 0 and 1 are for each of ``rows`` levels in dBFS.

    1 is the 95th percentile of the last ten seconds: it rises with a time constant of 0.1 s and falls with 3 s.
    0 is the 30th percentile, kept 9 to 30 dB below. Nothing moves while the gate is closed, no row is lifted from
    more than ``reach`` dB below the last row (the whole), and none beyond ``quietest`` dBFS.
    """

    def __init__(self, rows: int, hop_seconds: float, reach: float = 50.0, quietest: float = -66.0) -> None:
        self.top = np.full(rows, FLOOR, np.float32)
        self.span = np.full(rows, 30.0, np.float32)
        self._reach = reach
        self._quietest = quietest
        self._rise = 1.0 - math.exp(-STEP * hop_seconds / 0.1)
        self._fall = 1.0 - math.exp(-STEP * hop_seconds / 3.0)
        self._counts = np.zeros((WINDOW, rows, BINS), np.float32)
        self._segment_hops = max(round(1.0 / hop_seconds), STEP)
        self._row = np.arange(rows)
        self._hops = 0

    def hear(self, decibels: Levels) -> None:
        """Learn from one hop with the gate open: (rows,) in dBFS."""
        bins = (decibels - LOWEST).clip(0, BINS - 1).astype(np.intp)
        self._counts[self._hops // self._segment_hops % WINDOW, self._row, bins] += 1
        self._hops += 1
        if self._hops % self._segment_hops == 0:
            self._counts[self._hops // self._segment_hops % WINDOW] = 0
        if self._hops % STEP == 0 or self._hops == 1:
            self._settle()

    def _settle(self) -> None:
        share = self._counts.sum(axis=0).cumsum(axis=1)
        share /= share[:, -1:]
        loud = np.argmax(share >= 0.95, axis=1) + np.float32(LOWEST + 1)
        quiet = np.argmax(share >= 0.30, axis=1) + np.float32(LOWEST)
        loud = np.maximum(loud, max(self._quietest, float(loud[-1]) - self._reach))
        move = np.where(loud > self.top, self._rise, self._fall)
        self.top += np.where(self.top <= FLOOR, 1.0, move).astype(np.float32) * (loud - self.top)
        self.span += np.float32(self._fall) * ((loud - quiet).clip(9.0, 30.0) - self.span)

    def normal(self, decibels: Levels, trim: float = 0.0) -> Levels:
        """(rows,) dBFS, lifted by ``trim`` dB, as 0..1."""
        return ((decibels + np.float32(trim) - self.top) / self.span + np.float32(1)).clip(0, 1)


class Gate:
    """Open while the sound is louder than ``threshold`` dBFS, and for a moment after: silence stays silence."""

    def __init__(self, hop_seconds: float, fall: float = 100.0) -> None:
        self.threshold = -60.0
        self._held = FLOOR
        self._drop = fall * hop_seconds

    def open(self, decibels: float) -> bool:
        """Hear one hop's loudness in dBFS; True when it counts as music."""
        self._held = max(decibels, self._held - self._drop, FLOOR)
        return self._held > self.threshold
