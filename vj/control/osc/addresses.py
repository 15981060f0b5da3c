"""From an address to what it turns: a look into tables, and never a pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vj.control.mirror import Mirror
from vj.control.osc.aliases import ALIASES, Alias
from vj.control.osc.encode import encode, number
from vj.control.osc.packet import Argument
from vj.control.osc.values import ADD, LESS, Wish, place, single_number
from vj.types import ControlEvent, ParamSpec, Value, When

UNIT = "/unit"
"""Before a path: the value is in knob space, 0..1."""
LATER: tuple[tuple[str, When], ...] = (("/next/beat", "beat"), ("/next/bar", "bar"))
"""Before a path, or before ``UNIT``: the value lands there."""
_BY_ADDRESS = {alias.address: alias for alias in ALIASES}


@dataclass(frozen=True, slots=True)
class Way:
    """What an address does: ``event`` as ``Wish.event`` has it, and the answer when it is asked for its value."""

    address: str
    wish: Wish
    alias: Alias | None = None

    @property
    def path(self) -> str:
        """The parameter that it leads to."""
        return self.wish.path

    @property
    def spec(self) -> ParamSpec:
        """That parameter's declaration."""
        return self.wish.spec

    @property
    def pulled(self) -> bool:
        """Does a message without a value do something here?"""
        return self.spec.kind == "trigger" or (self.alias is not None and self.alias.press is not None)

    def event(self, values: Sequence[Argument], base: Value, source: str) -> ControlEvent | None:
        """What a message wishes; None for a button let go. Raises RefusedError."""
        alias = self.alias
        if alias is not None and alias.press is not None:
            pressed = not values or single_number(values, self.address)
            return self._pressed(alias.press, source, alias.relative) if pressed else None
        return self.wish.event(_turned(values, self.address) if alias and alias.inverted else values, base, source)

    def answer(self, value: Value) -> bytes:
        """The message that tells ``value`` here. Raises RefusedError where there is nothing to tell."""
        if self.alias is not None and self.alias.press is not None:
            return number(self.address, float(value == self._landing(self.alias.press)))
        if not self.wish.unit:
            return encode(self.address, value, self.spec, plain=True)
        unit = place(self.spec, value)
        return number(self.address, 1.0 - unit if self.alias and self.alias.inverted else unit)

    def _pressed(self, press: Value, source: str, relative: bool) -> ControlEvent:
        return ControlEvent(self.path, press if relative else self._landing(press), source, relative=relative)

    def _landing(self, press: Value) -> Value:
        """What the parameter is once the button was pressed."""
        return self.spec.choices[int(press)] if self.spec.kind == "choice" else press


def _turned(values: Sequence[Argument], address: str) -> Sequence[Argument]:
    """What an inverted fader's values mean for the parameter behind it."""
    if len(values) == 2 and values[0] in (ADD, LESS):
        return (LESS if values[0] == ADD else ADD, values[1])
    return (1.0 - single_number(values, address),)


class Addresses:
    """What can be reached by OSC now: every parameter at its path, with the prefixes, and the aliases.

    For one thread. What was found is kept until paths come or go.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._revision = mirror.revision
        self._found: dict[str, Way] = {}

    def find(self, address: str) -> Way | None:
        """Where ``address`` leads; None for one that leads nowhere."""
        if self._revision != self._mirror.revision:
            self._revision = self._mirror.revision
            self._found.clear()
        way = self._found.get(address)
        if way is None:
            way = self._look(address)
            if way is not None:  # there are only so many of these; strangers' inventions are not kept
                self._found[address] = way
        return way

    def _look(self, address: str) -> Way | None:
        alias = _BY_ADDRESS.get(address)
        if alias is not None:
            return self._borrowed(alias)
        when: When = "now"
        path = address
        for prefix, later in LATER:
            if path.startswith(prefix + "/"):
                path, when = path[len(prefix):], later
        unit = path.startswith(UNIT + "/")
        if unit:
            path = path[len(UNIT):]
        spec = self._mirror.specs.get(path)
        return None if spec is None else Way(address, Wish(path, spec, unit, when))

    def _borrowed(self, alias: Alias) -> Way | None:
        spec = self._mirror.specs.get(alias.path)
        if spec is None:
            return None
        picks = spec.kind == "choice" and alias.press is not None and not alias.relative
        if picks and int(alias.press or 0) >= len(spec.choices):
            return None
        return Way(alias.address, Wish(alias.path, spec, unit=alias.press is None), alias)
