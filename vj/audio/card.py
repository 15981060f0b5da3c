"""A sound input in a process of its own: ``python -m vj.audio.card WISH`` finds it, opens it, passes its sound on.

PortAudio knows the devices that were there when it started, its streams die without a word, and closing one whose
device is gone may take ten seconds. So one process lives no longer than one stream: it looks for the device until it is
there, starting PortAudio anew for each look, and ends when the stream does. `vj.audio.cable` starts the next.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from queue import Empty, SimpleQueue
from typing import Any

from vj.audio import soundserver, wire
from vj.audio.naming import Device, Wish, pick
from vj.audio.portaudio import GO_ON, devices_of, library, quiet_stderr, start, stop
from vj.clock import now
from vj.types import VjError

FRAMES = 256
"""Samples a callback brings, 5 ms: small, for the eye's sake."""
RATES = (48000, 44100)
DEAREST = 64000
"""Hz; more costs, and is not heard."""
LOOKS = (0.25, 0.25, 0.25, 0.7)
"""Seconds before the next look; the last for all that follow."""
PULSE = 0.05
"""Seconds without samples after which the process says that it is still here."""
FIRST = 6.0
"""Seconds that a stream may take to bring its first samples: a sleeping card wakes up."""
GONE = 2.0
"""Seconds without samples after which a stream that brought some is given up, and opened again."""
QUIET = 20.0
"""The same for the loopback of an output, which brings none while nothing plays."""
SERVED = (soundserver.PLUGIN, "default")
"""ALSA devices behind which a sound server may stand."""
WAITING = 400
"""Blocks, 2 s, kept for a show that does not read."""
OVERFLOW = 2
"""pyaudio.paInputOverflow, without importing it."""

Say = Callable[[bytes, float, bytes], None]


class Card:
    """One stream's life, from the first look for its device to its end. ``say`` sends a message to the show."""

    def __init__(self, wish: Wish, say: Say, wall: Callable[[], float] = now,
                 sleep: Callable[[float], None] = time.sleep) -> None:
        self._wish = wish
        self._say = say
        self._wall = wall
        self._sleep = sleep
        self._blocks: SimpleQueue[tuple[float, bytes, bool]] = SimpleQueue()
        self._dropped = False

    def run(self) -> None:
        """Look, open, pass on, until the stream ends or nobody listens. The stream is left as it is: closing waits."""
        with suppress(BrokenPipeError):
            stream, device = self._open()
            self._state("gone", why=self._pass_on(stream, device))

    # ---------------------------------------------------------------------------------------- opening

    def _open(self) -> tuple[Any, Device]:
        """Look until the device is there and opens."""
        for attempt in range(sys.maxsize):
            found: list[Device] = []
            port = None
            try:
                port = start()
                found = devices_of(port, "input")
                device = pick(self._wish, found)
                stream, rate, channels = open_input(port, device, self._wish, self._receive)
            except (VjError, OSError) as error:
                # A person's mistake stays one, however often we look; an empty list is ALSA's, just after a close.
                mistake = bool(found) and not self._wish.known
                self._state("refused", why=str(error), mistake=mistake)
                if port is not None:
                    stop(port)
                self._sleep(LOOKS[min(attempt, len(LOOKS) - 1)])
                continue
            self._tell_open(stream, device, found, rate, channels)
            return stream, device
        raise AssertionError

    def _tell_open(self, stream: Any, device: Device, found: list[Device], rate: int, channels: int) -> None:
        try:
            latency = min(max(float(stream.get_input_latency()), 0.0), 1.0)
        except OSError:
            latency = 0.0
        wish = self._wish.found(device, found, self._wish.rate or rate)
        self._state("open", device=asdict(device), rate=rate, channels=channels, latency=latency, wish=wish.as_dict())

    # ----------------------------------------------------------------------------------- the stream

    def _receive(self, data: bytes, _frames: int, _times: Any, flags: int) -> tuple[None, int]:
        """The callback: keeps the bytes and the time, nothing else."""
        if self._blocks.qsize() < WAITING:
            self._blocks.put((self._wall(), data, bool(flags & OVERFLOW) or self._dropped))
            self._dropped = False
        else:
            self._dropped = True
        return None, GO_ON

    def _pass_on(self, stream: Any, device: Device) -> str:
        """Send what the callback brings until nothing more comes; why."""
        guard = self._guard(device)
        last, patience = self._wall(), max(FIRST, QUIET if device.loopback else 0.0)
        while not guard.moved:
            if guard.source != self._wish.source:
                self._wish = replace(self._wish, source=guard.source)
                self._state("pinned", source=guard.source)
            try:
                wall, data, lossy = self._blocks.get(timeout=PULSE)
            except Empty:
                self._say(wire.PULSE, self._wall(), b"")
                if not _active(stream):
                    return "it stopped"
                if self._wall() - last > patience:
                    return "it sends nothing"
                continue
            last, patience = wall, QUIET if device.loopback else GONE
            self._say(wire.OVERFLOWED if lossy else wire.BLOCK, wall, data)
        return "the sound server put another input in its place"

    def _guard(self, device: Device) -> soundserver.Guard:
        """Watches the sound server where the device belongs to one."""
        self._wish = replace(self._wish, source=device.source or self._wish.source)
        guard = soundserver.Guard(self._wish.source, os.getpid())
        if sys.platform == "linux" and (device.source or device.name in SERVED):
            threading.Thread(target=guard.watch, name="vj-guard", daemon=True).start()
        return guard

    def _state(self, state: str, **told: Any) -> None:
        self._say(wire.STATE, self._wall(), json.dumps({"state": state, **told}).encode())


def _active(stream: Any) -> bool:
    try:
        return bool(stream.is_active())
    except OSError:
        return False


def open_input(port: Any, device: Device, wish: Wish, callback: Callable[..., Any]) -> tuple[Any, int, int]:
    """Open ``device`` at the wished rate, else at its own where we like it, else at one of ours.

    The stream, its rate, and its channels: two or as many as are wished for, else all there are, for cards that give
    nothing else. Raises VjError when it opens in no way.
    """
    wanted = min(wish.channels[1] if wish.channels else 2, device.channels)
    rates = sorted({*RATES, device.rate, wish.rate or device.rate},
                   key=lambda rate: (rate != wish.rate, rate > DEAREST, rate != device.rate, -rate))
    trouble: Exception | None = None
    for channels in dict.fromkeys((wanted, device.channels)):
        for rate in rates:
            try:
                with quiet_stderr(), soundserver.listening_to(device.source or wish.source):
                    stream = port.open(rate=rate, channels=channels, format=library().paFloat32, input=True,
                                       input_device_index=device.index, frames_per_buffer=FRAMES,
                                       stream_callback=callback)
            except (OSError, ValueError) as error:
                trouble = error
                continue
            return stream, rate, channels
    name = "it" if wish.known else f"the sound input {device.label}"
    raise VjError(f"{name} cannot be opened ({trouble})")


def main(wish: str) -> None:
    """Serve one stream on standard output. Ends without closing anything: a dead device would keep it waiting."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the show's business
    pipe = os.dup(1)
    os.dup2(2, 1)  # drivers print
    Card(Wish.from_dict(json.loads(wish)), lambda *message: wire.send(pipe, *message)).run()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
