"""MIDI: how soon a control is in the picture, what a message costs, and 10,000 byte strings that nobody should send."""

from __future__ import annotations

import gc
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benches.midi_sender import CONTROL, NAME
from benches.osc import gaps
from benches.table import Row, percentile, under
from vj.app.common import Format, assemble, declared_tree
from vj.app.lookfiles import open_shelf
from vj.app.surfaces import open_desk
from vj.audio.source import ArraySource
from vj.clock import WallClock, now
from vj.config import data_dir
from vj.control.desk import Desk
from vj.control.midi.double import FakeBoxes
from vj.control.midi.ports import BoxPorts, RtPorts
from vj.control.midi.shelf import Shelf
from vj.control.midi.surface import MidiSurface
from vj.control.midi.wire import Delivery
from vj.control.mirror import Mirror
from vj.engine import Engine
from vj.mailbox import Inbox
from vj.options import DEFAULT_LOOK, Options
from vj.params.tree import ParamTree
from vj.performance import Performance
from vj.render.double import FakeCompositor
from vj.render.effects import EffectLibrary
from vj.runner.double import FakeRunner
from vj.types import ControlEvent, Params, Tick

TITLE = "MIDI"
HOW = ("*Control to picture*: from a CC's sending, at odd moments, to the frame whose parameters have it, in an engine "
       "at 60 frames a second with everything but the GPU and the generator: once within the program, once from "
       "another program over a JACK server (64 frames at 44.1 kHz, no sound card), where there is one. *Handling*: one "
       "turn of the thread with one message. *Random strings*: 10,000 of them to two boxes, each in a turn of its own, "
       "now and then while learning; after every 20 the engine's part.")
FPS = 60.0
SPARE = 3.0
"""Milliseconds that a MIDI cable may add to what OSC may take."""
MOUNT, KNOB, LO, HI = "beat", "fastest", 80.0, 300.0
"""A number that does not glide, and its range."""
LAYOUT = f"""
match = ["{NAME}"]
[[controls]]
control = "cc {CONTROL}"
target = "/{MOUNT}/{KNOB}"
takeover = "jump"
light = false
"""
STRINGS = 10_000


def measure(folder: Path, seconds: float) -> list[Row]:
    """All three."""
    (folder / "box.toml").write_text(LAYOUT, "utf-8")
    count = round(min(max(10 * seconds, 200), 2000))
    return [*to_picture("within the program", FakeBoxes(NAME), folder, count, within),
            *over_jack(folder, count), *handling(folder), *fuzz(folder)]


# ------------------------------------------------------------------------------ control to picture


class Seen:
    """The control's value as a frame's parameters have it, and when it was there first."""

    def __init__(self) -> None:
        self.changes: list[tuple[int, float]] = []

    def __call__(self, _: Tick, params: Params) -> None:
        value = round((float(params[MOUNT][KNOB]) - LO) / (HI - LO) * 127)
        if not self.changes or self.changes[-1][0] != value:
            self.changes.append((value, now()))


Sending = Callable[[BoxPorts, int], Iterator[tuple[int, float]]]


def to_picture(name: str, ports: BoxPorts, folder: Path, count: int, sending: Sending) -> list[Row]:
    """Frame periods from the sending to the parameters of a frame."""
    silence = ArraySource(np.zeros((48_000, 2), np.float32), 48_000)
    parts = assemble(silence, FakeCompositor(), EffectLibrary.open(), Options(), Format((640, 360), FPS),
                     shelf=open_shelf())
    engine, seen, sent = Engine(parts, strict=False), Seen(), list[tuple[int, float]]()
    parts.seen.append(seen)
    surface = MidiSurface(open_desk(engine), ports, Shelf(folder, folder / "none"))
    surface.start()
    sender = threading.Thread(target=lambda: sent.extend(sending(ports, count)), daemon=True)
    sender.start()
    gc.collect()
    try:
        Performance(engine, WallClock(FPS), FakeRunner(), hands=lambda _: not sender.is_alive()).run()
    finally:
        surface.close()
    late = [FPS * gap for gap in gaps(sent, seen.changes)]
    if not late:
        return [Row(f"control to picture, {name}", "nothing arrived", "99 of 100", False)]
    return [Row(f"control to picture, {name}: values seen", f"{len(late)} of {count}", "99 of 100",
                len(late) >= 0.99 * count),
            Row(f"control to picture, {name}, median", f"{percentile(late, 0.5):.2f} frames"),
            under(f"control to picture, {name}, p99", percentile(late, 0.99), 1.2 + SPARE * FPS / 1000, "frames")]


def within(ports: BoxPorts, count: int) -> Iterator[tuple[int, float]]:
    """A thread that is the box."""
    assert isinstance(ports, FakeBoxes)
    chance = random.Random(1)
    time.sleep(2.0)
    for k in range(count):
        time.sleep(0.02 + 0.04 * chance.random())
        sent = now()
        ports.say(NAME, 0xB0, CONTROL, k % 128)
        yield k % 128, sent


def over_jack(folder: Path, count: int) -> list[Row]:
    """The same from another program."""
    if shutil.which("jackd") is None:
        return [Row("control to picture, over JACK", "there is no jackd here")]
    with _jack(folder):
        return to_picture("over JACK", RtPorts(), folder, count, from_jack)


def from_jack(_: BoxPorts, count: int) -> Iterator[tuple[int, float]]:
    """What the other program says that it has sent."""
    process = subprocess.Popen([sys.executable, "-m", "benches.midi_sender", str(count)], stdout=subprocess.PIPE,
                               text=True, cwd=Path(__file__).parent.parent)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            value, sent = line.split()
            yield int(value), float(sent)
    finally:
        process.kill()
        process.wait()


@contextmanager
def _jack(folder: Path) -> Iterator[None]:
    os.environ |= {"JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1",
                   "JACK_DEFAULT_SERVER": f"vjbench{os.getpid()}", "MIDO_BACKEND": "mido.backends.rtmidi/UNIX_JACK"}
    with (folder / "jack.log").open("wb") as log:
        server = subprocess.Popen(["jackd", "-r", "-S", "-n", os.environ["JACK_DEFAULT_SERVER"], "-d", "dummy",
                                   "-r", "44100", "-p", "64"], stdout=log, stderr=log)
        time.sleep(2.0)
        try:
            yield
        finally:
            server.terminate()
            server.wait()


# --------------------------------------------------------------------------------- handling, fuzz


class Bench:
    """A surface without a thread, a tree, and a clock that is moved by hand."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.tree: ParamTree = declared_tree(DEFAULT_LOOK)
        self.mirror = Mirror(self.tree)
        self.inbox: Inbox[ControlEvent] = Inbox()
        self.time = 0.0
        desk = Desk(self.mirror, self.inbox.put, lambda: self.time)
        self.surface = MidiSurface(desk, FakeBoxes(*names), Shelf(folder, data_dir("presets") / "bindings"))
        self.surface.turn(self.time)

    def hear(self, name: str, data: Sequence[int]) -> float:
        """Seconds that one delivery takes."""
        self.time += 0.002
        began = now()
        self.surface.turn(self.time, [Delivery(name, data, self.time)])
        return now() - began

    def frame(self, index: int) -> None:
        """The engine's part."""
        for event in self.inbox.drain():
            self.tree.apply(event)
        self.mirror.publish(Tick(index, index / 60, 1 / 60), self.tree.snapshot({}))


def handling(folder: Path, count: int = 20_000) -> list[Row]:
    """Milliseconds for a message, with two boxes of 80 lights each."""
    bench = Bench(folder, NAME, "APC MINI", "Launch Control XL")
    spent = []
    for k in range(count):
        spent.append(bench.hear(NAME, (0xB0, CONTROL, k % 128)))
        if k % 8 == 0:
            bench.frame(k)
    return [Row("handling a message, median", f"{1000 * percentile(spent, 0.5):.3f} ms"),
            Row("handling a message, p99", f"{1000 * percentile(spent, 0.99):.3f} ms")]


def fuzz(folder: Path) -> list[Row]:
    """No crash, no stall, nothing out of its range."""
    rng = random.Random(5)
    own = folder / "fuzz"
    bench = Bench(own, "APC MINI", "nanoKONTROL2")
    paths = [path for path, spec, _ in bench.tree.items() if spec.kind != "text"]
    spent = []
    for k in range(STRINGS):
        if k % 250 == 0:
            bench.tree.apply(ControlEvent("/midi/learn", rng.choice([*paths, "", "@fx/1/1"]), "bench"))
        spent.append(bench.hear(rng.choice(("APC MINI", "nanoKONTROL2")), strange(rng)))
        if k % 20 == 0:
            bench.frame(k // 20)
    outside = [path for path, spec, value in bench.tree.items()
               if spec.kind in ("number", "integer") and not spec.lo <= float(value) <= spec.hi]
    return [Row("random strings", f"{len(spent)}", f"{STRINGS}", len(spent) == STRINGS),
            Row("parameters out of their range", f"{len(outside)}", "0", not outside),
            Row("one string, p99", f"{1000 * percentile(spent, 0.99):.3f} ms"),
            under("one string, the longest", 1000 * max(spent), 50.0, "ms")]


def strange(rng: random.Random) -> bytes:
    """Bytes; messages cut short, run together and with senseless values; now and then a long one."""
    kind = rng.random()
    if kind < 0.4:
        return rng.randbytes(rng.randrange(0, 64))
    if kind < 0.5:
        return bytes([0xF0]) + rng.randbytes(rng.choice((10, 1000, 100_000)))
    status = rng.choice((0x80, 0x90, 0xB0, 0xC0, 0xE0)) | rng.randrange(16)
    return bytes([status, *(rng.randrange(128) for _ in range(rng.randrange(0, 12)))])
