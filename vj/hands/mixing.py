"""The mixer's hands: fade and cut from deck to deck, and a look for the deck that nobody sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vj.hands.landing import Landed, landed, number_at
from vj.hands.prompter import SWAP
from vj.modulation.routes import NONE
from vj.params.crossfade import CROSSFADE
from vj.params.spec import choice, number, trigger
from vj.params.tree import ParamTree
from vj.stage import LOOK, Stage
from vj.types import ControlEvent, Tick, VjError

if TYPE_CHECKING:
    from vj.hands.prompter import Prompter

MOUNT, SOURCE = "mix", "fade"
QUEUED = ("waiting", "bars")
"""What of a deck's queue belongs to its picture."""
FADE, CUT, LOAD, LOAD_NEXT = "/mix/fade", "/mix/cut", "/mix/load", "/mix/load_next"
PARAMS = (
    trigger("fade", help="Fade over to the other deck; once more, and it turns back."),
    trigger("cut", help="Cut over to the other deck."),
    number("fade_time", 4.0, 0.25, 256.0, curve="log", smooth=0.0, help="How long a fade takes, in its unit."),
    choice("fade_unit", "beats", ("beats", "seconds"), help="What a fade's time is counted in."),
    trigger("swap", help="The decks change places, and the fader with them: the wall stays as it is."),
    trigger("load_next", help="Load the next look onto the deck that the fader is away from."),
)


def seen(tree: ParamTree, first: Stage, second: Stage | None) -> Stage:
    """The deck that the crossfader is nearer to. One that sleeps is not seen."""
    over = second is not None and second.awake and number_at(tree, CROSSFADE) >= 0.5
    return second if over and second is not None else first


class Mixer:
    """Moves the crossfader and loads looks behind it. ``prompters`` are the first deck's and the second's."""

    def __init__(self, first: Prompter, second: Prompter) -> None:
        self._tree = first.tree
        self._prompters = (first, second)
        self._goal: float | None = None
        self._offered: tuple[str, ...] = ()
        self._tree.extend(MOUNT, PARAMS)
        self.acts = {FADE: self._fade, CUT: self._cut, LOAD: self._load, LOAD_NEXT: self._load_next, SWAP: self._swap}
        first.swap = second.swap = self._change_places
        self._offer()

    @property
    def side(self) -> int:
        """Which deck the fader is nearer to: 0 is the first, 1 the second. A deck that sleeps is not seen."""
        first, second = (prompter.stage for prompter in self._prompters)
        return int(seen(self._tree, first, second) is second)

    def touched(self) -> None:
        """A hand has the fader now."""
        self._goal = None

    def step(self, tick: Tick, passed: float) -> None:
        """Once a tick; ``passed`` beats since the last one."""
        if self._offered is not self._prompters[0].stage.shelf.names:
            self._offer()
        if self._goal is None:
            return
        seconds = self._tree.base("/mix/fade_unit") == "seconds"
        way = (tick.dt if seconds else passed) / number_at(self._tree, "/mix/fade_time")
        here = number_at(self._tree, CROSSFADE)
        there = min(here + way, 1.0) if self._goal > here else max(here - way, 0.0)
        self._tree.put(CROSSFADE, there, SOURCE)
        if there == self._goal:
            self._goal = None

    def _offer(self) -> None:
        self._offered = names = self._prompters[0].stage.shelf.names
        self._tree.extend(MOUNT, (choice("load", NONE, (NONE, *names),
                                         help="Load this look onto the deck that the fader is away from."),))

    def _over(self) -> float:
        """The fader's far end. Raises VjError where nothing is there."""
        if not self._prompters[1].stage.awake:
            raise VjError("there is nothing on deck b to go over to: load a look first")
        here = number_at(self._tree, CROSSFADE) if self._goal is None else self._goal
        return 0.0 if here >= 0.5 else 1.0

    def _fade(self, tick: Tick, event: ControlEvent) -> Landed:
        spec, _, value = self._tree.change(event)
        if not value:
            return []
        goal = self._over()
        self._prompters[0].history.moved(CROSSFADE, self._tree.base(CROSSFADE), event.source, tick.time)
        self._goal = goal
        return [landed(event, spec, value)]

    def _cut(self, tick: Tick, event: ControlEvent) -> Landed:
        spec, _, value = self._tree.change(event)
        if not value:
            return []
        goal, self._goal = self._over(), None
        self._prompters[0].history.moved(CROSSFADE, self._tree.base(CROSSFADE), event.source, tick.time)
        self._tree.put(CROSSFADE, goal, event.source)  # it does not glide
        return [landed(event, spec, value)]

    def _swap(self, _: Tick, event: ControlEvent) -> Landed:
        spec, _before, value = self._tree.change(event)
        if not value:
            return []
        self._over()
        self._change_places()
        if event.source != "undo":
            self._prompters[0].history.swapped()
        return [landed(event, spec, value)]

    def _change_places(self) -> None:
        first, second = self._prompters
        first.morphs.end()
        second.morphs.end()
        first.stage.swap(second.stage)
        here, there = (self._tree.bases(prompter.stage.place.mount("a/queue")) for prompter in self._prompters)
        for name in QUEUED:
            self._tree.put(f"/a/queue/{name}", there[name], SOURCE)
            self._tree.put(f"/b/queue/{name}", here[name], SOURCE)
        self._tree.put(CROSSFADE, 1.0 - number_at(self._tree, CROSSFADE), SOURCE)
        self._goal = None if self._goal is None else 1.0 - self._goal
        first.stands()
        second.stands()

    def _load(self, tick: Tick, event: ControlEvent) -> Landed:
        _, _, name = self._tree.change(event)
        self._tree.put(LOAD, NONE, SOURCE)
        return [] if name == NONE else self._put(tick, str(name), event.source)

    def _load_next(self, tick: Tick, event: ControlEvent) -> Landed:
        if not self._prompters[0].pulled(event):
            return []
        there = self._prompters[1 - self.side].stage
        stage = there if there.awake else self._prompters[self.side].stage
        return self._put(tick, stage.beside(1), event.source)

    def _put(self, tick: Tick, name: str, source: str) -> Landed:
        """A look onto the deck that is not seen."""
        other = self._prompters[1 - self.side]
        told = other.land(tick, ControlEvent(other.stage.place.here(LOOK), name, source))
        other.say.append(f"deck {other.stage.place.deck}: {name}")
        return told
