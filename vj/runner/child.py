"""The show's end of one generator process: starts it, feeds it, hears it, ends it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from typing import IO, TYPE_CHECKING, cast

from vj.runner.lost import EXIT as LOST
from vj.runner.memory import SharedFrames
from vj.runner.wire import Drawn, Idle, Loading, Reply, Setup, receive, send
from vj.types import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from vj.mailbox import Turns
    from vj.types import GenRequest

log = logging.getLogger(__name__)

_TAKE_S = 0.1
_JOIN_S = 2.0
_LONGEST_GAP = 0.5
"""Most that one look at the clock may add to the silence: a suspended machine is not a hung process."""


@dataclass(frozen=True, slots=True)
class Orders:
    """How a generator process is to be run. ``stall_s`` and ``load_s``: longest silence when drawing and loading."""

    package: str = "vj.generators"
    device: str = "auto"
    threads: int = 1
    rate: float = 0.0
    stall_s: float = 10.0
    load_s: float = 120.0


class Child:
    """One generator process and the three threads that serve its pipes.

    ``dead`` is set as soon as the process ends, ``ready`` when it waits for requests. A spare is fed and heard
    only once it is ``promote``d.
    """

    def __init__(self, process: subprocess.Popen[bytes], frames: SharedFrames, orders: Orders) -> None:
        self.dead = threading.Event()
        self.ready = False
        self._on_stage = threading.Event()
        self.images = 0
        self.replaced = 0
        self.pid = process.pid
        self._process = process
        self._frames = frames
        self._orders = orders
        self._loading = True
        self._silence = 0.0
        self._errors: deque[str] = deque(maxlen=40)
        self._threads: list[threading.Thread] = []

    @classmethod
    def open(cls, orders: Orders) -> Child:
        """Start the process; OSError when the system refuses."""
        frames = SharedFrames.create()
        try:
            process = _launch(orders, frames)
        except OSError:
            frames.close()
            raise
        return cls(process, frames, orders)

    def serve(self, preload: str, requests: Turns[GenRequest], hear: Callable[[Reply], None],
              show: Callable[[str, Image], None], *, spare: bool = False) -> None:
        """Start feeding it from ``requests``; the reading thread calls ``hear`` and, for a deck's picture, ``show``."""
        orders = self._orders
        setup = Setup(orders.package, orders.device, orders.rate, self._frames.handle, preload, spare,
                      os.getpid())
        if not spare:
            self.promote()
        for name, job in (("feed", lambda: self._feed(setup, requests)), ("hear", lambda: self._hear(hear, show)),
                          ("errors", self._read_errors)):
            thread = threading.Thread(target=job, name=f"generator-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def promote(self) -> None:
        """From now on it draws for the show."""
        self._on_stage.set()

    def stalled(self, passed: float) -> bool:
        """True when it has been silent too long; ``passed`` seconds since the last look."""
        self._silence += min(passed, _LONGEST_GAP)
        return self._silence > (self._orders.load_s if self._loading else self._orders.stall_s)

    def kill(self) -> None:
        """End it now, whatever it does; ``dead`` follows."""
        self._process.kill()

    def close(self) -> None:
        """End it and give everything back."""
        self._process.kill()
        self._process.wait()
        self.promote()  # the feeding thread may still wait for it
        for thread in self._threads:
            thread.join(_JOIN_S)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._frames.close()

    def epitaph(self) -> str:
        """How it ended and its last words, in one line."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_JOIN_S)
        self._process.kill()  # it closed its pipe and goes on: no use to anyone
        code = self._process.wait()
        if code == LOST and self._errors:
            return self._errors[-1]
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        words = next((e for e in self._errors if e.startswith("Fatal Python error")), "") or \
            (self._errors[-1] if self._errors else "")
        return f"{how}: {words}" if words else how

    def _feed(self, setup: Setup, requests: Turns[GenRequest]) -> None:
        pipe = cast(FileIO, self._process.stdin)
        try:
            send(pipe, setup)
            self._on_stage.wait()
            while not self.dead.is_set():
                request = requests.take(_TAKE_S)
                if request is not None:
                    send(pipe, request)
        except OSError:
            pass  # it is gone: the hearing thread tells

    def _hear(self, hear: Callable[[Reply], None], show: Callable[[str, Image], None]) -> None:
        pipe = cast(FileIO, self._process.stdout)
        try:
            while True:
                reply: Reply = receive(pipe)
                self._note(reply)
                if self._on_stage.is_set():
                    hear(reply)
                if isinstance(reply, Drawn):
                    show(reply.deck, self._fetch(reply))
        except EOFError:
            pass
        except Exception:
            log.exception("the generator process can't be understood")
        finally:
            self.dead.set()

    def _note(self, reply: Reply) -> None:
        self._silence = 0.0
        if isinstance(reply, Idle):
            self.ready = True
        else:
            self._loading = isinstance(reply, Loading)
        if isinstance(reply, Drawn):
            self.images += 1
            self.replaced = reply.replaced

    def _fetch(self, drawn: Drawn) -> Image:
        pixels = self._frames.read(drawn.slot, drawn.slot_bytes, drawn.size)
        return Image(pixels, drawn.tick_index, drawn.time, drawn.camera, drawn.cost)

    def _read_errors(self) -> None:
        for line in cast(IO[bytes], self._process.stderr):
            text = line.decode(errors="replace").strip()[:300]
            if text:
                self._errors.append(text)


def _launch(orders: Orders, frames: SharedFrames) -> subprocess.Popen[bytes]:
    # -P: no module is ever taken from the folder vj happens to be started in
    command = [sys.executable, "-P", "-X", "faulthandler", "-m", "vj.runner.worker"]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
        pass_fds=frames.descriptors, env=_environment(orders.threads),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0))


def _environment(threads: int) -> dict[str, str]:
    """Ours, and: no spinning at OpenMP's barriers (two busy processes would stall each other), so many threads."""
    count = str(threads)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PYTHONUNBUFFERED": "1",
            "OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count}
