"""Wandering without a goal: smooth, endless, never twice the same way."""

from __future__ import annotations

import math

from vj.modulation.sources._base import Knobs, ease, lot
from vj.params.spec import integer, number
from vj.types import Features, Tick, Values

_FULL = 0.7
"""The sum of octaves seldom passes this: stretched so that the range is used, and bent softly at its ends."""


class Noise:
    """Gradient noise in one dimension (Perlin 2002) over an integrated path; the music can hurry it."""

    NAME = "noise"
    HELP = "Wanders smoothly between -1 and 1; loud music can hurry it."
    PARAMS = (
        number("rate", 0.2, 0.001, 10.0, curve="log", unit="Hz", help="Swings a second."),
        number("hurry", 0.0, 0.0, 8.0, curve="square", help="How much faster at full loudness: 1 is twice as fast."),
        number("detail", 0.3, 0.0, 1.0, help="Small fast movement on top of the large one."),
        integer("seed", 0, 0, 9999, help="Another path."),
    )

    def __init__(self) -> None:
        self._knobs = Knobs(self.PARAMS)
        self._way = 0.0

    def value(self, tick: Tick, features: Features, params: Values) -> float:
        """-1..1."""
        read = self._knobs
        hurry = 1.0 + read.number(params, "hurry") * features.rms
        self._way += tick.dt * 2.0 * read.number(params, "rate") * hurry
        seed, detail = int(read.number(params, "seed")), read.number(params, "detail")
        mixed = slope_noise(seed, self._way) + 0.5 * detail * slope_noise(seed + 10_000, 2.7 * self._way)
        return math.tanh(mixed / _FULL)


def slope_noise(seed: int, at: float) -> float:
    """0 at each whole number, with a slope drawn for it; -1..1, two extremes for three whole numbers or so."""
    index = math.floor(at)
    share = at - index
    left, right = 2.0 * lot(seed, index) * share, 2.0 * lot(seed, index + 1) * (share - 1.0)
    return left + (right - left) * ease(share)


Source = Noise
