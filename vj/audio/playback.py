"""A track through the sound card: a thread decodes ahead, the callback copies, the position is the show's clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.audio.output import FRAMES, Output
from vj.audio.portaudio import GO_ON
from vj.audio.source import TrackSource
from vj.audio.streamclock import PATIENCE, StreamClock
from vj.clock import now
from vj.types import AudioSource, VjError

if TYPE_CHECKING:
    from vj.types import Samples

AHEAD = 2.0
"""Seconds decoded in advance."""
FIRST = 1.0
"""Seconds to wait for the output's first call."""


class Reel:
    """Decoded sound between the decoding thread (``feed``) and the callback (``take``): bounded, lock-free.

    What the callback could not be given in time it owes: that much is passed over later, so that sample n is
    always heard at second n / rate of the show. ``start``: the sample it begins with.
    """

    def __init__(self, rate: int, seconds: float = AHEAD, start: int = 0) -> None:
        self.rate = rate
        self.underruns = 0
        self._size = int(rate * seconds)
        self._ring = np.zeros((self._size, 2), np.float32)
        self._fed = start  # by the thread, ever
        self._taken = start  # by the callback, ever
        self._owed = 0
        self._short = False
        self.ended = False

    @property
    def room(self) -> int:
        """Samples that can be fed now."""
        return self._size - (self._fed - self._taken)

    @property
    def fed(self) -> int:
        """The sample that is fed next."""
        return self._fed

    @property
    def place(self) -> int:
        """The sample that is heard next."""
        return self._taken + self._owed

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
        short = count < len(into) and not self.ended
        if short:
            self._owed += len(into) - count
        self.underruns += short and not self._short
        self._short = short


class Playback:
    """Plays ``source`` and knows how many seconds were heard. Made by ``open``.

    ``position()`` is smooth between callbacks, never runs backwards, and goes on with the wall clock when the
    output stalls or goes away; sound that missed its moment is passed over, so that what is heard fits the position
    again when the same output is back. ``message`` names an output that is gone.
    """

    def __init__(self, source: AudioSource, wall: Callable[[], float] = now) -> None:
        self.source = source
        self.reel = Reel(source.rate)
        self.name = ""
        self.latency = 0.0
        self._clock = StreamClock(absolute=True)
        self._wall = wall
        self._output: Output | None = None
        self._emitted = 0
        self._called: float | None = None
        self._stopped = threading.Event()
        self._sounding = threading.Event()
        self._thread: threading.Thread | None = None
        self._decoding = threading.Lock()
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

    @property
    def message(self) -> str:
        """One sentence on what is wrong with the output, or nothing."""
        return self._output.message if self._output is not None else ""

    def position(self) -> float:
        """Seconds of the track heard by now. Never less than before."""
        return self._clock.at(self._wall())

    def close(self) -> None:
        """Stop and give the output back."""
        self._stopped.set()
        if self._output is not None:
            self._output.close()
        if self._thread is not None:
            self._thread.join(2.0)
        self.source.close()

    def fill(self) -> bool:
        """Decode until the reel is full; False at the track's end. Belongs to the decoding thread."""
        with self._decoding:
            count = min(self.reel.room, self.source.rate // 4)
            if count:
                block = self.source.read((self.reel.fed + count) / self.source.rate)
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

    def _start(self, name: str | None) -> None:
        output = self._output = Output(name, self._callback)
        self.fill()
        self._plug(output)
        self.name = output.label
        self._thread = threading.Thread(target=self._decode, name="vj-playback", daemon=True)
        self._thread.start()
        if not self._sounding.wait(FIRST):
            self._called = self._wall()
        output.watch(lambda: self._called or 0.0, lambda: self._plug(output))

    def _plug(self, output: Output) -> None:
        """Open the output, now or again; where it refuses the track's rate, the track is played at the card's own."""
        track, own = self.source, self.source.rate
        rate = output.open(lambda device: [own, device.rate] if isinstance(track, TrackSource) else [own])
        if isinstance(track, TrackSource) and rate != own:
            self._take_again(track, rate)
        self.latency = output.latency
        output.start()

    def _take_again(self, track: TrackSource, rate: int) -> None:
        """The track at another rate, from what would be heard next."""
        ratio, fresh = rate / track.rate, TrackSource.open(track.path, rate)
        with self._decoding:
            begin = round(self.reel.place * ratio)
            for passed in range(0, begin, 10 * rate):
                fresh.read(min(passed + 10 * rate, begin) / rate)
            self.source, self.reel = fresh, Reel(rate, start=begin)
            self._emitted = round(self._emitted * ratio)
        track.close()
        self.fill()

    def _callback(self, _data: Any, count: int, _times: Any, _flags: int) -> tuple[bytes, int]:
        return self.emit(count), GO_ON

    def _decode(self) -> None:
        while not self._stopped.wait(0.05):
            while self.reel.room > self.source.rate // 4 and self.fill() and not self._stopped.is_set():
                pass
