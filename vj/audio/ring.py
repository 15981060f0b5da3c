"""The ring between the sound card's callback and the main thread: one writer, one reader, no lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.decode import clean

if TYPE_CHECKING:
    from vj.types import Samples

PATIENCE = 0.25
"""Seconds without samples before the device counts as silent and time goes on without it."""
SLACK = 0.1
"""Seconds by which samples may be off their place in the show before they are put right."""


class RingSource:
    """Samples as they come from a device, read in show time.

    ``append`` belongs to the callback, everything else to the reader. Each counter has one writer, and whole
    numbers are replaced at once, so no lock is needed. ``overruns`` counts the times the reader came too late
    and lost samples; ``padded`` the samples of silence that stood in for a silent device; ``passed`` those that
    came after silence had taken their place. ``wash`` is what samples go through when they are read.
    """

    def __init__(self, rate: int, channels: int = 2, seconds: float = 4.0) -> None:
        self.rate = rate
        self.wash: Callable[[Samples], Samples] = clean
        self.channels = channels
        self.overruns = 0
        self.padded = 0
        self.passed = 0
        self._size = max(int(rate * seconds), 1024)
        self._ring = np.zeros((self._size, channels), np.float32)
        self._written = 0  # by the callback, ever
        self._taken = 0  # by the reader, of the written
        self._given = 0  # by the reader, with silence
        self._owed = 0  # by the reader: silence that is due before the next samples
        self._silent = False

    @property
    def captured(self) -> int:
        """Samples the device has delivered since it was opened."""
        return self._written

    @property
    def delivered(self) -> int:
        """Samples read so far, with the silence that stood in: the reader's time."""
        return self._given

    @property
    def available(self) -> int:
        """Samples waiting to be read."""
        return min(self._written - self._taken, self._size)

    def append(self, block: Samples) -> None:
        """Copy a block (N, channels) in. Called by the audio callback: two slice copies and nothing else."""
        count = len(block)
        if count > self._size:
            block, count = block[-self._size:], self._size
        start = self._written % self._size
        first = min(count, self._size - start)
        self._ring[start:start + first] = block[:first]
        self._ring[:count - first] = block[first:]
        self._written += count

    def skip(self) -> None:
        """Forget what waits: the show begins now."""
        self._taken = self._written

    def align(self, shift: float) -> None:
        """Let sample n of the device be at n / rate + ``shift`` seconds of the show.

        A device that stalls and then brings everything at once, or loses some, would be late or early for ever.
        """
        off = round(shift * self.rate) - (self._given + self._owed - self._taken)
        if off < -SLACK * self.rate:
            owed = min(self._owed, -off)
            late = min(-off - owed, self.available)
            self._owed -= owed
            self._taken += late
            self.passed += late
        elif off > SLACK * self.rate:
            self._owed += off

    def read(self, until: float) -> Samples:
        """(N, channels) not read yet up to ``until`` seconds of show time.

        Gives what the device has delivered; once that lags by more than ``PATIENCE``, silence fills the rest
        until samples come again, so that time goes on.
        """
        want = round(until * self.rate) - self._given
        if want <= 0:
            return np.zeros((0, self.channels), np.float32)
        lost = self._lost(want)
        lost = np.concatenate([lost, self._due(want - len(lost))])
        block = np.concatenate([lost, self.wash(self._take(min(want - len(lost), self.available)))])
        missing = want - len(block)
        self._silent = missing > PATIENCE * self.rate or (self._silent and not len(block))
        if self._silent:
            block = np.concatenate([block, np.zeros((missing, self.channels), np.float32)])
            self.padded += missing
        self._given += len(block)
        return block

    def _lost(self, want: int) -> Samples:
        """Silence in the place of what was overwritten before it was read, so that the rest keeps its time."""
        lost = max(self._written - self._taken - self._size, 0)
        if lost:
            self.overruns += 1
            self._taken += lost
        return np.zeros((min(lost, want), self.channels), np.float32)

    def _due(self, most: int) -> Samples:
        """The silence that is owed, at most ``most`` samples of it."""
        count = min(self._owed, most)
        self._owed -= count
        self.padded += count
        return np.zeros((count, self.channels), np.float32)

    def _take(self, count: int) -> Samples:
        """The oldest ``count`` samples in the ring."""
        start = self._taken % self._size
        first = min(count, self._size - start)
        block = np.empty((count, self.channels), np.float32)
        block[:first] = self._ring[start:start + first]
        block[first:] = self._ring[:count - first]
        self._taken += count
        return block

    def close(self) -> None:
        """Nothing to give back: the device belongs to whoever opened it."""
