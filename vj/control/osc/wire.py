"""Datagrams in and out: the network's, and a double in memory."""

from __future__ import annotations

import errno
import socket
import struct
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

AT_ONCE: int = getattr(socket, "MSG_DONTWAIT", 0)
"""Flag for what does not wait; Windows has none."""
COARSE = 0.005
"""Seconds that the system's own timeout may be late."""
_TIMEVAL = struct.Struct("@ll")


class UdpWire:
    """A bound UDP socket. A packet longer than any we take comes cut, one byte too long: it will be refused.

    Where it can, it waits in the system and not in Python: Python's timeouts take two calls, first to see that
    something came and then to fetch it, and after each of them this thread asks for the interpreter, which the show's
    thread has. A packet that comes while that is at work would miss the frame. ``whole`` False does without.
    """

    def __init__(self, place: socket.socket, *, whole: bool = bool(AT_ONCE)) -> None:
        self._socket = place
        self._closed = False
        self._whole = whole
        self._timeout: float | None = -1.0  # Python's
        self._patience = -1.0  # the system's

    def wait(self, seconds: float) -> Datagram | None:
        """The next packet. A long wait may end a little early, for the system's timeouts may be late."""
        if self._whole and seconds > 2 * COARSE:
            return self._receive(None, seconds - COARSE)
        return self._receive(max(seconds, 0.0005))

    def next(self) -> Datagram | None:
        """One that is there already."""
        return self._receive(None, 0.0) if self._whole else self._receive(0.0)

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

    def _receive(self, timeout: float | None, patience: float = 0.0) -> Datagram | None:
        try:
            self._set(timeout, patience)
            packet, sender = self._socket.recvfrom(LONGEST + 1, 0 if patience or timeout is not None else AT_ONCE)
        except (TimeoutError, BlockingIOError, InterruptedError):
            return None
        except ConnectionError:  # Windows: somebody we sent to is not there
            return None
        except OSError as error:
            if self._closed or error.errno == errno.EMSGSIZE:  # Windows: longer than any we take
                return None
            raise
        return packet, (sender[0], sender[1])

    def _set(self, timeout: float | None, patience: float) -> None:
        """Python's timeout, and the system's where that is to wait; each is set only when it is another."""
        if timeout != self._timeout:
            self._socket.settimeout(timeout)
            self._timeout = timeout
        if patience and patience != self._patience:
            span = _TIMEVAL.pack(int(patience), int(1e6 * (patience % 1.0)))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, span)
            self._patience = patience


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
