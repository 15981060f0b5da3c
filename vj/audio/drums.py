"""Hearing drums: the 150 Hz low-pass, onsets, and the tempo tracker that listens to the kick alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vj.types import Samples

CUTOFF = 150.0
"""Hz. Above it off-beat hats pull a tempo tracker half a beat off; below it the kick stands alone."""
KICK_DELAY = 0.028
"""Seconds from a kick's first sample to its announcement, the median of those measured (23 .. 33 ms)."""
ON_BEAT = 0.05
"""Seconds between a kick and a beat that are one."""
LATE = 0.006
"""Seconds that the tracker's beats lie behind the kicks' first samples (2 .. 13 ms, by the kick's softness)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A tracker's belief: a beat fell at ``time`` s, at ``bpm``."""

    time: float
    bpm: float


class Beats:
    """The tracker's beats, believed when a kick fell on them: without kicks it only guesses."""

    def __init__(self, rate: int, hop: int) -> None:
        self._low_pass = LowPass(rate)
        self._tracker = KickTracker(rate, hop)
        self._seconds = hop / rate
        self._hops = 0
        self._kick = -1.0
        self._waiting: Heard | None = None

    def hear(self, mono: Samples, kick: bool) -> Heard | None:
        """One hop, (hop,) float32, and whether a kick was announced with it; a beat to believe, if any."""
        self._hops += 1
        time = self._hops * self._seconds
        if kick:
            self._kick = time - KICK_DELAY
        waiting = self._waiting
        if waiting is not None and abs(self._kick - waiting.time) < ON_BEAT:
            self._waiting = None
        else:
            waiting = None
        self._waiting = self._tracker.hear(self._low_pass(mono)) or self._waiting
        return waiting


class LowPass:
    """Fourth-order Butterworth low-pass as two second-order sections (the bilinear transform's usual form)."""

    def __init__(self, rate: int, cutoff: float = CUTOFF) -> None:
        self._sections = [_section(rate, cutoff, q) for q in (0.541196, 1.306563)]

    def __call__(self, samples: Samples) -> Samples:
        """The samples below the cutoff; state is kept from block to block."""
        for section in self._sections:
            samples = section(samples)
        return samples


def _section(rate: int, cutoff: float, q: float) -> Any:
    import aubio

    w = 2.0 * math.pi * cutoff / rate
    alpha, cosine = math.sin(w) / (2.0 * q), math.cos(w)
    gain = (1.0 - cosine) / (2.0 * (1.0 + alpha))
    section = aubio.digital_filter(3)
    section.set_biquad(gain, 2.0 * gain, gain, -2.0 * cosine / (1.0 + alpha), (1.0 - alpha) / (1.0 + alpha))
    return section


class Onsets:
    """Whether this hop brought an onset, as aubio hears it."""

    def __init__(self, rate: int, hop: int, method: str) -> None:
        import aubio

        self._onset = aubio.onset(method, 2 * hop, hop, rate)
        self._onset.set_silence(-75.0)
        self._onset.set_minioi_ms(60.0)

    def hear(self, hop: Samples) -> bool:
        """One hop of samples, float32."""
        return bool(self._onset(hop)[0])


class KickTracker:
    """aubio's tempo on the low-passed sound, fed two hops at a time."""

    def __init__(self, rate: int, hop: int) -> None:
        import aubio
        import numpy as np

        self._tempo = aubio.tempo("default", 4 * hop, 2 * hop, rate)
        self._pair = np.zeros(2 * hop, np.float32)
        self._hop = hop
        self._second = False

    def hear(self, low: Samples) -> Heard | None:
        """One hop of low-passed sound; the beat that the tracker announces with it, if any."""
        start = self._hop if self._second else 0
        self._pair[start:start + self._hop] = low
        self._second = not self._second
        if self._second or not self._tempo(self._pair)[0]:
            return None
        bpm = float(self._tempo.get_bpm())
        return Heard(float(self._tempo.get_last_s()) - LATE, bpm) if 30.0 < bpm < 300.0 else None
