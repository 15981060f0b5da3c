"""Morphs as hands ask for them: to a look, in beats or seconds, or as far as a fader goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vj.hands.landing import Landed, landed, number_at
from vj.hands.morphing import SOURCE, Morphing
from vj.modulation.routes import NONE
from vj.types import Beat, ControlEvent, Tick, VjError

if TYPE_CHECKING:
    from vj.hands.prompter import Prompter

MORPH, POSITION = "/show/morph", "/show/morph_position"


class Morphs:
    """Of one deck, at most one at a time: ``running``."""

    def __init__(self, show: Prompter) -> None:
        self.running: Morphing | None = None
        self._show = show
        self._morph, self._position = map(show.stage.place.here, (MORPH, POSITION))
        self._hand: tuple[float, float] | None = None  # where a hand took it over: fader, morph

    def touched(self, path: str) -> None:
        """A hand has this parameter now."""
        if self.running is not None:
            self.running.touched(path)

    def begin(self, tick: Tick, event: ControlEvent) -> Landed:
        """To a look; ``none`` stops where it is."""
        spec, _, name = self._show.tree.change(event)
        self.end()
        if name != NONE and not self._show.stage.awake:
            self._show.tree.put(self._morph, NONE, SOURCE)
            raise VjError(f"there is nothing on deck {self._show.stage.place.deck} to morph from: load a look first")
        if name != NONE:
            try:
                cast = self._show.stage.cast(self._show.stage.shelf.find(str(name)))
                self.running = Morphing(self._show.stage, self._show.tree, cast)
            except VjError:
                self._show.tree.put(self._morph, NONE, SOURCE)
                raise
            self._show.replaced(self.running.before)
            self._show.tree.put(self._morph, name, event.source)
            by_hand = self._show.tree.base("/show/morph_unit") == "hand"
            self._hand = (number_at(self._show.tree, self._position), 0.0) if by_hand else None
        return [landed(event, spec, name)]

    def by_hand(self, tick: Tick, event: ControlEvent) -> Landed:
        """A fader that stands at its end goes the other way: it need not be carried back between two morphs."""
        spec, _, value = self._show.tree.change(event)
        if self.running is not None:
            self._hand = self._hand or (0.0, 0.0)  # one that ran by itself: its position is the fader's
            self.running.by_hand(carried(float(value), *self._hand))
            self._arrive()
        return [landed(event, spec, value)]

    def go_on(self, tick: Tick, beat: Beat, passed: float, *, crossed: bool) -> None:
        """Once a tick. ``passed`` beats since the last one, ``crossed``: a beat has begun."""
        morph, tree = self.running, self._show.tree
        if morph is None:
            return
        unit, length = tree.base("/show/morph_unit"), number_at(tree, "/show/morph_time")
        if unit == "hand" or self._hand is not None:
            return
        seconds = unit == "seconds"
        position = min(morph.position + (tick.dt if seconds else passed) / length, 1.0)
        morph.by_music(position, (60.0 / max(beat.bpm, 1.0) if seconds else 1.0) / length, crossed=crossed)
        self._show.tree.put(self._position, position, SOURCE)
        self._arrive()

    def _arrive(self) -> None:
        if self.running is None or self.running.position < 1.0:
            return
        look, by_hand = self.running.target, self._hand is not None
        self.end(rewind=not by_hand)
        self._show.stage.look, self._show.stage.standing = look.name, look
        self._show.stands()

    def end(self, *, rewind: bool = True) -> None:
        """Whatever is under way stops where it is. ``rewind``: the position is back at its beginning."""
        if self.running is None:
            return
        if self.running.side:
            self._show.stage.look, self._show.stage.standing = self.running.target.name, self.running.target
        rewind = rewind and self._hand is None
        self.running.end()
        self.running = self._hand = None
        self._show.tree.put(self._morph, NONE, SOURCE)
        if rewind:
            self._show.tree.put(self._position, 0.0, SOURCE)


def carried(fader: float, taken: float, morph: float) -> float:
    """Where a morph is whose fader was taken at ``taken`` when the morph was at ``morph``: the far end is arrival."""
    if taken >= 0.5:
        fader, taken = 1.0 - fader, 1.0 - taken
    return min(max(morph + (1.0 - morph) * (fader - taken) / max(1.0 - taken, 1e-6), 0.0), 1.0)
