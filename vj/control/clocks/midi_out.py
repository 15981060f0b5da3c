"""vj as the MIDI clock: 24 ticks a beat, each sent at its own moment, whatever the show's frame rate."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import ExitStack

from vj.clock import short_turns
from vj.clockface import BEATS_PER_BAR
from vj.control.clocks._base import OutPort, Stretch
from vj.control.clocks.ticks import PER_BEAT, PER_SIXTEENTH
from vj.mailbox import Latest

BEHIND = PER_BEAT
"""Ticks that are sent late rather than left out; more, and the listener is told a new position instead."""
NAP = 0.01
"""Longest sleep, seconds: by then the beats may go another way."""
POSITIONS = 1 << 14
"""Song positions there are, in sixteenths: they begin again after 1024 bars."""
PER_BAR = PER_BEAT * BEATS_PER_BAR

Message = tuple[str, int]


class Ticker:
    """Which messages are due: ticks by the show's beats, a start on a bar's one, a new position when the one moves."""

    def __init__(self) -> None:
        self._way: Stretch | None = None
        self._sent: int | None = None  # the last tick, counted on the show's beats
        self._running = False

    def follow(self, way: Stretch) -> list[Message]:
        """The beats go this way from now on. A stop, when the one has moved under a running song."""
        moved = self._way is not None and way.one != self._way.one
        self._way = way
        return self.stop() if moved else []

    def due(self, now: float) -> list[Message]:
        """What is to be sent by ``now``, in order."""
        if self._way is None:
            return []
        newest = math.floor(self._way.at(now) * PER_BEAT)
        if self._sent is None:
            self._sent = newest
        late = newest - self._sent > BEHIND
        messages = self.stop() if late else []
        for tick in range(newest if late else self._sent + 1, newest + 1):
            messages += self._tick(tick, self._way)
        self._sent = max(self._sent, newest)
        return messages

    def next(self) -> float:
        """Wall seconds of the tick after those sent; now or never without a way."""
        if self._way is None or self._sent is None:
            return math.inf
        return self._way.when((self._sent + 1) / PER_BEAT)

    def stop(self) -> list[Message]:
        """A stop, where it is running."""
        stopped = [("stop", 0)] if self._running else []
        self._running = False
        return stopped

    def _tick(self, tick: int, way: Stretch) -> list[Message]:
        from_one = tick - way.one * PER_BEAT
        if self._running or from_one % PER_BAR:
            return [("clock", 0)]
        self._running = True
        sixteenths = from_one // PER_SIXTEENTH % POSITIONS
        go = [("start", 0)] if sixteenths == 0 else [("songpos", sixteenths), ("continue", 0)]
        return [*go, ("clock", 0)]


class MidiClockOut:
    """A thread that sends what ``Ticker`` says, to the port it was given last.

    ``broken`` is told when the port cannot be used; the show goes on, and so do the beats.
    """

    def __init__(self, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.broken: Callable[[], None] = lambda: None
        self._now, self._sleep = now, sleep
        self._ways: Latest[Stretch] = Latest()
        self._port: OutPort | None = None
        self._used: OutPort | None = None
        self._ended = threading.Event()
        self._turns = ExitStack()
        self._ticker = Ticker()
        self._thread = threading.Thread(target=self._work, name="midi clock out", daemon=True)

    def start(self) -> None:
        """Begin to send. From now on threads take turns more often: a tick must not wait for the drawing."""
        self._turns.enter_context(short_turns())
        self._thread.start()

    def use(self, port: OutPort | None) -> None:
        """Send to this port from now on; None: there is none."""
        self._port = port

    def lead(self, stretch: Stretch) -> None:
        """Where the show's beats are."""
        self._ways.put(stretch)

    def news(self) -> str:
        """Nothing: the port's keeper has the news."""
        return ""

    def close(self) -> None:
        """Stop the listener's song and end the thread."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
            self._turns.close()

    def _work(self) -> None:
        while not self._ended.is_set():
            if (way := self._ways.take()) is not None:
                self._send(self._ticker.follow(way))
            self._send(self._ticker.due(self._now()))
            self._sleep(min(max(self._ticker.next() - self._now(), 0.0), NAP))
        self._send(self._ticker.stop())

    def _send(self, messages: list[Message]) -> None:
        port = self._port
        if port is not self._used:  # another cable: whoever is there now has heard no start
            self._used = port
            self._ticker.stop()
        if port is None:
            return
        try:
            for kind, number in messages:
                port.send(kind, number)
        except Exception:  # each system's MIDI raises its own; none may end the thread
            self.broken()
