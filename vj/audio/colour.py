"""The slow colours of the sound: chroma, key and brightness."""

from __future__ import annotations

import numpy as np

from vj.audio.afterwards import Afterwards
from vj.audio.key import Key
from vj.audio.spectrum import Chroma, Floats, Tape, share

EACH = 32
"""Hops between two looks at the chroma (186 ms at 44.1 kHz: as long as its window)."""
NONE = np.zeros(12, np.float32)


class Colour:
    """``chroma`` follows in 0.25 s, ``centroid`` (Hz) in 0.06 s; both come to rest in silence."""

    def __init__(self, rate: int, size: int, hop_seconds: float, later: Afterwards) -> None:
        self._later = later
        self.centroid = 0.0
        self.key = Key(EACH * hop_seconds)
        self._measure = Chroma(rate, size)
        self._state = NONE
        self._hops = 0
        self._slow = np.float32(share(EACH * hop_seconds, 0.25))
        self._soft = share(hop_seconds, 0.06)

    @property
    def chroma(self) -> tuple[float, ...]:
        """The twelve pitch classes from C, 0..1."""
        return tuple(self._state.tolist())

    def hear(self, power: float, first: float, tape: Tape, ago: int, playing: bool) -> None:
        """One hop that ended ``ago`` samples before the tape's end: its ``power``, and its power times Hz."""
        self._hops += 1
        if self._hops % EACH == 0 and playing:
            samples = tape.last(self._measure.size, ago).copy()
            self._later.put(lambda: self._measure.measure(samples), lambda chroma: self._see(chroma, playing=True))
        elif self._hops % EACH == 0:
            self._later.put(lambda: NONE, lambda chroma: self._see(chroma, playing=False))
        centroid = first / power if playing and power > 0.0 else 0.0
        self.centroid += self._soft * (centroid - self.centroid)

    def _see(self, chroma: Floats, *, playing: bool) -> None:
        self._state = self._state + self._slow * (chroma - self._state)
        self.key.hear(chroma, playing)
