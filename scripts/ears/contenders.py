"""Who is judged on the same samples: vj's own tracker and aubio's, live in this process, hop by hop in stream order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import aubio
import numpy as np

from ears.metrics import Heard
from vj.audio.tracker.announce import Announced
from vj.audio.tracker.tracker import Tracker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

BLOCK = 512
"""Samples that everyone gets at once."""
EVERY = 0.1
"""Seconds between two looks at how sure a tracker is."""


class Ears(Protocol):
    """Hears samples in order; gives what it announces with them. ``confidence`` is how sure it is now."""

    confidence: float

    def hear(self, mono: Any) -> Sequence[Any]: ...


class AubioTempo:
    """aubio's own tracker, each beat at the time it says, said at the end of the hop that it is found with."""

    def __init__(self, rate: int, window: int) -> None:
        self._tempo = aubio.tempo("default", window, BLOCK, rate)
        self._rate = rate
        self._heard = 0
        self.confidence = 0.0

    def hear(self, mono: Sound) -> list[Announced]:
        """``BLOCK`` samples, or the last few of a piece."""
        self._heard += len(mono)
        if len(mono) < BLOCK or not self._tempo(mono)[0]:
            return []
        self.confidence = float(self._tempo.get_confidence())
        return [Announced(float(self._tempo.get_last_s()), self._heard / self._rate, float(self._tempo.get_bpm()),
                          False, self.confidence)]


CONTENDERS: dict[str, Callable[[int], Ears]] = {
    "vj": Tracker,
    "aubio 1024": partial(AubioTempo, window=1024),
    "aubio 2048": partial(AubioTempo, window=2048),
}
"""By name, opened for a sample rate. The first is ours, the second aubio as it comes."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What one tracker made of one piece, and the seconds of processor that it took."""

    heard: Heard
    cpu: float


def listen(ears: Ears, samples: Sound, rate: int) -> Hearing:
    """Play ``samples`` (N,) to the ears. Raises ValueError when a beat claims to have been said at another moment."""
    said: list[Any] = []
    felt: list[float] = []
    began = time.process_time()
    for start in range(0, len(samples), BLOCK):
        block = samples[start:start + BLOCK]
        for beat in ears.hear(block):
            _check(beat.emitted, start / rate, (start + len(block)) / rate)
            said.append(beat)
        if start / rate >= len(felt) * EVERY:
            felt.append(ears.confidence)
    return Hearing(Heard.of(said, felt), time.process_time() - began)


def _check(emitted: float, begin: float, end: float) -> None:
    """Nobody may say that a beat was announced before its block was heard."""
    if not begin - 1e-6 <= emitted <= end + 1e-6:
        raise ValueError(f"said at {emitted:.4f} s while {begin:.4f} to {end:.4f} s were heard")
