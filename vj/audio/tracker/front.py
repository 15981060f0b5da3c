"""The tracker's front end: aubio's spectra in bands on a log scale, one frame each hundredth of a second."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vj.types import Samples

    Levels = NDArray[np.float32]

FRAMES = 100
"""Frames a second."""
LOW, HIGH = (0.0464, 30.0, 1600.0, 6), (0.0232, 400.0, 15000.0, 4)
"""Long and short window: length in seconds, lowest and highest band's centre in Hz, bands an octave."""
SHARE = 1.0 - math.exp(-1.0 / (FRAMES * 4.0))
"""How much a frame counts in the loudness, an average over 4 s: what is heard is heard against that."""
FLOOR = 3e-5
"""Loudness, in amplitude, below which nothing is lifted any more: silence stays silent (noise of -70 dBFS)."""
SCALE = 4.0
"""How far into the logarithm an average band reaches."""


def window_size(rate: int, hop: int, span: tuple[float, float, float, int]) -> int:
    """A window's length in samples: a power of two."""
    return 1 << max(round(math.log2(rate * span[0])), math.ceil(math.log2(hop)))


def centres(span: tuple[float, float, float, int]) -> NDArray[np.float64]:
    """Centre frequencies of a window's bands, Hz; they do not depend on the sample rate."""
    seconds, lowest, highest, octave = span
    count = int(octave * math.log2(highest / lowest))
    spaced = lowest * 2.0 ** (np.arange(count + 1) / octave)
    # Where a band would be narrower than a spectrum's line, lines are taken one by one.
    narrowest = 1.0 / seconds
    kept = [spaced[0]]
    for centre in spaced[1:]:
        if centre - kept[-1] >= narrowest:
            kept.append(centre)
    return np.array(kept)


_SPLIT = len(centres(LOW))
SIZE = _SPLIT + len(centres(HIGH))
"""Bands in a frame."""


def triangles(centre: NDArray[np.float64], window: int, rate: int) -> Levels:
    """(bands, window / 2 + 1) weights: triangles between neighbouring centres, each of sum one, zero above Nyquist."""
    edges = np.concatenate([[2 * centre[0] - centre[1]], centre, [centre[-1] ** 2 / centre[-2]]])
    line = np.arange(window // 2 + 1) * rate / window
    rise = (line[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - line[None]) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.maximum(np.minimum(rise, fall), 0.0)
    for row, middle in zip(weights, centre, strict=True):
        if not row.any() and middle < rate / 2:
            row[round(middle * window / rate)] = 1.0
    total = weights.sum(axis=1, keepdims=True)
    shares: Levels = (weights / np.maximum(total, 1e-9)).astype(np.float32)
    return shares


class _Window:
    """One spectrum's bands."""

    def __init__(self, rate: int, hop: int, span: tuple[float, float, float, int]) -> None:
        import aubio

        size = window_size(rate, hop, span)
        self._spectrum: Any = aubio.pvoc(size, hop)
        # A full-scale sine reaches a quarter of the window's length under its Hann window.
        weights = triangles(centres(span), size, rate) * np.float32(4.0 / size)
        heard = np.flatnonzero(weights.any(axis=0))
        self._lines = slice(int(heard[0]), int(heard[-1]) + 1)
        self._weights = np.ascontiguousarray(weights[:, self._lines])

    def hear(self, hop: Samples, bands: Levels) -> None:
        """Put amplitudes into ``bands``, where a full-scale sine is about 1."""
        np.matmul(self._weights, self._spectrum(hop).norm[self._lines], out=bands)


class FrontEnd:
    """Hears ``hop`` samples at a time; a frame is (SIZE,) levels on a log scale against the last seconds' loudness.

    A moment is heard best some 25 ms after it, when it stands in the middle of the long window.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.hop = round(rate / FRAMES)
        self._low, self._high = (_Window(rate, self.hop, span) for span in (LOW, HIGH))
        self._frames = 0
        self._loudness = 0.0

    def hear(self, hop: Samples) -> Levels:
        """(hop,) float32, finite -> (SIZE,) float32, 0 in silence, about 1 where a band is at the average."""
        bands = np.empty(SIZE, np.float32)
        self._low.hear(hop, bands[:_SPLIT])
        self._high.hear(hop, bands[_SPLIT:])
        power = float(np.dot(bands, bands)) / SIZE
        self._frames += 1
        share = max(SHARE, 1.0 / self._frames)
        self._loudness += share * (power - self._loudness)
        bands *= np.float32(SCALE / max(math.sqrt(self._loudness), FLOOR))
        return np.log1p(bands, out=bands)
