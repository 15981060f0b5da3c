"""What is new in the sound: how suddenly each band rises, and the kick as one moment."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vj.audio.spectrum import BandSums, Floats, share
from vj.types import BANDS

KICK = (30.0, 180.0)
"""Hz: where a kick is new and a bass line is not."""
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


class Novelty:
    """Log spectral flux per band, against the running strength of full hits: 0..1, zero for what goes on.

    Each bin's power is compressed as ``log(1 + power / floor)``, its rise over three hops is kept, falls are not,
    and the mean over a band's bins is the flux (the usual ``log flux`` of onset detection with a lag, as in
    Boeck and Widmer's SuperFlux). A sustained bass under a kick does not hide it: other bins rise.
    """

    def __init__(self, sums: BandSums, hop_seconds: float) -> None:
        ranges = [(lo, hi) for _, lo, hi in BANDS] + [KICK]
        weights = np.array([sums.overlap(lo, hi) for lo, hi in ranges])
        self._bins = _sample(weights)
        weights = weights[:, self._bins]
        widths = weights.sum(axis=1, keepdims=True)
        self._means = np.ascontiguousarray(weights / widths, np.float32)
        self._owner = np.argmax(weights[:len(BANDS)], axis=0)
        self._bin_count = np.log10([sums.overlap(lo, hi).sum() for _, lo, hi in BANDS])
        # Narrow bands flicker more by themselves: noise must not look like hits.
        self._least = (1.0 + 3.0 / np.sqrt(widths[:, 0] + 1.0)).astype(np.float32)
        self._full = self._least.copy()
        self._past = np.zeros((LAG, len(self._bins)), np.float32)
        self._gain = np.zeros(len(self._bins), np.float32)
        self._keep = 1.0 - share(hop_seconds, FORGET)

    def settle(self, tops: Floats) -> None:
        """Take the bands' loudest levels, (len(BANDS),) dBFS, as they are now."""
        floors = 10.0 ** ((tops - DEPTH) / 10.0 - self._bin_count)
        self._gain = (1.0 / floors[self._owner]).astype(np.float32)

    def hear(self, powers: Floats) -> Floats:
        """Some hops' power per bin, (n, bins) -> (n, len(BANDS) + 1): each band's hit and the kick's, 0..1."""
        logs = np.concatenate([self._past, powers[:, self._bins] * self._gain])
        now = logs[LAG:]
        now += 1.0
        np.log(now, out=now)  # many times faster than log1p, and exact enough above the floor
        rises = now - logs[:-LAG]
        np.maximum(rises, 0.0, out=rises)
        self._past = logs[-LAG:]
        # Row by row: a sum must not depend on how many hops came at once.
        flux = np.array([self._means @ rise for rise in rises], np.float32)
        np.minimum(flux, MOST, out=flux)
        hits: Floats = flux / self._measure(np.maximum(flux, self._least))
        hits -= QUIET
        hits *= 1.0 / (FULL - QUIET)
        return np.minimum(np.maximum(hits, 0.0, out=hits), 1.0, out=hits)

    def _measure(self, flux: Floats) -> Floats:
        """The flux of full hits at each hop: the strongest, forgotten slowly."""
        for row in flux:
            self._full *= self._keep
            np.maximum(self._full, row, out=self._full)
            row[:] = self._full
        return flux


def _sample(weights: NDArray[np.float64]) -> NDArray[np.intp]:
    """The bins that are listened to: all of the four lower bands, every third of the wide ones above them."""
    heard = np.flatnonzero(weights.any(axis=0))
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
