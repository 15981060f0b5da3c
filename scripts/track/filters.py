"""Filters without a loop over samples: biquads applied in the frequency domain, sweeps frame by frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .grid import RATE
from .oscillators import Sound, resonance

Biquad = tuple[tuple[float, float, float], tuple[float, float, float]]  # b, a: R. Bristow-Johnson's cookbook

FRAME, HOP = 1024, 256


def _corner(freq: float, q: float) -> tuple[float, float]:
    omega = 2 * np.pi * freq / RATE
    return float(np.cos(omega)), float(np.sin(omega) / (2 * q))


def lowpass(freq: float, q: float = 0.7071) -> Biquad:
    """Two-pole low-pass."""
    c, alpha = _corner(freq, q)
    return ((1 - c) / 2, 1 - c, (1 - c) / 2), (1 + alpha, -2 * c, 1 - alpha)


def highpass(freq: float, q: float = 0.7071) -> Biquad:
    """Two-pole high-pass."""
    c, alpha = _corner(freq, q)
    return ((1 + c) / 2, -1 - c, (1 + c) / 2), (1 + alpha, -2 * c, 1 - alpha)


def bandpass(freq: float, q: float) -> Biquad:
    """Two-pole band-pass, 0 dB at its centre."""
    c, alpha = _corner(freq, q)
    return (alpha, 0.0, -alpha), (1 + alpha, -2 * c, 1 - alpha)


def bell(freq: float, gain: float, q: float = 0.7) -> Biquad:
    """A bell of ``gain`` dB."""
    c, alpha = _corner(freq, q)
    a = 10 ** (gain / 40)
    return (1 + alpha * a, -2 * c, 1 - alpha * a), (1 + alpha / a, -2 * c, 1 - alpha / a)


def shelf(freq: float, gain: float) -> Biquad:
    """A high shelf of ``gain`` dB."""
    c, alpha = _corner(freq, 0.7071)
    a = 10 ** (gain / 40)
    root = 2 * np.sqrt(a) * alpha
    b = (a * (a + 1 + (a - 1) * c + root), -2 * a * (a - 1 + (a + 1) * c), a * (a + 1 + (a - 1) * c - root))
    return b, (a + 1 - (a - 1) * c + root, 2 * (a - 1 - (a + 1) * c), a + 1 - (a - 1) * c - root)


def fast_length(count: int) -> int:
    """The next length of the form 2^k, 3 2^k or 5 2^k, which the FFT likes."""
    return min(m << max(0, (-(-count // m) - 1).bit_length()) for m in (1, 3, 5))


def response(bands: tuple[Biquad, ...], size: int) -> NDArray[np.complex128]:
    """Product of the biquads' exact transfer functions on the bins of a real FFT, (size // 2 + 1,)."""
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    total: NDArray[np.complex128] = np.ones_like(z)
    for b, a in bands:
        total *= (b[0] + z * (b[1] + z * b[2])) / (a[0] + z * (a[1] + z * a[2]))
    return total


def equalise(sound: Sound, *bands: Biquad) -> Sound:
    """The sound, (n,) or (n, 2), through biquads in series: causal, with their true phase."""
    size = fast_length(len(sound) + RATE // 4)  # room for the ringing, else it would wrap round to the start
    curve = response(bands, size).reshape(-1, *(1,) * (sound.ndim - 1))
    return np.fft.irfft(np.fft.rfft(sound, size, axis=0) * curve, size, axis=0)[: len(sound)]


def sweep(sound: Sound, cutoff: Sound, q: float = 0.7, kind: str = "low") -> Sound:
    """A stereo sound (n, 2) through a moving two-pole filter; ``cutoff`` in Hz per sample.

    Overlapping frames are weighted in the frequency domain without touching the phase. ``kind``: low, high or band.
    """
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME))[:, None]
    freqs = np.arange(FRAME // 2 + 1) * RATE / FRAME
    padded = np.pad(sound, ((FRAME, FRAME), (0, 0)))
    out = np.zeros_like(padded)
    for start in range(0, len(padded) - FRAME, HOP):
        frame = padded[start : start + FRAME]
        if not frame.any():
            continue
        centre = min(max(start - FRAME // 2, 0), len(cutoff) - 1)
        gain = _gain(freqs / cutoff[centre], q, kind)[:, None]
        out[start : start + FRAME] += window * np.fft.irfft(np.fft.rfft(frame * window, axis=0) * gain, axis=0)
    return out[FRAME : FRAME + len(sound)] * (2 * HOP / FRAME)


def _gain(ratio: Sound, q: float, kind: str) -> Sound:
    shape = resonance(ratio, q)
    return {"low": shape, "high": shape * ratio**2, "band": shape * ratio / q}[kind]
