"""The key: what the last bars' chroma is most like, held until another key is clearly more like it."""

from __future__ import annotations

import numpy as np

from vj.audio.spectrum import Floats, share

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch class fits, from the tonic up (Krumhansl and Kessler, 1982)."""
MEMORY = 12.0
"""Seconds of chroma that the key is heard in."""
FORGET = 4.0
"""Seconds in which that is forgotten in silence."""
CLEARER = 0.06
"""By how much another key must be more like the music."""
GLIDE = 1.5
"""Seconds in which the hue goes to the new key, the short way round."""
VAGUE, CLEAR = 0.45, 0.85
"""Correlations at which the key counts as not there at all, and as beyond doubt."""


class Key:
    """``hue``: the tonic on the circle of fifths, 0..1, C at 0 and G at 1/12; ``strength`` 0..1.

    In silence the strength goes to 0; a hue without strength means nothing and stays where it is.
    """

    def __init__(self, seconds: float) -> None:
        self.hue = self.strength = 0.0
        self._tonic: int | None = None
        self._mean = np.zeros(12, np.float32)
        self._keys = np.array([_standard(np.roll(p, tonic)) for p in (MAJOR, MINOR) for tonic in range(12)], np.float32)
        self._looks = 0
        self._best = 0
        self._slow, self._forget, self._glide = (share(seconds, tau) for tau in (MEMORY, FORGET, GLIDE))

    def hear(self, chroma: Floats, playing: bool) -> None:
        """One look at the chroma, (12,)."""
        if not playing:
            self._mean *= np.float32(1.0 - self._forget)
            self._looks = int(self._looks * (1.0 - self._forget))
            self.strength -= self._glide * self.strength
            return
        self._looks += 1
        self._mean += np.float32(max(self._slow, 1.0 / (self._looks + 1))) * (chroma - self._mean)
        likeness = self._likeness()
        self._choose(likeness)
        clear = (likeness[self._best] - VAGUE) / (CLEAR - VAGUE)
        self.strength += self._glide * (min(max(clear, 0.0), 1.0) - self.strength)

    def _likeness(self) -> list[float]:
        """Correlation with each of the 24 keys; all 0 where nothing sounds."""
        likeness: list[float] = (self._keys @ _standard(self._mean)).tolist()
        return likeness

    def _choose(self, likeness: list[float]) -> None:
        best = max(range(24), key=likeness.__getitem__)
        if likeness[best] < VAGUE:
            return
        first = self._tonic is None
        if first or likeness[best] > likeness[self._best] + CLEARER:
            self._best, self._tonic = best, best % 12
        target = (self._tonic or 0) * 7 % 12 / 12
        way = (target - self.hue + 0.5) % 1.0 - 0.5
        self.hue = (self.hue + way * (1.0 if first else self._glide)) % 1.0


def _standard(profile: Floats) -> Floats:
    """Mean 0, length 1; zeros stay zeros."""
    away = np.asarray(profile, np.float32) - np.float32(np.mean(profile))
    length = float(np.sqrt(away @ away))
    flat: Floats = away / np.float32(length) if length > 1e-6 else np.zeros_like(away)
    return flat
