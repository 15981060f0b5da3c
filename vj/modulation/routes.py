"""Routes as parameters: each stands in a slot ``/routes/<n>``, so every hand can make, bend, mute and unmake one.

A slot without a source or a target is free. A slot's source is chosen by name; choosing ``new <kind>`` brings a new
source of that kind. There are always more slots than routes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from vj import registry
from vj.params.pushes import pushable
from vj.params.spec import choice, number, switch, text
from vj.types import Curve, ParamSpec, Route, Value, Values, VjError

SLOTS = "routes"
ROUTES = f"/{SLOTS}/"
NEW = "new "
"""What a choice of source begins with that brings a source of its own."""
NONE = "none"
FIELDS = ("source", "target", "depth", "curve", "on")
FEWEST, SPARE, MOST = 16, 4, 64
"""Slots that are always there, free ones that are kept, and all there can be."""
CURVES: tuple[Curve, ...] = ("linear", "log", "square")
KINDS = "vj.modulation.sources"


@dataclass(frozen=True, slots=True)
class Slot:
    """A route in its slot, counted from 1. ``on`` False: it is there and does nothing."""

    number: int
    route: Route
    on: bool = True


def slots_for(routes: int) -> int:
    """How many slots a picture has whose last route is in slot ``routes``."""
    return min(max(FEWEST, routes + SPARE), MOST)


def slot_params(sources: Sequence[str], kinds: Sequence[str]) -> tuple[ParamSpec, ...]:
    """One slot's parameters, where ``sources`` are in use and more of the ``kinds`` can be had."""
    return (
        choice("source", NONE, (NONE, *sources, *(NEW + kind for kind in kinds)),
               help="What pushes; new ... brings another source. none frees the slot."),
        text("target", help="The parameter that is pushed, by its path; nothing frees the slot."),
        number("depth", 1.0, -1.0, 1.0, help="How far it is pushed, in turns of its knob."),
        choice("curve", "linear", CURVES, help="square answers late, log early."),
        switch("on", True, help="Off: the route is there and does nothing."),
    )


@cache
def kinds() -> tuple[str, ...]:
    """Every kind of source there is."""
    return tuple(registry.names(KINDS))


def filled(routes: Sequence[Route]) -> dict[str, Value]:
    """The values that put ``routes`` into the first slots, by path. Raises VjError when there are too many."""
    if len(routes) > MOST:
        raise VjError(f"a look has at most {MOST} routes, this one has {len(routes)}")
    values: dict[str, Value] = {}
    for place, route in enumerate(routes, 1):
        for name in FIELDS[:4]:
            values[f"{ROUTES}{place}/{name}"] = getattr(route, name)
    return values


def slots_in(values: Values, routes: str = ROUTES) -> list[Slot]:
    """The slots in use, in order, from values by path; whatever else is among them is passed over. ``routes`` is where
    a deck has them.
    """
    numbers = sorted({int(path[len(routes):].partition("/")[0]) for path in values if path.startswith(routes)})
    slots = []
    for place in numbers:
        source, target, depth, curve, on = (values[f"{routes}{place}/{name}"] for name in FIELDS)
        if source != NONE and target:
            route = Route(str(source), str(target), float(depth), cast("Curve", curve))
            slots.append(Slot(place, route, bool(on)))
    return slots


def check_target(path: str, spec: Callable[[str], ParamSpec]) -> None:
    """Can ``path`` be modulated? Raises VjError saying why not; ``spec`` finds declarations, or raises it."""
    if not pushable(path, spec(path)):
        raise VjError(f"{path} cannot be modulated: routes lead to numbers, and to switches, choices and triggers of "
                      f"the picture")


def free_name(kind: str, taken: Sequence[str]) -> str:
    """A name for another source of a kind: lfo, lfo2, lfo3 ..."""
    count = 1
    while (name := kind if count == 1 else f"{kind}{count}") in taken:
        count += 1
    return name
