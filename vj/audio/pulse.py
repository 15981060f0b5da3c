"""The tracker at work: what it announces goes to the beat clock, and what hands and other clocks know goes to it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from vj.audio.beat import BeatClock, fold
from vj.audio.tracker import tracker as trained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vj.audio.tracker.announce import Announced
    from vj.types import Samples

TOLD = 8.0
"""Seconds for which a tempo that was told is preferred: long enough to find it, and a wrong one does little harm."""
UNHEARD = 2.0
"""Seconds without an onset of any kind after which a tracker only guesses: the clock runs on alone."""
AGAIN = 0.01
"""A tempo told again counts as another one when it differs by more than this share."""


class Tracker(Protocol):
    """What follows the beat: ``vj.audio.tracker.tracker.Tracker`` and its doubles."""

    def hear(self, mono: Samples) -> Sequence[Announced]: ...

    def limit(self, slowest: float, fastest: float) -> None: ...

    def pull(self, time: float) -> None: ...

    def favour(self, bpm: float | None) -> None: ...

    def shift_half(self) -> None: ...


class Pulse:
    """Hears what the analyzer hears, hop by hop. ``start`` is the clock's time of its first sample, seconds.

    It is the clock's ``ears``: ``pull``, ``favour`` and ``shift_half`` are what a hand or another clock says.
    """

    def __init__(self, rate: int, clock: BeatClock, tracker: Tracker | None = None) -> None:
        self.start = 0.0
        self._clock = clock
        self._tracker: Tracker = tracker or trained.Tracker(rate, slowest=clock.slowest, fastest=clock.fastest)
        self._time = 0.0
        self._favourite: float | None = None
        self._told = self._struck = -math.inf
        clock.ears = self

    def hear(self, mono: Samples, time: float, struck: bool = True) -> None:
        """One hop, (hop,) float32, that ended at ``time``; ``struck``: with an onset."""
        self._time = time
        if struck:
            self._struck = time
        if self._favourite is not None and time - self._told > TOLD:
            self._favourite = None
            self._tracker.favour(None)
        for beat in self._tracker.hear(mono):
            if time - self._struck < UNHEARD:
                self._clock.hear(self.start + beat.time, beat.bpm, beat.downbeat, beat.confidence)

    def limit(self) -> None:
        """Take the clock's range of tempi, if it was moved."""
        self._tracker.limit(self._clock.slowest, self._clock.fastest)

    def pull(self, time: float) -> None:
        """A beat is or was at ``time``."""
        self._tracker.pull(time - self.start)

    def favour(self, bpm: float) -> None:
        """The tempo is known, whatever its octave."""
        self._told = self._time
        wanted = fold(bpm, self._clock.slowest, self._clock.fastest)
        if self._favourite is None or abs(wanted / self._favourite - 1.0) > AGAIN:
            self._favourite = wanted
            self._tracker.favour(wanted)

    def shift_half(self) -> None:
        """The beat is where the off-beat was taken to be."""
        self._tracker.shift_half()
