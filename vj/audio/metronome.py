"""A click a second, for ears and for measuring: a short sweep whose moment can be found to a fraction of a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vj.types import Samples

PERIOD = 1.0
"""Seconds from click to click, and from flash to flash: a third of what a flash limit allows."""
LENGTH = 0.014
"""Seconds a click sounds."""
LOW, HIGH = 700.0, 6000.0
"""Hz it sweeps over: wide, so that its correlation is a needle; within what any loudspeaker and microphone pass."""
LOUD = 0.7


def click(rate: int) -> Samples:
    """One click, (N,) float32, loudest within its first two milliseconds.

    A linear sweep sin(2 pi (f0 t + (f1 - f0) t^2 / 2T)) under a quick attack and an exponential decay.
    """
    t = np.arange(round(LENGTH * rate)) / rate
    sweep = np.sin(2.0 * np.pi * (LOW * t + (HIGH - LOW) * t * t / (2.0 * LENGTH)))
    shape = np.minimum(t / 0.0008, 1.0) * np.exp(-t / 0.005) * np.minimum((LENGTH - t) / 0.002, 1.0)
    samples: Samples = (LOUD * sweep * shape).astype(np.float32)
    return samples


class Metronome:
    """A source without end: a click begins at every whole second but 0, while it is switched on."""

    channels = 2

    def __init__(self, rate: int = 48000) -> None:
        self.rate = rate
        self._click = click(rate)
        self._given = 0
        self._changes: tuple[tuple[float, bool], ...] = ((0.0, True),)

    def switch(self, on: bool, second: float) -> None:
        """Sound, or be silent, from ``second`` on. What was read before stays as it was."""
        kept = tuple(change for change in self._changes[-8:] if change[0] < second)
        self._changes = (*kept, (second, on))

    def sounds(self, second: int) -> bool:
        """Is there a click at ``second``?"""
        return second > 0 and next((on for at, on in reversed(self._changes) if at <= second), False)

    def read(self, until: float) -> Samples:
        """(N, 2) from the last read up to ``until`` seconds."""
        start, end = self._given, max(round(until * self.rate), self._given)
        block = np.zeros(end - start, np.float32)
        period = round(PERIOD * self.rate)
        for second in range(max(start - len(self._click), 0) // period, end // period + 1):
            if self.sounds(second):
                _lay(block, self._click, second * period - start)
        self._given = end
        return np.repeat(block[:, None], 2, axis=1)

    def close(self) -> None:
        """Nothing to give back."""


def _lay(block: Samples, sound: Samples, at: int) -> None:
    """Put what fits of ``sound``, whose first sample belongs at ``at``, into ``block``."""
    first, last = max(at, 0), min(at + len(sound), len(block))
    if first < last:
        block[first:last] = sound[first - at:last - at]
