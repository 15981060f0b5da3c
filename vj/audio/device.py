"""The sound card's input: devices by name, and a capture whose position is the show's clock."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from vj.audio.cable import Cable, Opened
from vj.audio.intake import Resampler, Wash, channels_of
from vj.audio.naming import Device, Wish
from vj.audio.portaudio import devices
from vj.audio.ring import RingSource
from vj.audio.streamclock import StreamClock
from vj.audio.truerate import TrueRate
from vj.clock import now

if TYPE_CHECKING:
    from vj.types import Samples

__all__ = ["Capture", "Device", "list_inputs", "list_outputs"]

BACK = 5.0
"""Seconds that a device's return is told for."""


def list_inputs() -> list[Device]:
    """The sound inputs there are now, the default first."""
    return devices("input")


def list_outputs() -> list[Device]:
    """The sound outputs there are now, the default first."""
    return devices("output")


class Capture:
    """Sound from an input, as the cable brings it, cleaned into ``source``.

    ``position()`` is show seconds: 0 at its first call, then the samples captured, smooth between blocks. When none
    has come for 250 ms it runs on with the wall clock, ``alive`` is False, ``message`` names the device, and ``source``
    gives silence. The cable brings the same device back when it returns; at another rate it is resampled.
    ``pair`` are the first and the last channel to hear, from 1; ``latency`` is what the driver states, in seconds.
    """

    def __init__(self, source: RingSource, name: str = "", close: Callable[[], None] = lambda: None,
                 wall: Callable[[], float] = now, *, pair: tuple[int, int] | None = None) -> None:
        self.source = source
        self.name = name
        self.label = name
        self.latency = 0.0
        self._pair = pair
        self._clock = StreamClock()
        self._close = close
        self._look: Callable[[], None] = lambda: None
        self._wall = wall
        self._origin: int | None = None
        self._first = threading.Event()
        self._wash = source.wash = Wash(source.rate, source.channels)
        self._resampler: Resampler | None = None
        self._true = TrueRate(source.rate)
        self._lossy = 0
        self._loopback = False
        self._lost = ""
        self._losses = 0
        self._found_at = -math.inf

    @classmethod
    def open(cls, name: str | None = None, channels: tuple[int, int] | None = None, wait: float = 1.0) -> Capture:
        """Open the input called ``name`` (`vj.audio.naming.choose`), or the default one, and hear ``channels`` of it.

        Waits ``wait`` seconds for the first samples; a device that brings none is no error, ``message`` tells.
        Raises VjError naming the nearest device, or all there are, when none fits or it cannot be opened.
        """
        cable = Cable(Wish(name, channels))
        opened = cable.open()
        wanted = channels[1] - channels[0] + 1 if channels else 2
        capture = cls(RingSource(opened.rate, min(wanted, opened.channels)), opened.device.name, cable.close,
                      pair=channels)
        capture.found(opened)
        capture._found_at = -math.inf
        capture._look = cable.look
        cable.lead_to(capture)
        capture._first.wait(wait)
        return capture

    # -------------------------------------------------------------------------------------- the show

    @property
    def overruns(self) -> int:
        """Times that samples were lost: in the driver, on the way, or because nobody read them."""
        return self.source.overruns + self._lossy

    @property
    def losses(self) -> int:
        """Times that the device went away."""
        return self._losses

    @property
    def alive(self) -> bool:
        """True while the device delivers."""
        return self._clock.alive(self._wall())

    @property
    def message(self) -> str:
        """One sentence on what is wrong with the device, or nothing."""
        wall = self._wall()
        if self._lost:
            return f"no sound from {self.label}: {self._lost}; it is taken back when it returns"
        if not self._clock.alive(wall) and not self._loopback:
            return f"no sound from {self.label}: it sends nothing"
        if self._true.real != self._true.said:
            return f"{self.label} says {self._true.said} Hz but delivers {self._true.real} Hz, and is heard at that"
        return f"{self.label} is back" if wall - self._found_at < BACK else ""

    def levels(self) -> tuple[float, bool]:
        """The largest sample read since the last call, 1 is full scale, and whether it was clipped."""
        return self._wash.levels()

    def position(self) -> float:
        """Show seconds. The first call makes now the show's start."""
        self._look()
        if self._origin is None:
            self.source.skip()
            self._origin = self.source.captured
        at = self._clock.at(self._wall())
        shift = self._clock.shift
        if shift is not None:
            self.source.align(shift)
        return at

    def close(self) -> None:
        """Give the device back."""
        close, self._close = self._close, lambda: None
        close()

    # ------------------------------------------------------------------------------------- the cable

    def found(self, opened: Opened) -> None:
        """The device is there, for the first time or again."""
        self.label, self.latency, self._loopback = opened.device.label, opened.latency, opened.device.loopback
        self._resample(opened.rate)
        self._true = TrueRate(opened.rate)

    def heard(self, block: Samples, wall: float | None = None, lossy: bool = False) -> None:
        """One block, (N, channels), that was there at ``wall``; ``lossy``: others before it were lost."""
        wall = self._wall() if wall is None else wall
        if self._lost:
            self._lost, self._found_at = "", wall
        self._lossy += lossy
        if self._true.mark(len(block), wall):
            self._resample(self._true.real)
        block = channels_of(block, self.source.channels, self._pair)
        self.source.append(block if self._resampler is None else self._resampler.hear(block))
        self._clock.mark(self.source.captured / self.source.rate, wall)
        self._first.set()

    def _resample(self, rate: int) -> None:
        """The device brings ``rate`` samples a second; the show keeps its own rate."""
        same = rate == self.source.rate
        self._resampler = None if same else Resampler(rate, self.source.rate, self.source.channels)

    def lost(self, why: str) -> None:
        """The device is gone, or still is."""
        if not self._lost:
            self._losses += 1
        self._lost = why
