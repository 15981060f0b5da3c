"""From samples to spectra: a window that is quick to react, band sums, chroma."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vj.types import BANDS

Floats = NDArray[np.float32]


def share(dt: float, tau: float) -> float:
    """How far a follower with time constant ``tau`` goes in ``dt``: 0..1."""
    return 1.0 - math.exp(-dt / tau) if tau > 0 else 1.0


def quick_window(size: int, fall: int) -> Floats:
    """A Hann window that rises slowly and falls over the newest ``fall`` samples.

    Half a long window's latency is its symmetry: with the peak near the newest sample a kick is heard after about
    ``fall`` samples, while the length still tells low notes apart.
    """
    rise = size - fall
    up = np.sin(0.5 * np.pi * (np.arange(rise) + 0.5) / rise) ** 2
    down = np.cos(0.5 * np.pi * (np.arange(fall) + 0.5) / fall) ** 2
    return np.concatenate([up, down]).astype(np.float32)


class Mono:
    """Both channels as one. Where they are in opposite polarity (a miswired cable) their difference is taken."""

    def __init__(self, hop_seconds: float) -> None:
        self._likeness = 0.0
        self._share = share(hop_seconds, 0.5)
        self._sign = 1.0

    def mix(self, channels: Floats) -> tuple[Floats, list[float]]:
        """Some hops, (2, n, hop) -> (n, hop), and the mean square of both channels in each."""
        left, right = channels
        own = squares(channels).sum(axis=0).tolist()
        signs = [self._polarity(power, both) for power, both in zip(own, products(left, right).tolist(), strict=True)]
        turned = np.array(signs, np.float32)[:, None] * right
        turned += left
        turned *= np.float32(0.5)
        return turned, [power / (2 * channels.shape[2]) for power in own]

    def _polarity(self, power: float, both: float) -> float:
        """1, or -1 where the sides have been opposite for a while; ``both`` is the sum of their product."""
        self._likeness += self._share * (both - self._likeness)
        if abs(self._likeness) > 0.2 * power > 0.0:
            self._sign = 1.0 if self._likeness > 0.0 else -1.0
        return self._sign


def products(one: Floats, other: Floats) -> Floats:
    """Sums of products along the last axis, each row by itself: what a row gives does not depend on its company."""
    sums: Floats = (one[..., None, :] @ other[..., None])[..., 0, 0]
    return sums


def squares(rows: Floats) -> Floats:
    """Sums of squares along the last axis."""
    return products(rows, rows)


def weighted(weights: Floats, rows: Floats) -> Floats:
    """(rows of weights, k) times each of (n, k) -> (n, rows of weights), each by itself as in ``products``."""
    sums: Floats = (weights @ rows[:, :, None])[:, :, 0]
    return sums


class Tape:
    """The last ``size`` samples and room for ``more``, contiguous, moved back only when the tape is full."""

    def __init__(self, size: int, more: int) -> None:
        self._kept = size + more
        self._tape = np.zeros(self._kept * 4, np.float32)
        self._end = self._kept

    def add(self, block: Floats) -> None:
        """Append a block."""
        if self._end + len(block) > len(self._tape):
            self._tape[:self._kept] = self._tape[self._end - self._kept:self._end]
            self._end = self._kept
        self._tape[self._end:self._end + len(block)] = block
        self._end += len(block)

    def last(self, size: int, ago: int = 0) -> Floats:
        """A view of ``size`` samples, the newest ``ago`` samples left out."""
        end = self._end - ago
        return self._tape[end - size:end]

    def windows(self, size: int, hop: int, count: int) -> Floats:
        """(count, size): a view of overlapping windows, the last one ending with the newest sample."""
        start = self._end - size - (count - 1) * hop
        step = self._tape.itemsize
        return np.ndarray((count, size), np.float32, self._tape, start * step, (hop * step, step))


class BandSums:
    """Mean square of each band, of the whole, and the spectrum's first moment, of windows of ``size`` samples."""

    def __init__(self, rate: int, size: int = 2048, fall: int = 384) -> None:
        self.size = size
        self._window = quick_window(size, fall)
        self.frequencies = _frequencies(size, rate)
        # Parseval: the sum over the half spectrum, doubled, over N^2, is the mean square of the windowed samples.
        self._window *= np.float32(math.sqrt(2.0 / (size**2 * float(np.mean(self._window**2)))))
        rows = [self.overlap(lo, hi) for _, lo, hi in BANDS]
        rows += [self.overlap(20.0, 18000.0), self.overlap(20.0, 18000.0) * self.frequencies]
        self._rows = np.ascontiguousarray(rows, np.float32)

    def overlap(self, lo: float, hi: float) -> NDArray[np.float64]:
        """How much of each bin, as wide as their spacing, lies in ``lo..hi`` Hz: (bins,) 0..1."""
        half = 0.5 * float(self.frequencies[1])
        inside = np.minimum(self.frequencies + half, hi) - np.maximum(self.frequencies - half, lo)
        return (inside / (2 * half)).clip(0.0, 1.0)

    def spectra(self, windows: Floats) -> Floats:
        """(n, size) -> (n, bins) mean squares."""
        spectra = np.fft.rfft(windows * self._window)
        power: Floats = np.square(spectra.real)
        power += np.square(spectra.imag)
        return power.astype(np.float32, copy=False)

    def sums(self, powers: Floats) -> Floats:
        """(n, bins) -> (n, len(BANDS) + 2): per band, of all, and of all times frequency."""
        return weighted(self._rows, powers)


def _frequencies(size: int, rate: int) -> NDArray[np.float64]:
    """Hz of each bin of a real transform."""
    return np.arange(size // 2 + 1, dtype=np.float64) * (rate / size)


class Chroma:
    """The twelve pitch classes from C, of a long window: slow colour, never rhythm."""

    def __init__(self, rate: int, size: int = 8192) -> None:
        self.size = size
        self._window = np.hanning(size).astype(np.float32)
        frequencies = _frequencies(size, rate)
        self._heard = slice(int(np.searchsorted(frequencies, 80.0)), int(np.searchsorted(frequencies, 4000.0)))
        frequencies = frequencies[self._heard]
        pitch = 69.0 + 12.0 * np.log2(frequencies / 440.0)
        distance = (pitch[None, :] - np.arange(12)[:, None] + 6.0) % 12.0 - 6.0
        # A bin counts for the pitch classes within a semitone, low notes more than their overtones.
        weight = np.exp(-0.5 * (distance / 0.35) ** 2) * (200.0 / np.maximum(frequencies, 200.0))
        self._classes = np.ascontiguousarray(weight, np.float32)

    def measure(self, samples: Floats) -> Floats:
        """(12,) with the strongest at 1; zeros for silence."""
        spectrum = np.fft.rfft(samples * self._window)[self._heard]
        strength: Floats = self._classes @ np.abs(spectrum)
        # What all classes share is noise and drums, not harmony.
        common = np.sort(strength)[5]
        strength = np.maximum(strength - 0.8 * float(common), 0.0)
        peak = float(strength.max())
        return strength / peak if peak > 1e-6 else np.zeros(12, np.float32)
