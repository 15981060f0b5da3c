"""A MIDI clock to follow: the port's thread stamps messages, whoever asks understands them."""

from __future__ import annotations

from collections.abc import Callable

from vj.clockface import Reading
from vj.control.clocks.ticks import Ticks
from vj.mailbox import Inbox

WAITING = 512
"""Messages that may wait to be understood: four seconds of the fastest music."""
FLOODED = 1.0
"""Seconds for which nothing is believed after more came."""


class MidiClock:
    """Ticks from a port that somebody else opens, and gives ``heard`` to call."""

    name = "midi"

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ticks = Ticks()
        self._inbox: Inbox[tuple[str, int, float]] = Inbox(WAITING)
        self._refused = 0
        self._dry = 0.0
        self._news = ""

    def heard(self, kind: str, number: int) -> None:
        """A message, on the port's own thread: stamped and put down, nothing more."""
        self._inbox.put((kind, number, self._now()))

    def read(self, now: float) -> Reading | None:
        """Where the clock stands; None in a flood."""
        messages = self._inbox.drain()
        if self._inbox.refused != self._refused:
            self._flooded(now)
        if now < self._dry:
            return None
        for kind, number, time in messages:
            self._ticks.hear(kind, number, time)
        return self._ticks.reading(now)

    def _flooded(self, now: float) -> None:
        self._refused = self._inbox.refused
        if now >= self._dry:
            self._news = "the MIDI clock sends far more ticks than a clock has: it is not followed"
        self._dry = now + FLOODED
        self._ticks.clear()

    def renew(self) -> None:
        """The port was opened anew: what came before is another cable's."""
        self._ticks.clear()

    def news(self) -> str:
        """A flood, once."""
        news, self._news = self._news, ""
        return news

    def close(self) -> None:
        """Nothing to close: the port is its keeper's."""
