"""Packets: what is sound is understood as others meant it, what is not is refused whole and at once."""

from __future__ import annotations

import math
import random
import struct
import time

import pytest
from osc_kit import EPOCH, bundle, message, mutated

from vj.control.osc.packet import AT_ONCE, DEEPEST, LONGEST, MOST, Moment, messages, moments


def raw_bundle(*parts: bytes, tag: int = AT_ONCE) -> bytes:
    return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(struct.pack(">i", len(part)) + part for part in parts)


def nested(depth: int) -> bytes:
    packet = b"/x\0\0,\0\0\0"
    for _ in range(depth):
        packet = raw_bundle(packet)
    return packet


GOOD = {
    "every number": (message("/a", 1, ("f", 0.5), ("d", 0.25), ("h", 2**40)), [("/a", (1, 0.5, 0.25, 2**40))]),
    "words": (message("/a", True, False, "two words", ("N", None)), [("/a", (True, False, "two words", None))]),
    "UTF-8": (message("/a", "Café ✨"), [("/a", ("Café ✨",))]),
    "a colour": (message("/a", ("r", 0xFF880080)), [("/a", ("#ff880080",))]),
    "an impulse": (b"/I\0\0,fI\0" + struct.pack(">f", 2.0), [("/I", (2.0, True))]),
    "no values": (b"/old\0\0\0\0", [("/old", ())]),
    "empty text": (message("/a", ""), [("/a", ("",))]),
    "a bundle in a bundle": (bundle(message("/a", 1), bundle(message("/b", 2)), message("/c", 3)),
                             [("/a", (1,)), ("/b", (2,)), ("/c", (3,))]),
    "deep": (nested(DEEPEST), [("/x", ())]),
    "an empty bundle": (raw_bundle(), []),
    "many": (raw_bundle(*[b"/x\0\0,\0\0\0"] * MOST), [("/x", ())] * MOST),
}
BAD = {
    "empty": b"", "odd": b"/a\0\0,\0\0", "long": b"/a\0\0,\0\0\0" * (LONGEST // 8 + 1),
    "no slash": b"beat\0\0\0\0,\0\0\0", "only a slash": b"/\0\0\0,\0\0\0",
    "negative size": raw_bundle() + struct.pack(">i", -4), "zero size": raw_bundle() + bytes(4),
    "odd size": raw_bundle() + struct.pack(">i", 6) + bytes(8), "size beyond": raw_bundle() + struct.pack(">i", 4000),
    "size cut": raw_bundle(b"/a\0\0,\0\0\0")[:-8] + bytes(2) * 2, "bundle cut": b"#bundle\0" + bytes(4),
    "stars": b"/" + b"*" * 18 + b"X" + b"\0" * 4 + b",\0\0\0", "pattern": b"/be?t\0\0\0,\0\0\0",
    "braces": b"/{a}\0\0\0\0,\0\0\0", "brackets": b"/[a]\0\0\0\0,\0\0\0",
    "not ASCII": b"/\xff\xfe\0,\0\0\0", "no end": b"/abc", "space": b"/a b\0\0\0\0,\0\0\0",
    "NaN": b"/a\0\0,f\0\0" + struct.pack(">f", math.nan), "inf": b"/a\0\0,f\0\0" + struct.pack(">f", -math.inf),
    "double NaN": b"/a\0\0,d\0\0" + struct.pack(">d", math.nan), "cut short": b"/a\0\0,ff\0" + bytes(4),
    "more than said": b"/a\0\0,f\0\0" + bytes(8), "text that is not UTF-8": b"/a\0\0,s\0\0\xff\xfe\xfd\0",
    "text half": b"/a\0\0,s\0\0" + "é".encode()[:1] + bytes(3), "surrogate": b"/a\0\0,s\0\0\xed\xa0\x80\0",
    "blob": b"/a\0\0,b\0\0" + struct.pack(">i", 2**31 - 1), "array": b"/a\0\0,[i]" + bytes(8), "no tags": b"/a\0\0abcd",
    "unknown tag": b"/a\0\0,q\0\0", "text cut": b"/a\0\0,s\0\0abcd", "tags cut": b"/a\0\0,fff",
    "not filled up": b"/a\0X,\0\0\0", "too many tags": b"/a\0\0," + b"T" * 17 + bytes(2),
    "deep": nested(DEEPEST + 1), "very deep": nested(400), "many": raw_bundle(*[b"/x\0\0,\0\0\0"] * (MOST + 1)),
    "one bad in a bundle": raw_bundle(message("/a", 1), b"/a\0\0,f\0\0", message("/b", 1)),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_another_encoder_means_is_understood(name: str) -> None:
    packet, meant = GOOD[name]
    assert messages(packet) == meant


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_refused_whole_and_at_once(name: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ValueError, match=r"."):
        messages(BAD[name])
    assert time.perf_counter() - began < 0.5


def test_what_belongs_to_one_time_stays_together() -> None:
    later = bundle(message("/b", 2), bundle(message("/c", 3)), message("/d", 4), at=EPOCH)
    first, second = moments(bundle(message("/a", 1), later, message("/e", 5)))
    assert first == Moment(AT_ONCE, [("/a", (1,)), ("/e", (5,))])
    assert [address for address, _ in second.messages] == ["/b", "/c", "/d"]
    assert second.tag / 2**32 - 2208988800 == pytest.approx(EPOCH, abs=1e-3)


def test_a_bundle_is_never_before_the_one_round_it() -> None:
    inner, outer = 5 << 32, 9 << 32
    (only,) = moments(raw_bundle(raw_bundle(b"/x\0\0,\0\0\0", tag=inner), tag=outer))
    assert only.tag == outer


def test_mutated_packets_are_refused_or_sound() -> None:
    chance = random.Random(1)
    seeds = [packet for packet, _ in GOOD.values() if packet] + [packet for packet in BAD.values() if packet]
    sound = 0
    for _ in range(4000):
        packet = mutated(chance, chance.choice(seeds))
        try:
            found = messages(packet)
        except ValueError:
            continue
        sound += 1
        assert len(found) <= MOST
        for address, values in found:
            assert address.startswith("/")
            assert address.isascii()
            assert all(math.isfinite(value) for value in values if isinstance(value, float))
    assert 100 < sound < 3900  # the mutations neither kill everything nor nothing
