"""Values as OSC 1.0 packets, for websockets."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from vj.types import Value

IMMEDIATELY = b"#bundle\0\0\0\0\0\0\0\0\1"
BUNDLED = 32 * 1024
"""Bytes after which a bundle is closed and another begun."""


def padded(data: bytes) -> bytes:
    """``data`` filled up to four bytes."""
    return data + bytes(-len(data) % 4)


def text(words: str) -> bytes:
    """A text as OSC has it: UTF-8, ended by at least one zero. Zeros within would end it early: they are left out."""
    return padded(words.replace("\0", "").encode("utf-8", "replace") + b"\0")


def message(path: str, kind: str, value: Value | bytes | None) -> bytes:
    """One message that says ``value`` of a parameter or picture of this ``kind``."""
    tag, data = _argument(kind, value)
    return text(path) + text("," + tag) + data


def bundles(messages: Sequence[bytes]) -> list[bytes]:
    """All messages in as few packets as can be."""
    if len(messages) == 1:
        return [messages[0]]
    packets, parts, size = [], [IMMEDIATELY], 0
    for one in messages:
        if size + len(one) > BUNDLED and len(parts) > 1:
            packets.append(b"".join(parts))
            parts, size = [IMMEDIATELY], 0
        parts += [struct.pack(">i", len(one)), one]
        size += len(one)
    return [*packets, b"".join(parts)] if len(parts) > 1 else packets


def _argument(kind: str, value: Value | bytes | None) -> tuple[str, bytes]:
    """Type tag and data. Words before numbers: what cannot be said otherwise is a float."""
    if kind == "trigger":
        return "I", b""
    if value is None:
        return "N", b""
    if isinstance(value, bytes):
        return "b", struct.pack(">i", len(value)) + padded(value)
    if isinstance(value, str):
        return ("r", bytes.fromhex(value[1:9].ljust(8, "f"))) if kind == "colour" else ("s", text(value))
    return _number(kind, value)


def _number(kind: str, value: float) -> tuple[str, bytes]:
    if kind == "switch":
        return ("T" if value else "F"), b""
    if kind == "integer":
        whole = int(value)
        return ("i", struct.pack(">i", whole)) if -2**31 <= whole < 2**31 else ("h", struct.pack(">q", whole))
    return "f", struct.pack(">f", value)
