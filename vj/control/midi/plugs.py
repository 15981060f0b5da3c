"""Which boxes are plugged in: looked for by their names, for no system tells when a cable is pulled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vj.control.clocks._base import Closing
from vj.control.clocks.ports import find, plain
from vj.control.midi.binding import Layout
from vj.control.midi.box import Box
from vj.control.midi.ports import NOT_BOXES, BoxPorts, Output
from vj.control.midi.shelf import Shelf
from vj.types import VjError

MOST = 16
"""Boxes at once."""
LONGEST_NAME = 60
SHOWN_AT = (0.3, 2.5)
"""Seconds after its output was opened at which a box is shown everything: a cable does not carry at once, and a box
that has just been plugged in plays with its lights first.
"""


@dataclass(slots=True)
class Plug:
    """A box on its cables. ``port`` is its input's whole name, ``match`` what to know it by another time."""

    port: str
    match: tuple[str, ...]
    box: Box
    input: Closing
    output: Output | None = None
    output_port: str = ""
    shows: list[float] = field(default_factory=list)

    def carries(self, now: float) -> bool:
        """May it be told what to show? When that is due, it is told everything."""
        if self.shows and now >= self.shows[0]:
            del self.shows[0]
            self.box.renew()
        return len(self.shows) < len(SHOWN_AT)


class Plugs:
    """All boxes. ``heard(plug's port, bytes)`` is called on threads of the system.

    ``wanted``: parts of the names of the inputs that are used; none is all of them. ``news`` tells what came and went.
    """

    def __init__(self, ports: BoxPorts, shelf: Shelf, heard: Callable[[str, Sequence[int]], None],
                 wanted: Sequence[str] = ()) -> None:
        self.plugs: dict[str, Plug] = {}
        self.news: list[str] = []
        self._ports, self._shelf, self._heard, self._wanted = ports, shelf, heard, tuple(wanted)
        self._trouble: dict[str, str] = {}
        self._known: set[str] = set()
        self._ever = self._never = False  # has this machine answered at all?

    def look(self, now: float) -> bool:
        """Let go of boxes that have gone, take those that have come; has anything changed? Never raises.

        A machine that has no MIDI when it is asked first is not asked again.
        """
        if self._never:
            return False
        try:
            inputs, outputs = self._ports.inputs(), self._ports.outputs()
        except VjError as error:
            self._never = not self._ever
            self._tell_once("", f"{error}: the show goes on without MIDI" if self._never else str(error))
            return False
        self._ever = True
        self._trouble.pop("", None)
        chosen = self._chosen(inputs)
        gone = [port for port in self.plugs if port not in chosen]
        for port in gone:
            self.drop(port)
        come = [port for port in chosen if port not in self.plugs and self._take(port)]
        for plug in self.plugs.values():
            self._keep_output(plug, outputs, now)
        return bool(gone or come)

    def drop(self, port: str) -> None:
        """Let go of a box."""
        plug = self.plugs.pop(port)
        self.news.append(f"{plug.box.name} is unplugged: it works again when it is back")
        _close(plug)

    def close(self) -> None:
        """Let go of all boxes, without a word."""
        for plug in self.plugs.values():
            _close(plug)
        self.plugs.clear()
        self._ports.close()

    def _chosen(self, inputs: Sequence[str]) -> list[str]:
        if not self._wanted:
            return [name for name in inputs if not name.startswith(NOT_BOXES)][:MOST]
        found = {wanted: find(wanted, list(inputs)) for wanted in self._wanted}
        for wanted, name in found.items():
            if name is None:
                self._tell_once(wanted, f"there is no MIDI input called {wanted!r} yet: it is taken when it comes")
        return [name for name in dict.fromkeys(found.values()) if name is not None]

    def _take(self, port: str) -> bool:
        layout = self._shelf.layout(port)
        name, match = self._named(port, layout)
        box = Box(name, layout or Layout(name, match, match))
        try:
            source = self._ports.open_input(port, lambda data: self._heard(port, data))
        except VjError as error:
            self._tell_once(port, str(error))
            return False
        self._trouble.pop(port, None)
        self.plugs[port] = Plug(port, match, box, source)
        again = name in self._known
        self._known.add(name)
        self.news.append(f"{name} is back" if again else f"{name} is here: {_able(layout)}")
        return True

    def _named(self, port: str, layout: Layout | None) -> tuple[str, tuple[str, ...]]:
        """What a box is called, and what to know it by."""
        known = layout is not None and layout.matches(port)
        title = (layout.name if layout and known else "") or title_of(port)
        taken = {plug.box.name for plug in self.plugs.values()}
        numbered = (title if n == 1 else f"{title} {n}" for n in range(1, MOST + 2))
        return next(name for name in numbered if name not in taken), (layout.match if layout and known else (title,))

    def _keep_output(self, plug: Plug, outputs: Sequence[str], now: float) -> None:
        """Its lights hang on the output of the same name; where names differ, on one that its layout names."""
        if plug.output is not None and plug.output_port in outputs:
            return
        _close_output(plug)
        name = self._output(plug, outputs)
        if name is None:
            return
        try:
            plug.output, plug.output_port = self._ports.open_output(name), name
        except VjError as error:
            self._tell_once(name, str(error))
            return
        self._trouble.pop(name, None)
        plug.shows = [now + seconds for seconds in SHOWN_AT]

    def _output(self, plug: Plug, outputs: Sequence[str]) -> str | None:
        taken = {other.output_port for other in self.plugs.values() if other.output is not None}
        free = [name for name in outputs if name not in taken and not name.startswith(NOT_BOXES)]
        same = [name for name in free if name == plug.port] or [n for n in free if plain(n) == plain(plug.port)]
        parts = [part.casefold() for part in plug.box.layout.outputs or plug.match]
        same = same or [name for name in free if any(part in name.casefold() for part in parts)]
        client = plug.port.partition(":")[0]  # a program on JACK: client:in and client:out
        same = same or [name for name in free if client != plug.port and name.startswith(f"{client}:")]
        return same[0] if same else None

    def _tell_once(self, what: str, sentence: str) -> None:
        if self._trouble.get(what) != sentence:
            self._trouble[what] = sentence
            self.news.append(sentence)


def title_of(port: str) -> str:
    """A box's name as people say it: without the numbers and the port's own name that ALSA puts behind it."""
    client, colon, rest = plain(port).partition(":")
    short = client if colon and client.casefold() in rest.casefold() else plain(port)
    return "".join(letter for letter in short if letter.isprintable())[:LONGEST_NAME].strip() or "a MIDI box"


def _able(layout: Layout | None) -> str:
    if layout is None or not layout.controls:
        return "it turns nothing yet (learn with L)"
    return f"{sum(bool(binding.target) for binding in layout.controls)} of its controls are bound"


def _close_output(plug: Plug) -> None:
    output, plug.output, plug.output_port = plug.output, None, ""
    if output is not None:
        _quietly(output)


def _close(plug: Plug) -> None:
    _quietly(plug.input)
    _close_output(plug)


def _quietly(port: Closing) -> None:
    """A cable that is out cannot be let go of well; that is no news."""
    try:
        port.close()
    except Exception:  # rtmidi raises its own classes, one a system
        return
