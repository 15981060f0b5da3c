"""Learning in a show: who wishes to, what is heard, what is written down, and how to take it back."""

from __future__ import annotations

from collections.abc import Callable

from vj.control.desk import Desk
from vj.control.midi import params
from vj.control.midi.learning import Heard, Learning
from vj.control.midi.messages import Message
from vj.control.midi.places import BOUND, Place, Places
from vj.control.midi.plugs import Plug, Plugs
from vj.control.midi.shelf import Shelf
from vj.params.spec import describe
from vj.registry import suggest
from vj.types import ControlEvent, Value, VjError

SOURCE = "midi"
"""Source of the wishes that MIDI has of itself."""
SHOWN = 200
"""Letters of a path that are said: anybody may send one."""


class Teacher:
    """``asked`` what the performer wishes; while there is a ``target`` it must ``listen`` to what the boxes say.

    ``rebind`` is called when files have changed; ``places`` are those of the look on stage.
    """

    def __init__(self, desk: Desk, shelf: Shelf, plugs: Plugs, rebind: Callable[[], None]) -> None:
        self.places = Places({})
        self._desk, self._shelf, self._plugs, self._rebind = desk, shelf, plugs, rebind
        self._learning: Learning | None = None

    @property
    def target(self) -> str:
        """What waits for a control; empty when nothing does."""
        return self._learning.target if self._learning else ""

    def asked(self, path: str, value: Value, now: float) -> None:
        """Somebody set a parameter; those under ``/midi`` are wishes."""
        try:
            match path:
                case params.LEARN:
                    self._learn(str(value), now)
                case params.FORGET if value:
                    self._forget(str(value))
                case params.UNDO:
                    self._undo()
        except VjError as error:
            self._desk.say(str(error))

    def listen(self, plug: Plug, message: Message, time: float) -> None:
        """A box says something while a control is awaited."""
        heard = self._learning.hear(plug.port, message, time) if self._learning else None
        if heard is not None:
            self._learnt(heard)

    def go_on(self, now: float) -> None:
        """What the time decides: a button that has been quiet, a control that does not come."""
        if self._learning is None:
            return
        if (heard := self._learning.due(now)) is not None:
            self._learnt(heard)
        elif self._learning.over(now):
            self._desk.say(f"nothing learnt for {self.target}: no control was moved")
            self._end()

    def _learn(self, target: str, now: float) -> None:
        if not target:
            if self._learning is not None:
                self._desk.say(f"nothing learnt for {self.target}")
            self._learning = None
            return
        try:
            self._learning = Learning(target, self._place(target).spec, now)
        except VjError:
            self._end()
            raise
        self._desk.say(f"learning {target}: move a control (an endless knob: slowly to the left)"
                       if self._plugs.plugs else f"learning {target}: no MIDI box is plugged in")

    def _place(self, target: str) -> Place:
        """Where ``target`` is. Raises VjError saying why nothing there can be turned."""
        place, specs = self.places.find(target), self._desk.mirror.specs
        if place is not None:
            return place
        if target in specs:
            raise VjError(f"{target} cannot be turned by a control: it takes {describe(specs[target])}")
        known = [path for path, spec in specs.items() if spec.kind in BOUND]
        raise VjError(f"{target[:SHOWN]} cannot be turned by a control: there is no such parameter"
                      f"{suggest(target[:SHOWN], known)}")

    def _learnt(self, heard: Heard) -> None:
        self._end()
        plug = self._plugs.plugs.get(heard.box)
        if plug is None:
            return
        name, binding = plug.box.name, heard.binding
        try:
            self._shelf.learn(name, plug.match, binding)
        except VjError as error:
            self._desk.say(str(error))
            return
        self._rebind()
        coding = f" ({binding.coding})" if binding.coding else ""
        self._desk.say(f"{binding.control.words}{coding} of {name} turns {binding.target}")

    def _end(self) -> None:
        """Nothing is awaited, and the parameter says so."""
        self._learning = None
        self._desk.emit(ControlEvent(params.LEARN, "", SOURCE))

    def _forget(self, target: str) -> None:
        self._desk.emit(ControlEvent(params.FORGET, "", SOURCE))
        many = sum(self._shelf.forget(plug.box.name, plug.match, plug.box.layout, target)
                   for plug in self._plugs.plugs.values())
        self._rebind()
        self._desk.say(f"{target[:SHOWN]} is turned by no control any more" if many else
                       f"no control turns {target[:SHOWN]}")

    def _undo(self) -> None:
        sentence = self._shelf.undo()
        self._rebind()
        self._desk.say(sentence or "nothing was learnt that could be taken back")
