"""The tracker: samples in, beats announced ahead of time out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vj.audio.tracker.conductor import Conductor

if TYPE_CHECKING:
    from vj.audio.tracker.announce import Announced
    from vj.types import Samples

SLOWEST, FASTEST = 70.0, 180.0
"""The performer's range of tempi when none is named, BPM."""
FULL = 4.0
"""Samples are held within this, 1 being full scale: a broken float must not deafen the ears for seconds."""


class Front(Protocol):
    """Makes a frame of levels of ``hop`` samples."""

    hop: int

    def hear(self, hop: Samples) -> Any: ...


class Net(Protocol):
    """Makes chances of beat and downbeat of a frame; they speak of the moment ``delay`` seconds before its end.

    ``tempi``: how likely each of ``net.TEMPI`` is, as logarithms; None for one that has no opinion. ``cut``: whether
    the last step's frame told that other music has begun.
    """

    delay: float
    tempi: Any
    cut: bool

    def step(self, levels: Any) -> tuple[float, float]: ...


class Tracker:
    """Follows the beat in one stream of samples. All times are seconds of that stream, counted in whole samples.

    ``net`` and ``front`` are the trained net and its front end when not given. Nothing that comes in raises: what is
    not a number is silence. The same samples give the same announcements, however they are cut into blocks.
    """

    def __init__(self, rate: int, net: Net | None = None, slowest: float = SLOWEST, fastest: float = FASTEST,
                 front: Front | None = None) -> None:
        self.rate = rate
        self._given = net, front
        self._range = _range(slowest, fastest)
        self.reset()

    def reset(self) -> None:
        """A new stream: time begins at zero, nothing has been heard; the range of tempi stays."""
        self._net, self._front = self._parts()
        self._hop = self._front.hop
        self._waiting = np.zeros(self._hop, np.float32)
        self._filled = 0
        self._conductor = Conductor(self._hop / self.rate, self._net.delay, *self._range)

    def _parts(self) -> tuple[Net, Front]:
        from vj.audio.tracker.front import FrontEnd
        from vj.audio.tracker.net import BeatNet

        net, front = self._given
        return net or BeatNet.open(), front or FrontEnd(self.rate)

    # ------------------------------------------------------------------------------------------- listen

    def hear(self, mono: Samples) -> list[Announced]:
        """The next samples, (N,) float32 with any N; the beats announced with them, in order of time."""
        mono = np.asarray(mono, np.float32).reshape(-1)
        said: list[Announced] = []
        while len(mono):
            taken = min(self._hop - self._filled, len(mono))
            self._waiting[self._filled:self._filled + taken] = mono[:taken]
            self._filled += taken
            mono = mono[taken:]
            if self._filled == self._hop:
                self._filled = 0
                self._frame(said)
        return said

    def _frame(self, said: list[Announced]) -> None:
        hop = self._waiting
        # Not a number fails every comparison, so only numbers within bounds pass; anything else takes the long way.
        if not -FULL <= float(hop.min()) <= float(hop.max()) <= FULL:
            hop = np.clip(np.nan_to_num(hop, nan=0.0, posinf=0.0, neginf=0.0), -FULL, FULL)
        beat, downbeat = self._net.step(self._front.hear(hop))
        announced = self._conductor.step(_chance(beat), _chance(downbeat), self._net.tempi, self._net.cut)
        if announced is not None:
            said.append(announced)

    @property
    def bpm(self) -> float:
        """The tempo believed, beats a minute; 0 while none is."""
        grid = self._conductor.grid
        return 60.0 / grid.period if grid is not None else 0.0

    @property
    def confidence(self) -> float:
        """About the chance that the announcements are right, 0..1."""
        return self._conductor.confidence

    @property
    def locked(self) -> bool:
        """Whether the announcements are to be relied on."""
        return self._conductor.locked

    # ------------------------------------------------------------------------------------------ by hand

    def limit(self, slowest: float, fastest: float) -> None:
        """Another range of tempi, BPM. A range under an octave names the octave."""
        wanted = _range(slowest, fastest)
        if wanted != self._range:
            self._range = wanted
            self._conductor.limit(*wanted)

    def pull(self, time: float, weight: float = 1.0) -> None:
        """The performer says that a beat is, was or will be at ``time``; ``weight`` 0..1: how surely."""
        if math.isfinite(time) and weight > 0.0:
            self._conductor.pull(time, min(weight, 1.0))

    def shift_half(self) -> None:
        """The performer says that the beat is half a beat off; that holds until ``forget`` or another tempo."""
        self._conductor.shift_half()

    def favour(self, bpm: float | None) -> None:
        """A tempo known from a hand or another clock, BPM; None: no longer."""
        known = bpm is not None and math.isfinite(bpm) and bpm > 0.0
        self._conductor.favour(bpm if known else None)

    def forget(self) -> None:
        """Another music begins: what was heard and what hands said no longer counts; the time goes on."""
        self._conductor.forget()


def _chance(value: float) -> float:
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0


def _range(slowest: float, fastest: float) -> tuple[float, float]:
    """The range in order, within what a beat can be, and never narrower than a few percent."""
    low, high = sorted(value if math.isfinite(value) else 120.0 for value in (slowest, fastest))
    low = min(max(low, 30.0), 280.0)
    return low, min(max(high, low * 1.06), 300.0)
