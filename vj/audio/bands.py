"""The bands as eyes want them: level, hits, presence and time of each, advanced hop by hop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.spectrum import share
from vj.types import BANDS, Band

if TYPE_CHECKING:
    from vj.audio.gain import Levels

NAMES = tuple(name for name, _, _ in BANDS)
ATTACK = 0.008
"""Seconds in which a level rises."""
HIT = 0.16
"""Seconds in which a hit falls to a third."""
LONG = 4.0
"""Seconds of which presence is the level."""


class Followers:
    """Follows levels 0..1, one place per band, each call one hop.

    ``level`` rises in 8 ms and falls by ``release``; ``hits`` jumps with every hit and falls in 0.16 s;
    ``presence`` is the level of 4 s; ``time`` the integral of the level, seconds. Lists, not arrays: for six numbers
    that wait for one another an array costs six times as much.
    """

    def __init__(self, bands: int, hop_seconds: float) -> None:
        self.level = [0.0] * bands
        self.hits = [0.0] * bands
        self.presence = [0.0] * bands
        self.time = [0.0] * bands
        self._hop = hop_seconds
        self._up, self._long = share(hop_seconds, ATTACK), share(hop_seconds, LONG)
        self._down = share(hop_seconds, 0.18)
        self._keep = 1.0 - share(hop_seconds, HIT)

    def set_release(self, release: float) -> None:
        """Seconds for ``level`` to fall to a third."""
        self._down = share(self._hop, release)

    def hear(self, now: Sequence[float], hits: Sequence[float]) -> None:
        """One hop: each band's level and hit, 0..1."""
        up, down, slow, keep, hop = self._up, self._down, self._long, self._keep, self._hop
        for band, before in enumerate(self.level):
            heard = now[band]
            away = heard - before
            level = before + away * (up if away > 0.0 else down)
            self.level[band] = level
            self.presence[band] += slow * (heard - self.presence[band])
            self.time[band] += level * hop
            fallen = keep * self.hits[band]
            self.hits[band] = hits[band] if hits[band] > fallen else fallen

    def words(self) -> dict[str, Band]:
        """The six bands as everything speaks of them."""
        return dict(zip(NAMES, map(Band, self.level, self.hits, self.presence, self.time), strict=True))


def decibels(power: Levels) -> Levels:
    """Mean squares, any shape, as dBFS; a full-scale square wave is 0, nothing at all -120."""
    loud: Levels = np.log10(power + 1e-12) * 10.0
    return loud
