"""From a card's blocks to the show's samples: the chosen channels, at the ring's rate, cleaned once when read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.audio.decode import LOUDEST, clean

if TYPE_CHECKING:
    from vj.types import Samples

CLIP = 0.999
"""Full scale, as far as whole numbers reach."""
TOO_SMALL = np.float32(1e-20)
"""Smaller samples are nothing, and cost a processor more than real ones."""
DC_TAU = 0.5
"""Seconds in which an offset is followed, and taken out."""


class Wash:
    """Cleans what is read: no NaN, no Inf, no denormals, no offset. Knows the peak of what passed."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._offset: Samples = np.zeros(channels, np.float32)
        self._line = _line(2048)
        self._peak = 0.0

    def __call__(self, block: Samples) -> Samples:
        """The block (N, channels), clean."""
        if not len(block):
            return block
        size = np.abs(block)
        peak = float(size.max())
        if not peak <= LOUDEST:
            block = clean(block)
            peak = float(np.abs(block).max())
        self._peak = max(self._peak, peak)
        if float(size.min()) < TOO_SMALL:
            block = np.where(size < TOO_SMALL, np.float32(0), block)
        return self._level(block)

    def levels(self) -> tuple[float, bool]:
        """The largest sample since the last call, 1 is full scale, and whether it was clipped."""
        peak, self._peak = self._peak, 0.0
        return peak, peak >= CLIP

    def _level(self, block: Samples) -> Samples:
        """The block without the offset that cheap cards add: its mean, followed slowly, across blocks in a ramp."""
        share = 1.0 - math.exp(-len(block) / (self._rate * DC_TAU))
        count = len(block)
        if count > len(self._line):
            self._line = _line(count)
        step = (self._line[:count, 0] @ block / count - self._offset) * np.float32(share)
        offset = self._line[:count] @ np.stack([self._offset, step / np.float32(count)])
        self._offset = np.asarray(self._offset + step, np.float32)
        return np.asarray(block - offset, np.float32)


def _line(count: int) -> Samples:
    """(count, 2): ones, and 1, 2, 3...: a product with it is a straight line, far quicker than broadcasting."""
    return np.stack([np.ones(count, np.float32), np.arange(1, count + 1, dtype=np.float32)], 1)


def channels_of(block: Samples, wanted: int, pair: tuple[int, int] | None) -> Samples:
    """(N, wanted) of (N, C): from channel ``pair[0]`` on, counted from 1, or the first ones.

    A stream that has fewer, because the card came back another, is heard on both sides.
    """
    first = min(pair[0] - 1 if pair else 0, block.shape[1] - 1)
    chosen = block[:, first:first + wanted]
    return chosen if chosen.shape[1] == wanted else np.repeat(chosen[:, :1], wanted, 1)


class Resampler:
    """A stream at another rate, block by block: (N, channels) at ``rate`` in, at ``wanted`` out."""

    def __init__(self, rate: int, wanted: int, channels: int) -> None:
        import av

        self._layout = "stereo" if channels == 2 else "mono"
        self._rate = rate
        self._resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=wanted)

    def hear(self, block: Samples) -> Samples:
        """What is ready; a few samples wait for the next block."""
        import av

        planes = np.ascontiguousarray(clean(block).T)
        frame: Any = av.AudioFrame.from_ndarray(planes, format="fltp", layout=self._layout)
        frame.sample_rate = self._rate
        out = [np.asarray(done.to_ndarray().T, np.float32) for done in self._resampler.resample(frame)]
        return np.concatenate([np.zeros((0, block.shape[1]), np.float32), *out])
