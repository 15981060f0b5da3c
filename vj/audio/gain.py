"""Auto-gain: every band's own running loudest and quietest, so that a quiet feed fills the range too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from vj.types import Samples

Levels = NDArray[np.float32]

FLOOR = -120.0
"""dBFS of nothing at all."""
LOWEST, BINS = -100, 112
"""The histogram's first decibel and its length: -100 .. +11 dBFS."""
STEP = 16
"""Hops between two looks at the quantiles, at most (93 ms at 44.1 kHz)."""
WINDOW = 10
"""Segments of one second that the quantiles remember."""
QUIETEST = -66.0
"""dBFS: no band is lifted from below this, however long it has been quiet."""
REACH = 42.0
"""Decibels below the whole from which a band is lifted at most: beyond it there is leakage, not music."""
ABSENT = 15.0
"""Decibels under its habit at which a band counts as gone: a breakdown's left-over bass stays small."""
HABIT = 45.0
"""Seconds in which a band's place under the whole becomes its habit."""


class AutoGain:
    """Where 0 and 1 are for each of ``rows`` levels in dBFS. The last row is the whole.

    1 is the 95th percentile of the last ten seconds: it rises with a time constant of 0.1 s and falls with 3 s.
    0 is the 30th percentile, kept 9 to 30 dB below. It learns from what ``hear`` is given and from nothing else,
    so not calling it freezes the gain.
    """

    def __init__(self, rows: int, hop_seconds: float) -> None:
        self.top = np.full(rows, FLOOR, np.float32)
        self.span = np.full(rows, 30.0, np.float32)
        self._place()
        self._habit = np.full(rows, -REACH, np.float32)
        self._seconds = STEP * hop_seconds
        self._rise, self._fall = (np.float32(1.0 - math.exp(-self._seconds / tau)) for tau in (0.1, 3.0))
        self._heard = np.zeros((STEP, rows), np.float32)
        self._count = 0
        self._looks = 0
        self._looks_each = max(round(1.0 / self._seconds), 1)
        self._segments = np.zeros((WINDOW, rows * BINS), np.int64)
        self._counts = np.zeros(rows * BINS, np.int64)
        self._offsets = np.arange(rows) * BINS - LOWEST

    @property
    def ready(self) -> bool:
        """True once anything was learnt."""
        return self._looks > 0

    def hear(self, decibels: Levels) -> None:
        """Remember one hop of music, (rows,) in dBFS, until ``settle``, at most ``STEP`` of them."""
        self._heard[self._count] = decibels
        self._count += 1

    def settle(self) -> bool:
        """Learn from what was heard, and move 0 and 1; False when nothing was."""
        if not self._count:
            return False
        self._learn(self._heard[:self._count])
        self._count = 0
        self._move()
        return True

    def _learn(self, heard: Levels) -> None:
        segment = self._looks // self._looks_each % WINDOW
        if self._looks % self._looks_each == 0:
            self._counts -= self._segments[segment]
            self._segments[segment] = 0
        bins = np.floor(heard).clip(LOWEST, LOWEST + BINS - 1).astype(np.intp) + self._offsets
        new = np.bincount(bins.ravel(), minlength=len(self._counts))
        self._segments[segment] += new
        self._counts += new
        self._looks += 1

    def _move(self) -> None:
        """Move 0 and 1 towards the quantiles."""
        below = self._counts.reshape(len(self.top), BINS).cumsum(axis=1)
        heard = int(below[-1, -1])
        loud = (below < 0.95 * heard).sum(axis=1) + np.float32(LOWEST + 1)
        quiet = (below < 0.30 * heard).sum(axis=1) + np.float32(LOWEST)
        least = self._least(loud)
        top = np.maximum(loud, least)
        # A band that is not lifted has no quiet of its own either.
        span = np.where(loud < least, 9.0, (loud - quiet).clip(9.0, 30.0)).astype(np.float32)
        self.top += np.where(top > self.top, self._rise, self._fall) * (top - self.top)
        self.span += self._fall * (span - self.span)
        if self._looks == 1:
            self.top, self.span = top, span
        self._place()

    def _place(self) -> None:
        """Decibels times scale plus offset is 0..1."""
        self._scale = 1.0 / self.span
        self._offset = 1.0 - self.top * self._scale

    def _least(self, loud: Levels) -> Levels:
        """No band is lifted from the noise, from leakage, or from far below where it uses to be."""
        place = loud - loud[-1]
        learn = max(1.0 - math.exp(-self._seconds / HABIT), 1.0 / (self._looks + 1))
        self._habit += np.float32(learn) * (place - self._habit)
        least: Levels = loud[-1] + np.maximum(self._habit - np.float32(ABSENT), np.float32(-REACH))
        return np.maximum(least, np.float32(QUIETEST))

    def normal(self, decibels: Levels, trim: float = 0.0) -> Levels:
        """(n, rows) dBFS, lifted by ``trim`` dB, as 0..1."""
        scaled: Levels = decibels * self._scale
        scaled += trim * self._scale + self._offset if trim else self._offset
        np.maximum(scaled, 0.0, out=scaled)
        return np.minimum(scaled, 1.0, out=scaled)


class Gate:
    """Open while the sound is louder than ``threshold`` dBFS, and for a moment after: silence stays silence."""

    def __init__(self, hop_seconds: float, fall: float = 100.0) -> None:
        self.threshold = -60.0
        self._held = FLOOR
        self._drop = fall * hop_seconds

    def open(self, decibels: float) -> bool:
        """Hear one hop's loudness in dBFS; True when it counts as music. Loudness is held and falls 100 dB/s."""
        self._held = max(decibels, self._held - self._drop, FLOOR)
        return self._held > self.threshold

    def shut(self, samples: Samples) -> bool:
        """Whether nothing in these can open it."""
        peak = float(max(samples.max(), -samples.min(), 1e-9)) if samples.size else 1e-9
        return max(20.0 * math.log10(peak), self._held) < self.threshold
