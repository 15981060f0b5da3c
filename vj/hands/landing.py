"""What came of a wish."""

from __future__ import annotations

from dataclasses import replace

from vj.params.tree import ParamTree
from vj.types import ControlEvent, ParamSpec, Value

Landed = list[ControlEvent]
"""What a wish really changed, for a take."""


def landed(event: ControlEvent, spec: ParamSpec, value: Value) -> ControlEvent:
    """The event as it happened: at once, and where that says it better than the wish, with the value itself."""
    if event.relative or spec.kind == "choice":
        return replace(event, value=value, unit=False, relative=False, when="now")
    return replace(event, when="now") if event.when != "now" else event


def number_at(tree: ParamTree, path: str) -> float:
    """A number's base value."""
    return float(tree.base(path))
