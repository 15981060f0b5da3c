"""Carries out what hands ask of the show: recall, save, take back, morph, the pad, routes and sources by hand.

Everything asked is an event, and what really changed comes back as events: so a take holds the changes themselves, and
a render of it needs no disk, no history and no luck. What is kept (saved, renamed, deleted) changes no picture and is
not in a take; the looks and snapshots that a take recalls are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from vj.hands.corners import PAD, Corners
from vj.hands.landing import Landed, landed
from vj.hands.morphs import MORPH, POSITION, Morphs
from vj.hands.prompting import Prompting
from vj.hands.wiring import ADD, REMOVE, Wiring
from vj.modulation.routes import NONE, ROUTES, kinds
from vj.params import pad
from vj.params.looks import next_name, proper_name
from vj.params.shelf import SNAPSHOT
from vj.params.spec import choice, number, text, trigger
from vj.params.tree import ParamTree
from vj.params.undo import History, Step, differing
from vj.stage import DRAWN, LOOK, OF_A_LOOK, Stage
from vj.types import Beat, ControlEvent, Look, Tick, Value, VjError, When

RECALL, QUANTIZE = "/show/recall", "/show/quantize"
RESUME = "resume"
"""Who takes up an earlier show: that cannot be taken back."""
PUNCTUAL = ("autopilot", RESUME, "undo")
"""Who knows the moment itself."""
TAKEN_BACK = (*OF_A_LOOK, "/mix/", "/a/queue/waiting", *(f"{PAD}{corner}" for corner in pad.CORNERS))
"""What a hand moves here can be taken back."""

SHOW = (
    text("recall", help="Recall a look by its name."),
    text("save", help="Save the picture as it is now as a look of this name.", guarded=True),
    trigger("save_new", help="Save the picture as it is now under the next free name.", guarded=True),
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
Act = Callable[[Tick, ControlEvent], Landed]


class Prompter:
    """One for each show. ``say`` holds sentences for the performer, oldest first."""

    def __init__(self, tree: ParamTree, stage: Stage) -> None:
        self.say: list[str] = []
        self.history = History()
        self.tree, self.stage, self._shelf = tree, stage, stage.shelf
        self.morphs, self._wiring, self._corners = Morphs(self), Wiring(self), Corners(self)
        self._prompting = Prompting(self)
        self._count, self._beats = 0, 0.0
        self._offered: tuple[tuple[str, ...], ...] = ((), ("",))
        tree.extend("show", SHOW)
        tree.declare(pad.MOUNT, pad.PARAMS)
        tree.declare("sources", (choice("add", NONE, (NONE, *kinds()), help="Another source of modulation."),))
        self.stands()
        self._acts = self._table()

    def _table(self) -> dict[str, Act]:
        morphs, wiring, corners = self.morphs, self._wiring, self._corners
        acts: dict[str, Act] = {
            LOOK: self._look, RECALL: self._look, MORPH: morphs.begin, POSITION: morphs.by_hand,
            "/show/save": self._save, "/show/save_new": self._save, "/show/rename": self._rename,
            "/show/delete": self._delete, "/show/undo": self._undo, "/show/redo": self._redo,
            "/show/next": self._beside, "/show/previous": self._beside, "/show/morph_next": self._beside,
            ADD: wiring.add, REMOVE: wiring.remove, f"{PAD}x": corners.moved, f"{PAD}y": corners.moved}
        for name in pad.CORNERS:
            acts |= {PAD + name: corners.corner, f"{PAD}store_{name}": corners.store, f"{PAD}go_{name}": corners.go}
        return acts

    def offer(self) -> None:
        """Looks to choose from, and sources that can be taken away."""
        names, uses = self._shelf.names, tuple(use.name for use in self.stage.uses)
        if names != self._offered[0]:
            self.stage.show_names()
            self.tree.extend("show", (choice("morph", NONE, (NONE, *names),
                                             help="Morph to this look; none stops where it is."),))
        if uses != self._offered[1]:
            self.tree.extend("sources", (choice("remove", NONE, (NONE, *uses), help="Take a source away."),))
        self._offered = names, uses

    # ------------------------------------------------------------------------------------- landing

    def timed(self, event: ControlEvent) -> ControlEvent:
        """A hand's wish, waiting for the music if that is how looks begin."""
        if event.path in DRAWN and event.when == "now" and event.source not in PUNCTUAL:
            return replace(event, when=cast("When", self.tree.base(QUANTIZE)))
        return event

    def land(self, tick: Tick, event: ControlEvent) -> Landed:
        """Do what an event wishes; what really changed, for a take. Raises VjError when it is refused."""
        path = "/" + event.path.strip("/")
        act = self._acts.get(path)
        if act is None and path.startswith(ROUTES):
            act = self._wiring.route
        if act is None and self._prompting.knows(path):
            act = self._prompting.wish
        if act is not None:
            return act(tick, event if path == event.path else replace(event, path=path))
        return [self.turn(tick, event, path)]

    def turn(self, tick: Tick, event: ControlEvent, path: str) -> ControlEvent:
        """A plain parameter, remembered for undo."""
        spec, before, value = self.tree.change(event)
        if value != before and path.startswith(TAKEN_BACK) and spec.kind != "trigger" and event.source != RESUME:
            self.history.moved(path, before, event.source, tick.time)
        self.morphs.touched(path)
        return landed(event, spec, value)

    def pulled(self, event: ControlEvent) -> bool:
        """A trigger's or a name's event is in the tree; does it mean anything?"""
        return bool(self.tree.apply(event))

    def step(self, tick: Tick, beat: Beat) -> None:
        """Once a tick, after the events: what goes on by itself."""
        if self._shelf.refresh():
            self.offer()
        beats = beat.count + beat.phase
        passed, crossed = max(beats - self._beats, 0.0), beat.count != self._count
        self._beats, self._count = beats, beat.count
        self.morphs.go_on(tick, beat, passed, crossed=crossed)
        self._prompting.go_on(beat)

    # --------------------------------------------------------------------------------------- looks

    def _look(self, _: Tick, event: ControlEvent) -> Landed:
        spec, before, name = self.tree.change(event)
        try:
            self._recall(str(name), remember=event.source != RESUME)
        except VjError:
            self.tree.put(event.path, before if event.path == RECALL else self.stage.look, "stage")
            raise
        return [landed(event, spec, name)]

    def _recall(self, name: str, *, remember: bool) -> None:
        cast = self.stage.cast(self._shelf.find(name))
        before = self.stage.present(cast.look.values)
        self.morphs.end()
        self.stage.stand(cast, keep=name.startswith(SNAPSHOT))
        if remember:
            self.history.replaced(before)
        self.stands()

    def stands(self) -> None:
        """The look on stage is another one: everywhere it is named so."""
        self.offer()
        if self.stage.look in self._shelf.names and self.tree.base(LOOK) != self.stage.look:
            self.tree.put(LOOK, self.stage.look, "stage")

    def _beside(self, tick: Tick, event: ControlEvent) -> Landed:
        if not self.pulled(event):
            return []
        name = self.stage.beside(-1 if event.path == "/show/previous" else 1)
        path = MORPH if event.path == "/show/morph_next" else LOOK
        return self.land(tick, ControlEvent(path, name, event.source))

    def _save(self, _: Tick, event: ControlEvent) -> Landed:
        if not self.pulled(event):
            return []
        wished = next_name(self.stage.look, self._shelf.names) if event.path == "/show/save_new" else ""
        name = wished or proper_name(str(self.tree.base(event.path)))
        look = replace(self.stage.present(exact=False), name=name)
        self._shelf.save(look)
        self.stage.look, self.stage.standing = name, look
        self.stands()
        self.say.append(f"saved as {name}")
        return []

    def _rename(self, tick: Tick, event: ControlEvent) -> Landed:
        if self.pulled(event):
            text = str(self.tree.base(event.path)).strip()
            first, _, rest = text.partition(" ")
            old, new = (first, rest) if rest and first in self._shelf.own else (self.stage.look, text)
            new = proper_name(new)
            self._shelf.rename(old, new)
            if old == self.stage.look:
                self.stage.look = new
            self.stands()
            self.say.append(f"{old} is called {new} now")
        return []

    def _delete(self, _: Tick, event: ControlEvent) -> Landed:
        if self.pulled(event):
            name = str(self.tree.base(event.path)).strip()
            self._shelf.delete(name)
            self.stands()
            self.say.append(f"{name} lies in the trash")
        return []

    # --------------------------------------------------------------------------------------- undo

    def _undo(self, _: Tick, event: ControlEvent) -> Landed:
        return self._take(self.history.back, self.history.undone, "take back") if self.pulled(event) else []

    def _redo(self, _: Tick, event: ControlEvent) -> Landed:
        return self._take(self.history.forth, self.history.redone, "do again") if self.pulled(event) else []

    def _take(self, take: Callable[[], Step | None], was: Callable[[Step], None], what: str) -> Landed:
        step = take()
        if step is None:
            raise VjError(f"there is nothing to {what}")
        if isinstance(step, dict):
            now = {path: value for path, _, value in self.tree.items() if path in step}
            was(now)
            return self._values(differing(now, step))
        was(self.stage.present(step.values))
        self.morphs.end()
        return self._snapshot(step)

    def _values(self, values: dict[str, Value]) -> Landed:
        events = [ControlEvent(path, value, "undo") for path, value in values.items()]
        for event in events:
            self.tree.apply(event)
            self.morphs.touched(event.path)
        self.stage.rewire()
        return events

    def _snapshot(self, look: Look) -> Landed:
        """Put a picture that was there back on stage."""
        name = self._shelf.snap(look)
        event = ControlEvent(RECALL, name, "undo")
        self.tree.apply(event)
        self.stage.stand(self.stage.cast(self._shelf.find(name)), keep=True)
        self.stands()
        return [event]
