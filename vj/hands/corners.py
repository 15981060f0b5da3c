"""The pad: pictures in four corners, mixed where the finger is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vj.hands.landing import Landed, landed, number_at
from vj.params import pad
from vj.types import ControlEvent, Look, Tick, Value, VjError

if TYPE_CHECKING:
    from vj.hands.prompter import Prompter

PAD = f"/{pad.MOUNT}/"


class Corners:
    """Puts pictures into the corners and moves the parameters that they share with the one on stage."""

    def __init__(self, show: Prompter) -> None:
        self._show = show
        self._place = show.stage.place
        self._pad = f"/{self._place.pad}/"
        self._rows: list[pad.Row] = []
        self._rows_of: tuple[object, ...] = ()

    def corner(self, tick: Tick, event: ControlEvent) -> Landed:
        """A look or a snapshot for a corner, by its name."""
        if isinstance(event.value, str) and event.value.strip():
            self._show.stage.shelf.find(event.value.strip())
            event = replace(event, value=event.value.strip())
        return [self._show.turn(tick, event, event.path)]

    def store(self, tick: Tick, event: ControlEvent) -> Landed:
        """The picture as it is now, for a corner."""
        if not (self._show.pulled(event) and self._show.stage.awake):
            return []
        name = self._show.stage.shelf.snap(self._show.stage.present())
        corner = event.path.rpartition("_")[2]
        self._show.say.append(f"corner {corner} holds this picture")
        return self._show.land(tick, ControlEvent(self._pad + corner, name, event.source))

    def go(self, tick: Tick, event: ControlEvent) -> Landed:
        """The finger goes to a corner."""
        if not self._show.pulled(event):
            return []
        place = pad.CORNERS[event.path.rpartition("_")[2]]
        return [told for axis, value in zip("xy", place, strict=True)
                for told in self._show.land(tick, ControlEvent(f"{self._pad}{axis}", value, event.source))]

    def moved(self, tick: Tick, event: ControlEvent) -> Landed:
        """The finger has moved."""
        spec, _, value = self._show.tree.change(event)
        shares = pad.weights(*(number_at(self._show.tree, f"{self._pad}{axis}") for axis in "xy"))
        for row in self._mixed():
            mixture = row.at(shares)
            if mixture is not None:
                self._set_from_pad(tick, self._place.here(row.path), mixture, event.source)
        return [landed(event, spec, value)]

    def _set_from_pad(self, tick: Tick, path: str, value: Value, source: str) -> None:
        _, before, after = self._show.tree.change(ControlEvent(path, value, "pad"))
        if after != before:
            self._show.history.moved(path, before, source, tick.time)
            self._show.morphs.touched(path)

    def _mixed(self) -> list[pad.Row]:
        """The parameters that the pad moves, worked out anew when a corner or the stage has changed."""
        names = [str(self._show.tree.base(self._pad + corner)) for corner in pad.CORNERS]
        looks = [self._found(name) for name in names]
        state = (self._show.tree.revision, *map(id, looks))
        if state != self._rows_of and self._show.stage.standing is not None:
            here, uses = self._show.stage.standing, {use.name: use.kind for use in self._show.stage.uses}
            specs = {self._place.home(path): spec for path, spec, _ in self._show.tree.items()
                     if path.startswith(self._place.of_a_look)}
            self._rows = list(pad.rows(looks, specs, lambda look, path: pad.knows(
                look, path, generator=here.generator, drive=here.drive, kinds=uses)))
            self._rows_of = state
        return self._rows

    def _found(self, name: str) -> Look | None:
        """The look in a corner; a corner whose look has gone is empty."""
        try:
            return self._show.stage.shelf.find(name) if name else None
        except VjError:
            return None
