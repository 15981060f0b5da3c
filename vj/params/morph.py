"""From one picture to another, parameter by parameter: each kind of value goes its own way.

Numbers glide in knob space, so that half way is where the hand would put it; whole numbers step; colours go through
OKLab (Ottosson 2020), where half way between two is neither dark nor grey; what goes round (a hue, an angle) takes
the shorter way. Switches, choices and texts have no half way: they change with the picture, in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from vj.params.spec import from_unit, to_unit
from vj.types import ParamSpec, Value

MIDDLE = 0.5
"""Where the generator, the chain, the sources and all that cannot glide change."""
ROUNDS = {"turns": 1.0, "turn": 1.0, "deg": 360.0, "°": 360.0, "rad": 2.0 * math.pi}
"""Units in which a whole round is this much."""


@dataclass(frozen=True, slots=True)
class Move:
    """One parameter on its way: at ``start`` until the morph's position is at ``begin``, at ``end`` from ``finish``."""

    path: str
    spec: ParamSpec
    start: Value
    end: Value
    begin: float = 0.0
    finish: float = 1.0

    def at(self, position: float) -> Value:
        """The value at a position 0..1."""
        share = min(max((position - self.begin) / (self.finish - self.begin), 0.0), 1.0)
        return between(self.spec, self.start, self.end, share)


def glides(spec: ParamSpec) -> bool:
    """Is there something between two values?"""
    return spec.kind in ("number", "integer", "colour")


def between(spec: ParamSpec, start: Value, end: Value, share: float) -> Value:
    """The value at ``share`` 0..1 of the way; both ends are exact."""
    if share <= 0.0 or start == end:
        return start
    if share >= 1.0:
        return end
    if spec.kind == "colour":
        return mixed(str(start), str(end), share)
    if isinstance(start, str) or isinstance(end, str) or not glides(spec):
        return start if share < MIDDLE else end
    return _number_between(spec, start, end, share)


def _number_between(spec: ParamSpec, start: float, end: float, share: float) -> Value:
    if spec.kind == "integer":
        return round(start + (end - start) * share)
    if goes_round(spec):
        return _round(spec, start, end, share)
    here, there = to_unit(spec, start), to_unit(spec, end)
    return from_unit(spec, here + (there - here) * share)


def goes_round(spec: ParamSpec) -> bool:
    """Are both ends of the range the same place?"""
    full = ROUNDS.get(spec.unit)
    return full is not None and spec.curve == "linear" and abs(spec.hi - spec.lo - full) < 1e-3 * full


def _round(spec: ParamSpec, start: float, end: float, share: float) -> float:
    """The shorter way round. Exactly opposite goes the plain way."""
    span = spec.hi - spec.lo
    way = end - start
    if abs(way) > span / 2.0:
        way -= math.copysign(span, way)
    return spec.lo + (start + way * share - spec.lo) % span


# ----------------------------------------------------------------------------------------- colours

_TO_LMS = ((0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
           (0.0883024619, 0.2817188376, 0.6299787005))
_TO_LAB = ((0.2104542553, 0.7936177850, -0.0040720468), (1.9779984951, -2.4285922050, 0.4505937099),
           (0.0259040371, 0.7827717662, -0.8086757660))
_FROM_LAB = ((1.0, 0.3963377774, 0.2158037573), (1.0, -0.1055613458, -0.0638541728),
             (1.0, -0.0894841775, -1.2914855480))
_FROM_LMS = ((4.0767416621, -3.3077115913, 0.2309699292), (-1.2684380046, 2.6097574011, -0.3413193965),
             (-0.0041960863, -0.7034186147, 1.7076147010))
_Three = tuple[float, float, float]


def mixed(start: str, end: str, share: float) -> str:
    """``#rrggbb`` or ``#rrggbbaa`` at ``share`` of the way through OKLab; opacity goes straight."""
    here, there = _lab(start), _lab(end)
    lab = tuple(a + (b - a) * share for a, b in zip(here, there, strict=True))
    light = _times(_FROM_LMS, _each(_times(_FROM_LAB, (lab[0], lab[1], lab[2])), lambda x: x * x * x))
    text = "#" + "".join(f"{round(255 * _display(x)):02x}" for x in light)
    if len(start) == len(end) == 7:
        return text
    a, b = _opacity(start), _opacity(end)
    return text + f"{round(a + (b - a) * share):02x}"


def _lab(text: str) -> _Three:
    red, green, blue = (_light(int(text[place:place + 2], 16) / 255) for place in (1, 3, 5))
    return _times(_TO_LAB, _each(_times(_TO_LMS, (red, green, blue)), math.cbrt))


def _opacity(text: str) -> int:
    return int(text[7:9], 16) if len(text) == 9 else 255


def _light(value: float) -> float:
    """sRGB to linear light (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _display(light: float) -> float:
    """Linear light to sRGB, 0..1."""
    light = min(max(light, 0.0), 1.0)
    return 12.92 * light if light <= 0.0031308 else float(1.055 * light ** (1 / 2.4) - 0.055)


def _times(matrix: tuple[_Three, _Three, _Three], v: _Three) -> _Three:
    first, second, third = (row[0] * v[0] + row[1] * v[1] + row[2] * v[2] for row in matrix)
    return first, second, third


def _each(v: _Three, function: Callable[[float], float]) -> _Three:
    return function(v[0]), function(v[1]), function(v[2])


# --------------------------------------------------------------------------------------- the moves


@dataclass(frozen=True, slots=True)
class Side:
    """A picture at one end: what it declares and where everything stands, by path."""

    specs: Mapping[str, ParamSpec]
    values: Mapping[str, Value]

    def way_in(self, path: str) -> bool:
        """Is this the parameter by which an effect comes and goes: its mix, or an amount where it has none?"""
        mount, _, name = path.rpartition("/")
        amount = name == "amount" and self.specs[path].lo == 0.0 and f"{mount}/mix" not in self.specs
        return mount.startswith(("/fx/", "/b/fx/")) and self.specs[path].kind == "number" and (name == "mix" or amount)


def moves(here: Side, there: Side) -> tuple[list[Move], list[Move]]:
    """What moves before the middle, in ``here``'s picture, and after it, in ``there``'s.

    What both have glides all the way. An effect that only one has goes before the middle, or comes after it.
    """
    both = list(_shared(here, there))
    return ([*both, *_alone(here, there, leaving=True)], [*both, *_alone(there, here, leaving=False)])


def _shared(here: Side, there: Side) -> Iterator[Move]:
    for path, value in there.values.items():
        spec, before = there.specs.get(path), here.specs.get(path)
        if spec is None or before is None or not glides(spec) or here.values[path] == value:
            continue
        if (spec.kind, spec.lo, spec.hi, spec.curve) == (before.kind, before.lo, before.hi, before.curve):
            yield Move(path, spec, here.values[path], value)


def _alone(side: Side, other: Side, *, leaving: bool) -> Iterator[Move]:
    for path, spec in side.specs.items():
        if path in other.specs or not side.way_in(path):
            continue
        if leaving:
            yield Move(path, spec, side.values[path], 0.0, 0.0, MIDDLE)
        else:
            yield Move(path, spec, 0.0, side.values[path], MIDDLE, 1.0)
