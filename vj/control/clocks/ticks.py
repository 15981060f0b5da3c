"""MIDI clock understood: ticks, start, stop, continue, song position. No port and no thread in here."""

from __future__ import annotations

from vj.clockface import FASTEST, SLOWEST, Reading
from vj.control.clocks.line import Line

PER_BEAT = 24
PER_SIXTEENTH = 6
MOST = 4 * PER_BEAT
"""Ticks in the line: a bar."""
ENOUGH = PER_BEAT
"""Ticks before anything is said."""
AFTER_A_JUMP = 8
"""The same after the line started anew: this clock is known."""
VAGUE = 0.01
"""Share that the tempo may be wrong, one standard deviation, before it is said."""
GONE = 0.4
"""Seconds without a tick after which the clock has stopped, whatever it said last: three ticks at 20 bpm."""


class Ticks:
    """Counts ticks since the start, and knows which of them is a bar's first once a start or a position said so."""

    def __init__(self) -> None:
        self._line = Line(MOST)
        self._count = -1  # of the last tick
        self._first: int | None = None  # the tick that is position 0
        self._at = 0  # ticks from position 0 at which a continue goes on
        self._known = False
        self._playing = True
        self._last: float | None = None
        self._enough = ENOUGH

    def hear(self, kind: str, number: int, time: float) -> None:
        """A message by its mido name, at ``time`` seconds; others than the clock's are nothing."""
        match kind:
            case "clock":
                self._tick(time)
            case "start":
                self._go(0)
                self._known = True
            case "continue":
                self._go(self._at)
            case "stop":
                self._at = self._next_at() if self._playing else self._at
                self._playing = False
            case "songpos":
                self._at, self._known = number * PER_SIXTEENTH, True
                if self._playing:
                    self._go(self._at)

    def reading(self, now: float) -> Reading | None:
        """Where the clock stands; None until it is known, and when it has stopped without a word."""
        if self._last is None or now - self._last > GONE or len(self._line) < self._enough:
            return None
        fit = self._line.fit()
        if fit is None or fit.doubt > VAGUE or not 60.0 / FASTEST <= fit.period <= 60.0 / SLOWEST:
            return None
        self._enough = AFTER_A_JUMP
        known = self._known and self._playing and self._first is not None
        beats = fit.position - (self._first or 0) / PER_BEAT if self._playing else self._at / PER_BEAT
        return Reading(fit.time, beats, 60.0 / fit.period, self._playing, "midi", known, known)

    def clear(self) -> None:
        """Forget the ticks (a flood, a new cable), not the transport."""
        self._line.clear()
        self._last = None
        self._enough = ENOUGH

    def _tick(self, time: float) -> None:
        if self._last is not None and not 0.0 <= time - self._last <= GONE:
            self._line.clear()
            self._enough = ENOUGH
        self._last = time
        self._count += 1
        self._line.add(self._count / PER_BEAT, time)

    def _go(self, at: int) -> None:
        """The next tick is ``at`` ticks from position 0: the first tick after a start is the start."""
        self._first = self._count + 1 - at
        self._playing = True

    def _next_at(self) -> int:
        return self._count + 1 - self._first if self._first is not None else 0
