"""An input without a sound card, that can do all a real one does wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.cable import Opened
from vj.audio.device import Capture
from vj.audio.naming import Device
from vj.audio.ring import RingSource
from vj.clock import now

if TYPE_CHECKING:
    from vj.types import AudioSource, Samples

FRAMES = 256
"""Samples a callback brings."""
NOTICED = 0.05
"""Seconds after which a driver says that its device was pulled out."""


class FakeCapture(Capture):
    """Plays ``sound`` into the ring as wall time passes, through the same door as a real cable.

    For tests and the rehearsal room. ``wall`` is a clock to inject. ``unplug`` and ``plug`` are the cable, ``stall``
    and ``burst`` a driver that hangs and then brings everything at once, ``lie`` a card whose rate is not what it
    says, ``poison`` what it then sends in place of samples. ``deaf``: it opens and delivers nothing.
    """

    def __init__(self, sound: AudioSource, wall: Callable[[], float] = now, name: str = "fake", *,
                 deaf: bool = False) -> None:
        super().__init__(RingSource(sound.rate, sound.channels), name, wall=wall)
        self._sound = sound
        self._played: Samples = np.zeros((0, sound.channels), np.float32)
        self._passed = 0
        self._deaf = deaf
        self._plugged = True
        self._stalled = False
        self._said = self._real = sound.rate
        self._began = self._start = wall()
        self._blocks = 0
        self._poison: float | None = None
        self._pulled = 0.0
        self.found(self._opened())

    def unplug(self) -> None:
        """The cable is out: no more blocks, and the driver says so soon."""
        self._pump()
        self._plugged, self._pulled = False, self._wall()

    def plug(self, rate: int | None = None) -> None:
        """The cable is in again, and the card works at ``rate``. What was played meanwhile is gone."""
        self._said = self._real = rate or self._said
        self._plugged, self._deaf = True, False
        self._again()
        self.found(self._opened())

    def stall(self) -> None:
        """The driver hangs: sound goes on being recorded, and nothing comes."""
        self._pump()
        self._stalled = True

    def burst(self) -> None:
        """The driver wakes up and brings everything that was recorded meanwhile, all at once."""
        self._stalled = False

    def lie(self, rate: int) -> None:
        """From now on the card delivers ``rate`` samples a second, and goes on saying what it said."""
        self._pump()
        self._real = rate
        self._again()

    def poison(self, value: float | None) -> None:
        """Send ``value`` in place of samples: NaN, Inf, a denormal. None is music again."""
        self._pump()
        self._poison = value

    @property
    def alive(self) -> bool:
        self._pump()
        return super().alive

    @property
    def message(self) -> str:
        """One sentence on what is wrong with the device, or nothing."""
        self._pump()
        return super().message

    def position(self) -> float:
        """Show seconds, after the blocks that are due by now."""
        self._pump()
        return super().position()

    def _opened(self) -> Opened:
        card = Device(self.name, "Fake", self.source.channels, self._said, True, 0)
        return Opened(card, self._said, self.source.channels, 0.0)

    def _again(self) -> None:
        self._start, self._blocks = self._wall(), 0

    def _pump(self) -> None:
        """The blocks due by now; each says when its last sample was there, a burst's when it came."""
        wall = self._wall()
        if not self._plugged:
            if wall - self._pulled >= NOTICED:
                self.lost("it stopped")
            return
        if self._deaf or self._stalled:
            return
        while (due := self._start + (self._blocks + 1) * FRAMES / self._real) <= wall:
            block = self._record(due)
            self._blocks += 1
            self.heard(block, due if wall - due < 0.1 else wall)

    def _record(self, end: float) -> Samples:
        """The block whose last sample is recorded at ``end``, at the card's real rate."""
        if self._poison is not None:
            return np.full((FRAMES, self.source.channels), self._poison, np.float32)
        at = (end - self._began - np.arange(FRAMES, 0, -1) / self._real) * self._sound.rate
        self._play(round(at[-1]) + 2)
        grid = np.arange(len(self._played))
        place = at - (self._passed - len(self._played))
        return np.stack([np.interp(place, grid, side) for side in self._played.T], 1).astype(np.float32)

    def _play(self, until: int) -> None:
        """Let the sound play to sample ``until``; the last second of it is kept. After its end there is silence."""
        new = self._sound.read(until / self._sound.rate)
        missing = min(max(until - self._passed - len(new), 0), self._sound.rate)
        silence = np.zeros((missing, self.source.channels), np.float32)
        self._played = np.concatenate([self._played, new, silence])[-self._sound.rate:]
        self._passed = max(until, self._passed)
