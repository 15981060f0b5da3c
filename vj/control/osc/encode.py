"""Values as OSC messages: python-osc builds them, and what it built is kept where only a number changes."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache

from pythonosc.osc_message_builder import OscMessageBuilder

from vj.control.osc.packet import AT_ONCE, BUNDLE
from vj.types import Kind, ParamSpec, Value

FULL = 1400
"""Bytes of a bundle: it fits into one Ethernet frame, whatever is round it."""
_TAGS: dict[Kind, str] = {"number": "f", "integer": "i", "switch": "T", "choice": "s", "text": "s", "colour": "r",
                          "trigger": "I"}


def type_tag(spec: ParamSpec) -> str:
    """The OSC type tag of a parameter: f, i, s, T (or F) for a switch, r for a colour, I for a trigger."""
    return _TAGS[spec.kind]


def encode(path: str, value: Value, spec: ParamSpec, *, plain: bool = False) -> bytes:
    """An OSC message with ``value``, of a kind that ``spec`` has, at ``path``; its type is ``type_tag``'s.

    ``plain`` is for surfaces that know numbers and texts only: a switch is 1 or 0, a colour its text.
    """
    match spec.kind:
        case "number":
            return _head(path, "f") + struct.pack(">f", value)
        case "integer":
            return _whole(path, int(value))
        case "switch" | "trigger":
            return _whole(path, int(bool(value))) if plain else _built(path, "T" if value else "F", True)
        case "colour" if not plain:
            return _head(path, "r") + bytes.fromhex(str(value)[1:].ljust(8, "f"))
    return _built(path, "s", str(value).replace("\0", "").encode("utf-8", "replace").decode("utf-8"))


def number(path: str, value: float) -> bytes:
    """An OSC message with one float, for what has no spec of its own."""
    return _head(path, "f") + struct.pack(">f", value)


def bundled(messages: Iterable[bytes], full: int = FULL) -> list[bytes]:
    """The messages in as few bundles as hold them, each at most ``full`` bytes; a longer message goes by itself."""
    bundles: list[bytes] = []
    begin = BUNDLE + AT_ONCE.to_bytes(8, "big")
    parts, size = [begin], len(begin)
    for message in messages:
        if len(message) + len(begin) + 4 > full:
            bundles.append(message)
            continue
        if size + 4 + len(message) > full:
            bundles.append(b"".join(parts))
            parts, size = [begin], len(begin)
        parts.append(struct.pack(">i", len(message)) + message)
        size += 4 + len(message)
    if len(parts) > 1:
        bundles.append(b"".join(parts))
    return bundles


def _whole(path: str, value: int) -> bytes:
    if -2**31 <= value < 2**31:
        return _head(path, "i") + struct.pack(">i", value)
    return _built(path, "h", min(max(value, -2**63), 2**63 - 1))


@lru_cache(maxsize=2048)
def _head(path: str, tag: str) -> bytes:
    """A message up to its only value, which takes four bytes."""
    return _built(path, tag, 0)[:-4]


def _built(path: str, tag: str, value: Value) -> bytes:
    builder = OscMessageBuilder(path)
    builder.add_arg(value, tag)
    return bytes(builder.build().dgram)
