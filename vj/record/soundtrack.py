"""The sound on its way into a file: never waited for, never shifted against the picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vj.mailbox import Bounded

if TYPE_CHECKING:
    from vj.types import Samples

GAP = 0.5
"""Sound this far behind the picture, seconds, is lost, not late: silence takes its place."""
DEAD_ZONE = 0.010
"""Drift that nobody sees, seconds: a third of a frame at 30 fps."""
SETTLE = 2.0
"""Seconds over which the lag is smoothed; what it is after them is the source's own latency, and stays."""
STRETCH = 500
"""While correcting, one sample in so many is added or taken: 3.5 cents, which nobody hears."""


def stereo(samples: Samples) -> Samples:
    """(N,) or (N, channels) to (N, 2) float32 in -1..1: mono on both sides, more than two folded alternately.

    What is not a number becomes silence: nothing outside a player's range gets into a file.
    """
    block = np.asarray(samples, np.float32)
    block = block.reshape(len(block), -1) if block.size else np.zeros((len(block), 2), np.float32)
    if block.shape[1] == 1:
        block = np.repeat(block, 2, axis=1)
    elif block.shape[1] > 2:
        block = np.stack([block[:, ::2].mean(axis=1), block[:, 1::2].mean(axis=1)], axis=1)
    return np.clip(np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)


class Block(NamedTuple):
    """``silence`` samples of nothing, then ``samples`` brought to ``length`` (N samples, stretched by a few)."""

    silence: int
    samples: Samples
    length: int


class DriftWatch:
    """Tells by how much a block must be stretched so that two clocks that run apart stay together."""

    def __init__(self) -> None:
        self.usual = 0.0
        self._smooth = 0.0
        self._heard = 0.0
        self._correcting = False

    def lag(self, seconds: float, dt: float) -> None:
        """The sound's lag behind the picture at one tick, ``dt`` after the last."""
        if self._heard < SETTLE:
            # A plain mean first: a smoother that starts at zero would take its own rise for drift.
            self._heard += dt
            self._smooth += (seconds - self._smooth) * (min(1.0, dt / self._heard) if dt else 0.0)
            self.usual = self._smooth
            return
        self._smooth = seconds + (self._smooth - seconds) * math.exp(-dt / SETTLE)
        self._correcting = abs(self.drift) > (DEAD_ZONE / 4 if self._correcting else DEAD_ZONE)

    @property
    def drift(self) -> float:
        """Seconds by which the sound is later than usual."""
        return self._smooth - self.usual

    def stretched(self, length: int, rate: int) -> int:
        """How long a block of ``length`` samples should be."""
        if not self._correcting:
            return length
        extra = int(math.copysign(max(1, length // STRETCH), self.drift))
        self._smooth -= extra / rate
        return max(1, length + extra)

    def mended(self) -> None:
        """The lag was set to the usual one by hand."""
        self._smooth = self.usual


class Soundtrack:
    """Blocks of sound between the show (``put``, ``follow``) and a writer (``drain``), which may be another thread.

    Time is the count of samples since ``start`` seconds of the show. A full queue loses sound but not its length.
    """

    def __init__(self, rate: int, start: float = 0.0, limit: int = 4096) -> None:
        self.lost = 0
        self._rate = rate
        self._last = self._start = start
        self._blocks: Bounded[Block] = Bounded(limit)
        self._given = self._owed = 0
        self._silent = False
        self._watch = DriftWatch()

    def begin(self, seconds: float) -> None:
        """The sound that is put next follows on ``seconds`` of the show. Before the first sound only."""
        self._last = self._start = seconds

    def put(self, samples: Samples) -> None:
        """Append (N, channels) float32; never waits."""
        if len(samples):
            self._silent = False
            self._append(0, np.array(samples, np.float32), self._watch.stretched(len(samples), self._rate))

    def follow(self, seconds: float) -> None:
        """The picture is at ``seconds`` of the show: put silence where sound stays away, watch the drift."""
        if not math.isfinite(seconds):
            return
        lag = seconds - self._start - self._given / self._rate
        if lag > GAP or self._silent:
            self._silent = True
            self.fill(seconds - self._watch.usual)
            self._watch.mended()
        elif self._given:
            self._watch.lag(lag, max(0.0, seconds - self._last))
        self._last = seconds

    def fill(self, seconds: float) -> None:
        """Silence up to ``seconds`` of the show, where there is less sound than that."""
        missing = round((seconds - self._start) * self._rate) - self._given
        if missing > 0:
            self._append(missing, np.zeros((0, 2), np.float32), 0)

    def drain(self) -> Iterator[Samples]:
        """What has come, as (N, 2) float32 blocks in order."""
        while (block := self._blocks.take(0.0)) is not None:
            for start in range(0, block.silence, self._rate):
                yield np.zeros((min(self._rate, block.silence - start), 2), np.float32)
            if block.length:
                yield _resized(stereo(block.samples), block.length)

    def _append(self, silence: int, samples: Samples, length: int) -> None:
        self._given += silence + length
        if self._blocks.put(Block(self._owed + silence, samples, length)):
            self._owed = 0
        else:
            self._owed += silence + length
            self.lost += length


def _resized(block: Samples, length: int) -> Samples:
    """(N, 2) to (length, 2) by straight lines, the ends kept: for a few samples more or less only."""
    if len(block) == length:
        return block
    at = np.linspace(0.0, len(block) - 1.0, length)
    known = np.arange(len(block))
    return np.stack([np.interp(at, known, block[:, side]) for side in (0, 1)], axis=1).astype(np.float32)
