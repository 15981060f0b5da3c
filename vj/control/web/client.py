"""One websocket: what it listens to, what it has to be told, and how fast it may talk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vj.control.web.doors import Role
from vj.control.web.packets import bundles

LISTENS = 4096
"""Paths that one client may listen to."""
NEWS = 512
"""Text messages that may wait for a slow client: more, and it has to read everything anew."""
PATIENCE = 8.0
"""Seconds that one packet may take to get rid of before the client counts as gone."""
OWN = 1.0
"""Seconds for which a change is what a client itself has just wished."""
RATE, BURST = 600.0, 4000.0
"""Messages a second that a client may send for ever, and at once: a page listens to hundreds of paths at its start."""


class Socket(Protocol):
    """What is needed of a websocket."""

    async def send_bytes(self, data: bytes) -> None: ...

    async def send_text(self, data: str) -> None: ...


class Bucket:
    """So many a second, so many at once."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, now

    def take(self, now: float) -> bool:
        """One more; False when that is too many."""
        self._left = min(self._left + (now - self._at) * self._rate, self._burst)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


@dataclass(eq=False, slots=True)
class Client:
    """A listener. What it is to be told waits by path, so a slow one gets the newest values and never a backlog."""

    source: str
    role: Role
    socket: Socket
    bucket: Bucket
    listens: set[str] = field(default_factory=set)
    bundled: bool = False
    overrun: bool = False
    _values: dict[str, bytes] = field(default_factory=dict)
    _news: list[str] = field(default_factory=list)
    _answers: list[bytes] = field(default_factory=list)
    _wishes: dict[str, float] = field(default_factory=dict)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def waiting(self) -> int:
        """How many messages are still to be sent."""
        return len(self._values) + len(self._news) + len(self._answers)

    def listen(self, path: str) -> bool:
        """Tell of ``path`` from now on; False when it listens to too many."""
        if len(self.listens) >= LISTENS and path not in self.listens:
            return False
        self.listens.add(path)
        return True

    def ignore(self, path: str) -> None:
        """Tell no more of ``path``."""
        self.listens.discard(path)
        self._values.pop(path, None)

    def tell(self, path: str, packet: bytes) -> None:
        """The newest of ``path``, in place of what still waits."""
        self._values[path] = packet
        self._bell.set()

    def wish(self, path: str, now: float) -> None:
        """It has asked for something of ``path`` itself."""
        if len(self._wishes) < LISTENS or path in self._wishes:
            self._wishes[path] = now

    def has_just_wished(self, path: str, now: float) -> bool:
        """Has it asked for that a moment ago? What lands much later, on a bar, is news to it."""
        return now - self._wishes.get(path, -OWN) < OWN

    def answer(self, packets: Sequence[bytes]) -> None:
        """Packets that the client asked for; who does not fetch them gets no more."""
        if packets and len(self._answers) < NEWS:
            self._answers += packets
            self._bell.set()

    def announce(self, text: str) -> None:
        """A text message; too many unread ones are replaced by one that says so."""
        if len(self._news) >= NEWS:
            self.overrun = True
            self._news.clear()
        self._news.append(text)
        self._bell.set()

    async def pump(self) -> None:
        """Send what waits, until it takes too long (TimeoutError) or the socket is gone."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            news, self._news = self._news, []
            values, self._values = self._values, {}
            for text in news:
                await asyncio.wait_for(self.socket.send_text(text), PATIENCE)
            packets = [*self._answers, *values.values()]
            self._answers.clear()
            for packet in bundles(packets) if self.bundled and packets else packets:
                await asyncio.wait_for(self.socket.send_bytes(packet), PATIENCE)
            await asyncio.sleep(0)  # who has just asked for hundreds of values gets them together
