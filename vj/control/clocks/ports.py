"""A MIDI port that comes and goes: found by its name, opened, missed, and taken back when it returns."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from vj.control.clocks._base import Closing, Heard, InPort, OutPort, Ports
from vj.registry import suggest
from vj.types import VjError

EVERY = 1.0
"""Seconds between two looks at the names: no system tells that a port has gone."""
_NUMBERS = re.compile(r"\s+\d+:\d+$")


P = TypeVar("P", bound=Closing)


def plain(name: str) -> str:
    """A port's name without the client and port numbers that ALSA puts behind it: they change with every plugging."""
    return _NUMBERS.sub("", name)


def find(wanted: str, names: list[str]) -> str | None:
    """The port that is meant: by its whole name, its name without numbers, or a part of it that only one has."""
    same = [name for name in names if wanted == name] or [name for name in names if plain(wanted) == plain(name)]
    if same:
        return same[0]
    parts = [name for name in names if wanted.casefold() in name.casefold()]
    return parts[0] if len({plain(name) for name in parts}) == 1 else None


class Kept(Generic[P]):
    """Keeps one port open. ``look`` does what is due, once a second on a thread of its own after ``start``.

    ``opened`` is told each new port, None when it has gone; what the performer should know waits in ``news``.
    """

    def __init__(self, wanted: str, kind: str, names: Callable[[], list[str]], open_port: Callable[[str], P],
                 opened: Callable[[P | None], None]) -> None:
        self._wanted, self._kind = wanted, kind
        self._names, self._open, self._opened = names, open_port, opened
        self._port: P | None = None
        self._name = ""
        self._news: deque[str] = deque(maxlen=4)
        self._ended = threading.Event()
        self._broken = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"midi {kind}", daemon=True)

    def begin(self) -> None:
        """Open the port for the first time. Raises VjError naming the nearest one where there is none of that name."""
        names = self._names()
        name = find(self._wanted, names)
        if name is None:
            known = sorted({plain(name) for name in names})
            raise VjError(f"there is no MIDI {self._kind} called {self._wanted!r}"
                          f"{suggest(self._wanted, known) or '; there is none at all'}")
        self._take(name)

    def start(self) -> None:
        """Look every second from now on."""
        self._thread.start()

    def look(self) -> None:
        """Miss the port when its name has gone, take it back when it is there again. Never raises."""
        try:
            names = self._names()
            if self._port is not None and (self._name not in names or self._broken.is_set()):
                self._lose()
            if self._port is None and (name := find(self._wanted, names)) is not None:
                self._take(name)
                self._news.append(f"MIDI {self._kind} {plain(name)} is back")
        except VjError as error:
            self._say_once(str(error))

    def broken(self) -> None:
        """Its user could not use it: close it at the next look, and try again."""
        self._broken.set()

    def news(self) -> str:
        """What happened, one sentence at a time."""
        return self._news.popleft() if self._news else ""

    def close(self) -> None:
        """Close the port and end the thread."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        if self._port is not None:
            port, self._port = self._port, None
            self._opened(None)
            port.close()

    def _take(self, name: str) -> None:
        self._broken.clear()
        self._port, self._name = self._open(name), name
        self._opened(self._port)

    def _lose(self) -> None:
        port, self._port = self._port, None
        self._opened(None)
        self._news.append(f"MIDI {self._kind} {plain(self._name)} is gone: it is taken back when it returns")
        if port is not None:
            port.close()

    def _say_once(self, message: str) -> None:
        if message not in self._news:
            self._news.append(message)

    def _work(self) -> None:
        while not self._ended.wait(EVERY):
            self.look()


def kept_input(ports: Ports, wanted: str, heard: Heard, renewed: Callable[[], None]) -> Kept[InPort]:
    """The input called ``wanted``, whose messages go to ``heard``; ``renewed`` is told when it was opened anew."""
    return Kept(wanted, "input", ports.inputs, lambda name: ports.open_input(name, heard),
                lambda port: renewed() if port is not None else None)


def kept_output(ports: Ports, wanted: str, opened: Callable[[OutPort | None], None]) -> Kept[OutPort]:
    """The output called ``wanted``."""
    return Kept(wanted, "output", ports.outputs, ports.open_output, opened)
