"""What a message wishes of a parameter: any type that can be meant is taken, numbers are clipped, nonsense refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vj.control.osc.packet import Argument
from vj.params.spec import checked, describe, to_unit
from vj.types import ControlEvent, ParamSpec, Value, VjError, When

ADD, LESS, TIMES, SET, ASK = "+", "-", "*", "a", "?"
"""The first value of a message that changes, sets or asks, as Resolume's users write it."""


class RefusedError(Exception):
    """A message that is no wish for anything; the sentence is for a log."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where an address leads: ``path`` with ``spec``; in knob space with ``unit``; ``when`` it lands."""

    path: str
    spec: ParamSpec
    unit: bool = False
    when: When = "now"

    def event(self, values: Sequence[Argument], base: Value, source: str) -> ControlEvent | None:
        """What a message with ``values`` wishes of a parameter that stands at ``base``; None for a button let go.

        Raises RefusedError.
        """
        spec = self.spec
        if not values and spec.kind == "trigger":
            return ControlEvent(self.path, True, source, when=self.when)
        word, values = (values[0], values[1:]) if len(values) > 1 and isinstance(values[0], str) else (SET, values)
        if spec.kind == "trigger" and word in (ADD, LESS):
            word = SET
        if word in (ADD, LESS, TIMES):
            return self._moved(str(word), self._number(values), base, source)
        if word != SET:
            raise RefusedError(f"{self.path}: {word!r} is none of + - * a ?")
        if spec.kind == "trigger":
            return ControlEvent(self.path, True, source, when=self.when) if self._number(values) else None
        return ControlEvent(self.path, self._value(values), source, unit=self._in_unit, when=self.when)

    @property
    def _in_unit(self) -> bool:
        return self.unit and self.spec.kind in ("number", "integer", "choice")

    def _moved(self, word: str, step: float, base: Value, source: str) -> ControlEvent:
        if self.spec.kind in ("text", "colour"):
            raise RefusedError(f"{self.path}: {describe(self.spec)} cannot be moved")
        if word != TIMES:
            return ControlEvent(self.path, step if word == ADD else -step, source, self.unit, self.when, relative=True)
        if self.spec.kind not in ("number", "integer") or isinstance(base, str):
            raise RefusedError(f"{self.path}: only a number can be multiplied")
        return ControlEvent(self.path, self._multiplied(step, base), source, self.unit, self.when)

    def _multiplied(self, factor: float, base: float) -> float:
        lo, hi = (0.0, 1.0) if self.unit else (self.spec.lo, self.spec.hi)
        return min(max((to_unit(self.spec, base) if self.unit else base) * factor, lo), hi)

    def _value(self, values: Sequence[Argument]) -> Value:
        match self.spec.kind:
            case "number" | "integer":
                lo, hi = (0.0, 1.0) if self.unit else (self.spec.lo, self.spec.hi)
                return min(max(self._number(values), lo), hi)
            case "switch":
                number = self._number(values)
                return number != 0 if number == int(number) else number >= 0.5
            case "choice":
                return self._chosen(values)
            case "colour" if len(values) in (3, 4):
                return _mixed([_number(value, self.path) for value in values])
        try:
            return checked(self.spec, self._single(values), self.path)
        except VjError as error:
            raise RefusedError(str(error)) from error

    def _chosen(self, values: Sequence[Argument]) -> Value:
        value = self._single(values)
        if isinstance(value, str):
            named = value if value in self.spec.choices else _named(self.spec, value)
            if named is None:
                raise RefusedError(f"{self.path}: expected {describe(self.spec)}")
            return named
        number = self._number(values)
        return min(max(number, 0.0), 1.0) if self.unit else self.spec.choices[
            round(min(max(number, 0), len(self.spec.choices) - 1))]

    def _number(self, values: Sequence[Argument]) -> float:
        return single_number(values, self.path)

    def _single(self, values: Sequence[Argument]) -> Value:
        if len(values) != 1 or values[0] is None:
            raise RefusedError(f"{self.path}: expected one value, {describe(self.spec)}")
        return values[0]


def place(spec: ParamSpec, value: Value) -> float:
    """Where ``value`` stands in knob space 0..1; RefusedError for what has no place there."""
    if spec.kind == "choice" and value in spec.choices:
        return spec.choices.index(str(value)) / max(len(spec.choices) - 1, 1)
    if isinstance(value, str):
        raise RefusedError(f"{describe(spec)} has no place between 0 and 1")
    return to_unit(spec, value) if spec.kind in ("number", "integer") else float(bool(value))


def single_number(values: Sequence[Argument], path: str) -> float:
    """The only one of ``values``, which is a number. Raises RefusedError."""
    if len(values) != 1:
        raise RefusedError(f"{path}: expected a number")
    return _number(values[0], path)


def _number(value: Argument, path: str) -> float:
    if value is None or isinstance(value, str) or not math.isfinite(value):
        raise RefusedError(f"{path}: expected a number")
    return float(value)


def _named(spec: ParamSpec, value: str) -> str | None:
    """The choice of that name in any case; a surface often writes everything in capitals."""
    folded = value.casefold()
    return next((choice for choice in spec.choices if choice.casefold() == folded), None)


def _mixed(parts: Sequence[float]) -> str:
    """Red, green, blue (and alpha), 0..1 each, as a colour's text."""
    return "#" + "".join(f"{round(255 * min(max(part, 0.0), 1.0)):02x}" for part in parts)
