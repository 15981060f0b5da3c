"""Carries out what hands ask of the show: recall, save, take back, morph, the pad, routes and sources by hand.

Everything asked is an event, and what really changed comes back as events: so a take holds the changes themselves, and
a render of it needs no disk, no history and no luck. What is kept (saved, renamed, deleted) changes no picture and is
not in a take; the looks and snapshots that a take recalls are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from vj.modulation.routes import NEW, NONE, ROUTES, check_target, kinds
from vj.morphing import Morphing
from vj.params import pad
from vj.params.looks import next_name, proper_name
from vj.params.shelf import SNAPSHOT
from vj.params.spec import choice, number, text, trigger
from vj.params.tree import ParamTree
from vj.params.undo import History, Step, differing
from vj.stage import DRAWN, LOOK, OF_A_LOOK, Stage
from vj.types import Beat, ControlEvent, Look, ParamSpec, Tick, Value, VjError, When

RECALL, MORPH, POSITION, QUANTIZE = "/show/recall", "/show/morph", "/show/morph_position", "/show/quantize"
ADD, REMOVE = "/sources/add", "/sources/remove"
PAD = f"/{pad.MOUNT}/"
RESUME = "resume"
"""Who takes up an earlier show: that cannot be taken back."""
PUNCTUAL = ("autopilot", RESUME, "undo")
"""Who knows the moment itself."""
TAKEN_BACK = (*OF_A_LOOK, "/mix/", *(f"{PAD}{corner}" for corner in pad.CORNERS))
"""What a hand moves here can be taken back."""

SHOW = (
    text("recall", help="Recall a look by its name."),
    text("save", help="Save the picture as it is now as a look of this name."),
    trigger("save_new", help="Save the picture as it is now under the next free name."),
    text("rename", guarded=True, help="Another name for the look on stage; `old new` for another look."),
    text("delete", guarded=True, help="Put one of your own looks into the trash, by its name."),
    trigger("undo", help="Take back the last recall, gesture or route."),
    trigger("redo", help="Do again what was taken back."),
    trigger("next", help="The next look."),
    trigger("previous", help="The look before."),
    choice("quantize", "now", ("now", "beat", "bar"), help="When looks and morphs begin."),
    number("morph_time", 8.0, 0.25, 256.0, curve="log", smooth=0.0, help="How long a morph takes, in its unit."),
    choice("morph_unit", "beats", ("beats", "seconds", "hand"), help="hand: the morph goes as far as its position."),
    number("morph_position", 0.0, smooth=0.0, help="How far the morph is; a hand on it takes it over."),
    trigger("morph_next", help="Morph to the next look."),
)
Act = Callable[[Tick, ControlEvent], list[ControlEvent]]


class Prompter:
    """One for each show. ``say`` holds sentences for the performer, oldest first."""

    def __init__(self, tree: ParamTree, stage: Stage) -> None:
        self.say: list[str] = []
        self.history = History()
        self.morph: Morphing | None = None
        self._tree, self._stage, self._shelf = tree, stage, stage.shelf
        self._hand: tuple[float, float] | None = None  # where a hand took the morph over: fader, morph
        self._count, self._beats = 0, 0.0
        self._rows: list[pad.Row] = []
        self._rows_of: tuple[object, ...] = ()
        tree.extend("show", SHOW)
        tree.declare(pad.MOUNT, pad.PARAMS)
        tree.declare("sources", (choice("add", NONE, (NONE, *kinds()), help="Another source of modulation."),))
        self._stands()
        self._acts = self._table()

    def _table(self) -> dict[str, Act]:
        acts: dict[str, Act] = {
            LOOK: self._look, RECALL: self._look, MORPH: self._begin, POSITION: self._by_hand,
            "/show/save": self._save, "/show/save_new": self._save, "/show/rename": self._rename,
            "/show/delete": self._delete, "/show/undo": self._undo, "/show/redo": self._redo,
            "/show/next": self._beside, "/show/previous": self._beside, "/show/morph_next": self._beside,
            ADD: self._add, REMOVE: self._remove, f"{PAD}x": self._pad, f"{PAD}y": self._pad}
        for corner in pad.CORNERS:
            acts |= {PAD + corner: self._corner, f"{PAD}store_{corner}": self._store, f"{PAD}go_{corner}": self._go}
        return acts

    def _offer(self) -> None:
        """Looks to choose from, and sources that can be taken away."""
        self._stage.show_names()
        self._tree.extend("show", (choice("morph", NONE, (NONE, *self._shelf.names),
                                          help="Morph to this look; none stops where it is."),))
        names = [use.name for use in self._stage.uses]
        self._tree.extend("sources", (choice("remove", NONE, (NONE, *names), help="Take a source away."),))

    # ------------------------------------------------------------------------------------- landing

    def timed(self, event: ControlEvent) -> ControlEvent:
        """A hand's wish, waiting for the music if that is how looks begin."""
        if event.path in DRAWN and event.when == "now" and event.source not in PUNCTUAL:
            return replace(event, when=cast("When", self._tree.base(QUANTIZE)))
        return event

    def land(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        """Do what an event wishes; what really changed, for a take. Raises VjError when it is refused."""
        path = "/" + event.path.strip("/")
        act = self._acts.get(path)
        if act is None and path.startswith(ROUTES):
            act = self._route
        if act is not None:
            return act(tick, event if path == event.path else replace(event, path=path))
        return [self._set(tick, event, path)]

    def _set(self, tick: Tick, event: ControlEvent, path: str) -> ControlEvent:
        spec, before, value = self._tree.change(event)
        if value != before and path.startswith(TAKEN_BACK) and spec.kind != "trigger" and event.source != RESUME:
            self.history.moved(path, before, event.source, tick.time)
        if self.morph is not None:
            self.morph.touched(path)
        return landed(event, spec, value)

    def _pulled(self, event: ControlEvent) -> bool:
        """A trigger's or a name's event is in the tree; does it mean anything?"""
        return bool(self._tree.apply(event))

    def step(self, tick: Tick, beat: Beat) -> None:
        """Once a tick, after the events: what goes on by itself."""
        if self._shelf.refresh():
            self._offer()
        beats = beat.count + beat.phase
        passed, crossed = max(beats - self._beats, 0.0), beat.count != self._count
        self._beats, self._count = beats, beat.count
        if self.morph is not None:
            self._go_on(self.morph, tick, beat, passed, crossed=crossed)

    # --------------------------------------------------------------------------------------- looks

    def _look(self, _: Tick, event: ControlEvent) -> list[ControlEvent]:
        spec, before, name = self._tree.change(event)
        try:
            self._recall(str(name), remember=event.source != RESUME)
        except VjError:
            self._tree.put(event.path, before if event.path == RECALL else self._stage.look, "stage")
            raise
        return [landed(event, spec, name)]

    def _recall(self, name: str, *, remember: bool) -> None:
        cast = self._stage.cast(self._shelf.find(name))
        before = self._stage.present(cast.look.values)
        self._end_morph()
        self._stage.stand(cast, keep=name.startswith(SNAPSHOT))
        if remember:
            self.history.replaced(before)
        self._stands()

    def _stands(self) -> None:
        """The look on stage is another one: everywhere it is named so."""
        self._offer()
        if self._stage.look in self._shelf.names and self._tree.base(LOOK) != self._stage.look:
            self._tree.put(LOOK, self._stage.look, "stage")

    def _beside(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        if not self._pulled(event):
            return []
        name = self._stage.beside(-1 if event.path == "/show/previous" else 1)
        path = MORPH if event.path == "/show/morph_next" else LOOK
        return self.land(tick, ControlEvent(path, name, event.source))

    def _save(self, _: Tick, event: ControlEvent) -> list[ControlEvent]:
        if not self._pulled(event):
            return []
        wished = next_name(self._stage.look, self._shelf.names) if event.path == "/show/save_new" else ""
        name = wished or proper_name(str(self._tree.base(event.path)))
        look = replace(self._stage.present(exact=False), name=name)
        self._shelf.save(look)
        self._stage.look, self._stage.standing = name, look
        self._stands()
        self.say.append(f"saved as {name}")
        return []

    def _rename(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        if self._pulled(event):
            text = str(self._tree.base(event.path)).strip()
            first, _, rest = text.partition(" ")
            old, new = (first, rest) if rest and first in self._shelf.own else (self._stage.look, text)
            new = proper_name(new)
            self._shelf.rename(old, new)
            if old == self._stage.look:
                self._stage.look = new
            self._stands()
            self.say.append(f"{old} is called {new} now")
        return []

    def _delete(self, _: Tick, event: ControlEvent) -> list[ControlEvent]:
        if self._pulled(event):
            name = str(self._tree.base(event.path)).strip()
            self._shelf.delete(name)
            self._stands()
            self.say.append(f"{name} lies in the trash")
        return []

    # --------------------------------------------------------------------------------------- undo

    def _undo(self, _: Tick, event: ControlEvent) -> list[ControlEvent]:
        return self._take(self.history.back, self.history.undone, "take back") if self._pulled(event) else []

    def _redo(self, _: Tick, event: ControlEvent) -> list[ControlEvent]:
        return self._take(self.history.forth, self.history.redone, "do again") if self._pulled(event) else []

    def _take(self, take: Callable[[], Step | None], was: Callable[[Step], None], what: str) -> list[ControlEvent]:
        step = take()
        if step is None:
            raise VjError(f"there is nothing to {what}")
        if isinstance(step, dict):
            now = {path: value for path, _, value in self._tree.items() if path in step}
            was(now)
            return self._values(differing(now, step))
        was(self._stage.present(step.values))
        self._end_morph()
        return self._snapshot(step)

    def _values(self, values: dict[str, Value]) -> list[ControlEvent]:
        events = [ControlEvent(path, value, "undo") for path, value in values.items()]
        for event in events:
            self._tree.apply(event)
            if self.morph is not None:
                self.morph.touched(event.path)
        self._stage.rewire()
        return events

    def _snapshot(self, look: Look) -> list[ControlEvent]:
        """Put a picture that was there back on stage."""
        name = self._shelf.snap(look)
        event = ControlEvent(RECALL, name, "undo")
        self._tree.apply(event)
        self._stage.stand(self._stage.cast(self._shelf.find(name)), keep=True)
        self._stands()
        return [event]

    # -------------------------------------------------------------------------------------- morphs

    def _begin(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        spec, _, name = self._tree.change(event)
        self._end_morph()
        if name != NONE:
            try:
                self.morph = Morphing(self._stage, self._tree, self._stage.cast(self._shelf.find(str(name))))
            except VjError:
                self._tree.put(MORPH, NONE, "morph")
                raise
            self.history.replaced(self.morph.before)
            self._tree.put(MORPH, name, event.source)
            by_hand = self._tree.base("/show/morph_unit") == "hand"
            self._hand = (_number(self._tree, POSITION), 0.0) if by_hand else None
        return [landed(event, spec, name)]

    def _by_hand(self, _: Tick, event: ControlEvent) -> list[ControlEvent]:
        """A fader that stands at its end goes the other way: it need not be carried back between two morphs."""
        spec, before, value = self._tree.change(event)
        if self.morph is not None:
            self._hand = self._hand or (float(before), self.morph.position)
            self.morph.by_hand(carried(float(value), *self._hand))
            self._arrive()
        return [landed(event, spec, value)]

    def _go_on(self, morph: Morphing, tick: Tick, beat: Beat, passed: float, *, crossed: bool) -> None:
        unit, length = self._tree.base("/show/morph_unit"), _number(self._tree, "/show/morph_time")
        if unit == "hand" or self._hand is not None:
            return
        seconds = unit == "seconds"
        position = min(morph.position + (tick.dt if seconds else passed) / length, 1.0)
        morph.by_music(position, (60.0 / max(beat.bpm, 1.0) if seconds else 1.0) / length, crossed=crossed)
        self._tree.put(POSITION, position, "morph")
        self._arrive()

    def _arrive(self) -> None:
        if self.morph is None or self.morph.position < 1.0:
            return
        look, by_hand = self.morph.target, self._hand is not None
        self._end_morph(rewind=not by_hand)
        self._stage.look, self._stage.standing = look.name, look
        self._stands()

    def _end_morph(self, *, rewind: bool = True) -> None:
        if self.morph is None:
            return
        if self.morph.side:
            self._stage.look, self._stage.standing = self.morph.target.name, self.morph.target
        rewind = rewind and self._hand is None
        self.morph = self._hand = None
        self._tree.put(MORPH, NONE, "morph")
        if rewind:
            self._tree.put(POSITION, 0.0, "morph")

    # -------------------------------------------------------------------------- routes and sources

    def _route(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        name = event.path.rpartition("/")[2]
        if name == "target" and isinstance(event.value, str) and event.value:
            event = replace(event, value="/" + event.value.strip().strip("/"))
            check_target(str(event.value), self._tree.spec)
        if name == "source":
            return self._route_from(tick, event)
        told = self._set(tick, event, event.path)
        self._wired(name)
        return [told]

    def _wired(self, name: str) -> None:
        if name != "depth":  # that one glides, and is read where it stands
            self._stage.rewire()
            self._stage.spare_slots()

    def _route_from(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        """Choosing a source for a slot; a new one is brought first."""
        spec, before, value = self._tree.change(event)
        if str(value).startswith(NEW):
            self._tree.put(event.path, before, event.source)
            try:
                told = self.land(tick, ControlEvent(ADD, str(value).removeprefix(NEW), event.source))
            except VjError:
                self._stage.rewire()
                raise
            name = self._stage.uses[-1].name
            self._tree.apply(replace(event, value=name, unit=False, relative=False))
            self._wired("source")
            return [*told, ControlEvent(event.path, name, event.source)]
        if value != before:
            self.history.moved(event.path, before, event.source, tick.time)
        self._wired("source")
        return [landed(event, spec, value)]

    def _add(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        spec, _, kind = self._tree.change(event)
        self._tree.put(ADD, NONE, "stage")
        if kind == NONE:
            return []
        before = self._stage.present()
        self._end_morph()
        self.say.append(f"a new source: {self._stage.add_source(str(kind))}")
        self.history.replaced(before)
        self._offer()
        return [landed(event, spec, kind)]

    def _remove(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        spec, _, name = self._tree.change(event)
        if name == NONE:
            return []
        before = self._stage.present()
        self._end_morph()
        self._stage.remove_source(str(name))
        self.history.replaced(before)
        self._offer()
        return [landed(event, spec, name)]

    # ----------------------------------------------------------------------------------------- pad

    def _corner(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        if isinstance(event.value, str) and event.value.strip():
            self._shelf.find(event.value.strip())
            event = replace(event, value=event.value.strip())
        return [self._set(tick, event, event.path)]

    def _store(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        if not self._pulled(event):
            return []
        name = self._shelf.snap(self._stage.present())
        corner = event.path.rpartition("_")[2]
        self.say.append(f"corner {corner} holds this picture")
        return self.land(tick, ControlEvent(PAD + corner, name, event.source))

    def _go(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        if not self._pulled(event):
            return []
        place = pad.CORNERS[event.path.rpartition("_")[2]]
        return [told for axis, value in zip("xy", place, strict=True)
                for told in self.land(tick, ControlEvent(f"{PAD}{axis}", value, event.source))]

    def _pad(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]:
        spec, _, value = self._tree.change(event)
        shares = pad.weights(_number(self._tree, f"{PAD}x"), _number(self._tree, f"{PAD}y"))
        for row in self._mixed():
            mixture = row.at(shares)
            if mixture is not None:
                self._set_from_pad(tick, row.path, mixture, event.source)
        return [landed(event, spec, value)]

    def _set_from_pad(self, tick: Tick, path: str, value: Value, source: str) -> None:
        _, before, after = self._tree.change(ControlEvent(path, value, "pad"))
        if after != before:
            self.history.moved(path, before, source, tick.time)
            if self.morph is not None:
                self.morph.touched(path)

    def _mixed(self) -> list[pad.Row]:
        """The parameters that the pad moves, worked out anew when a corner or the stage has changed."""
        names = [str(self._tree.base(PAD + corner)) for corner in pad.CORNERS]
        looks = [self._found(name) for name in names]
        state = (self._tree.revision, *map(id, looks))
        if state != self._rows_of and self._stage.standing is not None:
            here, uses = self._stage.standing, {use.name: use.kind for use in self._stage.uses}
            specs = {path: spec for path, spec, _ in self._tree.items() if path.startswith(OF_A_LOOK)}
            self._rows = list(pad.rows(looks, specs, lambda look, path: pad.knows(
                look, path, generator=here.generator, drive=here.drive, kinds=uses)))
            self._rows_of = state
        return self._rows

    def _found(self, name: str) -> Look | None:
        """The look in a corner; a corner whose look has gone is empty."""
        try:
            return self._shelf.find(name) if name else None
        except VjError:
            return None


def landed(event: ControlEvent, spec: ParamSpec, value: Value) -> ControlEvent:
    """The event as it happened: at once, and where that says it better than the wish, with the value itself."""
    if event.relative or spec.kind == "choice":
        return replace(event, value=value, unit=False, relative=False, when="now")
    return replace(event, when="now") if event.when != "now" else event


def carried(fader: float, taken: float, morph: float) -> float:
    """Where a morph is whose fader was taken at ``taken`` when the morph was at ``morph``: the far end is arrival."""
    if taken >= 0.5:
        fader, taken = 1.0 - fader, 1.0 - taken
    return min(max(morph + (1.0 - morph) * (fader - taken) / max(1.0 - taken, 1e-6), 0.0), 1.0)


def _number(tree: ParamTree, path: str) -> float:
    return float(tree.base(path))
