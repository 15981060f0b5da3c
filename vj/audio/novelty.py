"""What is new in the sound: how suddenly each band rises, and the kick as one moment."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vj.audio.spectrum import BandSums, Floats, share, weighted
from vj.types import BANDS

KICK = (30.0, 180.0)
"""Hz: where a kick is new and a bass line is not."""
WHOLE = (20.0, 16000.0)
"""Hz: everything."""
LAG = 3
"""Hops between the two spectra that are compared: as long as the window's newest flank takes to rise."""
DEPTH = 20.0
"""Decibels under a band's loudest at which a bin's rise begins to count."""
MOST = 4.6
"""No rise counts for more than from the floor to the loudest (20 dB in nepers of power)."""
FORGET = 10.0
"""Seconds in which the measure of a full hit falls."""
QUIET, FULL = 0.3, 0.9
"""Shares of that measure where a hit is 0 and 1."""


class Rises:
    """Each bin's compressed power and its rise: ``log(1 + power / floor)``, falls not counted.

    The floor lies under the band's loudest, so that a bin's rise counts from where the ear would notice it.
    """

    def __init__(self, sums: BandSums) -> None:
        weights = np.array([sums.overlap(lo, hi) for _, lo, hi in BANDS])
        self.bins = _sample(weights, sums.overlap(*KICK))
        self._owner = np.argmax(weights[:, self.bins], axis=0)
        self._bin_count = np.log10(weights.sum(axis=1))
        self._past = np.zeros((LAG, len(self.bins)), np.float32)
        self._gain = np.zeros(len(self.bins), np.float32)

    def settle(self, tops: Floats) -> None:
        """Take the bands' loudest levels, (len(BANDS),) dBFS, as they are now."""
        floors = 10.0 ** ((tops - DEPTH) / 10.0 - self._bin_count)
        self._gain = (1.0 / floors[self._owner]).astype(np.float32)

    def hear(self, powers: Floats) -> tuple[Floats, Floats]:
        """Some hops' power per bin, (n, all bins) -> compressed and risen, (n, ``bins``) each."""
        count = len(powers)
        logs = np.empty((LAG + count, len(self.bins)), np.float32)
        logs[:LAG] = self._past
        now = np.take(powers, self.bins, axis=1, out=logs[LAG:], mode="clip")
        now *= self._gain
        now += 1.0
        np.log(now, out=now)  # many times faster than log1p, and exact enough above the floor
        rises = now - logs[:count]
        np.maximum(rises, 0.0, out=rises)
        self._past = logs[count:].copy()
        return now, rises


class Novelty:
    """Log spectral flux per band, against the running strength of full hits: 0..1, zero for what goes on.

    The mean of a band's rises over three hops (the usual ``log flux`` of onset detection with a lag, as in Boeck and
    Widmer's SuperFlux). A sustained bass under a kick does not hide it: other bins rise.
    """

    def __init__(self, sums: BandSums, bins: NDArray[np.intp], hop_seconds: float) -> None:
        ranges = [*((lo, hi) for _, lo, hi in BANDS), KICK, WHOLE]
        self._means, widths = band_means(sums, bins, ranges)
        # Narrow bands flicker more by themselves: noise must not look like hits.
        self._least: list[float] = (1.0 + 3.0 / np.sqrt(widths + 1.0)).tolist()
        self._full = list(self._least)
        self._keep = 1.0 - share(hop_seconds, FORGET)

    def hear(self, rises: Floats) -> list[list[float]]:
        """Some hops' rises, (n, bins) -> for each: every band's hit, the kick's and the whole's, 0..1."""
        flux = np.minimum(weighted(self._means, rises), MOST)
        return [self._hop(row) for row in flux.tolist()]

    def _hop(self, flux: list[float]) -> list[float]:
        """Against the strongest, forgotten slowly."""
        full, keep, hits = self._full, self._keep, []
        for row, new in enumerate(flux):
            strongest = max(full[row] * keep, new, self._least[row])
            full[row] = strongest
            hits.append(min(max((new / strongest - QUIET) / (FULL - QUIET), 0.0), 1.0))
        return hits


def band_means(sums: BandSums, bins: NDArray[np.intp],
               ranges: Sequence[tuple[float, float]]) -> tuple[Floats, NDArray[np.float64]]:
    """(ranges, bins) weights of the mean of each range in Hz, and each one's width in bins."""
    weights = np.array([sums.overlap(lo, hi)[bins] for lo, hi in ranges])
    widths = weights.sum(axis=1)
    return np.ascontiguousarray(weights / np.maximum(widths, 1e-9)[:, None], np.float32), widths


def _sample(weights: NDArray[np.float64], kick: NDArray[np.float64]) -> NDArray[np.intp]:
    """The bins that are listened to: all of the four lower bands, every third of the wide ones above them."""
    heard = np.flatnonzero(weights.any(axis=0) | (kick > 0.0))
    wide = int(np.flatnonzero(weights[4])[0])
    return np.concatenate([heard[heard < wide], heard[heard >= wide][::3]])


class Peaks:
    """Hits 0..1 hop by hop -> single moments with a strength, as soon as a rise is over or two hops old."""

    def __init__(self, hop_seconds: float, threshold: float = 0.28, apart: float = 0.09) -> None:
        self._threshold = threshold
        self._apart = max(math.ceil(apart / hop_seconds), 1)
        self._armed = True
        self._rising = 0
        self._best = 0.0
        self._since = self._apart

    def hear(self, hit: float) -> float:
        """The strength of a moment that is complete with this hop, else 0."""
        self._since += 1
        if self._rising:
            return self._climb(hit)
        self._armed = self._armed or hit < 0.5 * self._threshold
        if self._armed and hit > self._threshold and self._since > self._apart:
            self._rising, self._best = 1, hit
        return 0.0

    def _climb(self, hit: float) -> float:
        self._rising += 1
        if hit > self._best and self._rising <= 2:
            self._best = hit
            return 0.0
        self._rising, self._since, self._armed = 0, 0, False
        return max(self._best, hit)
