"""Datagrams in and out: the network's, and a double in memory."""

from __future__ import annotations

import errno
import socket
from collections import deque
from contextlib import suppress
from typing import Protocol

from vj.control.osc.gate import Endpoint
from vj.control.osc.packet import LONGEST


class Wire(Protocol):
    """Where packets come from and go to. Nothing here raises because of the network."""

    def wait(self, seconds: float) -> Datagram | None:
        """The next packet, when one comes within ``seconds``."""
        ...

    def next(self) -> Datagram | None:
        """A packet that is there already."""
        ...

    def send(self, packet: bytes, to: Endpoint) -> bool: ...

    def close(self) -> None: ...


Datagram = tuple[bytes, Endpoint]


class UdpWire:
    """A bound UDP socket. A packet longer than any we take comes cut, one byte too long: it will be refused."""

    def __init__(self, place: socket.socket) -> None:
        self._socket = place
        self._six = place.family == socket.AF_INET6
        self._closed = False
        self._timeout: float | None = None

    def wait(self, seconds: float) -> Datagram | None:
        return self._receive(max(seconds, 0.0005))

    def next(self) -> Datagram | None:
        return self._receive(0.0)

    def send(self, packet: bytes, to: Endpoint) -> bool:
        """Off it goes, or (False) the system has no room or no way for it."""
        try:
            self._socket.sendto(packet, to)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Nothing comes any more."""
        self._closed = True
        with suppress(OSError):
            self._socket.close()

    def _receive(self, seconds: float) -> Datagram | None:
        try:
            if seconds != self._timeout:
                self._socket.settimeout(seconds)
                self._timeout = seconds
            packet, sender = self._socket.recvfrom(LONGEST + 1)
        except (TimeoutError, BlockingIOError, InterruptedError):
            return None
        except ConnectionError:  # Windows: somebody we sent to is not there
            return None
        except OSError as error:
            if self._closed or error.errno == errno.EMSGSIZE:  # Windows: longer than any we take
                return None
            raise
        return packet, (sender[0], sender[1])


class FakeWire:
    """A network in memory: packets put into ``incoming`` are received, ``sent`` holds what was sent, in order."""

    def __init__(self) -> None:
        self.incoming: deque[Datagram] = deque()
        self.sent: list[tuple[bytes, Endpoint]] = []
        self.waited: list[float] = []
        self.closed = False

    def wait(self, seconds: float) -> Datagram | None:
        """What is there; nobody sleeps."""
        self.waited.append(seconds)
        return self.next()

    def next(self) -> Datagram | None:
        """The oldest packet that was put in."""
        return self.incoming.popleft() if self.incoming else None

    def send(self, packet: bytes, to: Endpoint) -> bool:
        """Kept."""
        self.sent.append((packet, to))
        return True

    def close(self) -> None:
        """Noted."""
        self.closed = True
