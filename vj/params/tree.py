"""The one tree of everything that can be turned, and of everything that can be read.

Three values per parameter, each with one writer: *base* (events only), *glided* (time only) and *this tick*
(plus modulation; in the snapshot only). Modulation never writes the base. A reading has one value and one writer,
the program; it may stand beside parameters under one mount, under a name of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vj.params.pushes import holds, stepped
from vj.params.readings import Readings
from vj.params.spec import checked, from_unit, moved, to_unit
from vj.registry import suggest
from vj.types import ControlEvent, Params, ParamSpec, Value, VjError

ARRIVED = 1e-4
"""Knob-space distance at which a glide is over: under half a step of a 14-bit fader."""
ROUTE = "route"
"""Who pulls a trigger that modulation pulls."""


@dataclass(slots=True)
class _Node:
    spec: ParamSpec
    base: Value
    goal: float = 0.0  # base in knob space
    place: float = 0.0  # glided, in knob space
    pushed: bool = False  # a trigger or a switch that modulation has hold of
    held: int = -1  # the choice where modulation has put it since a hand was here

    def set(self, value: Value) -> None:
        self.base, self.held = value, -1
        if self.spec.kind == "number" and not isinstance(value, str):
            self.goal = to_unit(self.spec, value)

    def jump(self) -> None:
        self.place = self.goal

    def advance(self, dt: float) -> None:
        tau = self.spec.smooth
        gap = self.goal - self.place
        if tau <= 0 or abs(gap) < ARRIVED:
            self.place = self.goal
        else:
            self.place += gap * (1.0 - math.exp(-dt / tau))

    def value(self, offset: float) -> Value:
        match self.spec.kind:
            case "number":
                settled = offset == 0.0 and self.place == self.goal
                return self.base if settled else from_unit(self.spec, self.place + offset)
            case "integer" if offset and not isinstance(self.base, str):
                return round(min(max(self.base + offset * (self.spec.hi - self.spec.lo), self.spec.lo), self.spec.hi))
            case "trigger":
                return self._pulled(offset)
            case "switch":
                self.pushed = holds(-offset if self.base else offset, self.pushed)
                return bool(self.base) != self.pushed
            case "choice":
                most = len(self.spec.choices) - 1
                self.held = stepped(self.spec.choices.index(str(self.base)) + offset * most, self.held, most)
                return self.spec.choices[self.held]
            case _:
                return self.base

    def rest(self) -> Value:
        """The value without a push; what is held by one stays so."""
        return self.value(0.0) if self.spec.kind in ("number", "integer") else self.base

    def _pulled(self, offset: float) -> Value:
        """A push that rises past the middle pulls a trigger once; it must fall back before it can again."""
        rises = holds(offset, False) and not self.pushed
        self.pushed = holds(offset, self.pushed)
        return bool(self.base) or rises


class ParamTree:
    """Parameters by path ``/mount/name``, e.g. ``/a/walk/speed``; readings likewise, e.g. ``/audio/kick``.

    ``revision`` is another number whenever something was declared or taken away.
    """

    def __init__(self) -> None:
        self._mounts: dict[str, dict[str, _Node]] = {}
        self._moving: set[tuple[str, str]] = set()
        self._still: dict[str, dict[str, Value]] = {}  # every mount without a push, made anew where it is stale
        self._stale: set[str] = set()
        self._keys: dict[str, tuple[str, str]] = {}
        self._pulled: list[_Node] = []
        self._readings = Readings()
        self._changed: dict[str, str] = {}
        self.revision = 0

    # ---------------------------------------------------------------------------------- declaring

    def declare(self, mount: str, specs: Sequence[ParamSpec]) -> None:
        """Put ``specs`` under ``mount``. A parameter that was there with the same spec keeps its place.

        A choice with other names to choose from keeps the one it stands at, where that is still there.
        """
        self._apart(mount, specs, self._readings.names(mount))
        old = self._mounts.pop(mount, {})  # what is declared last stands last: effects follow the chain
        self._still.pop(mount, None)
        self._mounts[mount] = new = {spec.name: self._again(spec, old.get(spec.name)) for spec in specs}
        self._touched(mount)
        self._moving.difference_update((mount, name) for name in old if name not in new)

    def extend(self, mount: str, specs: Sequence[ParamSpec]) -> None:
        """As ``declare``, beside what else is there."""
        new = {spec.name: spec for spec in specs}
        there = {name: node.spec for name, node in self._mounts.get(mount, {}).items()}
        self.declare(mount, tuple((there | new).values()))

    def _again(self, spec: ParamSpec, before: _Node | None) -> _Node:
        if before and before.spec == spec:
            return before
        node = self._fresh(spec)
        if before and spec.kind == before.spec.kind == "choice" and before.base in spec.choices:
            node.base = before.base
        return node

    def _touched(self, mount: str) -> None:
        """Paths have come or gone under ``mount``."""
        self.revision += 1
        self._stale.add(mount)
        self._keys.clear()

    def declare_readings(self, mount: str, specs: Sequence[ParamSpec]) -> None:
        """Put read-only ``specs`` under ``mount``, in place of the readings that were there."""
        self._apart(mount, specs, set(self._mounts.get(mount, {})))
        self._readings.declare(mount, specs)
        self.revision += 1

    @staticmethod
    def _apart(mount: str, specs: Sequence[ParamSpec], taken: set[str]) -> None:
        """Raises VjError when a path would be a parameter and a reading at once."""
        for spec in specs:
            if spec.name in taken:
                raise VjError(f"/{mount}/{spec.name} is declared twice, as a parameter and as a reading")

    def remove(self, mount: str) -> None:
        """Take ``mount`` and its parameters away; unknown mounts are fine."""
        gone = self._mounts.pop(mount, {})
        self._still.pop(mount, None)
        self._touched(mount)
        self._moving.difference_update((mount, name) for name in gone)

    @staticmethod
    def _fresh(spec: ParamSpec) -> _Node:
        node = _Node(spec, spec.default)
        node.set(spec.default)
        node.jump()
        return node

    def reset(self, mount: str) -> None:
        """Everything under ``mount`` back to its default, gliding."""
        for name, node in self._mounts.get(mount, {}).items():
            node.set(node.spec.default)
            if node.place != node.goal:
                self._moving.add((mount, name))
            self._changed[f"/{mount}/{name}"] = "look"
        self._stale.add(mount)

    # ------------------------------------------------------------------------------------ reading

    def mounts(self) -> list[str]:
        """All mounts, in order of declaration."""
        return list(self._mounts)

    def items(self) -> Iterator[tuple[str, ParamSpec, Value]]:
        """Every parameter as (path, spec, base value)."""
        for mount, nodes in self._mounts.items():
            for name, node in nodes.items():
                yield f"/{mount}/{name}", node.spec, node.base

    def spec(self, path: str) -> ParamSpec:
        """The declaration at ``path``. Raises VjError naming the nearest path."""
        return self._find(path)[2].spec

    def base(self, path: str) -> Value:
        """Where the hand left the parameter at ``path``."""
        return self._find(path)[2].base

    def bases(self, mount: str) -> dict[str, Value]:
        """Where the hand left everything under ``mount``, by name."""
        return {name: node.base for name, node in self._mounts.get(mount, {}).items()}

    def readings(self) -> Iterator[tuple[str, ParamSpec, Value]]:
        """Everything that can be read as (path, spec, value now)."""
        return self._readings.items()

    def reading(self, path: str) -> Value:
        """The value now at the read-only ``path``. Raises VjError naming the nearest path."""
        return self._readings.value(path)

    def report(self, mount: str, values: Mapping[str, Value]) -> None:
        """The readings under ``mount`` from now on; the mapping is kept, so don't change it afterwards."""
        self._readings.report(mount, values)

    def changes(self) -> list[tuple[str, Value, str]]:
        """What was set since the last call, by whom, as (path, base value, source): the last wish for each path. A
        trigger is told when it was pulled.
        """
        told = []
        for path, source in self._changed.items():
            mount, _, name = path[1:].rpartition("/")
            if node := self._mounts.get(mount, {}).get(name):
                told.append((path, node.base, source))
        self._changed.clear()
        return told

    def _find(self, path: str) -> tuple[str, str, _Node]:
        mount, _, name = path.strip("/").rpartition("/")
        node = self._mounts.get(mount, {}).get(name)
        if node is None:
            if self._readings.holds(path):
                raise VjError(f"{path} is read-only")
            raise VjError(f"there is no parameter {path!r}{suggest(path, [p for p, _, _ in self.items()])}")
        return mount, name, node

    # ----------------------------------------------------------------------------------- changing

    def apply(self, event: ControlEvent) -> Value:
        """Set the base value an event wishes; the value as landed. Raises VjError when it is refused."""
        return self.change(event)[2]

    def change(self, event: ControlEvent) -> tuple[ParamSpec, Value, Value]:
        """As ``apply``: what was set, the base value it had, and the value as landed."""
        mount, name, node = self._find(event.path)
        before = node.base
        wished = moved(node.spec, before, event) if event.relative else self._wished(node.spec, event)
        node.set(checked(node.spec, wished, event.path))
        if node.spec.kind == "trigger":
            if not node.base:
                return node.spec, before, node.base  # a hand off a button is no change
            self._pulled.append(node)
        elif node.spec.kind == "number":
            self._moving.add((mount, name))
        self._changed[f"/{mount}/{name}"] = event.source
        self._stale.add(mount)
        return node.spec, before, node.base

    @staticmethod
    def _wished(spec: ParamSpec, event: ControlEvent) -> Value:
        if not event.unit or isinstance(event.value, str):
            return event.value
        if spec.kind in ("number", "integer"):
            return from_unit(spec, float(event.value))
        if spec.kind == "choice":
            return min(int(float(event.value) * len(spec.choices)), len(spec.choices) - 1)
        return bool(float(event.value) >= 0.5)

    def settle(self, mount: str | None = None) -> None:
        """End all glides (of one mount): a look is recalled, a show begins."""
        for name in self._mounts if mount is None else (mount,):
            self._stale.add(name)
            for node in self._mounts.get(name, {}).values():
                node.jump()

    def put(self, path: str, value: Value, source: str) -> None:
        """Base and glide at ``value`` at once: what moves it does the gliding. Raises VjError when it is refused."""
        mount, name, node = self._find(path)
        node.set(checked(node.spec, value, path))
        node.jump()
        self._changed[f"/{mount}/{name}"] = source
        self._stale.add(mount)

    def advance(self, dt: float) -> None:
        """Let every glide go on by ``dt`` seconds; touches only what moves."""
        arrived = []
        for key in self._moving:
            node = self._mounts[key[0]][key[1]]
            node.advance(dt)
            self._stale.add(key[0])
            if node.place == node.goal:
                arrived.append(key)
        self._moving.difference_update(arrived)

    def snapshot(self, offsets: Mapping[str, float]) -> Params:
        """All values of this tick: glided plus ``offsets`` (path -> knob-space push). Triggers fire once.

        What did not change since the last one is the same mapping again: treat everything in it as read-only.
        """
        if self._stale:
            for mount, nodes in self._mounts.items():
                if mount in self._stale:
                    self._still[mount] = {name: node.rest() for name, node in nodes.items()}
            self._stale.clear()
        params: dict[str, dict[str, Value]] = dict(self._still)
        for path, offset in offsets.items():
            mount, name = self._keys.get(path) or self._key(path)
            node = self._mounts.get(mount, {}).get(name)
            if node is not None and math.isfinite(offset):
                if params[mount] is self._still[mount]:
                    params[mount] = dict(params[mount])
                params[mount][name] = value = node.value(offset)
                if value is True and node.spec.kind == "trigger" and not node.base:
                    self._changed[path] = ROUTE  # it is seen wherever pulls are seen
        self._let_go()
        return params

    def _key(self, path: str) -> tuple[str, str]:
        mount, _, name = path.strip("/").rpartition("/")
        self._keys[path] = mount, name
        return mount, name

    def _let_go(self) -> None:
        """A trigger has fired: from the next tick on it rests."""
        for node in self._pulled:
            node.set(False)
        if self._pulled:
            self._pulled.clear()
            self._stale.update(self._mounts)
