"""The cable between a sound card's process and the show: reads what it says, starts another when it ends.

Nothing a driver does reaches the show: one that hangs or crashes takes its own process down, and the cable is plugged
in again. The main loop never waits for any of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vj.audio import wire
from vj.audio.naming import Device, Wish
from vj.clock import now
from vj.types import VjError

if TYPE_CHECKING:
    from vj.types import Samples

AGAIN = 1.0
"""Seconds between the starts of two processes, when one ends soon after its start."""
HUNG = 10.0
"""Seconds without a word after which a process is ended: its driver hangs."""
PATIENCE = 1.2
"""Seconds in which the first look may find nothing: ALSA may list nothing just after a device was closed."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An input as it was opened: ``rate`` Hz and ``channels`` of the stream, ``latency`` s as the driver states it."""

    device: Device
    rate: int
    channels: int
    latency: float


class Hearer(Protocol):
    """Whom the cable leads to. Called in the cable's thread."""

    def found(self, opened: Opened) -> None: ...

    def heard(self, block: Samples, wall: float, lossy: bool) -> None: ...

    def lost(self, why: str) -> None: ...


def spawn(wish: Wish) -> subprocess.Popen[bytes]:
    """A process that serves ``wish``. Raises OSError."""
    return subprocess.Popen(  # noqa: S603  our own interpreter, our own module
        [sys.executable, "-m", "vj.audio.card", json.dumps(wish.as_dict())], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


class Cable:
    """Leads the sound of the input ``wish`` means to a hearer, however often that input goes and comes back."""

    def __init__(self, wish: Wish, spawn: Callable[[Wish], Any] = spawn, wall: Callable[[], float] = now) -> None:
        self._wish = wish
        self._spawn = spawn
        self._wall = wall
        self._child: Any = None
        self._channels = 1
        self._word = wall()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> Opened:
        """Start the process and wait until its input is open. Raises VjError where the wish fits none or none opens."""
        self._start()
        began = self._word
        why = "the sound driver does not answer"
        watchdog = threading.Timer(HUNG, self._end)
        watchdog.start()
        try:
            for message in wire.messages(self._child.stdout):
                if message.kind != wire.STATE:
                    continue
                told = json.loads(message.payload)
                if told["state"] == "open":
                    return self._open(told)
                why = str(told.get("why", why))
                if told.get("mistake") or self._wall() - began > PATIENCE:
                    break
            raise VjError(why)
        except BaseException:
            self._end()
            raise
        finally:
            watchdog.cancel()

    def lead_to(self, hearer: Hearer) -> None:
        """From now on tell ``hearer``, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, args=(hearer,), name="vj-cable", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """End a process that hangs. Called by the show now and then; never waits."""
        if self._wall() - self._word > HUNG and self._child is not None:
            self._word = self._wall()
            with suppress(OSError):
                self._child.kill()

    def close(self) -> None:
        """End the process and the thread. Safe to call twice."""
        self._closing.set()
        child = self._child
        if child is not None:
            with suppress(OSError):
                child.kill()
        if self._thread is not None:
            self._thread.join(5.0)
            self._thread = None
        self._end()

    # ---------------------------------------------------------------------------------- the thread

    def _run(self, hearer: Hearer) -> None:
        while not self._closing.is_set():
            began = self._wall()
            if self._child is not None:
                self._listen(hearer)
                self._end()
            self._closing.wait(max(AGAIN - (self._wall() - began), 0.0))
            if not self._closing.is_set():
                with suppress(OSError):
                    self._start()

    def _listen(self, hearer: Hearer) -> None:
        """Pass on what one process says until it ends."""
        ended = "the sound driver ended"
        for message in wire.messages(self._child.stdout):
            self._word = self._wall()
            if message.kind in (wire.BLOCK, wire.OVERFLOWED):
                block = np.frombuffer(message.payload, np.float32)
                block = block[:len(block) // self._channels * self._channels].reshape(-1, self._channels)
                hearer.heard(block, min(message.wall, self._word), message.kind == wire.OVERFLOWED)
            elif message.kind == wire.STATE:
                ended = self._told(json.loads(message.payload), hearer) or ended
        if not self._closing.is_set():
            hearer.lost(ended)

    def _told(self, told: dict[str, Any], hearer: Hearer) -> str:
        """Take in a state; why nothing is heard, if so."""
        if told["state"] == "open":
            hearer.found(self._open(told))
        elif told["state"] == "pinned":
            self._wish = replace(self._wish, source=str(told["source"]))
        else:
            hearer.lost(str(told["why"]))
            return str(told["why"])
        return ""

    def _open(self, told: dict[str, Any]) -> Opened:
        self._wish = Wish.from_dict(told["wish"])
        self._channels = int(told["channels"])
        return Opened(Device(**told["device"]), int(told["rate"]), self._channels, float(told["latency"]))

    def _start(self) -> None:
        self._word = self._wall()
        self._child = self._spawn(self._wish)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with suppress(OSError):
            child.kill()
        child.wait()
        child.stdout.close()
