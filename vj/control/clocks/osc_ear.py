"""A small ear for OSC: one UDP port, one datagram at a time, nothing believed before it was checked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence

from vj.control.osc.packet import LONGEST, Argument, messages
from vj.types import VjError

A_SECOND = 1000
"""Datagrams opened in a second: ten times what any clock sends. The rest waits outside and is dropped there."""
LOOPBACK = "127.0.0.1"

Take = Callable[[str, Sequence[Argument], float], bool]


def parse_place(text: str) -> tuple[str, int]:
    """``[ADDRESS:]PORT`` -> address and port; without one only this machine is heard. Raises VjError."""
    host, _, port = text.rpartition(":")
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise VjError(f"an OSC port is [ADDRESS:]PORT with a number from 1 to 65535, got {text!r}")
    return host.strip("[]") or LOOPBACK, int(port)


class OscEar:
    """Gives each message to ``take`` (address, values, wall seconds), on a thread of its own."""

    def __init__(self, place: socket.socket, take: Take, now: Callable[[], float]) -> None:
        self._socket, self._take, self._now = place, take, now
        self.refused = 0
        self._ended = threading.Event()
        self._second, self._opened = 0.0, 0
        self._thread = threading.Thread(target=self._work, name="osc beat", daemon=True)

    @classmethod
    def open(cls, host: str, port: int, take: Take, now: Callable[[], float]) -> OscEar:
        """Listen at ``host`` and ``port``. Raises VjError where that cannot be had."""
        place = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            place.bind((host, port))
            place.settimeout(0.25)
        except OSError as error:
            place.close()
            raise VjError(f"OSC cannot be heard at {host} port {port}: {error.strerror or error}") from error
        ear = cls(place, take, now)
        ear._thread.start()
        return ear

    @property
    def port(self) -> int:
        """The port that is listened at."""
        return int(self._socket.getsockname()[1])

    def hear(self, packet: bytes, time: float) -> None:
        """A datagram; a bad one is counted in ``refused`` and forgotten."""
        try:
            for address, values in messages(packet):
                self._take(address, values, time)
        except ValueError:
            self.refused += 1

    def news(self) -> str:
        """Nothing: a stranger's packets are no news on stage."""
        return ""

    def close(self) -> None:
        """Listen no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        self._socket.close()

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                packet = self._socket.recv(LONGEST + 1)
            except TimeoutError:
                continue
            except OSError:
                return
            now = self._now()
            self._rest(now)
            self.hear(packet, now)

    def _rest(self, now: float) -> None:
        """In a flood, leave what is more to the socket's own buffer, which drops it."""
        if now - self._second >= 1.0:
            self._second, self._opened = now, 0
        self._opened += 1
        if self._opened > A_SECOND:
            self._ended.wait(self._second + 1.0 - now)
