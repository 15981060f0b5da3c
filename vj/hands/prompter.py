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
from vj.modulation.routes import NONE, kinds
from vj.params import pad
from vj.params.looks import next_name, proper_name
from vj.params.places import across
from vj.params.shelf import SNAPSHOT
from vj.params.spec import choice, number, text, trigger
from vj.params.tree import ParamTree
from vj.params.undo import Before, History, Step, Swapped, differing
from vj.stage import DRAWN, LOOK, OF_A_LOOK, Stage
from vj.types import Beat, ControlEvent, Look, Tick, Value, VjError, When

RECALL, QUANTIZE, SWAP = "/show/recall", "/show/quantize", "/mix/swap"
RESUME = "resume"
"""Who takes up an earlier show: that cannot be taken back."""
PUNCTUAL = ("autopilot", RESUME, "undo")
"""Who knows the moment itself."""
_KEPT = ("/a/queue/waiting", *(f"{PAD}{corner}" for corner in pad.CORNERS))
TAKEN_BACK = (*OF_A_LOOK, "/mix/", *_KEPT, *map(across, _KEPT))
"""What a hand moves here can be taken back."""

SHOW = (
    text("recall", help="Recall a look by its name."),
    text("save", help="Save the picture as it is now as a look of this name.", guarded=True, each=True),
    trigger("save_new", help="Save the picture as it is now under the next free name.", guarded=True),
    text("rename", guarded=True, each=True, help="Another name for the look on stage; `old new` for another look."),
    text("delete", guarded=True, each=True, help="Put one of your own looks into the trash, by its name."),
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
_OF_A_DECK = ("recall", "save", "save_new", "next", "previous", "morph_position", "morph_next")
OF_A_DECK = tuple(spec for spec in SHOW if spec.name in _OF_A_DECK)
"""What of it hands ask of the second deck too; the rest is the show's."""
Act = Callable[[Tick, ControlEvent], Landed]


class Prompter:
    """One for each deck. ``say`` holds sentences for the performer, oldest first.

    The second deck's shares them and the history with the ``first``; each has the ``other`` at hand.
    """

    def __init__(self, tree: ParamTree, stage: Stage, first: Prompter | None = None) -> None:
        self.say: list[str] = first.say if first else []
        self.history: History = first.history if first else History()
        self.swap: Callable[[], None] = lambda: None  # the mixer's to do
        self.other = first
        if first is not None:
            first.other = self
        self.tree: ParamTree = tree
        self.stage: Stage = stage
        self._shelf, self._place = stage.shelf, stage.place
        self.morphs, self._wiring, self._corners = Morphs(self), Wiring(self), Corners(self)
        self._prompting = Prompting(self)
        self._count, self._beats = 0, 0.0
        self._offered: tuple[tuple[str, ...], ...] = ((), ("",))
        place = stage.place
        self._look_path, self._morph_path = place.here(LOOK), place.here(MORPH)
        tree.extend(place.show, SHOW if place.first else OF_A_DECK)
        tree.declare(place.pad, pad.PARAMS)
        tree.declare(place.sources, (choice("add", NONE, (NONE, *kinds()), each=True,
                                             help="Another source of modulation."),))
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
        return {self._place.here(path): act for path, act in acts.items()} | self._prompting.acts()

    def offer(self) -> None:
        """Looks to choose from, and sources that can be taken away."""
        names, uses = self._shelf.names, tuple(use.name for use in self.stage.uses)
        if names != self._offered[0]:
            self.stage.show_names()
            self.tree.extend(self._place.show, (choice("morph", NONE, (NONE, *names),
                                                       help="Morph to this look; none stops where it is."),))
        if uses != self._offered[1]:
            self.tree.extend(self._place.sources, (choice("remove", NONE, (NONE, *uses), each=True,
                                                         help="Take a source away."),))
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
        if act is None and path.startswith(self._place.routes):
            act = self._wiring.route
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
        if self._place.first:
            self._shelf.refresh()
        if self._shelf.names is not self._offered[0]:
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
            self.tree.put(event.path, before if event.path == self._place.here(RECALL) else self._standing, "stage")
            raise
        return [landed(event, spec, name)]

    def _recall(self, name: str, *, remember: bool) -> None:
        look = None if name == NONE and not self._place.first else self._shelf.find(name)
        cast = self.stage.cast(look) if look else None
        before = self.stage.present(look.values if look else ()) if self.stage.awake else None
        self.morphs.end()
        if cast is None:
            self.stage.sleep()
        else:
            self.stage.stand(cast, keep=name.startswith(SNAPSHOT))
        if remember:
            self.replaced(before)
        self.stands()

    def replaced(self, before: Look | None) -> None:
        """Another picture is on this deck; ``before`` can be taken back to."""
        self.history.replaced(before, self._place.deck)

    @property
    def _standing(self) -> str:
        """The name under which the look on this deck is chosen."""
        return self.stage.look if self.stage.awake else NONE

    def stands(self) -> None:
        """The look on stage is another one: everywhere it is named so."""
        self.offer()
        known = self.stage.look in self._shelf.names or not self.stage.awake
        if known and self.tree.base(self._look_path) != self._standing:
            self.tree.put(self._look_path, self._standing, "stage")

    def _beside(self, tick: Tick, event: ControlEvent) -> Landed:
        if not self.pulled(event):
            return []
        name = self.stage.beside(-1 if event.path.endswith("/previous") else 1)
        path = self._morph_path if event.path.endswith("/morph_next") else self._look_path
        return self.land(tick, ControlEvent(path, name, event.source))

    def _save(self, _: Tick, event: ControlEvent) -> Landed:
        if not self.pulled(event):
            return []
        wished = next_name(self.stage.look, self._shelf.names) if event.path.endswith("/save_new") else ""
        name = wished or proper_name(str(self.tree.base(event.path)))
        look = replace(self.stage.present(exact=False), name=name)
        self._shelf.save(look)
        self.stage.look, self.stage.standing = name, look
        for one in self._both:
            one.stands()
        self.say.append(f"saved as {name}")
        return []

    def _rename(self, tick: Tick, event: ControlEvent) -> Landed:
        if self.pulled(event):
            text = str(self.tree.base(event.path)).strip()
            first, _, rest = text.partition(" ")
            old, new = (first, rest) if rest and first in self._shelf.own else (self.stage.look, text)
            new = proper_name(new)
            self._shelf.rename(old, new)
            for one in self._both:
                if old == one.stage.look:
                    one.stage.look = new
                one.stands()
            self.say.append(f"{old} is called {new} now")
        return []

    def _delete(self, _: Tick, event: ControlEvent) -> Landed:
        if self.pulled(event):
            name = str(self.tree.base(event.path)).strip()
            self._shelf.delete(name)
            for one in self._both:
                one.stands()
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
        if isinstance(step, Swapped):
            was(step)
            self.swap()
            return [ControlEvent(SWAP, True, "undo")]
        return next(one for one in self._both if one.stage.place.deck == step.deck)._put_back(step.look, was)

    def _put_back(self, look: Look | None, was: Callable[[Step], None]) -> Landed:
        """The picture that was on this deck, or none where it slept."""
        here = self.stage.present(look.values if look else ()) if self.stage.awake else None
        was(Before(self._place.deck, here))
        self.morphs.end()
        if look is not None:
            return self._snapshot(look)
        self.stage.sleep()
        self.stands()
        return [ControlEvent(self._look_path, NONE, "undo")]

    @property
    def _both(self) -> list[Prompter]:
        """This deck's and the other's."""
        return [self] if self.other is None else [self, self.other]

    def _values(self, values: dict[str, Value]) -> Landed:
        events = [ControlEvent(path, value, "undo") for path, value in values.items()]
        for event in events:
            self.tree.apply(event)
        for one in self._both:
            for event in events:
                one.morphs.touched(event.path)
            one.stage.rewire()
        return events

    def _snapshot(self, look: Look) -> Landed:
        """Put a picture that was there back on stage."""
        name = self._shelf.snap(look)
        event = ControlEvent(self._place.here(RECALL), name, "undo")
        self.tree.apply(event)
        self.stage.stand(self.stage.cast(self._shelf.find(name)), keep=True)
        self.stands()
        return [event]
