"""A track through the sound card: a thread decodes ahead, the callback copies, the position is the show's clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.audio.portaudio import Device, choose, devices_of, quiet_stderr, start, stop
from vj.audio.source import TrackSource
from vj.audio.streamclock import PATIENCE, StreamClock
from vj.clock import now
from vj.types import AudioSource, VjError

if TYPE_CHECKING:
    from vj.types import Samples

FRAMES = 512
"""Samples a callback asks for."""
AHEAD = 2.0
"""Seconds decoded in advance."""
FIRST = 1.0
"""Seconds to wait for the output's first call."""
GO_ON = 0
"""pyaudio.paContinue, without importing it."""


class Reel:
    """Decoded sound between the decoding thread (``feed``) and the callback (``take``): bounded, lock-free.

    What the callback could not be given in time it owes: that much is passed over later, so that sample n is
    always heard at second n / rate of the show.
    """

    def __init__(self, rate: int, seconds: float = AHEAD) -> None:
        self.rate = rate
        self.underruns = 0
        self._size = int(rate * seconds)
        self._ring = np.zeros((self._size, 2), np.float32)
        self._fed = 0  # by the thread, ever
        self._taken = 0  # by the callback, ever
        self._owed = 0
        self.ended = False

    @property
    def room(self) -> int:
        """Samples that can be fed now."""
        return self._size - (self._fed - self._taken)

    def feed(self, block: Samples) -> None:
        """Copy in at most ``room`` samples, (N, 2)."""
        start_ = self._fed % self._size
        first = min(len(block), self._size - start_)
        self._ring[start_:start_ + first] = block[:first]
        self._ring[:len(block) - first] = block[first:]
        self._fed += len(block)

    def owe(self, count: int) -> None:
        """Pass over ``count`` samples: their time went by unheard."""
        self._owed += max(count, 0)

    def take(self, into: Samples) -> None:
        """Fill ``into`` (N, 2) with what is next; silence where there is nothing."""
        skip = min(self._owed, self._fed - self._taken)
        self._taken += skip
        self._owed -= skip
        count = min(len(into), self._fed - self._taken)
        start_ = self._taken % self._size
        first = min(count, self._size - start_)
        into[:first] = self._ring[start_:start_ + first]
        into[first:count] = self._ring[:count - first]
        into[count:] = 0.0
        self._taken += count
        if count < len(into) and not self.ended:
            self.underruns += 1
            self._owed += len(into) - count


class Playback:
    """Plays ``source`` and knows how many seconds were heard. Made by ``open``.

    ``position()`` is smooth between callbacks, never runs backwards, and goes on with the wall clock when the
    output stalls; sound that missed its moment is passed over, so that what is heard fits the position again.
    """

    def __init__(self, source: AudioSource, wall: Callable[[], float] = now) -> None:
        self.source = source
        self.reel = Reel(source.rate)
        self.name = ""
        self.latency = 0.0
        self._clock = StreamClock(absolute=True)
        self._wall = wall
        self._emitted = 0
        self._called: float | None = None
        self._stopped = threading.Event()
        self._sounding = threading.Event()
        self._thread: threading.Thread | None = None
        self._port: Any = None
        self._stream: Any = None
        self._block = np.zeros((FRAMES, 2), np.float32)

    @classmethod
    def open(cls, track: str | Path | AudioSource, output: str | None = None) -> Playback | None:
        """Start playing through ``output``, by name, or the default; None where there is no output that opens.

        ``track`` is a file, or a source not read yet, which then belongs to the playback.

        Raises VjError for a bad track, and when an output that was asked for by name is not there.
        """
        playback = cls(TrackSource.open(track) if isinstance(track, str | Path) else track)
        try:
            playback._start(output)
        except VjError:
            playback.close()
            if output is not None:
                raise
            return None
        except BaseException:
            playback.close()
            raise
        return playback

    @property
    def alive(self) -> bool:
        """True while the output asks for sound."""
        return self._clock.alive(self._wall())

    @property
    def underruns(self) -> int:
        """Times that decoding was too late."""
        return self.reel.underruns

    def position(self) -> float:
        """Seconds of the track heard by now. Never less than before."""
        return self._clock.at(self._wall())

    def close(self) -> None:
        """Stop and give the output back."""
        self._stopped.set()
        if self._port is not None:
            stop(self._port, self._stream)
            self._port = self._stream = None
        if self._thread is not None:
            self._thread.join(2.0)
        self.source.close()

    def fill(self) -> bool:
        """Decode until the reel is full; False at the track's end. Belongs to the decoding thread."""
        count = min(self.reel.room, self.source.rate // 4)
        if count:
            block = self.source.read((self.reel._fed + count) / self.source.rate)
            self.reel.feed(block)
            self.reel.ended = len(block) < count
        return not self.reel.ended

    def emit(self, count: int) -> bytes:
        """The next ``count`` samples for the card. Belongs to the callback: copies, and marks the time."""
        wall = self._wall()
        if self._called is not None and wall - self._called >= PATIENCE:
            self.reel.owe(round((wall - self._called) * self.source.rate) - count)
        self._called = wall
        if count > len(self._block):
            self._block = np.zeros((count, 2), np.float32)
        block = self._block[:count]
        self.reel.take(block)
        self._clock.mark(self._emitted / self.source.rate - self.latency, wall)
        self._emitted += count
        self._sounding.set()
        return block.tobytes()

    def _start(self, output: str | None) -> None:
        self._port = start()
        device = choose(output, devices_of(self._port, "output"), "output")
        self.name = device.name
        self.fill()
        try:
            self._stream = self._open_stream(device)
        except VjError:
            if not isinstance(self.source, TrackSource) or device.rate == self.source.rate:
                raise
            self._take_again(self.source, device.rate)
            self._stream = self._open_stream(device)
        self.latency = min(max(float(self._stream.get_output_latency()), 0.0), 1.0)
        self._thread = threading.Thread(target=self._decode, name="vj-playback", daemon=True)
        self._thread.start()
        if not self._sounding.wait(FIRST):
            self._called = self._wall()

    def _take_again(self, track: TrackSource, rate: int) -> None:
        """The card refuses the track's rate: play it at the card's own."""
        self.source, self.reel = TrackSource.open(track.path, rate), Reel(rate)
        track.close()
        self.fill()

    def _open_stream(self, device: Device) -> Any:
        import pyaudio

        try:
            with quiet_stderr():
                return self._port.open(rate=self.source.rate, channels=2, format=pyaudio.paFloat32, output=True,
                                       output_device_index=device.index, frames_per_buffer=FRAMES,
                                       stream_callback=self._callback)
        except (OSError, ValueError) as error:
            raise VjError(f"the sound output {device.name!r} cannot be opened ({error})") from error

    def _callback(self, _data: Any, count: int, _times: Any, _flags: int) -> tuple[bytes, int]:
        return self.emit(count), GO_ON

    def _decode(self) -> None:
        while not self._stopped.is_set():
            if not self.fill():
                return
            self._stopped.wait(0.05)
