"""OSC: how long a packet takes, how soon a hand is in the picture, and what a flood does to the frames."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benches.osc_packets import bundled, message
from benches.osc_sender import A_SECOND, PATH
from benches.show import run
from benches.table import Row, at_least, percentile, under
from vj.app.common import Format, assemble, declared_tree
from vj.app.lookfiles import open_shelf
from vj.app.surfaces import open_desk
from vj.audio.source import ArraySource
from vj.clock import WallClock, now
from vj.config import bundled_track
from vj.control.desk import Desk
from vj.control.mirror import Mirror
from vj.control.osc.server import OscServer, open_osc
from vj.control.osc.wire import FakeWire
from vj.control.ports import open_ports
from vj.engine import Engine
from vj.options import DEFAULT_LOOK, Options
from vj.performance import Performance
from vj.render.double import FakeCompositor
from vj.render.effects import EffectLibrary
from vj.runner.double import FakeRunner
from vj.types import Params, Tick

TITLE = "OSC"
HOW = (f"*Handling*: one turn of the thread with one packet, from the wire to the engine's inbox, over the default "
       f"look's parameters. *Hand to picture*: another process sends a value by UDP at odd moments; from there to the "
       f"frame whose parameters have it, in an engine at 60 frames a second with everything but the GPU and the "
       f"generator. *Flood*: {A_SECOND} packets a second, one in eight of them bad, against a show of its own process; "
       f"beside it the same flood to a port that nobody reads, for the sender needs a core too.")
FPS = 60.0
PAGE = 150
"""Values that fit into the longest bundle."""


def measure(_folder: Path, seconds: float) -> list[Row]:
    """All three."""
    return [*handling(), *hand_to_picture(round(min(max(10 * seconds, 200), 2000))),
            *flood(min(max(seconds / 4, 20.0), 60.0))]


# ----------------------------------------------------------------------------------------- handling


class Time:
    """A clock that is moved by hand: a ration that real senders keep is never used up."""

    seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 0.02
        return self.seconds


def handling(count: int = 20_000) -> list[Row]:
    """Milliseconds for a packet of each kind, and for a full bundle."""
    tree = declared_tree(DEFAULT_LOOK)
    mirror = Mirror(tree)
    wire = FakeWire()
    server = OscServer(Desk(mirror, lambda _: True, Time(), together=lambda _: True), wire)
    path = next(path for path, spec in mirror.specs.items() if spec.kind == "number")
    kinds = {"a value": message(path, 0.5), "in knob space": message(f"/unit{path}", 0.5),
             "a step": message(path, "+", 0.1), "Resolume's master": message("/composition/master", 0.5),
             "a question": message(path, "?"), "a choice by name": message("/show/look", DEFAULT_LOOK),
             "nothing of ours": message("/not/there", 1.0), "cut short": message(path, 0.5)[:-4]}
    spent = {name: list(_turns(server, wire, packet, count // len(kinds))) for name, packet in kinds.items()}
    everything = [one for many in spent.values() for one in many]
    page = list(_turns(server, wire, bundled(*[message(path, 0.5) for path in list(mirror.specs)[:PAGE]]), 20))
    return [under("handling a packet, median", 1000 * percentile(everything, 0.5), 0.2, "ms"),
            Row("handling a packet, p99", f"{1000 * percentile(everything, 0.99):.3f} ms"),
            *(Row(f"handling {name}, median", f"{1000 * percentile(many, 0.5):.3f} ms")
              for name, many in spent.items()),
            Row(f"handling a bundle of {PAGE} values, median", f"{1000 * percentile(page, 0.5):.2f} ms")]


def _turns(server: OscServer, wire: FakeWire, packet: bytes, count: int) -> Iterator[float]:
    for _ in range(count):
        wire.incoming.append((packet, ("127.0.0.1", 50000)))
        began = now()
        server.step()
        yield now() - began
        wire.sent.clear()
        wire.waited.clear()


# --------------------------------------------------------------------------------- hand to picture


class Seen:
    """When the parameter was first another one in a frame, in order."""

    def __init__(self) -> None:
        self.changes: list[tuple[int, float]] = []
        mount, _, self._name = PATH[1:].rpartition("/")
        self._mount = mount

    def __call__(self, _: Tick, params: Params) -> None:
        value = round(float(params[self._mount][self._name]))
        if not self.changes or self.changes[-1][0] != value:
            self.changes.append((value, now()))


def hand_to_picture(count: int) -> list[Row]:
    """Frame periods from the sender's ``sendto`` to the parameters of a frame."""
    silence = ArraySource(np.zeros((48_000, 2), np.float32), 48_000)
    parts = assemble(silence, FakeCompositor(), EffectLibrary.open(), Options(), Format((640, 360), FPS),
                     shelf=open_shelf())
    engine = Engine(parts, strict=False)
    seen = Seen()
    parts.seen.append(seen)
    ports = open_ports(None, 0)
    server = open_osc(open_desk(engine), ports.udp)
    sent: list[tuple[int, float]] = []
    try:
        with _sender("values", ports.number, count) as process:
            reader = threading.Thread(target=lambda: sent.extend(_told(process)), daemon=True)
            reader.start()
            gc.collect()
            Performance(engine, WallClock(FPS), FakeRunner(), hands=lambda _: not reader.is_alive()).run()
    finally:
        server.close()
        ports.close()
    late = [FPS * gap for gap in gaps(sent, seen.changes)]
    return [Row("hand to picture: values seen before the next one was sent", f"{len(late)} of {count}",
                "99 of 100", len(late) >= 0.99 * count),
            Row("hand to picture, median", f"{percentile(late, 0.5):.2f} frames"),
            under("hand to picture, p99", percentile(late, 0.99), 1.2, "frames")]


def gaps(sent: Sequence[tuple[int, float]], seen: Sequence[tuple[int, float]]) -> Iterator[float]:
    """Seconds from each value's sending to its being seen first; those that another one overtook are left out."""
    place = 0
    for value, at in sent:
        found = next((k for k in range(place, min(place + 5, len(seen)))
                      if seen[k][0] == value and seen[k][1] >= at), None)
        if found is not None:
            place = found + 1
            yield seen[found][1] - at


def _told(process: subprocess.Popen[str]) -> Iterator[tuple[int, float]]:
    assert process.stdout is not None
    for line in process.stdout:
        value, sent = line.split()
        yield int(value), float(sent)


@contextmanager
def _sender(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benches.osc_sender", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


# ------------------------------------------------------------------------------------------- flood


def flood(seconds: float) -> list[Row]:
    """The 99th percentile of a show's frame intervals, with the flood and with one that it does not get."""
    calm, _ = _flooded(seconds, heard=False)
    storm, rate = _flooded(seconds, heard=True)
    more = 100.0 * (storm["p99_ms"] / calm["p99_ms"] - 1.0)
    return [at_least("flood: packets a second", rate, 0.9 * A_SECOND, ""),
            Row("flood beside the show: frame interval p99", f"{calm['p99_ms']:.1f} ms, {calm['fps']:.1f} fps"),
            Row("flood to the show: frame interval p99", f"{storm['p99_ms']:.1f} ms, {storm['fps']:.1f} fps"),
            under("flood: p99 moves by", more, 20.0, "%")]


def _flooded(seconds: float, *, heard: bool) -> tuple[dict[str, Any], float]:
    """What the show says in the end, and how many packets a second were sent meanwhile."""
    ports, deaf = open_ports(None, 0), open_ports(None, 0)
    ports.close()  # free again, for the show
    command = ["play", str(bundled_track()), "--headless", "--size", "640x360", "--fps", "60",
               "--duration", f"{seconds:g}", "--port", str(ports.number)]
    result: dict[str, Any] = {}
    show = threading.Thread(target=lambda: result.update(run(command).result))
    with _sender("flood", ports.number if heard else deaf.number, 10 * seconds) as process:
        told: list[tuple[int, float]] = []
        reader = threading.Thread(target=lambda: told.extend(_told(process)), daemon=True)
        reader.start()
        show.start()
        show.join()
        sent, spent = told[-1]
    deaf.close()
    if not result:
        raise RuntimeError("the show did not come to its end")
    return result, sent / spent
