"""The six bands: level, hits, presence and time of each, advanced hop by hop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vj.types import BANDS, Band

if TYPE_CHECKING:
    from vj.audio.gain import Levels

NAMES = tuple(name for name, _, _ in BANDS)


def share(dt: float, tau: float) -> float:
    """How far a follower with time constant ``tau`` goes in ``dt``: 0..1."""
    return 1.0 - math.exp(-dt / tau) if tau > 0 else 1.0


class Followers:
    """What eyes want from levels 0..1: one row per band, each call one hop.

    ``level`` attacks in 8 ms and falls by ``release``; ``hits`` jumps with every sudden rise and falls in 0.16 s;
    ``presence`` is the level of 4 s; ``time`` the integral of the level.
    """

    def __init__(self, rows: int, hop_seconds: float) -> None:
        self.level = np.zeros(rows, np.float32)
        self.hits = np.zeros(rows, np.float32)
        self.presence = np.zeros(rows, np.float32)
        self.time = np.zeros(rows, np.float64)
        self.rise = np.zeros(rows, np.float32)
        self._background = np.zeros(rows, np.float32)
        self._hop = hop_seconds
        self._attack = np.float32(share(hop_seconds, 0.008))
        self._hit_keep = np.float32(1.0 - share(hop_seconds, 0.16))
        self._presence = np.float32(share(hop_seconds, 4.0))
        self._catch_up = np.float32(share(hop_seconds, 0.05))
        self._forget = np.float32(share(hop_seconds, 0.10))
        self.set_release(0.18)

    def set_release(self, release: float) -> None:
        """Seconds for ``level`` to fall to a third."""
        self._release = np.float32(share(self._hop, release))

    def hear(self, now: NDArray[np.float32]) -> None:
        """One hop: (rows,) normalised 0..1."""
        self.level += np.where(now > self.level, self._attack, self._release) * (now - self.level)
        # A hit is what stands out of the recent background by more than noise does.
        above = now - self._background
        self.rise = ((above - np.float32(0.25)) * np.float32(1.6)).clip(0, 1)
        self._background += np.where(above > 0, self._catch_up, self._forget) * above
        self.hits = np.maximum(self.hits * self._hit_keep, self.rise)
        self.presence += self._presence * (now - self.presence)
        self.time += self.level * self._hop


def as_bands(followers: Followers) -> dict[str, Band]:
    """The first six rows as the words everything speaks in."""
    rows = zip(NAMES, followers.level.tolist(), followers.hits.tolist(), followers.presence.tolist(),
               followers.time.tolist(), strict=False)
    return {name: Band(level, hits, presence, time) for name, level, hits, presence, time in rows}


def decibels(power: Levels) -> Levels:
    """Mean squares as dBFS; a full-scale square wave is 0, nothing at all -120."""
    return np.asarray(10.0 * np.log10(power + 1e-12), np.float32)
