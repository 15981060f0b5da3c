"""A show as OSC sees it: a small tree, its mirror, a desk that keeps what it is given, packets as others build them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder

from vj.control.desk import Desk
from vj.control.mirror import Mirror
from vj.control.osc.packet import messages
from vj.control.osc.performer import Client, Performer
from vj.params.spec import choice, colour, integer, number, switch, text, trigger
from vj.params.tree import ParamTree
from vj.types import ControlEvent, Tick

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
from benches.osc_packets import message, mutated

__all__ = ["message", "mutated"]

EPOCH = 1_700_000_000.0
"""The time of day at which a test's clock shows 100 s."""
NTP = 2208988800


def show_tree() -> ParamTree:
    """One parameter of each kind, and those that other programs' addresses mean."""
    made = ParamTree()
    made.declare("a/walk", (number("speed", 0.5, 0.0, 2.0, smooth=0.0), number("energy", 0.5),
                            integer("steps", 4, 1, 8), text("prompt"), colour("tint", "#ff8800")))
    made.declare("fx/tone", (number("cutoff", 100.0, 10.0, 1000.0, curve="log", smooth=0.0),))
    made.declare("beat", (trigger("tap"), trigger("resync"), number("nudge", 0.0, -250.0, 250.0, smooth=0.0)))
    made.declare("master", (number("fade", 0.0, smooth=0.0), switch("blackout")))
    made.declare("mix", (number("crossfade", 0.0, smooth=0.0),))
    made.declare("show", (choice("look", "one", ("one", "two", "Three Drops")), trigger("next"), trigger("previous")))
    made.declare("machine", (trigger("quit", guarded=True), switch("lock", guarded=True)))
    made.declare_readings("beat", (number("bpm", 120.0, 0.0, 400.0), number("phase", 0.0), integer("count", 0, 0, 99)))
    made.declare_readings("audio", (number("kick", 0.0), text("device", "none")))
    return made


def bundle(*parts: bytes, at: float = IMMEDIATELY) -> bytes:
    """A bundle for ``at``, in seconds since 1970, of messages and bundles."""
    from pythonosc.osc_bundle import OscBundle
    from pythonosc.osc_message import OscMessage

    builder = OscBundleBuilder(at)
    for part in parts:
        builder.add_content(OscBundle(part) if part.startswith(b"#bundle") else OscMessage(part))
    return bytes(builder.build().dgram)


class Show:
    """A tree that turns when it is told to: what is emitted lands at the next ``tick``."""

    def __init__(self) -> None:
        self.tree = show_tree()
        self.mirror = Mirror(self.tree)
        self.time = 100.0
        self.emitted: list[list[ControlEvent]] = []
        self.full = False
        self.desk = Desk(self.mirror, lambda event: self.take([event]), lambda: self.time, together=self.take)
        self.index = 0

    def take(self, events: Sequence[ControlEvent]) -> bool:
        if not self.full:
            self.emitted.append(list(events))
        return not self.full

    @property
    def events(self) -> list[ControlEvent]:
        return [event for group in self.emitted for event in group]

    def tick(self) -> None:
        for event in self.events:
            self.tree.apply(event)
        self.emitted.clear()
        self.tree.advance(1 / 60)
        self.index += 1
        self.mirror.publish(Tick(self.index, self.index / 60, 1 / 60), self.tree.snapshot({}))

    def performer(self, **more: Any) -> Performer:
        return Performer(self.mirror, self.desk.emit_all, self.desk.now, unix=lambda: EPOCH + self.time - 100.0, **more)


ME = Client("osc 192.168.1.5:9001")
HAND = Client("page 1", trusted=True)


def said(packets: Sequence[bytes]) -> list[tuple[str, tuple[Any, ...]]]:
    """All messages of packets that vj sends."""
    return [found for packet in packets for found in messages(packet)]
