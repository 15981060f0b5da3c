"""Routes and sources by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vj.hands.landing import Landed, landed
from vj.modulation.routes import NEW, NONE, check_target
from vj.types import ControlEvent, Tick, VjError

if TYPE_CHECKING:
    from vj.hands.prompter import Prompter

ADD, REMOVE = "/sources/add", "/sources/remove"


class Wiring:
    """Makes, bends, mutes and unmakes a deck's routes, brings sources and takes them away."""

    def __init__(self, show: Prompter) -> None:
        self._show = show
        self._add = show.stage.place.here(ADD)

    def route(self, tick: Tick, event: ControlEvent) -> Landed:
        """A slot's parameter has been turned."""
        name = event.path.rpartition("/")[2]
        if name == "target" and isinstance(event.value, str) and event.value:
            event = replace(event, value="/" + event.value.strip().strip("/"))
            check_target(str(event.value), self._show.tree.spec)
        if name == "source":
            return self._route_from(tick, event)
        told = self._show.turn(tick, event, event.path)
        self._wired(name)
        return [told]

    def _wired(self, name: str) -> None:
        if name != "depth":  # that one glides, and is read where it stands
            self._show.stage.rewire()
            self._show.stage.spare_slots()

    def _route_from(self, tick: Tick, event: ControlEvent) -> Landed:
        """Choosing a source for a slot; a new one is brought first."""
        spec, before, value = self._show.tree.change(event)
        if str(value).startswith(NEW):
            self._show.tree.put(event.path, before, event.source)
            try:
                told = self._show.land(tick, ControlEvent(self._add, str(value).removeprefix(NEW), event.source))
            except VjError:
                self._show.stage.rewire()
                raise
            name = self._show.stage.uses[-1].name
            self._show.tree.apply(replace(event, value=name, unit=False, relative=False))
            self._wired("source")
            return [*told, ControlEvent(event.path, name, event.source)]
        if value != before:
            self._show.history.moved(event.path, before, event.source, tick.time)
        self._wired("source")
        return [landed(event, spec, value)]

    def add(self, tick: Tick, event: ControlEvent) -> Landed:
        """Another source of a kind."""
        spec, _, kind = self._show.tree.change(event)
        self._show.tree.put(self._add, NONE, "stage")
        if kind == NONE:
            return []
        if not self._show.stage.awake:
            raise VjError(f"there is nothing on deck {self._show.stage.place.deck}: load a look first")
        before = self._show.stage.present()
        self._show.morphs.end()
        self._show.say.append(f"a new source: {self._show.stage.add_source(str(kind))}")
        self._show.replaced(before)
        self._show.offer()
        return [landed(event, spec, kind)]

    def remove(self, tick: Tick, event: ControlEvent) -> Landed:
        """A source less."""
        spec, _, name = self._show.tree.change(event)
        if name == NONE:
            return []
        before = self._show.stage.present()
        self._show.morphs.end()
        self._show.stage.remove_source(str(name))
        self._show.replaced(before)
        self._show.offer()
        return [landed(event, spec, name)]
