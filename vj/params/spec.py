"""Declaring a parameter: one call beside the code that reads it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from vj.types import ControlEvent, Curve, ParamSpec, Value, VjError

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?")


def number(name: str, default: float, lo: float = 0.0, hi: float = 1.0, *, curve: Curve = "linear", unit: str = "",
           smooth: float = 0.05, help: str = "") -> ParamSpec:
    """A real number that glides with time constant ``smooth`` seconds. ``log`` needs ``lo > 0``."""
    return ParamSpec(name, "number", float(default), float(lo), float(hi), curve, unit=unit, smooth=smooth, help=help)


def integer(name: str, default: int, lo: int, hi: int, *, unit: str = "", live: bool = True,
            help: str = "") -> ParamSpec:
    """A whole number; it steps and never glides."""
    return ParamSpec(name, "integer", int(default), float(lo), float(hi), unit=unit, live=live, help=help)


def switch(name: str, default: bool = False, *, help: str = "", guarded: bool = False) -> ParamSpec:
    """On or off."""
    return ParamSpec(name, "switch", bool(default), help=help, guarded=guarded)


def choice(name: str, default: str, choices: Sequence[str], *, live: bool = True, help: str = "",
           each: bool = False) -> ParamSpec:
    """One of several names."""
    return ParamSpec(name, "choice", default, choices=tuple(choices), hi=max(len(choices) - 1, 0), live=live, help=help,
                     each=each)


def text(name: str, default: str = "", *, help: str = "", guarded: bool = False, each: bool = False) -> ParamSpec:
    """Free text: a prompt, a caption. At most 2000 characters."""
    return ParamSpec(name, "text", default, help=help, guarded=guarded, each=each)


def colour(name: str, default: str, *, help: str = "") -> ParamSpec:
    """A colour as ``#rrggbb`` or ``#rrggbbaa``."""
    return ParamSpec(name, "colour", default, help=help)


def trigger(name: str, *, help: str = "", guarded: bool = False) -> ParamSpec:
    """A moment: non-zero for one tick."""
    return ParamSpec(name, "trigger", False, help=help, guarded=guarded)


def to_unit(spec: ParamSpec, value: float) -> float:
    """Where ``value`` stands in knob space 0..1."""
    span = spec.hi - spec.lo
    if span <= 0:
        return 0.0
    if spec.curve == "log":
        return math.log(max(value, spec.lo) / spec.lo) / math.log(spec.hi / spec.lo)
    share = min(max((value - spec.lo) / span, 0.0), 1.0)
    return math.sqrt(share) if spec.curve == "square" else share


def from_unit(spec: ParamSpec, unit: float) -> float:
    """The value at knob position ``unit``, clipped to 0..1."""
    unit = min(max(unit, 0.0), 1.0)
    if spec.curve == "log":
        return min(spec.lo * math.exp(unit * math.log(spec.hi / spec.lo)), spec.hi)  # rounding must not leave the range
    return spec.lo + (spec.hi - spec.lo) * (unit * unit if spec.curve == "square" else unit)


def moved(spec: ParamSpec, base: Value, event: ControlEvent) -> Value:
    """Where a relative wish takes a parameter that stands at ``base``, as far as it goes. Texts and colours cannot be
    moved: there the wish itself comes back, to be refused.
    """
    step = event.value
    if isinstance(step, str) or not math.isfinite(step):
        return step
    match spec.kind:
        case "switch" | "trigger":
            return not base if step and spec.kind == "switch" else bool(step or base)
        case "choice":
            place = spec.choices.index(str(base)) + round(step * (len(spec.choices) - 1) if event.unit else step)
            return spec.choices[min(max(place, 0), len(spec.choices) - 1)]
        case "number" | "integer" if not isinstance(base, str):
            if event.unit and spec.kind == "number":
                return from_unit(spec, to_unit(spec, base) + step)
            goal = base + step * ((spec.hi - spec.lo) if event.unit else 1.0)
            return min(max(goal, spec.lo), spec.hi)
    return step


def checked(spec: ParamSpec, value: Value, path: str) -> Value:
    """``value`` as the parameter's own kind. Raises VjError naming the path, and what was expected."""
    match spec.kind:
        case "number" | "integer":
            return _number(spec, value, path)
        case "switch" | "trigger":
            if isinstance(value, bool | int | float):
                return bool(value)
        case "choice":
            return _choice(spec, value, path)
        case "text":
            if isinstance(value, str) and len(value) <= 2000:
                return value
        case "colour":
            if isinstance(value, str) and _COLOUR.fullmatch(value):
                return value
    raise VjError(f"{path}: expected {describe(spec)}, got {value!r}")


def _number(spec: ParamSpec, value: Value, path: str) -> Value:
    if isinstance(value, bool | str) or not math.isfinite(value) or not spec.lo <= value <= spec.hi:
        raise VjError(f"{path}: expected {describe(spec)}, got {value!r}")
    return round(value) if spec.kind == "integer" else float(value)


def _choice(spec: ParamSpec, value: Value, path: str) -> Value:
    if isinstance(value, str) and value in spec.choices:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < len(spec.choices):
        return spec.choices[int(value)]
    raise VjError(f"{path}: expected {describe(spec)}, got {value!r}")


def describe(spec: ParamSpec) -> str:
    """What the parameter takes, in words."""
    match spec.kind:
        case "number" | "integer":
            article = "a number" if spec.kind == "number" else "a whole number"
            return f"{article} from {spec.lo:g} to {spec.hi:g}{' ' + spec.unit if spec.unit else ''}"
        case "switch":
            return "true or false"
        case "choice":
            return f"one of {', '.join(spec.choices)}"
        case "text":
            return "a text of at most 2000 characters"
        case "colour":
            return "a colour like #ff8800"
        case "trigger":
            return "a trigger (1)"
