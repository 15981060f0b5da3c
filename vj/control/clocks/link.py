"""Ableton Link, through aalink: the beat that the programs of a network share. vj follows it, or leads it."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from typing import Any, Protocol

from vj.clockface import BEATS_PER_BAR, Reading, wrap
from vj.control.clocks._base import Stretch
from vj.mailbox import Latest
from vj.types import VjError

EVERY = 0.05
"""Seconds between two looks at the session."""
SILENT = 1.0
"""Seconds after which a session that is not looked at any more counts as gone."""
OWN_TEMPO = 0.02
"""bpm that vj's tempo must be off the session's to be pushed into it."""
OWN_PHASE = 0.02
"""Beats that vj's beat must be off the session's to move it."""
PATIENCE = 3.0
"""Seconds for which vj must have led before it moves a beat that others share."""
SETTLED = 2.0
"""Seconds after joining in which nothing is written: a session that runs already must be found first."""
CALM = 0.25
"""Seconds between two pushes."""


class Session(Protocol):
    """What is used of ``aalink.Link``: ``beat`` is that of the moment it is read."""

    enabled: bool
    quantum: float
    tempo: float
    num_peers: int
    beat: float

    def force_beat(self, beat: float) -> None: ...


class Pushing:
    """Decides what a leading vj writes into the session: its tempo, and its beat once it has led for a while."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._since: float | None = None
        self._pushed = -math.inf

    def push(self, session: Session, stretch: Stretch, now: float) -> None:
        """Bring ``session`` to ``stretch`` where vj leads. Its bars are the session's bars."""
        self._began = now if self._began is None else self._began
        if stretch.source == "link" or now - self._began < SETTLED:
            self._since = None
            return
        self._since = now if self._since is None else self._since
        if now - self._pushed < CALM:
            return
        if abs(session.tempo - stretch.bpm) > OWN_TEMPO:
            session.tempo = stretch.bpm
            self._pushed = now
        shared = session.num_peers > 0 and now - self._since < PATIENCE
        place = (stretch.at(now) - stretch.one) % BEATS_PER_BAR
        if not shared and abs(BEATS_PER_BAR * wrap((session.beat - place) / BEATS_PER_BAR)) > OWN_PHASE:
            session.force_beat(place)
            self._pushed = now


class LinkClock:
    """A Link session, kept on an asyncio loop of its own thread. It leads when there is a peer.

    ``leads``: vj writes its own tempo and beat into the session when another clock leads the show.
    """

    name = "link"

    def __init__(self, join: Callable[[], Session], now: Callable[[], float]) -> None:
        self._join, self._now = join, now
        self._readings: Latest[Reading] = Latest()
        self._stretches: Latest[Stretch] = Latest()
        self._last: Reading | None = None
        self._pushing = Pushing()
        self._news: Latest[str] = Latest()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="link", daemon=True)

    @classmethod
    def open(cls, now: Callable[[], float], bpm: float = 120.0) -> LinkClock:
        """Join the session on this network, and found it where there is none. Raises VjError without aalink."""
        try:
            import aalink
        except ImportError as error:
            raise VjError(f"Ableton Link needs the package aalink ({error}); pip install aalink") from error

        def join() -> Any:
            link = aalink.Link(bpm)
            link.quantum = float(BEATS_PER_BAR)
            link.enabled = True
            return link

        clock = cls(join, now)
        clock.start()
        return clock

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def read(self, now: float) -> Reading | None:
        """Where the session stands; None without a peer."""
        self._last = self._readings.take() or self._last
        if self._last is None or not self._last.playing or now - self._last.time > SILENT:
            return None
        return self._last

    def lead(self, stretch: Stretch) -> None:
        """Where the show's beats are: pushed into the session when somebody else leads the show."""
        self._stretches.put(stretch)

    def news(self) -> str:
        """What went wrong, once."""
        return self._news.take() or ""

    def close(self) -> None:
        """Leave the session."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _work(self) -> None:
        try:
            asyncio.run(self._stay())
        except Exception as error:  # a network that went away under Link must not end the show
            self._news.put(f"Ableton Link has stopped: {error}")

    async def _stay(self) -> None:
        session = self._join()
        try:
            while not self._ended.is_set():
                self._readings.put(self._look(session))
                if (stretch := self._stretches.take()) is not None:
                    self._pushing.push(session, stretch, self._now())
                await asyncio.sleep(EVERY)
        finally:
            session.enabled = False

    def _look(self, session: Session) -> Reading:
        """The session as a reading that does not play when vj is alone in it. Its beat is that of the moment between
        two looks at the time: the closest of some.
        """
        looks = []
        for _ in range(3):
            before = self._now()
            beat = session.beat
            after = self._now()
            looks.append((after - before, 0.5 * (before + after), beat))
        _, time, beat = min(looks)
        return Reading(time, beat, session.tempo, session.num_peers > 0, "link", downbeat_known=True)
