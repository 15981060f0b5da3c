"""What taps and echoes say of a room: their median, how far they scatter, and the offset that follows.

A hand taps a little before the beat it waits for, and no hand can say by how much. It does so alike for what it
sees and for what it hears: the difference of the two is what the room does.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Phase = Literal["flash", "click", "check"]
PERIOD = 1.0
FLASH = 0.1
"""Seconds that a flash is lit."""
PAUSE = 3
"""Whole seconds between two phases, at least: the sound of the last one is still on its way."""
WANTED = 16
"""Taps after which the next phase begins by itself."""
FIRST = 2
"""Taps of a phase that find the rhythm and don't count."""
FEWEST = 5
"""Taps, flashes or clicks that a median needs."""
WIDEST = 500.0
"""Milliseconds that an offset may have."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds: the ``median`` of ``count`` errors, their ``spread`` as of one standard deviation, and ``within``
    which distance of the median the true one lies in 95 of 100 cases.
    """

    count: int
    median: float
    spread: float
    within: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """Errors in seconds. The spread is 1.4826 times the median distance from the median; a median's own standard
        error is sqrt(pi / 2) of a mean's, and few errors are trusted less (Student's t, to a percent or two).
        """
        ms = [1000.0 * value for value in seconds]
        if not ms:
            return cls(0, 0.0, 0.0, math.inf)
        median = statistics.median(ms)
        spread = 1.4826 * statistics.median(abs(value - median) for value in ms)
        count = len(ms)
        trust = 1.96 + 4.0 / max(count - 2, 0.5)
        return cls(count, median, spread, trust * math.sqrt(math.pi / 2.0) * spread / math.sqrt(count))


@dataclass(frozen=True, slots=True)
class Advice:
    """An ``offset`` in milliseconds, right to ``within`` in 95 of 100 cases; ``late``: how much later than the sound
    the picture was seen.
    """

    offset: float
    within: float
    late: float


def advised(seen: Spread, heard: Spread, offset: float) -> Advice | None:
    """The offset by which flash and click fall together, when with ``offset`` (ms) they were ``seen`` and ``heard`` so.

    None before there is enough of both.
    """
    if min(seen.count, heard.count) < FEWEST:
        return None
    late = seen.median - heard.median
    wanted = min(max(offset - late, -WIDEST), WIDEST)
    return Advice(round(wanted, 1), math.hypot(seen.within, heard.within), late)


def error_of(second: float) -> float:
    """Seconds from the nearest whole second of ``second``, -0.5..0.5: negative is early."""
    return second - math.floor(second + 0.5 * PERIOD)


class Session:
    """Leads through the taps: with the flash, with the click, and then both together with the offset that follows.

    Everything is in show seconds, whole ones are the moments of flash and click. ``offset`` (ms) is what the flash is
    shown with, ``measured`` what the taps of the flash were made at.
    """

    def __init__(self, offset: float = 0.0, wanted: int = WANTED) -> None:
        self.phase: Phase = "flash"
        self.begins = PAUSE
        self.offset = self.measured = offset
        self.wanted = wanted
        self.last: float | None = None
        self._taps: dict[Phase, list[float]] = {"flash": [], "click": []}

    @property
    def seen(self) -> Spread:
        """The taps with the flash."""
        return Spread.of(self._taps["flash"][FIRST:])

    @property
    def heard(self) -> Spread:
        """The taps with the click."""
        return Spread.of(self._taps["click"][FIRST:])

    @property
    def advice(self) -> Advice | None:
        """What the taps say by now."""
        return advised(self.seen, self.heard, self.measured)

    @property
    def flashing(self) -> bool:
        """Is this a phase with flashes?"""
        return self.phase != "click"

    @property
    def clicking(self) -> bool:
        """Is this a phase with clicks?"""
        return self.phase != "flash"

    def left(self) -> int:
        """Taps still wanted in this phase."""
        return max(self.wanted + FIRST - len(self._taps.get(self.phase, ())), 0)

    def waits(self, second: float) -> int:
        """Whole seconds until the phase begins, 0 when it has."""
        return max(math.ceil(self.begins - 0.5 - second), 0)

    def lit(self, second: float) -> bool:
        """Is the flash on in the picture that is seen at ``second``?"""
        return self.flashing and second >= self.begins and second % PERIOD < FLASH

    def tap(self, second: float) -> None:
        """A hand at ``second``. The last tap that is wanted leads on to the next phase."""
        taps = self._taps.get(self.phase)
        if taps is None or second < self.begins - 0.5 * PERIOD:
            return
        self.last = error_of(second)
        taps.append(self.last)
        if not self.left():
            self.go_on(second)

    def go_on(self, second: float) -> None:
        """To the next phase: flash, click, check, and round again, the old taps forgotten."""
        if self.phase == "flash":
            self.phase = "click"
        elif self.phase == "click":
            self.phase = "check"
            advice = self.advice
            self.offset = self.offset if advice is None else advice.offset
        else:
            self.phase, self.measured = "flash", self.offset
            self._taps = {"flash": [], "click": []}
        self.begins = math.floor(second) + PAUSE + 1
        self.last = None

    def nudge(self, ms: float) -> None:
        """Move the offset by hand, while flash and click can be compared."""
        if self.phase == "check":
            self.offset = min(max(self.offset + ms, -WIDEST), WIDEST)
