"""The tracker at work: what it announces goes to the beat clock, and what hands and other clocks know goes to it."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Protocol

from vj.audio.afterwards import Afterwards
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

    It is the clock's ``ears``: ``pull``, ``favour`` and ``shift_half`` are what a hand or another clock says. The
    tracker, which announces beats well before they come, does its work ``later``; but what it is told, it is told when
    it has heard everything so far.
    """

    def __init__(self, rate: int, clock: BeatClock, tracker: Tracker | None, later: Afterwards) -> None:
        self.start = 0.0
        self._clock = clock
        self._later = later
        self._tracker: Tracker = tracker or trained.Tracker(rate, slowest=clock.slowest, fastest=clock.fastest)
        self._range = clock.slowest, clock.fastest
        self._time = 0.0
        self._favourite: float | None = None
        self._told = self._struck = -math.inf
        clock.ears = self

    def hear(self, mono: Samples, time: float, struck: bool = True) -> None:
        """One hop, (hop,) float32, that ended at ``time``; ``struck``: with an onset. Nobody may write into it again.
        """
        self._time = time
        if struck:
            self._struck = time
        if self._favourite is not None and time - self._told > TOLD:
            self._favourite = None
            self._up_to_date.favour(None)
        self._later.put(partial(self._tracker.hear, mono), self._announce)

    def _announce(self, beats: Sequence[Announced]) -> None:
        if self._time - self._struck < UNHEARD:
            for beat in beats:
                self._clock.hear(self.start + beat.time, beat.bpm, beat.downbeat, beat.confidence)

    @property
    def _up_to_date(self) -> Tracker:
        self._later.catch_up()
        return self._tracker

    def limit(self) -> None:
        """Take the clock's range of tempi, if it was moved."""
        wanted = self._clock.slowest, self._clock.fastest
        if wanted != self._range:
            self._range = wanted
            self._up_to_date.limit(*wanted)

    def pull(self, time: float) -> None:
        """A beat is or was at ``time``."""
        self._up_to_date.pull(time - self.start)

    def favour(self, bpm: float) -> None:
        """The tempo is known, whatever its octave."""
        self._told = self._time
        wanted = fold(bpm, self._clock.slowest, self._clock.fastest)
        if self._favourite is None or abs(wanted / self._favourite - 1.0) > AGAIN:
            self._favourite = wanted
            self._up_to_date.favour(wanted)

    def shift_half(self) -> None:
        """The beat is where the off-beat was taken to be."""
        self._up_to_date.shift_half()
