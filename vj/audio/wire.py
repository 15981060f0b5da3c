"""What a sound card's process says to the show, as messages through a pipe.

One message is a header (kind, size, wall seconds) and its payload. Both ends run on one machine, whose monotonic
clock is the same for every process.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

HEAD = struct.Struct("<cId")
BLOCK, OVERFLOWED, STATE, PULSE = b"B", b"O", b"S", b"P"
"""Samples (float32, interleaved); samples before which some were lost; a state as JSON; nothing but "I am here"."""
LARGEST = 2**24
"""Bytes; more is no message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that was said, at ``wall`` seconds."""

    kind: bytes
    wall: float
    payload: bytes


def send(fd: int, kind: bytes, wall: float, payload: bytes = b"") -> None:
    """Write one message whole. Raises BrokenPipeError when nobody listens any more."""
    rest = memoryview(HEAD.pack(kind, len(payload), wall) + payload)
    while rest:
        rest = rest[os.write(fd, rest):]


def messages(pipe: BinaryIO) -> Iterator[Message]:
    """Every whole message until the pipe ends or says something else."""
    while len(head := pipe.read(HEAD.size)) == HEAD.size:
        kind, size, wall = HEAD.unpack(head)
        if kind not in (BLOCK, OVERFLOWED, STATE, PULSE) or size > LARGEST:
            return
        payload = pipe.read(size)
        if len(payload) < size:
            return
        yield Message(kind, wall, payload)
