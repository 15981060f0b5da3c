"""OSC 1.0 packets from strangers: their shape is checked before python-osc parses what is in them.

A library's server never sees a packet: bundles of negative size, patterns with many stars and times to come have
stopped those for good. Here nothing is a pattern, nothing waits, and what is cut short is refused whole.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass

from pythonosc.osc_message import OscMessage, ParseError

LONGEST = 8192
"""Bytes of a packet."""
DEEPEST = 4
"""Bundles within bundles."""
MOST = 256
"""Messages in one packet."""
BUNDLE = b"#bundle\0"
AT_ONCE = 1
"""The time tag of what is meant for now; 0, which some send, is read the same way."""

_ADDRESS = re.compile(rb"/[^\x00-\x20#*,?\[\]{}\x7f-\xff]{1,255}")
_TAGS = re.compile(rb",[ifdhrsTFNI]{0,16}")
_SIZES = {tag: struct.calcsize(layout) for tag, layout in
          {"i": "i", "f": "f", "d": "d", "h": "q", "r": "I", "T": "", "F": "", "N": "", "I": ""}.items()}

Argument = int | float | bool | str | None
Message = tuple[str, tuple[Argument, ...]]
"""Address and values. A colour is a text, ``#rrggbbaa``; an impulse is True."""


@dataclass(slots=True)
class Moment:
    """Messages of one bundle, meant for one time: ``tag`` is NTP's, in 2^-32 s since 1900, at most 1 for now."""

    tag: int
    messages: list[Message]


def messages(packet: bytes) -> list[Message]:
    """The messages of a packet, in order, as if all were meant for now. ValueError says what is wrong with it."""
    return [message for moment in moments(packet) for message in moment.messages]


def moments(packet: bytes) -> list[Moment]:
    """The messages of a packet by the time that they are meant for; a bundle within another is never before it.

    Numbers are finite, addresses plain (no patterns), texts UTF-8. ValueError says what is wrong with the packet;
    then nothing in it counts.
    """
    if not packet or len(packet) > LONGEST or len(packet) % 4:
        raise ValueError(f"{len(packet)} bytes are no OSC packet")
    found: dict[int, Moment] = {}
    places = _places(packet)
    if len(places) > MOST:
        raise ValueError(f"more than {MOST} messages in a packet")
    for tag, begin, end in places:
        found.setdefault(tag, Moment(tag, [])).messages.append(_message(packet[begin:end]))
    return list(found.values())


def _places(packet: bytes) -> list[tuple[int, int, int]]:
    """Time tag, begin and end of every message, in order. Every byte is looked at once for each bundle round it."""
    found: list[tuple[int, int, int]] = []
    waiting = [(AT_ONCE, 0, len(packet), 0)]
    while waiting:
        tag, begin, end, depth = waiting.pop()
        if packet.startswith(BUNDLE, begin, end):
            waiting += reversed(_elements(packet, tag, begin, end, depth))
        else:
            found.append((tag, begin, end))
    return found


def _elements(packet: bytes, tag: int, at: int, end: int, depth: int) -> list[tuple[int, int, int, int]]:
    if depth >= DEEPEST:
        raise ValueError(f"bundles more than {DEEPEST} deep")
    if end - at < 16:
        raise ValueError("a bundle without its time")
    tag = max(tag, int.from_bytes(packet[at + 8:at + 16], "big"))
    inside = []
    at += 16
    while at < end:
        size = int.from_bytes(packet[at:at + 4], "big", signed=True)
        at += 4
        if size <= 0 or size % 4 or at + size > end:
            raise ValueError(f"an element of {size} bytes")
        inside.append((tag, at, at + size, depth + 1))
        at += size
    return inside


def _message(packet: bytes) -> Message:
    """What one message says: its shape is checked, then python-osc parses it, then its numbers are."""
    tags = _checked(packet)
    if b"I" in tags:  # python-osc knows no impulse
        packet = packet.replace(b"\0" + tags + b"\0", b"\0" + tags.replace(b"I", b"T") + b"\0", 1)
    try:
        parsed = OscMessage(packet)
    except ParseError as error:
        raise ValueError(str(error)) from error
    values: list[Argument] = []
    for tag, value in zip(tags[1:].decode("ascii"), parsed.params, strict=True):
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{value} is no number to work with")
        values.append(f"#{value:08x}" if tag == "r" else value)
    return parsed.address, tuple(values)


def _checked(packet: bytes) -> bytes:
    """The type tags of a message whose every part is where it belongs."""
    end = packet.find(b"\0")
    if end < 0 or not _ADDRESS.fullmatch(packet, 0, end):
        raise ValueError("the address is no plain one")
    at = _padded(packet, end)
    if at == len(packet):
        return b","  # an old sender's message without values
    end = packet.find(b"\0", at)
    if end < 0 or not _TAGS.fullmatch(packet, at, end):
        raise ValueError("the type tags are none of ifdhrsTFNI")
    tags = packet[at:end]
    at = _padded(packet, end)
    for tag in tags[1:].decode("ascii"):
        at = _after_text(packet, at) if tag == "s" else at + _SIZES[tag]
        if at > len(packet):
            raise ValueError("cut short")
    if at != len(packet):
        raise ValueError("more bytes than values")
    return tags


def _after_text(packet: bytes, at: int) -> int:
    end = packet.find(b"\0", at)
    if end < 0:
        raise ValueError("a text without an end")
    packet[at:end].decode("utf-8")  # UnicodeDecodeError is a ValueError
    return _padded(packet, end)


def _padded(packet: bytes, end: int) -> int:
    """Where the next thing begins after a text whose zero is at ``end``; the filling must be zeros, and there."""
    after = end + 4 - end % 4
    if packet[end:after] != bytes(after - end):
        raise ValueError("a text that is not filled up")
    return after
