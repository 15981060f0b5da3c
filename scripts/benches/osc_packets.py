"""OSC packets for measurements and for the tests: as programs send them, and as nobody should."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder

VALUES: tuple[tuple[Any, ...], ...] = (
    (), (0.5,), (1,), (0,), (True,), ("?",), ("+", 0.1), ("*", -3.0), ("a", 0.3), ("two",), ("",), (("d", 1e300),),
    (("h", -2**60),), (2**31 - 1,), (1e-40,), (("r", 5),), (0.1, 0.2, 0.3), (None,), ("Café ✨",), ("x" * 1500,))
"""What is sent to any address: sensible for some parameter, senseless for most."""


def message(address: str, *values: Any) -> bytes:
    """A message as python-osc builds it; a pair is (type tag, value)."""
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(*(reversed(value) if isinstance(value, tuple) else (value,)))
    return bytes(builder.build().dgram)


def bundled(*parts: bytes, tag: int = 1) -> bytes:
    """A bundle of any bytes, for the NTP time ``tag``."""
    return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(struct.pack(">i", len(part)) + part for part in parts)


def nested(depth: int, inside: bytes = b"/x\0\0,\0\0\0") -> bytes:
    """Bundles within bundles."""
    for _ in range(depth):
        inside = bundled(inside)
    return inside


KNOWN_BAD = (
    b"", b"/a", b"#bundle\0", bundled() + struct.pack(">i", -4), bundled() + bytes(4),
    bundled() + struct.pack(">i", 2**31 - 1), b"/" + b"*" * 18 + b"X" + b"\0" * 4 + b",\0\0\0", b"/\xff\xfe\0,\0\0\0",
    b"/a\0\0,f\0\0\x7f\xc0\0\0", b"/a\0\0,f\0\0\x7f\x80\0\0", b"/a\0\0,s\0\0\xff\xfe\xfd\0", b"/a\0\0,ff\0\0\0\0\0",
    b"/a\0\0,b\0\0\x7f\xff\xff\xff", b"/a\0\0,[[[[[\0\0", nested(60), nested(3),
    bundled(message("/a", 1), tag=2**64 - 1),
)
"""What has stopped servers of OSC."""


def mutated(chance: random.Random, packet: bytes) -> bytes:
    """One packet, hurt in one to three places."""
    hurt = bytearray(packet)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(len(hurt) + 1)
        match chance.randrange(8):
            case 0:
                del hurt[at:at + chance.choice((1, 4, 8))]
            case 1:
                hurt[at:at] = chance.randbytes(chance.choice((1, 4, 4, 16)))
            case 2:
                hurt[at:at + 4] = struct.pack(">i", chance.choice((-4, -1, 0, 4, 2**31 - 1, -2**31)))
            case 3:
                hurt += hurt[:at]
            case _ if hurt:
                hurt[at % len(hurt)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(hurt[:10_000])


def strange(chance: random.Random, paths: Sequence[str], count: int) -> Iterator[bytes]:
    """``count`` packets: sound ones for ``paths`` with any value, mutated ones, and random bytes."""
    seeds = [message(prefix + path, *values) for path in paths for prefix in ("", "/unit") for values in VALUES]
    seeds += [*KNOWN_BAD, message("/subscribe", 9000, 60.0, "unit"), message("/listen", "/beat", 60.0),
              message("/unsubscribe"), message("/composition/master", 0.5)]
    for _ in range(count):
        match chance.randrange(8):
            case 0:
                yield chance.randbytes(4 * chance.randrange(64))
            case 1:
                yield chance.choice(seeds)
            case 2:
                inside = [chance.choice(seeds) for _ in range(chance.randrange(1, 8))]
                packet = bundled(*inside, tag=chance.choice((0, 1, 1, 2**63, chance.getrandbits(64))))
                yield mutated(chance, packet) if chance.random() < 0.5 else packet[:10_000]
            case _:
                yield mutated(chance, chance.choice(seeds))
