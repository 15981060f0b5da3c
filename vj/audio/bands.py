"""The bands as eyes want them: level, hits, presence and time of each, advanced hop by hop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vj.audio.spectrum import share
from vj.types import BANDS, Band

if TYPE_CHECKING:
    from vj.audio.gain import Levels

NAMES = tuple(name for name, _, _ in BANDS)
LEVEL, PRESENCE = 0, 1
ATTACK = 0.008
"""Seconds in which a level rises."""
HIT = 0.16
"""Seconds in which a hit falls to a third."""


class Followers:
    """Follows levels 0..1, one column per band, each call one hop.

    ``level`` rises in 8 ms and falls by ``release``; ``hits`` jumps with every hit and falls in 0.16 s;
    ``presence`` is the level of 4 s; ``time`` the integral of the level, seconds.
    """

    def __init__(self, bands: int, hop_seconds: float) -> None:
        self.hits = np.zeros(bands, np.float32)
        self.time = np.zeros(bands, np.float64)
        self._hop = hop_seconds
        self._state = np.zeros((2, bands), np.float32)
        self._up = self._rows(ATTACK, 4.0)
        self._down = self._rows(0.18, 4.0)
        self._keep = 1.0 - share(hop_seconds, HIT)

    def _rows(self, *taus: float) -> Levels:
        """(2, 1) shares of level and presence per hop."""
        return np.array([[share(self._hop, tau)] for tau in taus], np.float32)

    @property
    def level(self) -> Levels:
        row: Levels = self._state[LEVEL]
        return row

    @property
    def presence(self) -> Levels:
        row: Levels = self._state[PRESENCE]
        return row

    def set_release(self, release: float) -> None:
        """Seconds for ``level`` to fall to a third."""
        self._down[LEVEL, 0] = share(self._hop, release)

    def hear(self, now: Levels, hits: Levels) -> None:
        """One hop: (bands,) levels and hits, 0..1."""
        self.hits *= self._keep
        np.maximum(self.hits, hits, out=self.hits)
        away = now - self._state
        away *= np.where(away > 0.0, self._up, self._down)
        self._state += away
        self.time += self._state[LEVEL] * self._hop

    def words(self) -> dict[str, Band]:
        """The six bands as everything speaks of them."""
        rows = zip(NAMES, self.level.tolist(), self.hits.tolist(), self.presence.tolist(), self.time.tolist(),
                   strict=True)
        return {name: Band(level, hits, presence, time) for name, level, hits, presence, time in rows}


def decibels(power: Levels) -> Levels:
    """Mean squares, any shape, as dBFS; a full-scale square wave is 0, nothing at all -120."""
    loud: Levels = np.log10(power + 1e-12) * 10.0
    return loud
