"""Where sound begins, and whether it does so on the beat: the judge of the truth that packages claim."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HOP = 0.002
"""Seconds from one value of strength to the next."""
EARLY = 0.0034
"""How much before a click its window's energy rises fastest: measured, and taken out."""


def strength(samples: NDArray[np.float32], rate: int, low: float = 30.0, high: float = 14_000.0) -> NDArray[np.float64]:
    """How strongly sound begins in a band (Hz), (frames,) one each ``HOP`` seconds; frame n is centred at n * HOP.

    Half-wave rectified rise of the logarithmic energy in eight sub-bands over 8 ms, windows of 12 ms,
    40 dB deep.
    """
    size, hop = 2 ** round(np.log2(rate * 0.0116)), rate * HOP
    padded = np.pad(samples, (size // 2, size))
    starts = np.round(np.arange(int(len(samples) / hop)) * hop).astype(int)
    edges = np.geomspace(max(low, 30.0), min(high, rate / 2.1), 9)
    bins = np.searchsorted(np.fft.rfftfreq(size, 1 / rate), edges)
    window, bands = np.hanning(size).astype(np.float32), []
    for chunk in np.array_split(starts, max(1, len(starts) // 2000)):
        frames = padded[chunk[:, None] + np.arange(size)] * window
        power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
        bands.append(np.stack([power[:, a : max(b, a + 1)].sum(1) for a, b in pairwise(bins)], 1))
    level = np.log10(np.concatenate(bands) + 1e-4 * np.concatenate(bands).max() + 1e-12)
    rise = np.maximum(level[4:] - level[:-4], 0).sum(axis=1)
    return np.concatenate([np.zeros(2), rise, np.zeros(2)])


def at(onsets: NDArray[np.float64], times: Sequence[float], reach: float = 0.02) -> NDArray[np.float64]:
    """The strongest onset within ``reach`` seconds of each time."""
    frames = np.round(np.asarray(times) / HOP).astype(int)
    around = frames[:, None] + np.arange(-round(reach / HOP), round(reach / HOP) + 1)
    return np.asarray(onsets[np.clip(around, 0, len(onsets) - 1)].max(axis=1))


def folded(onsets: NDArray[np.float64], beats: Sequence[float], bins: int = 96) -> NDArray[np.float64]:
    """Mean strength over the phase of a beat, (bins,): bin 0 is centred on the beat."""
    times = np.arange(len(onsets)) * HOP
    inside = (times >= beats[0]) & (times < beats[-1])
    phase = np.interp(times[inside], beats, np.arange(len(beats))) + 0.5 / bins
    index = ((phase % 1) * bins).astype(int)
    return np.asarray(np.bincount(index, onsets[inside], bins) / np.maximum(np.bincount(index, minlength=bins), 1))


def lateness(onsets: NDArray[np.float64], beats: Sequence[float], reach: float = 0.07) -> float:
    """How late, in seconds, sound begins against the beats: the lag that explains them best, within ``reach``.

    The lag at which the mean strength over all beats peaks, refined by a parabola.
    """
    lags = np.arange(-round(reach / HOP), round(reach / HOP) + 1)
    frames = np.round(np.asarray(beats) / HOP).astype(int)
    frames = frames[(frames + lags[0] >= 0) & (frames + lags[-1] < len(onsets))]
    if not len(frames):
        return 0.0
    squashed = np.minimum(onsets, np.quantile(onsets, 0.995))
    score = np.convolve(squashed[frames[:, None] + lags].mean(axis=0), np.hanning(9) / np.hanning(9).sum(), "same")
    best = int(score[2:-2].argmax()) + 2
    below, peak, above = score[best - 1 : best + 2]
    bend = below - 2 * peak + above
    return float((lags[best] + (0.5 * (below - above) / bend if bend < 0 else 0.0)) * HOP) + EARLY
