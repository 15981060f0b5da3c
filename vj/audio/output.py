"""A sound output that comes and goes: opened by name, noticed when it stops, taken back when it returns.

``python -m vj.audio.output`` lists the outputs there are now: PortAudio knows those that were there when it started, so
a process that plays asks another one.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from vj.audio.naming import Device, Wish, choose, pick
from vj.audio.portaudio import devices, devices_of, library, quiet_stderr, start, stop
from vj.clock import now
from vj.types import VjError

FRAMES = 512
"""Samples a callback asks for."""
LOOK = 0.1
"""Seconds between two looks at a stream that plays."""
GONE = 2.0
"""Seconds without a callback after which a stream is given up, and opened again."""
AGAIN = 1.0
"""Seconds between two looks for an output that is gone."""
ANSWER = 15.0
"""Seconds for a list of the outputs."""
BACK = 5.0
"""Seconds that a return is told for."""

Callback = Callable[[Any, int, Any, int], tuple[bytes, int]]


def outputs_now() -> list[Device]:
    """The outputs there are now, found by another process. None where it fails."""
    try:
        done = subprocess.run([sys.executable, "-m", "vj.audio.output"], capture_output=True,
                              timeout=ANSWER, check=False, stdin=subprocess.DEVNULL)
        return [Device(**told) for told in json.loads(done.stdout.splitlines()[-1])]
    except (OSError, ValueError, TypeError, IndexError, subprocess.TimeoutExpired):
        return []


class Output:
    """The output called ``name``, or the default one, asking ``callback`` for stereo float32.

    Once open it stays this one: when it stops, only an output of the same name and host API takes its place. Where the
    default was asked for, the default of that moment does when the old one is not there.
    """

    def __init__(self, name: str | None, callback: Callback, look: Callable[[], list[Device]] = outputs_now,
                 wall: Callable[[], float] = now) -> None:
        self.label = name or "the default output"
        self.latency = 0.0
        self._default = name is None
        self._wish = Wish(name)
        self._callback = callback
        self._look = look
        self._wall = wall
        self._port: Any = None
        self._stream: Any = None
        self._opened = -math.inf
        self._why = ""
        self._found_at = -math.inf
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, rates: Callable[[Device], list[int]]) -> int:
        """Open it at the first of ``rates`` that it takes, and say which; ``start`` it then.

        Raises VjError when it is not there or takes none.
        """
        self._port = start()
        try:
            found = devices_of(self._port, "output")
            device = self._pick(found)
            rate, self._stream = self._open(device, rates(device))
        except BaseException:
            self._release()
            raise
        self._wish = self._wish.found(device, found, rate)
        self.label = device.label
        self.latency = min(max(float(self._stream.get_output_latency()), 0.0), 1.0)
        return rate

    def start(self) -> None:
        """Let it ask for sound. Raises VjError when it is gone again."""
        try:
            self._stream.start_stream()
        except OSError as error:
            raise VjError(f"the sound output {self.label} does not start ({error})") from error
        self._opened = self._wall()

    def watch(self, called: Callable[[], float], again: Callable[[], None]) -> None:
        """From now on notice when it stops. ``called``: wall seconds of the last callback; ``again`` opens it."""
        self._thread = threading.Thread(target=self._keep, args=(called, again), name="vj-output", daemon=True)
        self._thread.start()

    @property
    def message(self) -> str:
        """One sentence on what is wrong with the output, or nothing."""
        if self._why:
            return f"no sound through {self.label}: {self._why}; it is taken back when it returns"
        return f"sound through {self.label} again" if self._wall() - self._found_at < BACK else ""

    def close(self) -> None:
        """Give it back. One whose driver hangs is left to itself."""
        self._closing.set()
        watcher, self._thread = self._thread, None
        if watcher is not None:
            watcher.join(3.0)
        closing = threading.Thread(target=self._release, name="vj-output-close", daemon=True)
        closing.start()
        closing.join(3.0)

    # --------------------------------------------------------------------------------- the watcher

    def _keep(self, called: Callable[[], float], again: Callable[[], None]) -> None:
        while not self._closing.wait(LOOK):
            self._why = self._trouble(called())
            if self._why:
                self._closing.wait(LOOK)  # let it be told before standard error is silenced for a moment
                self._release()
                self._take_back(again)

    def _trouble(self, called: float) -> str:
        """Why this stream plays nothing, if so."""
        try:
            active = bool(self._stream.is_active())
        except OSError:
            active = False
        if active and self._wall() - max(called, self._opened) < GONE:
            return ""
        return "it asks for nothing" if active else "it stopped"

    def _take_back(self, again: Callable[[], None]) -> None:
        """Look until it is there and opens."""
        while not self._closing.is_set():
            try:
                self._pick(self._look())
                again()
            except (VjError, OSError) as error:
                self._release()
                self._why = str(error)
            else:
                self._why, self._found_at = "", self._wall()
                if self._closing.is_set():
                    self._release()
                return
            self._closing.wait(AGAIN)

    def _pick(self, found: list[Device]) -> Device:
        try:
            return pick(self._wish, found, "output")
        except VjError:
            if not (self._default and self._wish.known):
                raise
            return choose(None, found, "output")

    def _open(self, device: Device, rates: list[int]) -> tuple[int, Any]:
        trouble: Exception | None = None
        for rate in rates:
            try:
                with quiet_stderr():
                    return rate, self._port.open(
                        rate=rate, channels=2, format=library().paFloat32, output=True, frames_per_buffer=FRAMES,
                        output_device_index=device.index, stream_callback=self._callback, start=False)
            except (OSError, ValueError) as error:
                trouble = error
        name = "it" if self._wish.known else f"the sound output {device.label}"
        raise VjError(f"{name} cannot be opened ({trouble})")

    def _release(self) -> None:
        port, stream, self._port, self._stream = self._port, self._stream, None, None
        if port is not None:
            stop(port, stream)


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps([asdict(device) for device in devices("output")]) + "\n")
