"""What nodes say, as OSC 1.0 packets for websockets."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from vj.control.osc.encode import bundled, encode
from vj.types import ParamSpec, Value

BUNDLED = 32 * 1024
"""Bytes of a bundle: over TCP there is no frame to fit into."""


def said(path: str, spec: ParamSpec, value: Value | None) -> bytes:
    """A message with ``value``; a pulled trigger is an impulse, and nothing known is nil."""
    if spec.kind == "trigger":
        return _padded(path) + b",I\0\0"
    return _padded(path) + b",N\0\0" if value is None else encode(path, value, spec)


def blob(path: str, data: bytes) -> bytes:
    """A message with bytes."""
    return _padded(path) + b",b\0\0" + struct.pack(">i", len(data)) + data + bytes(-len(data) % 4)


def bundles(messages: Sequence[bytes]) -> list[bytes]:
    """All messages in as few packets as can be."""
    return list(messages) if len(messages) < 2 else bundled(messages, BUNDLED)


def _padded(text: str) -> bytes:
    data = text.encode("ascii")
    return data + bytes(4 - len(data) % 4)
