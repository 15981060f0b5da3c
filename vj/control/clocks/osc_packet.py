"""OSC 1.0 packets from strangers: checked before anything in them is believed, and never run.

A packet is read here and not by a library's server: bundles of negative size, patterns with many stars and times to
come have stopped those for good.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator

LONGEST = 8192
"""Bytes of a datagram."""
DEEPEST = 4
"""Bundles within bundles."""
MOST = 64
"""Messages in one datagram."""
BUNDLE = b"#bundle\0"
_ADDRESS = re.compile(r"/[\x21-\x7e]{1,255}")
_PATTERN = re.compile(r"[#*,?\[\]{}]")

Argument = int | float | bool | str | None
Message = tuple[str, tuple[Argument, ...]]

_NUMBERS = {"i": ">i", "f": ">f", "d": ">d", "h": ">q"}
_WORDS: dict[str, Argument] = {"T": True, "F": False, "N": None, "I": True}


def messages(packet: bytes) -> list[Message]:
    """The messages of a datagram, in order, bundles opened; their time tags mean now.

    Numbers are finite, addresses plain (no patterns). ValueError says what is wrong with the packet.
    """
    if not packet or len(packet) > LONGEST or len(packet) % 4:
        raise ValueError(f"{len(packet)} bytes are no OSC packet")
    found: list[Message] = []
    for message in _opened(packet, 0):
        if len(found) >= MOST:
            raise ValueError(f"more than {MOST} messages in a packet")
        found.append(message)
    return found


def _opened(packet: bytes, depth: int) -> Iterator[Message]:
    if not packet.startswith(BUNDLE):
        yield _message(packet)
        return
    if depth >= DEEPEST:
        raise ValueError(f"bundles more than {DEEPEST} deep")
    at = 16
    if len(packet) < at:
        raise ValueError("a bundle without its time")
    while at < len(packet):
        size = int(_number(packet, at, ">i"))
        at += 4
        if size <= 0 or size % 4 or at + size > len(packet):
            raise ValueError(f"an element of {size} bytes")
        yield from _opened(packet[at:at + size], depth + 1)
        at += size


def _message(packet: bytes) -> Message:
    address, at = _text(packet, 0)
    if not _ADDRESS.fullmatch(address) or _PATTERN.search(address):
        raise ValueError("the address is no plain one")
    tags, at = _text(packet, at) if at < len(packet) else (",", at)
    if not tags.startswith(","):
        raise ValueError("no type tags")
    values: list[Argument] = []
    for tag in tags[1:]:
        value, at = _argument(packet, at, tag)
        values.append(value)
    return address, tuple(values)


def _argument(packet: bytes, at: int, tag: str) -> tuple[Argument, int]:
    if tag in _NUMBERS:
        layout = _NUMBERS[tag]
        return _number(packet, at, layout), at + struct.calcsize(layout)
    if tag == "s":
        return _text(packet, at)
    if tag in _WORDS:
        return _WORDS[tag], at
    raise ValueError(f"type tag {tag!r} is none of {''.join((*_NUMBERS, 's', *_WORDS))}")


def _number(packet: bytes, at: int, layout: str) -> int | float:
    try:
        number: int | float = struct.unpack_from(layout, packet, at)[0]
    except struct.error as error:
        raise ValueError("cut short") from error
    if not math.isfinite(number):
        raise ValueError(f"{number} is no number to work with")
    return number


def _text(packet: bytes, at: int) -> tuple[str, int]:
    """A text that ends with a zero, filled up to four bytes, and where the next thing begins."""
    end = packet.find(b"\0", at)
    if end < 0:
        raise ValueError("a text without an end")
    try:
        return packet[at:end].decode("ascii"), end + 4 - end % 4
    except UnicodeDecodeError as error:
        raise ValueError("a text that is not ASCII") from error
