"""Routes from sources to parameters: offsets in knob space that never touch the base value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from vj.types import Curve, Features, ModSource, Params, Route, Tick, Values

MOUNT = "mod/"
_NOTHING: Values = {}


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

    def __init__(self, mount: str = MOUNT) -> None:
        self._mount = mount
        self._sources: dict[str, ModSource] = {}
        self._routes: tuple[tuple[Route, str], ...] = ()
        self._fresh = False
        self.values: dict[str, float] = {}

    @property
    def sources(self) -> Mapping[str, ModSource]:
        """What is in use, by name."""
        return self._sources

    def patch(self, sources: Mapping[str, ModSource], routes: Sequence[Route], mounts: Sequence[str] = (), *,
              fresh: bool = True) -> None:
        """Replace sources and routes together. ``mounts``: where each route's depth stands in the tree, if it does;
        ``fresh``: not yet in the last tick's parameters.
        """
        self._sources = dict(sources)
        self._routes = tuple(zip(routes, mounts or [""] * len(routes), strict=True))
        self._fresh = fresh
        self.values = {}

    def offsets(self, tick: Tick, features: Features, params: Params) -> dict[str, float]:
        """Path -> summed push in knob space. ``params`` are the last tick's, so a source can modulate a source, and a
        route's depth can glide and be modulated.
        """
        self.values = values = {
            name: _finite(source.value(tick, features, params.get(self._mount + name, _NOTHING)))
            for name, source in self._sources.items()
        }
        pushes: dict[str, float] = {}
        for route, mount in self._routes:
            value = values.get(route.source, 0.0)
            if route.curve != "linear":
                value = shaped(value, route.curve)
            depth = route.depth if self._fresh else params.get(mount, _NOTHING).get("depth", route.depth)
            pushes[route.target] = pushes.get(route.target, 0.0) + float(depth) * value
        self._fresh = False
        return pushes


def _finite(value: float) -> float:
    return min(max(value, -1.0), 1.0) if math.isfinite(value) else 0.0
