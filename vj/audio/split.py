"""Hits apart from held notes: what stands still in the spectrum, and what stands in all of it at once.

After D. Fitzgerald, "Harmonic/percussive separation using median filtering" (2010), with nothing but the past: a held
note is a line in time, a hit a line in frequency; the median along the one removes the other.
"""

from __future__ import annotations

import numpy as np

from vj.audio.spectrum import BandSums, Floats, share

EACH = 4
"""Hops between two looks (23 ms at 44.1 kHz)."""
FRAMES = 5
"""Looks in the median over time: 93 ms."""
NEIGHBOURS = 17
"""Groups of bins in the median over frequency; the quick window smears a low note over half of them."""
FACTOR = 2.0
"""How many times more of a group must stand in all of the spectrum than in time to be half a hit (the separation
factor of J. Driedger, M. Mueller and S. Disch, 2014): what is neither is rather a note.
"""
LOWEST, HIGHEST, OCTAVE = 40.0, 16000.0, 12
"""Hz, and groups an octave; below 400 Hz or so a group is one bin."""
SMOOTH = 0.1
"""Seconds over which the spectrum is averaged for its flatness."""
FLAT = 0.8
"""Flatness of noise as it is measured; it counts as 1."""
Levels = tuple[float, float, float]
"""Percussive, harmonic, flatness: each 0..1."""
SILENT = 1e-12
UP, DOWN = 0.015, 0.12
"""Seconds in which the two levels rise and fall."""


class Split:
    """``percussive`` and ``harmonic``, amplitudes 0..1 as ``rms`` is; ``flatness`` 0..1: tones to noise.

    A ``look`` does the work, ``move`` lets it be heard.
    """

    def __init__(self, sums: BandSums, hop_seconds: float) -> None:
        self.percussive = self.harmonic = self.flatness = 0.0
        self._edges, self._end = _groups(sums)
        self._octaves = np.arange(0, len(self._edges) - OCTAVE // 2, OCTAVE)
        self._sizes = np.diff(np.append(self._octaves, len(self._edges))).astype(np.float32)
        self._past = np.zeros((len(self._edges), FRAMES), np.float32)
        self._mean = np.full(len(self._edges), SILENT, np.float32)
        self._around = np.zeros(len(self._edges) + NEIGHBOURS - 1, np.float32)
        self._windows = np.lib.stride_tricks.sliding_window_view(self._around, NEIGHBOURS)
        seconds = EACH * hop_seconds
        self._up, self._down, self._slow = (share(seconds, tau) for tau in (UP, DOWN, SMOOTH))
        self._looks = 0

    def look(self, power: Floats, top: float) -> Levels:
        """At the power per bin, (bins,); ``top`` is the mean square that counts as 1."""
        groups = np.maximum.reduceat(power[:self._end], self._edges)
        self._past[:, self._looks % FRAMES] = groups
        self._looks += 1
        self._mean += np.float32(self._slow) * (groups - self._mean)
        hits, notes = self._parts(groups, power)
        return _amplitude(hits, top), _amplitude(notes, top), self._flatness()

    def look_away(self) -> Levels:
        """At silence."""
        self._past[:, self._looks % FRAMES] = 0.0
        self._looks += 1
        return 0.0, 0.0, 0.0

    def _parts(self, groups: Floats, power: Floats) -> tuple[float, float]:
        """Mean squares of hits and of held notes, by soft masks: each group's share of either median's square."""
        held = np.partition(self._past, FRAMES // 2, axis=1)[:, FRAMES // 2]
        half = NEIGHBOURS // 2
        self._around[half:-half] = groups
        self._around[:half], self._around[-half:] = groups[half:0:-1], groups[-2:-half - 2:-1]
        struck = np.partition(self._windows, half, axis=1)[:, half]
        held *= np.float32(FACTOR)
        held, struck = held * held, struck * struck
        shares = struck / (struck + held + np.float32(SILENT * SILENT))
        sums = np.add.reduceat(power[:self._end], self._edges)
        everything = float(sums.sum())
        hits = float(shares @ sums)
        return hits, everything - hits

    def _flatness(self) -> float:
        """Geometric by arithmetic mean in each octave, averaged with the octaves' amplitudes as weights."""
        mean = np.maximum(self._mean, np.float32(SILENT))
        arithmetic = np.add.reduceat(mean, self._octaves) / self._sizes
        logs = np.add.reduceat(np.log(mean), self._octaves) / self._sizes
        weights = np.sqrt(arithmetic)
        flat = float((np.exp(logs) / arithmetic) @ weights / weights.sum())
        return min(flat / FLAT, 1.0)

    def move(self, levels: Levels) -> None:
        """Take what was seen."""
        percussive, harmonic, flatness = levels
        away = percussive - self.percussive
        self.percussive += away * (self._up if away > 0.0 else self._down)
        away = harmonic - self.harmonic
        self.harmonic += away * (self._up if away > 0.0 else self._down)
        self.flatness += self._down * (flatness - self.flatness)


def _groups(sums: BandSums) -> tuple[np.ndarray, int]:
    """The first bin of each group, and the bin after the last."""
    highest = min(HIGHEST, float(sums.frequencies[-1]))
    count = int(OCTAVE * np.log2(highest / LOWEST))
    edges = np.searchsorted(sums.frequencies, LOWEST * 2.0 ** (np.arange(count + 1) / OCTAVE))
    edges = np.unique(edges)
    return edges[:-1], int(edges[-1])


def _amplitude(square: float, top: float) -> float:
    return float(min(max(square, 0.0) / top, 1.0) ** 0.5)
