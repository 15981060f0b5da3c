"""Values as messages, read back by python-osc and by our own checks."""

from __future__ import annotations

from typing import Any

import pytest
from osc_kit import show_tree
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from vj.control.osc.encode import FULL, bundled, encode, number, type_tag
from vj.control.osc.packet import LONGEST, messages
from vj.params.spec import integer, text
from vj.types import Value


@pytest.mark.parametrize(("path", "value", "tag", "back", "plain"), [
    ("/a/walk/speed", 0.25, "f", 0.25, 0.25), ("/a/walk/steps", 7, "i", 7, 7),
    ("/master/blackout", True, "T", True, 1), ("/master/blackout", False, "F", False, 0),
    ("/show/look", "two", "s", "two", "two"), ("/a/walk/prompt", "Café ✨", "s", "Café ✨", "Café ✨"),
    ("/a/walk/tint", "#ff8000", "r", "#ff8000ff", "#ff8000"),
    ("/a/walk/tint", "#ff800040", "r", "#ff800040", "#ff800040"),
])
def test_each_kind_has_its_type(path: str, value: Value, tag: str, back: Any, plain: Any) -> None:
    spec = show_tree().spec(path)
    packet = encode(path, value, spec)
    assert f",{tag}".encode() in packet
    assert type_tag(spec) in (tag, "T")
    assert messages(packet) == [(path, (back,))]
    assert messages(encode(path, value, spec, plain=True)) == [(path, (plain,))]
    assert OscMessage(encode(path, value, spec, plain=True)).params == [plain]


def test_what_changes_is_the_value_alone() -> None:
    spec = show_tree().spec("/a/walk/speed")
    for value in (0.0, 1.5, 0.1):
        assert messages(encode("/a/walk/speed", value, spec))[0][1] == (pytest.approx(value),)
    assert messages(number("/x", 2.5)) == [("/x", (2.5,))]


def test_large_counts_and_odd_texts() -> None:
    assert messages(encode("/n", 2**40, integer("n", 0, 0, 2**50))) == [("/n", (2**40,))]
    assert messages(encode("/t", "a\0b\ud800", text("t"))) == [("/t", ("ab?",))]


def test_bundles_are_as_few_as_hold_everything_and_never_too_long() -> None:
    parts = [encode(f"/some/path/{k}", k / 300, show_tree().spec("/a/walk/speed")) for k in range(300)]
    bundles = bundled(parts)
    assert all(len(packet) <= FULL for packet in bundles)
    assert all(len(packet) > FULL - 40 for packet in bundles[:-1])
    assert [found for packet in bundles for found in messages(packet)] == [messages(part)[0] for part in parts]
    assert sum(OscBundle(packet).num_contents for packet in bundles) == 300


def test_a_long_message_goes_by_itself() -> None:
    long = encode("/a/walk/prompt", "é" * 2000, show_tree().spec("/a/walk/prompt"))
    short = number("/x", 1.0)
    assert FULL < len(long) < LONGEST
    packets = bundled([short, long, short])
    assert long in packets
    assert len(packets) == 2
    assert bundled([]) == []
