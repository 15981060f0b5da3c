"""Wishes that come faster than frames: of many values for one parameter only the last matters, and what is dear is
rationed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vj.control.osc.gate import Ration
from vj.types import ControlEvent, ParamSpec, Value

DEAR = ("choice", "text", "trigger")
"""Kinds that may do much at once: recall a look, undo, make a prompt."""
A_SECOND, AT_ONCE = 60.0, 64.0
"""How many of those the engine is asked for, whoever sends them."""


def settled(events: Sequence[ControlEvent], specs: Mapping[str, ParamSpec]) -> list[ControlEvent]:
    """``events`` that land at one tick, without those that a later one makes void, in their order.

    A value that is set makes void what was set or added before, from whichever hand; what is added after it counts,
    and of what counts each time (``ParamSpec.each``) only the same wish twice is one.
    A trigger is pulled once a tick, as often as it may be asked for, also where its button is let go at once.
    """
    if len(events) < 2:
        return list(events)
    kept: list[ControlEvent] = []
    void: set[tuple[str, str, Value | None]] = set()
    for event in reversed(events):
        spec = specs.get(event.path)
        key = (event.path, event.when, event.value if spec is not None and spec.each else None)
        if key in void:
            continue
        kept.append(event)
        if not event.relative and event.value is not False:
            void.add(key)
    kept.reverse()
    return kept


class Gather:
    """Collects what the packets of one turn wish, to be handed over together: a bundle is never split between two
    frames. Only where somebody asks for too much that is dear, the rest waits, the newest wish for each parameter;
    what cannot wait (a trigger, a step) is ``lost``.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._events: list[ControlEvent] = []
        self._ration = Ration(A_SECOND, AT_ONCE, AT_ONCE, 0.0)

    @property
    def waiting(self) -> int:
        """How many wishes are not handed over yet."""
        return len(self._events)

    def add(self, events: Sequence[ControlEvent]) -> bool:
        """Take them in."""
        self._events.extend(events)
        return True

    def take(self, specs: Mapping[str, ParamSpec], now: float) -> list[ControlEvent]:
        """What is to be handed over at ``now`` seconds."""
        if not self._events:
            return []
        ready: list[ControlEvent] = []
        late: list[ControlEvent] = []
        for event in settled(self._events, specs):
            spec = specs.get(event.path)
            if spec is None or spec.kind not in DEAR:
                ready.append(event)
            elif self._ration.has(now):
                self._ration.take(1)
                ready.append(event)
            elif event.relative or spec.kind == "trigger":
                self.lost += 1
            else:
                late.append(event)
        self._events = late
        return ready
