"""Wishes that come faster than frames: of many values for one parameter only the last matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vj.types import ControlEvent, ParamSpec


def settled(events: Sequence[ControlEvent], specs: Mapping[str, ParamSpec]) -> list[ControlEvent]:
    """``events`` that land at one tick, without those that a later one makes void, in their order.

    A value that is set makes void what was set or added before; taps, and what is added after it, all count.
    """
    if len(events) < 2:
        return list(events)
    kept: list[ControlEvent] = []
    void: set[tuple[str, str]] = set()
    for event in reversed(events):
        key = (event.path, event.when)
        spec = specs.get(event.path)
        pulled = spec is not None and spec.kind == "trigger"
        if key in void and not pulled:
            continue
        kept.append(event)
        if not (event.relative or pulled):
            void.add(key)
    kept.reverse()
    return kept
