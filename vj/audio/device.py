"""The sound card's input: devices by name, and a capture whose position is the show's clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.audio.portaudio import Device, choose, devices, devices_of, quiet_stderr, start, stop
from vj.audio.ring import RingSource
from vj.audio.streamclock import StreamClock
from vj.clock import now
from vj.types import VjError

if TYPE_CHECKING:
    from vj.types import AudioSource

__all__ = ["Capture", "Device", "FakeCapture", "list_inputs", "list_outputs"]

FRAMES = 256
"""Samples a callback brings, 5 ms: small, for the eye's sake."""
RATES = (48000, 44100)
GO_ON = 0
"""pyaudio.paContinue, without importing it."""


def list_inputs() -> list[Device]:
    """The sound inputs there are now, the default first."""
    return devices("input")


def list_outputs() -> list[Device]:
    """The sound outputs there are now, the default first."""
    return devices("output")


class Capture:
    """Sound from an input, copied into ``source`` by the callback.

    ``position()`` is show seconds: 0 at its first call, then the samples captured, smooth between callbacks. When
    no callback has come for 250 ms it runs on with the wall clock, ``alive`` is False, and ``source`` gives silence.
    """

    def __init__(self, source: RingSource, name: str = "", close: Callable[[], None] = lambda: None,
                 wall: Callable[[], float] = now) -> None:
        self.source = source
        self.name = name
        self._clock = StreamClock()
        self._close = close
        self._wall = wall
        self._origin: int | None = None
        self._first = threading.Event()

    @classmethod
    def open(cls, name: str | None = None, wait: float = 3.0) -> Capture:
        """Open the input called ``name`` (or containing it), or the default one, and wait for its first samples.

        Raises VjError naming the nearest device, or all there are, when none fits or it cannot be opened.
        """
        port = start()
        try:
            device = choose(name, devices_of(port, "input"), "input")
            capture, stream = _open_stream(cls, port, device)
        except BaseException:
            stop(port)
            raise
        capture._close = lambda: stop(port, stream)
        capture._first.wait(wait)
        return capture

    @property
    def overruns(self) -> int:
        """Times that samples were lost because nobody read them."""
        return self.source.overruns

    @property
    def alive(self) -> bool:
        """True while the device delivers."""
        return self._clock.alive(self._wall())

    def heard(self, block: np.ndarray[Any, np.dtype[np.float32]]) -> None:
        """One block from the device, (N, channels). Called by the callback: it copies and marks the time."""
        self.source.append(block)
        self._clock.mark(self.source.captured / self.source.rate, self._wall())
        self._first.set()

    def position(self) -> float:
        """Show seconds. The first call makes now the show's start."""
        if self._origin is None:
            self.source.skip()
            self._origin = self.source.captured
        return self._clock.at(self._wall())

    def close(self) -> None:
        """Close the stream."""
        close, self._close = self._close, lambda: None
        close()


def _open_stream(kind: type[Capture], port: Any, device: Device) -> tuple[Capture, Any]:
    """Open ``device`` at its own rate where we like it, else at one of ours; stereo where it has two channels."""
    import pyaudio

    channels = min(device.channels, 2)
    trouble: Exception | None = None
    for rate in sorted({*RATES, device.rate}, key=lambda rate: (rate != device.rate or rate > 64000, -rate)):
        capture = kind(RingSource(rate, channels), device.name)
        try:
            with quiet_stderr():
                stream = port.open(rate=rate, channels=channels, format=pyaudio.paFloat32, input=True,
                                   input_device_index=device.index, frames_per_buffer=FRAMES,
                                   stream_callback=_callback(capture, channels))
        except (OSError, ValueError) as error:
            trouble = error
            continue
        return capture, stream
    raise VjError(f"the sound input {device.name!r} cannot be opened ({trouble})")


def _callback(capture: Capture, channels: int) -> Callable[..., tuple[None, int]]:
    def receive(data: bytes, _frames: int, _times: Any, _flags: int) -> tuple[None, int]:
        capture.heard(np.frombuffer(data, np.float32).reshape(-1, channels))
        return None, GO_ON

    return receive


class FakeCapture(Capture):
    """An input without a sound card: plays ``sound`` into the ring as wall time passes.

    For tests and the rehearsal room. ``wall`` is a clock to inject; ``unplug`` and ``plug`` are the cable.
    """

    def __init__(self, sound: AudioSource, wall: Callable[[], float] = now, name: str = "fake") -> None:
        super().__init__(RingSource(sound.rate, sound.channels), name, wall=wall)
        self._sound = sound
        self._plugged = True
        self._started = wall()
        self._unheard = 0.0

    def unplug(self) -> None:
        """The cable is out: no more callbacks."""
        self._pump()
        self._plugged = False
        self._unheard -= self._wall()

    def plug(self) -> None:
        """The cable is in again; what was played meanwhile is gone."""
        self._unheard += self._wall()
        self._plugged = True

    @property
    def alive(self) -> bool:
        self._pump()
        return super().alive

    def position(self) -> float:
        """Show seconds, after the callbacks that are due by now."""
        self._pump()
        return super().position()

    def _pump(self) -> None:
        """The callbacks due by now, block by block."""
        if not self._plugged:
            return
        due = int((self._wall() - self._started - self._unheard) * self.source.rate) // FRAMES * FRAMES
        while self.source.captured < due:
            block = self._sound.read((self.source.captured + FRAMES) / self.source.rate)
            silence = np.zeros((FRAMES - len(block), self.source.channels), np.float32)
            self.heard(np.concatenate([block, silence]))
