"""Void packets of a flood are left out unopened."""

from __future__ import annotations

import struct

from vj.control.osc.newest import KNOWN, Newest

ME, YOU = ("127.0.0.1", 1), ("127.0.0.1", 2)


def message(address: str, tags: str, data: bytes) -> bytes:
    """An OSC message."""
    def padded(text: str) -> bytes:
        raw = text.encode() + b"\0"
        return raw + b"\0" * (-len(raw) % 4)
    return padded(address) + padded("," + tags) + data


def f(address: str, value: float) -> bytes:
    return message(address, "f", struct.pack(">f", value))


def numbers(address: str) -> bool:
    return address in ("/speed", "/bright")


def test_the_last_value_of_each_sender_stays_in_its_place() -> None:
    packets = [(f("/speed", 1), ME), (f("/bright", 1), ME), (f("/speed", 2), YOU), (f("/speed", 3), ME)]
    assert Newest(numbers).of(packets) == packets[1:]


def test_every_type_of_number_is_known() -> None:
    d = message("/speed", "d", struct.pack(">d", 1.0))
    i = message("/speed", "i", struct.pack(">i", 1))
    packets = [(d, ME), (i, ME), (f("/speed", 1), ME)]
    assert Newest(numbers).of(packets) == packets[2:]
    assert Newest(numbers).of(packets[::-1]) == [(d, ME)]


def test_what_counts_each_time_goes_through() -> None:
    trigger, step = f("/tap", 1), message("/speed", "sf", b"+\0\0\0" + struct.pack(">f", 0.1))
    question, bundle, bad = message("/speed", "s", b"?\0\0\0"), b"#bundle\0" + b"\0" * 8, f("/speed", 1)[:-2]
    packets = [(one, ME) for one in (trigger, step, question, bundle, bad, b"", b"\0") for _ in range(2)]
    assert Newest(numbers).of(packets) == packets


def test_what_is_no_number_makes_nothing_void() -> None:
    packets = [(f("/speed", 1), ME), (f("/speed", float("nan")), ME), (f("/speed", float("inf")), ME)]
    assert Newest(numbers).of(packets) == packets


def test_strangers_inventions_do_not_fill_the_memory() -> None:
    newest = Newest(numbers)
    newest.of([(f(f"/invented/{k}", 1), ME) for k in range(3 * KNOWN)])
    assert len(newest._known) <= KNOWN


def test_addresses_are_asked_again_when_they_may_lead_elsewhere() -> None:
    there: list[str] = []
    newest = Newest(there.__contains__)
    packets = [(f("/new", 1), ME), (f("/new", 2), ME)]
    assert newest.of(packets) == packets
    there.append("/new")
    newest.forget()
    assert newest.of(packets) == packets[1:]
