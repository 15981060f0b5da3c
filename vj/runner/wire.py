"""What the show and its generator process say to each other: small messages over a pipe of their own.

A message is a pickle behind its length. Both ends are this program; nothing from outside is ever read this way.
Pictures don't travel here but through ``vj.runner.memory``.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import struct
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from vj.types import Camera

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Setup:
    """The first message to a new process. ``rate`` images a second at most, 0 without a limit.

    A ``spare`` gets ready at a low priority and waits to be needed.
    """

    package: str
    device: str
    rate: float
    memory: str
    preload: str
    spare: bool
    parent: int


@dataclass(frozen=True, slots=True)
class Loading:
    """The process loads this, or has come one step further with it: the next message may take long."""

    generator: str


@dataclass(frozen=True, slots=True)
class Idle:
    """A sign of life while there is nothing to draw."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something failed and the process goes on: one sentence for the performer. ``blank``: until it is mended there is
    no picture.
    """

    text: str
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture for ``deck`` lies in shared memory. ``replaced`` counts the requests this process never drew."""

    slot: int
    slot_bytes: int
    size: tuple[int, int]
    tick_index: int
    time: float
    camera: Camera
    cost: float
    replaced: int
    deck: str


Reply = Loading | Idle | Trouble | Drawn


class Stream(Protocol):
    """An unbuffered binary pipe end."""

    def read(self, size: int, /) -> bytes | None: ...

    def write(self, data: bytes | memoryview, /) -> int | None: ...


_TABLE: Any = {**copyreg.dispatch_table, MappingProxyType: lambda mapping: (dict, (dict(mapping),))}
"""Frozen mappings travel as the dictionaries they show."""


def send(stream: Stream, message: object) -> None:
    """Write one message, waiting for room. OSError when the other end is gone."""
    body = io.BytesIO()
    pickler = pickle.Pickler(body, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _TABLE
    pickler.dump(message)
    rest = memoryview(_LENGTH.pack(body.tell()) + body.getvalue())
    while rest:
        rest = rest[stream.write(rest) or 0:]


def receive(stream: Stream) -> Any:
    """The next message, waiting for it. EOFError when the other end is gone."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    return pickle.loads(_exactly(stream, length))  # noqa: S301 - our own process at the other end


def _exactly(stream: Stream, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = stream.read(count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data
