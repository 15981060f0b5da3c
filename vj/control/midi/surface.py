"""MIDI in a live show: what boxes say becomes wishes, what changes is shown on them, and both can be learnt.

One thread does all of it. The system's threads only leave bytes on the wire; nothing that comes over a cable, or fails
to, can raise beyond this thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

from vj.config import data_dir, user_dir
from vj.control.desk import Desk
from vj.control.midi import params
from vj.control.midi.box import Box
from vj.control.midi.controls import Move
from vj.control.midi.places import Places
from vj.control.midi.plugs import Plug, Plugs
from vj.control.midi.ports import BoxPorts
from vj.control.midi.shelf import Shelf
from vj.control.midi.teacher import SOURCE, Teacher
from vj.control.midi.wire import Delivery, Wire
from vj.types import ControlEvent, Value

LOOK_EVERY = 1.0
"""Seconds between two looks at what is plugged in."""
TURN, IDLE = 1.0 / 60.0, 0.25
"""Seconds of a turn with boxes, and without any."""
MOST = 256
"""Deliveries in one turn."""
BREATH = 0.002
"""Seconds that are left to everybody else after a full turn: a flood must not take the show's processor."""
SAY_AGAIN = 30.0
"""Seconds between two words about a flood, or about an error."""


class MidiSurface:
    """All MIDI boxes of a show. ``turn`` does what is due; ``start`` has a thread do it from now on.

    ``desk`` is the show; ``ports`` the machine's; ``shelf`` the bindings; ``wanted`` as ``Plugs`` has it.
    """

    mount = params.MOUNT

    def __init__(self, desk: Desk, ports: BoxPorts, shelf: Shelf, wanted: Sequence[str] = ()) -> None:
        self._desk, self._shelf = desk, shelf
        self._wire = Wire()
        self._plugs = Plugs(ports, shelf, self._heard, wanted)
        self._places = Places(desk.mirror.specs)
        self._revision = desk.mirror.revision
        self._seen = desk.mirror.newest
        self._looked = -LOOK_EVERY
        self._teacher = Teacher(desk, shelf, self._plugs, self._rebind)
        self._teacher.places = self._places
        self._last = ""
        self._bad = 0
        self._said: dict[str, float] = {}
        self._told_of: set[str] = set()
        self._told: Mapping[str, Value] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="midi", daemon=True)
        self._tell()

    def start(self) -> None:
        """Work from now on."""
        self._thread.start()

    def close(self) -> None:
        """End the thread and let go of all boxes."""
        self._ended.set()
        self._wire.ring()
        if self._thread.is_alive():
            self._thread.join(5.0)
        self._plugs.close()

    def readings(self) -> Mapping[str, Value]:
        """The values of ``params.READINGS``."""
        return self._told

    # ------------------------------------------------------------------------------------ the thread

    def _heard(self, port: str, data: Sequence[int]) -> None:
        """Bytes, on a thread of the system."""
        self._wire.put(Delivery(port, data, self._desk.now()))

    def _work(self) -> None:
        while not self._ended.is_set():
            deliveries = self._wire.take(MOST, TURN if self._plugs.plugs else IDLE)
            try:
                self.turn(self._desk.now(), deliveries)
            except Exception as error:  # the show goes on without what went wrong, and hears of it
                self._say_seldom(f"MIDI: {type(error).__name__}: {error}", self._desk.now())
            if len(deliveries) == MOST:
                self._ended.wait(BREATH)

    def turn(self, now: float, deliveries: Iterable[Delivery] = ()) -> None:
        """Everything that is due at ``now`` seconds."""
        self._follow(now)
        events: dict[str, ControlEvent] = {}
        for delivery in deliveries:
            self._understand(delivery, events)
        for plug in self._plugs.plugs.values():
            for move in plug.box.late(now):
                self._turned(plug.box, move, now, events)
        self._emit(events)
        self._teacher.go_on(now)
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            self._look(now)
        for plug in list(self._plugs.plugs.values()):
            self._show(plug, now)
        self._flood(now)
        self._say_news()
        self._tell()

    def _look(self, now: float) -> None:
        if self._plugs.look(now):
            for plug in self._plugs.plugs.values():
                self._reach(plug.box)
        if self._shelf.changed():
            self._shelf.read()
            self._rebind()

    def _say_news(self) -> None:
        for news in (self._plugs.news, self._shelf.news):
            for sentence in news:
                self._desk.say(sentence)
            news.clear()

    def _reach(self, box: Box) -> None:
        """Let a box that is here, or bound anew, find its parameters; what it can never find is told once."""
        box.reach(self._places)
        for binding in box.layout.controls:
            if binding.target not in self._told_of and (why := self._places.lacks(binding.target)):
                self._told_of.add(binding.target)
                self._desk.say(f"{binding.where}: 'target': {why}")

    # --------------------------------------------------------------------------------------- hearing

    def _understand(self, delivery: Delivery, events: dict[str, ControlEvent]) -> None:
        plug = self._plugs.plugs.get(delivery.port)
        if plug is None:
            return
        before = plug.box.parser.bad
        for message in plug.box.parser.feed(delivery.data):
            if self._teacher.target:
                self._last = f"{message.kind} {message.number} of {plug.box.name}: {message.value}"
                self._teacher.listen(plug, message, delivery.time)
                continue
            for move in plug.box.hear(message, delivery.time):
                self._turned(plug.box, move, delivery.time, events)
        self._bad += plug.box.parser.bad - before

    def _turned(self, box: Box, move: Move, time: float, events: dict[str, ControlEvent]) -> None:
        """What a move asks for, into ``events``: of a fader's places within one turn only the last one counts."""
        self._last = f"{move.control.words} of {box.name}: {move.value}"
        for event in box.turn(move, time, self._desk.mirror.bases):
            for plug in self._plugs.plugs.values():
                if plug.box is not box:
                    plug.box.moved(event.path)
            self._last += f", {event.path}"
            before = events.pop(event.path, None)
            if before is not None and not (event.unit and before.unit and not event.relative and not before.relative):
                self._desk.emit(before)
            events[event.path] = event

    def _emit(self, events: Mapping[str, ControlEvent]) -> None:
        for event in events.values():
            if not self._desk.emit(event):
                self._bad += 1

    # ------------------------------------------------------------------------------------- following

    def _follow(self, now: float) -> None:
        """What changed in the show since the last turn."""
        mirror = self._desk.mirror
        if mirror.revision != self._revision:
            self._revision = mirror.revision
            self._places = self._teacher.places = Places(mirror.specs)
            for plug in self._plugs.plugs.values():
                plug.box.reach(self._places)
        changes = mirror.since(self._seen)
        self._seen = mirror.newest if changes is None else self._seen
        for change in changes or ():
            self._seen = change.number
            if change.source != SOURCE:
                self._teacher.asked(change.path, change.value, now)
            for plug in self._plugs.plugs.values():
                if change.source == plug.box.source:
                    plug.box.touched(change.path)
                else:
                    plug.box.moved(change.path)
        if changes is None:
            for plug in self._plugs.plugs.values():
                plug.box.lost()

    def _rebind(self) -> None:
        for plug in self._plugs.plugs.values():
            layout = self._shelf.layout(plug.port)
            if layout is not None and layout != plug.box.layout:
                plug.box.use(layout)
                self._reach(plug.box)

    # --------------------------------------------------------------------------------------- showing

    def _show(self, plug: Plug, now: float) -> None:
        if plug.output is None or not plug.carries(now):
            return
        try:
            for message in plug.box.due(now, self._desk.mirror.bases):
                plug.output.send(message)
        except Exception:  # rtmidi raises its own classes, one a system
            self._plugs.drop(plug.port)

    def _flood(self, now: float) -> None:
        refused, self._wire.refused = self._wire.refused, 0
        if refused:
            self._bad += refused
            self._say_seldom("a MIDI box sends more than can be understood: some of it is let go", now)

    def _say_seldom(self, sentence: str, now: float) -> None:
        if now - self._said.get(sentence, -SAY_AGAIN) >= SAY_AGAIN:
            self._said = {sentence: now} if len(self._said) > 50 else self._said | {sentence: now}
            self._desk.say(sentence)

    def _tell(self) -> None:
        told: dict[str, Value] = {
            "learning": self._teacher.target, "last": self._last, "bad": self._bad,
            "devices": ", ".join(plug.box.name for plug in self._plugs.plugs.values())}
        if told != self._told:
            self._told = told


def open_shelf() -> Shelf:
    """The performer's own bindings and those that come with vj."""
    return Shelf(user_dir() / "bindings", data_dir("presets") / "bindings")
