"""Filters without phase and convolution, by FFTs of sizes that are fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Gain = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def fast_size(least: int) -> int:
    """The smallest size from ``least`` on that is a power of two times 1, 3, 5, 9 or 15."""
    return min(factor << max(0, (-(-least // factor) - 1).bit_length()) for factor in (1, 3, 5, 9, 15))


def filtered(samples: NDArray[np.floating], rate: int, gain: Gain, rest: float = 0.5) -> NDArray[np.float32]:
    """The spectrum times ``gain`` of the frequency in Hz; ``rest`` seconds of silence keep the ends apart."""
    size = fast_size(len(samples) + int(rate * rest))
    spectrum = np.fft.rfft(samples, size) * gain(np.fft.rfftfreq(size, 1 / rate))
    return np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)


def convolved(samples: NDArray[np.floating], kernel: NDArray[np.floating]) -> NDArray[np.float32]:
    """``samples`` through a response that begins at its own sample 0; as long as ``samples``."""
    size = fast_size(len(samples) + len(kernel))
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(kernel, size), size)
    return wet[: len(samples)].astype(np.float32)


def band(low: float, high: float) -> Gain:
    """The gain of a band between two corners (Hz), 12 dB an octave outside."""
    return lambda f: 1 / np.sqrt((1 + (low / np.maximum(f, 1e-3)) ** 4) * (1 + (f / high) ** 4))


def below(corner: float, order: int) -> Gain:
    """The gain of a Butterworth low-pass."""
    return lambda f: 1 / np.sqrt(1 + (f / corner) ** (2 * order))


def above(corner: float, order: int) -> Gain:
    """The gain of a Butterworth high-pass."""
    return lambda f: 1 / np.sqrt(1 + (corner / np.maximum(f, 1e-3)) ** (2 * order))
