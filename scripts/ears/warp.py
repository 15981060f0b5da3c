"""Sound and its beats through a bent time axis, exactly: windowed-sinc interpolation at any place."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TAPS = 24
PHASES = 512
CHUNK = 1 << 16


@lru_cache(maxsize=8)
def _kernel(cutoff: float) -> NDArray[np.float32]:
    """(PHASES, TAPS) Kaiser-windowed sinc, each row summing to 1; ``cutoff`` is a share of the Nyquist rate."""
    offsets = np.arange(TAPS) - TAPS // 2 + 1 - np.arange(PHASES)[:, None] / PHASES
    window = np.i0(8.0 * np.sqrt(np.maximum(1 - (offsets / (TAPS / 2)) ** 2, 0)))
    rows = np.sinc(offsets * cutoff) * window
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


def read_at(samples: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float32]:
    """The sound (n,) at fractional sample numbers (m,), silence outside; band-limited where it is read faster."""
    pace = float(np.median(np.diff(places))) if len(places) > 1 else 1.0
    kernel = _kernel(round(min(1.0, 0.97 / max(pace, 1e-3)), 2))
    padded = np.pad(samples, (TAPS, TAPS + 1))
    out = np.empty(len(places), np.float32)
    for start in range(0, len(places), CHUNK):
        place = np.clip(places[start : start + CHUNK], -TAPS / 2, len(samples) + TAPS / 2 - 1)
        whole = np.floor(place).astype(np.int64)
        phase = ((place - whole) * PHASES).astype(np.int64)
        taps = padded[whole[:, None] + (TAPS + 1 - TAPS // 2 + np.arange(TAPS))]
        out[start : start + CHUNK] = np.einsum("nt,nt->n", taps, kernel[phase])
    return out


def resampled(samples: NDArray[np.float32], ratio: float) -> NDArray[np.float32]:
    """``ratio`` times as many samples; sample 0 stays sample 0."""
    count = int(len(samples) * ratio)
    return read_at(samples, np.arange(count) / ratio)


def bent(samples: NDArray[np.float32], rate: int, old: Sequence[float], new: Sequence[float]) -> NDArray[np.float32]:
    """The sound with what was at ``old`` seconds at ``new`` seconds (both rise): from new[0], to new[-1]."""
    times = new[0] + np.arange(int((new[-1] - new[0]) * rate)) / rate
    return read_at(samples, np.interp(times, new, old) * rate)
