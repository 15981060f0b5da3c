"""Filters, envelopes and noise at any rate: the bundled track's filters, told another rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from track.filters import bandpass, bell, fast_length, highpass, lowpass, response, shelf
from track.grid import RATE as TRACK_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from track.filters import Biquad

LONG = 1 << 17
"""Samples from which on a sound is filtered piece by piece."""
RING = 1 << 14
"""Samples after which a filter has rung out."""
MAKERS = {"low": lowpass, "high": highpass, "band": bandpass, "bell": bell, "shelf": shelf}
Band = tuple[str, float, float]
"""Kind of filter, corner in Hz, and Q (``low``, ``high``, ``band``) or dB (``bell``, ``shelf``)."""


def _biquad(band: Band, rate: int) -> Biquad:
    kind, freq, value = band
    scaled = min(freq, 0.45 * rate) * TRACK_RATE / rate  # to a digital filter a frequency is a share of its rate
    return MAKERS[kind](scaled, value)


def filtered(sound: NDArray[np.float32], rate: int, *bands: Band) -> NDArray[np.float32]:
    """The sound (n,) through biquads in series: causal, as long as it was."""
    if not bands:
        return sound
    if len(sound) > LONG:
        impulse = np.zeros(RING, np.float32)
        impulse[0] = 1.0
        return convolved(sound, filtered(impulse, rate, *bands))
    size = fast_length(len(sound) + rate // 8)
    curve = response(tuple(_biquad(band, rate) for band in bands), size).astype(np.complex64)
    return np.fft.irfft(np.fft.rfft(sound, size) * curve, size)[: len(sound)].astype(np.float32)


def clock(length: float, rate: int) -> NDArray[np.float32]:
    """Seconds of every sample."""
    return (np.arange(max(1, round(length * rate))) / rate).astype(np.float32)


def fade(sound: NDArray[np.float32], rate: int, length: float = 0.01) -> NDArray[np.float32]:
    """The sound with its last ``length`` seconds faded out."""
    count = min(len(sound), round(length * rate))
    if count:
        sound[-count:] *= np.linspace(1, 0, count, dtype=np.float32)
    return sound


def normal(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scaled to a peak of 1."""
    return (sound / max(1e-6, float(np.abs(sound).max()))).astype(np.float32)


def convolved(sound: NDArray[np.float32], impulse: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound in a room, as long as it was."""
    size = 4 * fast_length(len(impulse))
    step = size - len(impulse) + 1
    rows = -(-len(sound) // step)
    spectrum = np.fft.rfft(impulse, size).astype(np.complex64)
    out = np.zeros(rows * step + size, np.float32)
    for row in range(rows):  # overlap and add: short transforms stay in the cache
        wet = np.fft.irfft(np.fft.rfft(sound[row * step : (row + 1) * step], size) * spectrum, size)
        out[row * step : row * step + size] += wet
    return out[: len(sound)]
