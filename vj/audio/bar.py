"""The bar's one: which of the beats it is, as ears, other clocks and hands say."""

from __future__ import annotations

import math
from collections import deque

from vj.clockface import BEATS_PER_BAR

REMEMBERED = 4
"""Downbeats heard last that have a say."""
AGREED, AT_FIRST = 3, 2
"""How many of them must agree to move a one that stood, and to find the first."""
STALE = 8 * BEATS_PER_BAR
"""Beats after which a downbeat heard has no say any more."""


class One:
    """The beat that bars are counted from. It only moves to an earlier beat, so that bars never run backwards; a hand
    alone may say that it is now.
    """

    def __init__(self) -> None:
        self.beat = 0
        self.by_hand = False
        self._found = False
        self._heard: deque[int] = deque(maxlen=REMEMBERED)

    def place(self, beats: float) -> tuple[int, float]:
        """Whole bars since the one, and how far the bar has come, 0..1."""
        bars = (beats - self.beat) / BEATS_PER_BAR
        whole = math.floor(bars)
        return whole, bars - whole

    def hear(self, beat: int) -> None:
        """Ears take ``beat`` for a first of four. Some of them, agreeing, are believed unless a hand has spoken."""
        self._heard.append(beat)
        if self.by_hand:
            return
        alike = sum((beat - other) % BEATS_PER_BAR == 0 and beat - other < STALE for other in self._heard)
        if alike >= (AGREED if self._found else AT_FIRST):
            self.carry(beat)

    def carry(self, beat: int) -> None:
        """``beat`` is a first of four: count bars from it or from one in step with it, whichever is just before."""
        self.beat -= (self.beat - beat) % BEATS_PER_BAR
        self._found = True

    def now(self, beat: int) -> None:
        """A hand says that ``beat`` is the one."""
        self.beat, self.by_hand = beat, True
        self._heard.clear()

    def forget(self) -> None:
        """Other music: neither the hand's word nor what was heard counts any longer; the bars go on as they are."""
        self.by_hand = False
        self._found = False
        self._heard.clear()
