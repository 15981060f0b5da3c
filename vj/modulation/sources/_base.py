"""What the modulation sources share: reading their own parameters, waves, and numbers drawn by lot."""

from __future__ import annotations

import math

from vj.types import BANDS, ParamSpec, Values

BAND_NAMES = tuple(name for name, _, _ in BANDS)
SHAPES = ("sine", "triangle", "saw", "square")
_MASK = (1 << 64) - 1


class Knobs:
    """This tick's values by name; a parameter that was not given has its default."""

    def __init__(self, specs: tuple[ParamSpec, ...]) -> None:
        self._defaults = {spec.name: spec.default for spec in specs}

    def number(self, params: Values, name: str) -> float:
        return float(params.get(name, self._defaults[name]))

    def text(self, params: Values, name: str) -> str:
        return str(params.get(name, self._defaults[name]))

    def flag(self, params: Values, name: str) -> bool:
        return bool(params.get(name, self._defaults[name]))


def wave(shape: str, phase: float) -> float:
    """-1..1 at ``phase`` 0..1: sine and triangle start in the middle and rise, saw rises, square starts high."""
    match shape:
        case "sine":
            return math.sin(2.0 * math.pi * phase)
        case "triangle":
            return 1.0 - abs((4.0 * phase + 1.0) % 4.0 - 2.0)
        case "saw":
            return 2.0 * phase - 1.0
        case _:
            return 1.0 if phase < 0.5 else -1.0


def lot(seed: int, index: int) -> float:
    """A number -1..1 drawn for this index, always the same one (splitmix64, public domain, Vigna 2015)."""
    z = (index * 0x9E3779B97F4A7C15 + seed * 0xD1B54A32D192ED03 + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return float((z ^ (z >> 31)) >> 11) / float(1 << 52) - 1.0


def ease(share: float) -> float:
    """0..1 -> 0..1 with rest at both ends (quintic: no jerk to be seen)."""
    return share * share * share * (share * (6.0 * share - 15.0) + 10.0)


def one_sided(value: float) -> float:
    """-1..1 -> 0..1."""
    return 0.5 + 0.5 * value
