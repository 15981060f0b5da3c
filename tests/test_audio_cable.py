"""The cable: what a card's process says reaches the show, and whatever happens to the process does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from vj.audio import cable, wire
from vj.audio.cable import Cable, Opened
from vj.audio.naming import Device, Wish
from vj.types import VjError

CARD = Device("Scarlett", "ALSA", 2, 48000, False, 0)
KNOWN = Wish("Scarlett", None, 48000, True, "ALSA")


class Hearer:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.opened: list[Opened] = []
        self.blocks: list[tuple[np.ndarray, float, bool]] = []
        self.losses: list[str] = []

    def found(self, opened: Opened) -> None:
        self.opened.append(opened)

    def heard(self, block: np.ndarray, wall: float, lossy: bool) -> None:
        self.blocks.append((block.copy(), wall, lossy))

    def lost(self, why: str) -> None:
        self.losses.append(why)


class Child:
    """A process that is a thread: ``script`` says what it says into a real pipe, and ends."""

    def __init__(self, script: Callable[[Child], None]) -> None:
        out, self.fd = os.pipe()
        self.stdout = os.fdopen(out, "rb")
        self.killed = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(script,), daemon=True)
        self._thread.start()

    def say(self, kind: bytes, payload: bytes = b"", wall: float | None = None) -> None:
        wire.send(self.fd, kind, time.perf_counter() if wall is None else wall, payload)

    def state(self, state: str, **told: object) -> None:
        self.say(wire.STATE, json.dumps({"state": state, **told}).encode())

    def open(self, channels: int = 2, rate: int = 48000) -> None:
        self.state("open", device=asdict(CARD), rate=rate, channels=channels, latency=0.01, wish=KNOWN.as_dict())

    def _run(self, script: Callable[[Child], None]) -> None:
        try:
            script(self)
        except BrokenPipeError:
            pass
        finally:
            os.close(self.fd)

    def kill(self) -> None:
        self.killed.set()

    def wait(self) -> int:
        self._thread.join(10.0)
        return 0


class Spawner:
    """Hands out one scripted child after the other, the last for ever."""

    def __init__(self, *scripts: Callable[[Child], None]) -> None:
        self.scripts = list(scripts)
        self.wishes: list[Wish] = []
        self.children: list[Child] = []

    def __call__(self, wish: Wish) -> Child:
        script = self.scripts[min(len(self.wishes), len(self.scripts) - 1)]
        self.wishes.append(wish)
        self.children.append(Child(script))
        return self.children[-1]


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def block(value: float, frames: int = 4, channels: int = 2) -> bytes:
    return np.full(frames * channels, value, np.float32).tobytes()


def stays(child: Child) -> None:
    child.open()
    child.killed.wait(30.0)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cable, "AGAIN", 0.05)


def test_blocks_arrive_whole_in_order_and_with_their_time() -> None:
    def script(child: Child) -> None:
        child.open()
        child.say(wire.BLOCK, block(0.25), 5.0)
        child.say(wire.PULSE)
        child.say(wire.OVERFLOWED, block(0.5), 1e9)
        child.killed.wait(30.0)

    line, hearer = Cable(Wish(), Spawner(script)), Hearer()
    assert line.open() == Opened(CARD, 48000, 2, 0.01)
    line.lead_to(hearer)
    until(lambda: len(hearer.blocks) == 2)
    line.close()
    (first, wall, lossy), (second, later, lost) = hearer.blocks
    assert (first.shape, second.shape) == ((4, 2), (4, 2))
    assert (first[0, 0], second[3, 1], lossy, lost) == (0.25, 0.5, False, True)
    assert wall == 5.0
    assert later <= time.perf_counter(), "no block is from the future"
    assert hearer.losses == [], "a cable that is pulled by the show is no loss"


def test_a_process_that_ends_is_followed_by_one_that_looks_for_the_same_device() -> None:
    def ends(child: Child) -> None:
        child.open()
        child.state("pinned", source="usb.left")
        child.state("gone", why="it stopped")

    def looks(child: Child) -> None:
        child.state("refused", why="it is not there", mistake=False)
        child.open(rate=44100)
        child.killed.wait(30.0)

    spawner, hearer = Spawner(ends, looks), Hearer()
    line = Cable(Wish("scar"), spawner)
    line.open()
    line.lead_to(hearer)
    until(lambda: hearer.opened)
    line.close()
    assert (spawner.wishes[0].name, spawner.wishes[0].known) == ("scar", False)
    assert spawner.wishes[1] == Wish("Scarlett", None, 48000, True, "ALSA", (), "usb.left")
    assert hearer.losses == ["it stopped", "it stopped", "it is not there"]
    assert hearer.opened == [Opened(CARD, 44100, 2, 0.01)]


def test_a_mistake_is_told_at_once_and_the_process_ended() -> None:
    def script(child: Child) -> None:
        child.state("refused", why="there is no sound input called 'x'", mistake=True)
        child.killed.wait(30.0)

    spawner = Spawner(script)
    with pytest.raises(VjError, match="there is no sound input called 'x'"):
        Cable(Wish("x"), spawner).open()
    assert spawner.children[0].killed.is_set()


def test_a_card_that_cannot_be_opened_at_first_is_waited_for_a_little() -> None:
    def script(child: Child) -> None:
        for _ in range(3):
            child.state("refused", why="there is no sound input", mistake=False)
        stays(child)

    line = Cable(Wish(), Spawner(script))
    assert line.open().device == CARD
    line.close()


def test_one_that_never_opens_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cable, "PATIENCE", 0.1)

    def script(child: Child) -> None:
        while not child.killed.wait(0.02):
            child.state("refused", why="it cannot be opened", mistake=False)

    with pytest.raises(VjError, match="it cannot be opened"):
        Cable(Wish(), Spawner(script)).open()


def test_a_driver_that_hangs_at_the_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cable, "HUNG", 0.1)
    with pytest.raises(VjError, match="the sound driver does not answer"):
        Cable(Wish(), Spawner(lambda child: child.killed.wait(30.0) and None)).open()


def test_a_driver_that_hangs_in_the_show_is_ended_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    spawner, hearer = Spawner(stays, stays), Hearer()
    line = Cable(Wish(), spawner)
    line.open()
    line.lead_to(hearer)
    line.look()
    assert not spawner.children[0].killed.is_set()
    monkeypatch.setattr(cable, "HUNG", 0.05)
    time.sleep(0.1)
    began = time.perf_counter()
    line.look()
    assert time.perf_counter() - began < 0.05
    monkeypatch.setattr(cable, "HUNG", 10.0)
    until(lambda: hearer.opened)
    line.close()
    assert hearer.losses == ["the sound driver ended"]


def test_nonsense_on_the_wire_ends_the_process_and_not_the_show() -> None:
    def script(child: Child) -> None:
        child.open()
        os.write(child.fd, b"\xff" * 100)
        child.killed.wait(30.0)

    spawner, hearer = Spawner(script, stays), Hearer()
    line = Cable(Wish(), spawner)
    line.open()
    line.lead_to(hearer)
    until(lambda: hearer.opened)
    line.close()
    assert hearer.blocks == []


def test_half_a_sample_is_left_out() -> None:
    def script(child: Child) -> None:
        child.open()
        child.say(wire.BLOCK, block(0.25)[:-4])
        child.killed.wait(30.0)

    line, hearer = Cable(Wish(), Spawner(script)), Hearer()
    line.open()
    line.lead_to(hearer)
    until(lambda: hearer.blocks)
    line.close()
    assert hearer.blocks[0][0].shape == (3, 2)


CRASHING = """
import json, os, signal, sys, time
sys.path.insert(0, {root!r})
from vj.audio import wire
told = {{"state": "open", "device": {device!r}, "rate": 48000, "channels": 2, "latency": 0.0, "wish": {wish!r}}}
wire.send(1, wire.STATE, time.perf_counter(), json.dumps(told).encode())
for _ in range(5):
    wire.send(1, wire.BLOCK, time.perf_counter(), bytes(2048))
os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_driver_that_crashes_takes_only_its_own_process_down() -> None:
    code = CRASHING.format(root=str(Path(__file__).parent.parent), device=asdict(CARD), wish=KNOWN.as_dict())
    wishes = []

    def spawn(wish: Wish) -> subprocess.Popen[bytes]:
        wishes.append(wish)
        return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    line, hearer = Cable(Wish(), spawn), Hearer()
    line.open()
    line.lead_to(hearer)
    until(lambda: len(hearer.opened) >= 2, 30.0)
    line.close()
    assert hearer.losses[:2] == ["the sound driver ended"] * 2
    assert len(hearer.blocks) >= 10


def test_the_real_process_ends_when_the_show_does(tmp_path: Path) -> None:
    """Killed as hard as can be, a show leaves no process behind."""
    show = subprocess.Popen([sys.executable, "-c", "import time\nfrom vj.audio.cable import spawn\n"
                             "from vj.audio.naming import Wish\nprint(spawn(Wish('none such', known=True)).pid, "
                             "flush=True)\ntime.sleep(60)"], stdout=subprocess.PIPE, text=True,
                            cwd=Path(__file__).parent.parent)
    pid = int(show.stdout.readline())
    time.sleep(1.0)
    assert Path(f"/proc/{pid}").exists() or sys.platform != "linux"
    show.kill()
    show.communicate()
    until(lambda: sys.platform != "linux" or not alive(pid), 30.0)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
