"""Routes from sources to parameters: offsets in knob space that never touch the base value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from vj.types import Curve, Features, ModSource, Params, Route, Tick

MOUNT = "mod/"


def shaped(value: float, curve: Curve) -> float:
    """A source's value bent by a route's curve, sign kept: square is late, log is early."""
    match curve:
        case "square":
            return value * abs(value)
        case "log":
            return math.copysign(math.sqrt(abs(value)), value)
        case _:
            return value


class ModMatrix:
    """The sources of a look by name (mounted at ``mod/<name>``) and the routes between them and the tree."""

    def __init__(self) -> None:
        self._sources: dict[str, ModSource] = {}
        self._routes: tuple[Route, ...] = ()
        self.values: dict[str, float] = {}

    def patch(self, sources: Mapping[str, ModSource], routes: Sequence[Route]) -> None:
        """Replace sources and routes together."""
        self._sources, self._routes = dict(sources), tuple(routes)
        self.values = {}

    def offsets(self, tick: Tick, features: Features, params: Params) -> dict[str, float]:
        """Path -> summed push in knob space. ``params`` are the last tick's, so a source can modulate a source."""
        self.values = {
            name: _finite(source.value(tick, features, params.get(MOUNT + name, {})))
            for name, source in self._sources.items()
        }
        pushes: dict[str, float] = {}
        for route in self._routes:
            push = route.depth * shaped(self.values.get(route.source, 0.0), route.curve)
            pushes[route.target] = pushes.get(route.target, 0.0) + push
        return pushes


def _finite(value: float) -> float:
    return min(max(value, -1.0), 1.0) if math.isfinite(value) else 0.0
