"""The net's double: hears the beats it was told of, as clearly or as badly as wished. For rehearsals and tests."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Activations = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ears:
    """How well the double hears. ``jitter`` seconds; the rest are chances and activations, 0..1."""

    jitter: float = 0.006
    missed: float = 0.05
    lowest: float = 0.4
    highest: float = 0.95
    half: float = 0.15
    loud_half: float = 0.6
    false: float = 0.1
    noise: float = 0.02
    width: float = 0.01


def activations(beats: Sequence[float], downbeats: Sequence[float], duration: float, ears: Ears, *, seed: int = 0,
                seconds: float = 0.01, delay: float = 0.06) -> Activations:
    """(N, 2) chances of beat and downbeat; frame n speaks of the moment ``(n + 1) * seconds - delay``."""
    rng = np.random.default_rng(seed)
    moments = np.arange(1.0, round(duration / seconds) + 1.0) * seconds - delay
    heard: Activations = rng.exponential(ears.noise, (len(moments), 2))
    times = [float(beat) for beat in beats]
    strong = {round(float(beat), 4) for beat in downbeats}
    for beat in times:
        if rng.random() >= ears.missed:
            down = round(beat, 4) in strong
            at = beat + float(rng.normal(0.0, ears.jitter))
            _bump(heard[:, 0], moments, at, rng.uniform(ears.lowest, ears.highest), ears.width)
            _bump(heard[:, 1], moments, at, rng.uniform(0.3, 0.8) if down else rng.uniform(0.0, 0.3), ears.width)
    for before, after in pairwise(times):
        middle = 0.5 * (before + after) + rng.normal(0.0, ears.jitter)
        if rng.random() < ears.half:
            _bump(heard[:, 0], moments, middle, rng.uniform(0.2, ears.loud_half), ears.width)
        if rng.random() < ears.false:
            _bump(heard[:, 0], moments, rng.uniform(before, after), rng.uniform(0.1, 0.5), ears.width)
    return np.clip(heard, 0.0, 0.99)


def _bump(row: Activations, moments: Activations, at: float, height: float, width: float) -> None:
    first, last = np.searchsorted(moments, (at - 6.0 * width, at + 6.0 * width))
    near = slice(int(first), int(last))
    row[near] = np.maximum(row[near], height * np.exp(-0.5 * ((moments[near] - at) / width) ** 2))


class ToldNet:
    """Stands where a ``BeatNet`` would: gives prepared activations, one frame at a time, then silence.

    (N, 2) chances of beat and downbeat or, with a third column, whether the music is cut on that frame.
    """

    def __init__(self, heard: Activations, delay: float = 0.06) -> None:
        self.delay = delay
        self.tempi = None
        self.cut = False
        self._heard = iter(heard)

    def step(self, levels: Any) -> tuple[float, float]:
        """The next prepared frame, whatever the levels."""
        beat, downbeat, *cut = next(self._heard, (0.0, 0.0))
        self.cut = any(cut)
        return float(beat), float(downbeat)
