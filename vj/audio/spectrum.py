"""From samples to spectra: a window that is quick to react, band sums, chroma."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vj.types import BANDS

Floats = NDArray[np.float32]


def quick_window(size: int, fall: int) -> Floats:
    """A Hann window that rises slowly and falls over the newest ``fall`` samples.

    Half a long window's latency is its symmetry: with the peak near the newest sample a kick is heard after about
    ``fall`` samples, while the length still tells low notes apart.
    """
    rise = size - fall
    up = np.sin(0.5 * np.pi * (np.arange(rise) + 0.5) / rise) ** 2
    down = np.cos(0.5 * np.pi * (np.arange(fall) + 0.5) / fall) ** 2
    return np.concatenate([up, down]).astype(np.float32)


class Tape:
    """The last ``size`` samples, contiguous, moved only when the tape is full."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tape = np.zeros(size * 4, np.float32)
        self._end = size

    def add(self, block: Floats) -> None:
        """Append a block no longer than ``size``."""
        if self._end + len(block) > len(self._tape):
            self._tape[:self._size] = self._tape[self._end - self._size:self._end]
            self._end = self._size
        self._tape[self._end:self._end + len(block)] = block
        self._end += len(block)

    def last(self, count: int) -> Floats:
        """A view of the newest ``count`` samples."""
        return self._tape[self._end - count:self._end]


class BandSums:
    """Mean square of each band, of the whole, and the spectrum's first moment, from one window of samples."""

    def __init__(self, rate: int, size: int = 2048, fall: int = 384) -> None:
        self.size = size
        self._window = quick_window(size, fall)
        frequencies = _frequencies(size, rate)
        rows = [_share(frequencies, lo, hi) for _, lo, hi in BANDS]
        rows += [_share(frequencies, 20.0, 18000.0), _share(frequencies, 20.0, 18000.0) * frequencies]
        # Parseval: sum over the half spectrum, doubled, over N^2, makes the mean square of the windowed samples.
        scale = 2.0 / (size**2 * float(np.mean(self._window**2)))
        self._rows = np.ascontiguousarray(np.array(rows) * scale, np.float32)

    def measure(self, samples: Floats) -> Floats:
        """(len(BANDS) + 2,): power per band, of everything, and power times frequency."""
        spectrum = np.fft.rfft(samples * self._window)
        power = np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)
        sums: Floats = self._rows @ power
        return sums


def _frequencies(size: int, rate: int) -> NDArray[np.float64]:
    """Hz of each bin of a real transform."""
    return np.arange(size // 2 + 1, dtype=np.float64) * (rate / size)


def _share(frequencies: NDArray[np.float64], lo: float, hi: float) -> NDArray[np.float64]:
    """How much of each bin, as wide as their spacing, lies in ``lo..hi`` Hz: 0..1."""
    half = 0.5 * float(frequencies[1])
    overlap = np.minimum(frequencies + half, hi) - np.maximum(frequencies - half, lo)
    return (overlap / (2 * half)).clip(0.0, 1.0)


class Chroma:
    """The twelve pitch classes from C, of a long window: slow colour, never rhythm."""

    def __init__(self, rate: int, size: int = 8192) -> None:
        self.size = size
        self._window = np.hanning(size).astype(np.float32)
        frequencies = _frequencies(size, rate)
        pitch = 69.0 + 12.0 * np.log2(np.maximum(frequencies, 1.0) / 440.0)
        heard = (frequencies > 80.0) & (frequencies < 4000.0)
        distance = (pitch[None, :] - np.arange(12)[:, None] + 6.0) % 12.0 - 6.0
        # A bin counts for the pitch classes within a semitone, low notes more than their overtones.
        weight = np.exp(-0.5 * (distance / 0.35) ** 2) * heard * (200.0 / np.maximum(frequencies, 200.0))
        self._classes = np.ascontiguousarray(weight, np.float32)

    def measure(self, samples: Floats) -> Floats:
        """(12,) with the strongest at 1; zeros for silence."""
        spectrum = np.fft.rfft(samples * self._window)
        strength: Floats = self._classes @ np.abs(spectrum)
        strength = np.maximum(strength - np.median(strength) * np.float32(0.8), 0)
        peak = float(strength.max())
        return strength / np.float32(peak) if peak > 1e-6 else np.zeros(12, np.float32)
