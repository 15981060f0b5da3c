"""OSC under attack: 100,000 packets that nobody should send, against the whole surface and a real tree."""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benches.osc_packets import strange
from benches.table import Row, percentile, under
from vj.app.common import declared_tree
from vj.clock import now
from vj.control.desk import Desk
from vj.control.mirror import Mirror
from vj.control.osc.server import OscServer
from vj.control.osc.wire import FakeWire
from vj.mailbox import Inbox
from vj.options import DEFAULT_LOOK
from vj.params.tree import ParamTree
from vj.types import ControlEvent, Tick, VjError

TITLE = "OSC, fuzzed"
HOW = ("Random bytes, mutated packets, packets that are known to stop other servers, and sound packets with senseless "
       "values, for every parameter of the default look, one turn of the thread each; every 50 packets the engine's "
       "part: the events land in the tree, which must take each of them.")
COUNT = 100_000
EVERY = 50


class Attacked:
    """A surface, a tree, and a clock that gives each packet its ration."""

    def __init__(self) -> None:
        self.tree = declared_tree(DEFAULT_LOOK)
        self.mirror = Mirror(self.tree)
        self.inbox: Inbox[ControlEvent] = Inbox()
        self.wire = FakeWire()
        self.time = 0.0
        self.server = OscServer(Desk(self.mirror, self.inbox.put, lambda: self.time, together=self.inbox.put_all),
                                self.wire)
        self.landed = self.refused = 0

    def hear(self, packet: bytes) -> tuple[float, float]:
        """Seconds that one packet takes: on the wall, and of the processor."""
        self.time += 0.002
        self.wire.incoming.append((packet, ("127.0.0.1", 50000)))
        began, work = now(), time.thread_time()
        self.server.step()
        spent = now() - began, time.thread_time() - work
        self.wire.sent.clear()
        self.wire.waited.clear()
        return spent

    def turn(self, index: int) -> None:
        """The engine's part of a frame."""
        for event in self.inbox.drain():
            try:
                self.tree.apply(event)
                self.landed += 1
            except VjError:
                self.refused += 1
        self.tree.advance(1 / 60)
        self.mirror.publish(Tick(index, index / 60, 1 / 60), self.tree.snapshot({}))


def measure(_folder: Path, _seconds: float) -> list[Row]:
    """No crash, no stall, nothing out of its range, nothing guarded touched."""
    place = Attacked()
    guarded = {path: place.tree.base(path) for path, spec, _ in place.tree.items() if spec.guarded}
    spent = []
    with in_silence():
        for k, packet in enumerate(strange(random.Random(7), list(place.mirror.specs), COUNT)):
            spent.append(place.hear(packet))
            if k % EVERY == 0:
                place.turn(k // EVERY)
    counts = place.server.performer.counts
    outside = out_of_range(place.tree)
    touched = [path for path, value in guarded.items() if place.tree.base(path) != value]
    return [Row("packets", f"{len(spent)}", f"{COUNT}", len(spent) == COUNT),
            Row("messages understood, refused", f"{counts.messages}, {counts.refused}"),
            Row("events that landed", f"{place.landed}", "some", place.landed > COUNT // 100),
            Row("events that the tree refused", f"{place.refused}", "0", place.refused == 0),
            Row("parameters outside their range", f"{len(outside)} of {len(place.mirror.specs)}", "0", not outside),
            Row("guarded parameters changed", f"{len(touched)} of {len(guarded)}", "0", bool(guarded) and not touched),
            Row("a packet, p99", f"{1000 * percentile([wall for wall, _ in spent], 0.99):.2f} ms"),
            Row("a packet, the most work", f"{1000 * max(work for _, work in spent):.2f} ms"),
            under("a packet, the longest", 1000 * max(wall for wall, _ in spent), 50.0, "ms")]


@contextmanager
def in_silence() -> Iterator[None]:
    """What is refused is counted; the log need not tell it too."""
    log = logging.getLogger("vj.control.osc")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def out_of_range(tree: ParamTree) -> list[str]:
    """The parameters that stand where they must not."""
    wrong = []
    for path, spec, value in tree.items():
        sound = {"number": lambda v, s: isinstance(v, float) and math.isfinite(v) and s.lo <= v <= s.hi,
                 "integer": lambda v, s: isinstance(v, int) and s.lo <= v <= s.hi,
                 "choice": lambda v, s: v in s.choices, "switch": lambda v, _: isinstance(v, bool),
                 "trigger": lambda v, _: isinstance(v, bool), "text": lambda v, _: len(v) <= 2000,
                 "colour": lambda v, _: len(v) in (7, 9)}[spec.kind]
        if not sound(value, spec):
            wrong.append(path)
    return wrong
