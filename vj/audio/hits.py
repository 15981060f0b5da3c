"""Kick, snare and hat apart: a small net looks at what has risen where, and says which drums have just been struck.

The net has seen thousands of drum hits under basses, pads and stabs (``scripts/train_hits`` makes and teaches them); it
is one layer of thirty-two, run on every hop in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.novelty import MOST, Peaks, band_means
from vj.audio.spectrum import BandSums, Floats, share, weighted
from vj.audio.weights import read
from vj.types import BANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("kick", "snare", "hat")
EDGES = (30.0, 65.0, 120.0, 190.0, 300.0, 500.0, 900.0, 1600.0, 3000.0, 5000.0, 7500.0, 11000.0, 16000.0)
"""Hz: the net's bands."""
BEFORE, EARLIER = 2, 5
"""Hops back at which it looks at the rises, and at the levels, again."""
SCALE = 20.0
"""Decibels of balance that are one."""
FORGET = 6.0
"""Seconds in which a band's strongest rise is forgotten."""
LEAST = 0.8
"""No rise smaller than this is the strongest."""
NEWS = 0.5
"""How much what is new in a kind's bands counts beside what the net says: a note can look like a kick, but less is new
in it.
"""
THRESHOLDS = (0.65, 0.75, 0.55)
"""How sure both together must be of each kind. Missing a hit cost twice as much as inventing one when the net was
taught: it says yes early.
"""
APART = 0.07
"""Seconds between two hits of a kind."""
NEWS_KEPT = 0.8
"""How much of what was new counts a hop later: the net is sure two or three hops late."""
FAINTEST = 0.3
"""A hit that the net is sure of is never weaker."""
SEEN = 5 * (len(EDGES) - 1) + len(BANDS)
"""Numbers that the net sees of a hop."""
WEIGHTS = Path(__file__).with_name("hits.safetensors")


class Sight:
    """What the net sees of some hops, from their rises and levels, each against its own band's loudest, and from how
    loud the bands are against one another: a hat alone fills its bands as a snare does.
    """

    def __init__(self, sums: BandSums, bins: NDArray[np.intp], hop_seconds: float) -> None:
        bands = list(pairwise(EDGES))
        self._means, _ = band_means(sums, bins, bands)
        self._full = np.full(len(bands), LEAST, np.float32)
        self._keep = np.float32(1.0 - share(hop_seconds, FORGET))
        self._rises = np.zeros((BEFORE, len(bands)), np.float32)
        self._levels = np.zeros((EARLIER, len(bands)), np.float32)
        self._balance = np.zeros(len(BANDS), np.float32)

    def settle(self, tops: Floats) -> None:
        """Take the bands' loudest levels, (len(BANDS),) dBFS, as they are now."""
        self._balance = ((tops - tops.max()) / np.float32(SCALE)).astype(np.float32)

    def see(self, logs: Floats, rises: Floats) -> Floats:
        """(n, bins) each -> (n, SEEN): rises now and before, rises against the strongest lately, levels now and
        earlier, the bands' balance.
        """
        risen = np.concatenate([self._rises, np.minimum(weighted(self._means, rises), np.float32(MOST))])
        levels = np.concatenate([self._levels, weighted(self._means, logs)])
        count = len(rises)
        self._rises, self._levels = risen[count:], levels[count:]
        now = risen[BEFORE:]
        against = now / self._strongest(now)
        balance = np.broadcast_to(self._balance, (count, len(BANDS)))
        return np.concatenate([now, risen[:count], against, levels[EARLIER:], levels[:count], balance], axis=1)

    def _strongest(self, rises: Floats) -> Floats:
        strongest = np.empty_like(rises)
        for row, new in zip(strongest, rises, strict=True):
            self._full *= self._keep
            np.maximum(self._full, new, out=self._full)
            np.maximum(self._full, np.float32(LEAST), out=self._full)
            row[:] = self._full
        return strongest


class Net:
    """One hidden layer: (n, inputs) -> how sure it is of each of ``KINDS``, (n, 3), 0..1."""

    def __init__(self, inner: Floats, bias: Floats, outer: Floats, rest: Floats) -> None:
        self._inner, self._bias, self._outer, self._rest = inner, bias, outer, rest

    @classmethod
    def open(cls, path: Path = WEIGHTS) -> Net:
        """The trained one. Raises VjError when the file is missing or no net of this shape."""
        shapes = {"inner": (None, SEEN), "bias": (None,), "outer": (len(KINDS), None), "rest": (len(KINDS),)}
        return cls(**read(path, shapes))

    def __call__(self, seen: Floats) -> Floats:
        inner = weighted(self._inner, seen)
        inner += self._bias
        outer = weighted(self._outer, np.tanh(inner, out=inner))
        outer += self._rest
        outer *= np.float32(0.5)
        np.tanh(outer, out=outer)
        outer += np.float32(1.0)
        outer *= np.float32(0.5)
        return outer


class Hits:
    """Kick, snare and hat as single moments, each as strong as what was new in its bands just then."""

    def __init__(self, sight: Sight, net: Callable[[Floats], Floats], hop_seconds: float) -> None:
        self._sight, self._net = sight, net
        self._peaks = [Peaks(hop_seconds, threshold, APART) for threshold in THRESHOLDS]
        self._news = [0.0] * len(KINDS)

    def settle(self, tops: Floats) -> None:
        """The bands' loudest levels, (len(BANDS),) dBFS, have moved."""
        self._sight.settle(tops)

    def sure(self, logs: Floats, rises: Floats) -> list[list[float]]:
        """Some hops, measured at once: how sure the net is of each kind with each."""
        sure: list[list[float]] = self._net(self._sight.see(logs, rises)).tolist()
        return sure

    def hear(self, sure: Sequence[float], hits: Sequence[float]) -> list[float]:
        """One hop: how sure the net is, and each band's hit and the kick's, 0..1. The strength of each kind's moment
        that is complete with it, mostly 0.
        """
        kick = hits[len(BANDS)]
        struck = []
        for kind, new in enumerate((kick, max(hits[2:5]), hits[5])):
            self._news[kind] = max(new, NEWS_KEPT * self._news[kind])
            both = (sure[kind] + NEWS * self._news[kind]) / (1.0 + NEWS)
            struck.append(max(self._news[kind], FAINTEST) if self._peaks[kind].hear(both) else 0.0)
        return struck


class Struck:
    """The strongest of everything that happened at one moment since the last tick."""

    __slots__ = ("drop", "hat", "kick", "onset", "snare")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """A new tick."""
        self.onset = self.kick = self.snare = self.hat = self.drop = 0.0

    def hear(self, onset: float, kick: float, snare: float, hat: float) -> None:
        """One hop's moments."""
        self.onset, self.kick = max(self.onset, onset), max(self.kick, kick)
        self.snare, self.hat = max(self.snare, snare), max(self.hat, hat)
