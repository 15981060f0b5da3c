"""From a card's raw blocks to the ring: the chosen channels, measured, cleaned once, at the ring's rate."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.audio.decode import clean
from vj.audio.ring import RingSource

if TYPE_CHECKING:
    from vj.types import Samples

CLIP = 0.999
"""Full scale, as far as whole numbers reach."""
TOO_SMALL = np.float32(1e-20)
"""Smaller samples are nothing, and cost a processor more than real ones."""
DC_TAU = 0.5
"""Seconds in which an offset is followed, and taken out."""


class Intake:
    """Takes blocks of one opened stream into ``ring``.

    ``pair``: first and last channel, from 1; None for the first ones. A stream that has fewer than the ring, because
    the card came back another, is heard on both sides.
    """

    def __init__(self, ring: RingSource, rate: int, pair: tuple[int, int] | None = None) -> None:
        self._ring = ring
        self._first = pair[0] - 1 if pair else 0
        self._rate = rate
        self._resampler: Resampler | None = None
        self._offset: Samples | None = None
        self.peaks: deque[tuple[float, bool]] = deque(maxlen=2000)
        self.use(rate)

    def use(self, rate: int) -> None:
        """The stream brings ``rate`` samples a second: that is what it said, or what it was found to do."""
        self._rate = rate
        same = rate == self._ring.rate
        self._resampler = None if same else Resampler(rate, self._ring.rate, self._ring.channels)

    def take(self, raw: Samples) -> None:
        """Append a block (N, channels of the stream) to the ring."""
        block = clean(self._chosen(raw))
        peak = float(np.abs(block).max(initial=0.0))
        self.peaks.append((peak, peak >= CLIP))
        block = self._level(np.where(np.abs(block) < TOO_SMALL, np.float32(0), block))
        self._ring.append(block if self._resampler is None else self._resampler.hear(block))

    def _chosen(self, raw: Samples) -> Samples:
        """(N, ring's channels)."""
        wanted = self._ring.channels
        first = min(self._first, max(raw.shape[1] - 1, 0))
        block = raw[:, first:first + wanted]
        return block if block.shape[1] == wanted else np.repeat(block[:, :1], wanted, 1)

    def _level(self, block: Samples) -> Samples:
        """The block without the offset that cheap cards add: their mean, followed slowly, across blocks in a ramp."""
        if not len(block):
            return block
        mean = block.mean(axis=0)
        before = mean if self._offset is None else self._offset
        after = before + (1.0 - math.exp(-len(block) / (self._rate * DC_TAU))) * (mean - before)
        self._offset = after
        ramp = np.linspace(0.0, 1.0, len(block), dtype=np.float32)[:, None]
        return np.asarray(block - (before + (after - before) * ramp), np.float32)


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

        frame: Any = av.AudioFrame.from_ndarray(np.ascontiguousarray(block.T), format="fltp", layout=self._layout)
        frame.sample_rate = self._rate
        out = [np.asarray(done.to_ndarray().T, np.float32) for done in self._resampler.resample(frame)]
        return np.concatenate([np.zeros((0, block.shape[1]), np.float32), *out])
