"""The large form, as it happens: how full the music is, whether the drums have left, and the moment of the drop."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vj.audio.spectrum import share

EACH = 4
"""Hops between two looks (23 ms at 44.1 kHz)."""
DEEPEST = 45.0
"""Decibels under the whole at which a band is as good as empty."""
MINUTE = 60.0
"""Seconds in which fullest and emptiest are forgotten."""
LEAST_SPAN, MOST_SPAN = 8.0, 24.0
"""Decibels between empty and full."""
STRONG = 0.3
"""Kicks weaker than this are nobody's."""
KICKS = 8
"""Kicks that make a groove."""
LEAVING, LEFT = 2.5, 4.0
"""Beats without a kick at which the drums begin to be gone, and are."""
NEAR = 6.0
"""Decibels under the groove's lows that the lows must reach for the drums to be back."""
WAIT = 0.3
"""Seconds after a kick in which that must happen."""
PAIR = 1.3
"""Beats within which a second kick is proof enough."""
LONG = 12.0
"""Beats without drums after which their return is a drop."""
JUMP, FULL = 7.0, 3.5
"""Decibels that the sound must jump by, and reach under the fullest, for a drop that no kick announces."""
HOLLOW = 6.0
"""Seconds for which it was not full before."""
NEWS = 0.5
"""How new that moment must be."""
APART = 6.0
"""Seconds between two drops."""


class Sections:
    """Hears every hop; ``energy`` and ``breakdown`` 0..1. Time is counted in hops of music: silence is no breakdown."""

    def __init__(self, hop_seconds: float) -> None:
        self.energy = self.breakdown = 0.0
        self._hop, self._dt = hop_seconds, EACH * hop_seconds
        self._hops = 0
        self._time = 0.0
        self._groove = Groove()
        self._fullness = Fullness(self._dt)
        self._drop_time = -math.inf
        self._smooth = {tau: share(self._dt, tau) for tau in (0.12, 0.3, 0.5)}

    def hear(self, levels: Sequence[float], kick: float, news: float, period: float) -> float:
        """One hop of music: each band's dBFS and the whole's, the strength of a kick announced with it, how new it is
        0..1, and seconds a beat. The strength of a drop, mostly 0.
        """
        self._time += self._hop
        self._hops += 1
        if kick >= STRONG:
            self._groove.kick(self._time, period)
        if self._hops % EACH:
            return 0.0
        return self._look(levels, news, period)

    def rest(self) -> None:
        """One hop of silence."""
        self._hops += 1
        if self._hops % EACH == 0:
            self.energy -= self._smooth[0.5] * self.energy
            self.breakdown -= self._smooth[0.5] * self.breakdown

    def _look(self, levels: Sequence[float], news: float, period: float) -> float:
        full, groove = self._fullness, self._groove
        full.hear(levels)
        gone = groove.look(self._time, max(levels[0], levels[1]))
        target = groove.absence(self._time, period)
        self.breakdown += self._smooth[0.12] * (target - self.breakdown)
        self.energy += self._smooth[0.3] * (full.energy - self.energy)
        back = gone >= LONG * period
        if self._time - self._drop_time < APART or not (back or (full.jump and news > NEWS)):
            return 0.0
        self._drop_time = self._time
        return min(0.6 + 0.4 * (gone / (2.0 * LONG * period) if back else 0.5), 1.0)


class Fullness:
    """How full the bands are together, in dB, fast and slow, against the fullest and emptiest of the last minute."""

    def __init__(self, dt: float) -> None:
        self.energy = 0.0
        self.jump = False
        self._dt = dt
        self._fast = self._slow = self._habit = self._most = self._least = 0.0
        self._hollow = 0.0
        self._seconds = 0.0
        self._rates = tuple(share(dt, tau) for tau in (0.08, 1.0, 4.0, 1.0, MINUTE))

    def hear(self, levels: Sequence[float]) -> None:
        """One look: the bands' dBFS, and the whole's."""
        empty = levels[-1] - DEEPEST
        now = sum(max(level, empty) for level in levels[:-1]) / (len(levels) - 1)
        if not self._seconds:
            self._fast = self._slow = self._habit = self._most = self._least = now
        self._seconds += self._dt
        fast, slow, habit, towards, away = self._rates
        self._fast += fast * (now - self._fast)
        self._slow += slow * (now - self._slow)
        self._habit += habit * (now - self._habit)
        self._most += (towards if self._slow > self._most else away) * (self._slow - self._most)
        self._least += (towards if self._slow < self._least else away) * (self._slow - self._least)
        span = min(max(self._most - self._least, LEAST_SPAN), MOST_SPAN)
        self.energy = min(max(1.0 - (self._most - self._slow) / span, 0.0), 1.0)
        self._jumped()

    def _jumped(self) -> None:
        full = self._fast > self._most - FULL
        self.jump = full and self._hollow > HOLLOW and self._fast - self._habit > JUMP
        self._hollow = 0.0 if full else self._hollow + self._dt


class Groove:
    """Knows whether there are drums: kicks make a groove, it is missed when they stop, and they are believed to be back
    when the lows are back with them, or when a second one follows in time.
    """

    def __init__(self) -> None:
        self._kicks = 0
        self._last = -math.inf  # kick of the groove
        self._alone = -math.inf  # kick that may be back
        self._lows = math.inf
        self._peak = -math.inf

    def kick(self, time: float, period: float) -> None:
        """A kick was announced."""
        if time - self._last < LEFT * period:
            self._kicks = min(self._kicks + 1, 2 * KICKS)
            self._learn()
            self._last = time
        elif self._kicks < KICKS or time - self._alone < PAIR * period:
            self._back(time)
        else:
            self._alone = time

    def look(self, time: float, lows: float) -> float:
        """The lows' dBFS now; the seconds that the drums were gone, in the moment they are back, else 0."""
        if time - self._last > MINUTE:
            self._kicks = 0
        gone = 0.0
        if self._alone > self._last and time - self._alone < WAIT and lows > self._lows - NEAR:
            gone = self._alone - self._last
            self._back(self._alone)
        if time - self._last < WAIT:
            self._peak = max(self._peak, lows)
        return gone

    def _learn(self) -> None:
        """The lows' peak after the last kick is what a groove's lows are like."""
        if self._peak > -math.inf:
            self._lows = self._peak if math.isinf(self._lows) else self._lows + 0.15 * (self._peak - self._lows)
            self._peak = -math.inf

    def _back(self, time: float) -> None:
        self._last, self._alone, self._peak = time, -math.inf, -math.inf

    def absence(self, time: float, period: float) -> float:
        """0..1: how surely a groove has lost its kicks."""
        if self._kicks < KICKS:
            return 0.0
        beats = (time - self._last) / period
        share = min(max((beats - LEAVING) / (LEFT - LEAVING), 0.0), 1.0)
        return share * share * (3.0 - 2.0 * share)
