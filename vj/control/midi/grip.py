"""A control's hold on a parameter: what a move of the one asks of the other."""

from __future__ import annotations

import math

from vj.control.midi.binding import Binding
from vj.control.midi.controls import Move
from vj.control.midi.places import Place, Places
from vj.control.midi.relative import steps
from vj.control.midi.takeover import NEAR, Takeover
from vj.params.spec import to_unit
from vj.types import ControlEvent, ParamSpec, Value

CLICKS = 128
"""Clicks of an encoder from one end of a parameter to the other."""
SLOWEST = 4
"""Clicks that one step of a whole number or a choice takes at most."""
FAST, FASTEST = 0.06, 4.0
"""Seconds between clicks below which an accelerated encoder goes further, and how many times further at most."""


def stands(spec: ParamSpec, value: Value) -> float:
    """Where ``value`` stands in knob space 0..1; the middle of its share for a choice."""
    if spec.kind == "choice":
        place = spec.choices.index(value) if value in spec.choices else 0
        return (place + 0.5) / max(len(spec.choices), 1)
    return 0.0 if isinstance(value, str) else to_unit(spec, float(value))


class Grip:
    """One binding at work. ``place`` is what it reaches now: None where the look on stage has no such thing."""

    def __init__(self, binding: Binding) -> None:
        self.binding = binding
        self.place: Place | None = None
        self.down = False
        self._takeover = Takeover(binding.takeover)
        self._rest = 0.0  # of a step that has not been whole yet
        self._side: bool | None = None  # of the middle, for what is only on or off
        self._asked: Value | None = None
        self._clicked = -math.inf

    @property
    def path(self) -> str:
        """What it reaches, empty where that is nothing."""
        return self.place.path if self.place else ""

    def reach(self, places: Places) -> None:
        """Find the place anew. Another parameter than before must be taken over."""
        before, self.place = self.place, places.find(self.binding.target) if self.binding.target else None
        if self.place is None or before is None or self.place.path != before.path:
            self.arm()
        if self.place is not None:
            self._takeover.near = _near(self.place.spec)

    def arm(self) -> None:
        """Its parameter was moved by another hand, or the control may have been moved unheard."""
        self._takeover.arm()
        self._rest, self._side, self._asked = 0.0, None, None

    def move(self, move: Move, base: Value, time: float, source: str) -> ControlEvent | None:
        """What ``move`` asks for; ``base`` is where the parameter stands."""
        place, binding = self.place, self.binding
        if place is None:
            return None
        if binding.button:
            self.down = move.value > 0 if binding.control.kind == "note" else 2 * move.value > move.top
            return self._pressed(place, base, source)
        if binding.coding:
            return self._clicks(place, steps(binding.coding, move.value), base, time, source)
        return self._turned(place, move.position, base, time, source)

    def _event(self, place: Place, value: Value, source: str, *, unit: bool = False,
               relative: bool = False) -> ControlEvent:
        return ControlEvent(place.path, value, source, unit, self.binding.when, relative)

    # ------------------------------------------------------------------------------------- buttons

    def _pressed(self, place: Place, base: Value, source: str) -> ControlEvent | None:
        binding, spec = self.binding, place.spec
        value = binding.set if binding.set is not None else place.value
        step = binding.step if binding.step is not None else place.step
        if binding.press == "momentary" and value is None and step is None and spec.kind != "trigger":
            return self._momentary(place, source)
        if not self.down:
            return None
        return self._event(place, value, source) if value is not None else self._press(place, step, base, source)

    def _press(self, place: Place, step: float | None, base: Value, source: str) -> ControlEvent:
        """One press: on to the next, over to the other side, or now."""
        binding, spec = self.binding, place.spec
        if spec.kind == "choice":
            goal = spec.choices[(_index(spec, base) + round(step or 1.0)) % len(spec.choices)]
            return self._event(place, goal, source)
        if step is not None and spec.kind != "trigger":
            return self._event(place, step, source, relative=True)
        if spec.kind in ("number", "integer"):
            at = stands(spec, base)
            nearer_high = abs(at - binding.high) <= abs(at - binding.low)
            return self._event(place, binding.low if nearer_high else binding.high, source, unit=True)
        return self._event(place, True, source, relative=spec.kind == "switch")

    def _momentary(self, place: Place, source: str) -> ControlEvent:
        binding = self.binding
        if place.spec.kind == "switch":
            return self._event(place, self.down == (binding.low < binding.high), source)
        return self._event(place, binding.high if self.down else binding.low, source, unit=True)

    # ------------------------------------------------------------------------------------ encoders

    def _clicks(self, place: Place, heard: int, base: Value, time: float, source: str) -> ControlEvent | None:
        binding, spec = self.binding, place.spec
        clicks = heard * binding.speed * self._haste(time)
        clicks = clicks if binding.low < binding.high else -clicks
        if clicks == 0:
            return None
        match spec.kind:
            case "number":
                at = stands(spec, base)
                low, high = sorted((binding.low, binding.high))
                way = clicks / CLICKS * (high - low)
                if (low, high) != (0.0, 1.0):
                    way = min(max(at + way, low), high) - at
                return self._event(place, way, source, unit=True, relative=True) if way else None
            case "integer" | "choice":
                return self._whole(place, clicks, source)
            case "trigger":
                return self._event(place, True, source) if clicks > 0 else None
        return self._event(place, clicks > 0, source) if (clicks > 0) != bool(base) else None

    def _haste(self, time: float) -> float:
        gap, self._clicked = time - self._clicked, time
        if not self.binding.accelerate or gap >= FAST:
            return 1.0
        return min(FAST / max(gap, 1e-3), FASTEST)

    def _whole(self, place: Place, clicks: float, source: str) -> ControlEvent | None:
        """Whole steps; what is left of one is kept for the next click."""
        spec = place.spec
        span = len(spec.choices) - 1 if spec.kind == "choice" else spec.hi - spec.lo
        if self._rest * clicks < 0:
            self._rest = 0.0  # turned back: at once
        self._rest += clicks * max(span / CLICKS, 1.0 / SLOWEST)
        whole = math.trunc(self._rest)
        self._rest -= whole
        return self._event(place, whole, source, relative=True) if whole else None

    # ------------------------------------------------------------------------------ faders and knobs

    def _turned(self, place: Place, position: float, base: Value, time: float, source: str) -> ControlEvent | None:
        binding, spec = self.binding, place.spec
        goal = binding.low + (binding.high - binding.low) * position
        if spec.kind in ("switch", "trigger"):
            return self._crossed(place, goal >= 0.5, source)
        low, high = sorted((binding.low, binding.high))
        taken = self._takeover.take(goal, min(max(stands(spec, base), low), high), time)
        if taken is None:
            return None
        if spec.kind == "number":
            return self._event(place, taken, source, unit=True)
        value = _whole_value(spec, taken)
        if value in (base, self._asked):
            return None
        self._asked = value
        return self._event(place, value, source)

    def _crossed(self, place: Place, side: bool, source: str) -> ControlEvent | None:
        """Over the middle; which side it was on before must be known."""
        before, self._side = self._side, side
        if before in (None, side) or (place.spec.kind == "trigger" and not side):
            return None
        return self._event(place, side, source)

    # ---------------------------------------------------------------------------------------- light

    def shows(self, base: Value) -> float:
        """What the control would show, 0..1: where a fader stands for ``base``, or how much a button is on."""
        binding, place = self.binding, self.place
        if place is None:
            return 0.0
        if not binding.button:
            at = stands(place.spec, base)
            return min(max((at - binding.low) / (binding.high - binding.low), 0.0), 1.0)
        value = binding.set if binding.set is not None else place.value
        if value is not None:
            return float(_same(place.spec, base, value))
        if place.spec.kind == "trigger" or binding.step is not None or place.step is not None:
            return float(self.down)
        if place.spec.kind == "switch":
            return float(bool(base))
        at = stands(place.spec, base)
        return float(abs(at - binding.high) < abs(at - binding.low))


def _index(spec: ParamSpec, value: Value) -> int:
    return spec.choices.index(value) if value in spec.choices else 0


def _near(spec: ParamSpec) -> float:
    """Half a step of what has few of them: a knob that would ask for the same value is near it."""
    many = len(spec.choices) if spec.kind == "choice" else spec.hi - spec.lo if spec.kind == "integer" else math.inf
    return max(NEAR, 0.5 / max(many, 1))


def _whole_value(spec: ParamSpec, unit: float) -> Value:
    if spec.kind == "choice":
        return spec.choices[min(int(unit * len(spec.choices)), len(spec.choices) - 1)]
    return round(spec.lo + (spec.hi - spec.lo) * unit)


def _same(spec: ParamSpec, base: Value, value: Value) -> bool:
    if spec.kind == "choice" and isinstance(value, int | float):
        return _index(spec, base) == int(value)
    if isinstance(base, str) or isinstance(value, str):
        return base == value
    return math.isclose(float(base), float(value), abs_tol=1e-6)
