"""Loudness as the standard has it: K-weighted (ITU-R BS.1770), momentary (EBU R128, 400 ms)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vj.audio.spectrum import Floats, squares

REST = -70.0
"""LUFS of silence: the standard's absolute gate."""
WINDOW = 0.4
"""Seconds of the momentary loudness."""
OFFSET = -0.691
"""dB that make a 997 Hz sine of full scale in one channel -3.01 LUFS."""
SHELF = (1681.974450955533, 0.7071752369554196, 3.999843853973347)
"""The head's high shelf: Hz, quality, dB. With them the bilinear transform gives the standard's numbers at 48 kHz."""
LOW_CUT = (38.13547087602444, 0.5003270373238773)
"""The high-pass: Hz, quality."""
SHAPE = 0.4996667741545416
"""Which power of the shelf's gain its middle has."""

Section = tuple[float, float, float, float, float]


def k_weighting(rate: float) -> tuple[Section, Section]:
    """The two second-order sections (b0, b1, b2, a1, a2) at ``rate`` Hz: BS.1770-5, annex 1, for any rate."""
    frequency, quality, gain = SHELF
    k, high = math.tan(math.pi * frequency / rate), 10.0 ** (gain / 20.0)
    middle, norm = high ** SHAPE, 1.0 + k / quality + k * k
    shelf = ((high + middle * k / quality + k * k) / norm, 2.0 * (k * k - high) / norm,
             (high - middle * k / quality + k * k) / norm, 2.0 * (k * k - 1.0) / norm,
             (1.0 - k / quality + k * k) / norm)
    frequency, quality = LOW_CUT
    k = math.tan(math.pi * frequency / rate)
    norm = 1.0 + k / quality + k * k
    return shelf, (1.0, -2.0, 1.0, 2.0 * (k * k - 1.0) / norm, (1.0 - k / quality + k * k) / norm)


class Loudness:
    """Follows two channels hop by hop: ``weigh`` does the work, ``take`` lets it be heard."""

    def __init__(self, rate: int, hop: int) -> None:
        self._chains = [[_filter(section) for section in k_weighting(rate)] for _ in range(2)]
        self._weighted = np.empty((2, hop), np.float32)
        self._heard = np.zeros(max(round(WINDOW * rate / hop), 1))
        self._place = 0

    def weigh(self, channels: Floats) -> float:
        """The mean square of a hop's sides together, (2, hop), K-weighted."""
        for chain, side, out in zip(self._chains, channels, self._weighted, strict=True):
            out[:] = _through(chain, side)
        return float(squares(self._weighted).sum()) / len(channels[0])

    def take(self, power: float) -> None:
        """What a hop weighed."""
        self._heard[self._place] = power
        self._place = (self._place + 1) % len(self._heard)

    @property
    def momentary(self) -> float:
        """LUFS of the last 400 ms, both channels together; ``REST`` when there is less."""
        power = float(self._heard.mean())
        return max(OFFSET + 10.0 * math.log10(power), REST) if power > 1e-9 else REST


def _filter(section: Section) -> Any:
    import aubio

    made = aubio.digital_filter(3)
    made.set_biquad(*section)
    return made


def _through(chain: list[Any], hop: Floats) -> Floats:
    """One hop through the sections, which take blocks of one length only; the answer is overwritten by the next."""
    for made in chain:
        hop = made(hop)
    return hop
