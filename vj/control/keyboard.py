"""The computer's own keys. One table says what each does, and the help overlay is made from it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum, auto

from vj.types import ControlEvent, Value

SOURCE = "keyboard"
HELD = "keyboard, held"
"""Source of what was held long enough to be meant, locked or not."""
QUIT_WINDOW = 3.0
"""Seconds in which the second press of quit counts."""
HOLD = 2.0
"""Seconds for which a key must be held while the show is locked."""
LOCK = "/machine/lock"


class Action(Enum):
    """What a key asks of the program itself rather than of a parameter."""

    FULLSCREEN = auto()
    NEXT_LOOK = auto()
    PREVIOUS_LOOK = auto()
    LATER = auto()
    EARLIER = auto()
    LEARN = auto()
    HELP = auto()
    ASK_QUIT = auto()
    QUIT = auto()


@dataclass(frozen=True, slots=True)
class Binding:
    """``keys`` as the display names them; does an action, toggles a switch, or pulls a trigger at ``path``.

    ``careful``: while the show is locked the key must be held.
    """

    keys: tuple[str, ...]
    help: str
    action: Action | None = None
    path: str = ""
    toggles: bool = False
    careful: bool = False


BINDINGS: tuple[Binding, ...] = (
    Binding(("F",), "fullscreen", Action.FULLSCREEN),
    Binding(("SPACE",), "freeze the picture", path="/master/freeze", toggles=True),
    Binding(("B",), "blackout, with a fade", path="/master/blackout", toggles=True),
    Binding(("N", "RIGHT"), "next look", Action.NEXT_LOOK),
    Binding(("P", "LEFT"), "previous look", Action.PREVIOUS_LOOK),
    Binding(("M",), "morph to the next look", path="/show/morph_next"),
    Binding(("O",), "load the next look onto the other deck", path="/mix/load_next"),
    Binding(("X",), "fade over to the other deck", path="/mix/fade"),
    Binding(("V",), "cut over to the other deck", path="/mix/cut"),
    Binding(("S",), "save the picture as a new look", path="/show/save_new"),
    Binding(("Z",), "take back", path="/show/undo"),
    Binding(("Y",), "do again", path="/show/redo"),
    Binding(("1",), "pad: to corner a; 2, 3 and 4 to b, c and d", path="/pad/go_a"),
    *(Binding((key,), "", path=f"/pad/go_{name}") for key, name in (("2", "b"), ("3", "c"), ("4", "d"))),
    Binding(("F5",), "pad: this picture into corner a; F6, F7 and F8 into b, c and d", path="/pad/store_a"),
    *(Binding((key,), "", path=f"/pad/store_{name}") for key, name in (("F6", "b"), ("F7", "c"), ("F8", "d"))),
    Binding(("A",), "autopilot, on and off", path="/autopilot/on", toggles=True),
    Binding(("T",), "tap the tempo", path="/beat/tap"),
    Binding(("R",), "resync: the bar starts here", path="/beat/resync"),
    Binding(("UP",), "the picture's beats 5 ms later", Action.LATER),
    Binding(("DOWN",), "the picture's beats 5 ms earlier", Action.EARLIER),
    Binding(("L",), "MIDI: the next control turns what was moved last", Action.LEARN),
    Binding(("C",), "record, and stop recording", path="/record/on", toggles=True, careful=True),
    Binding(("K",), "lock the show: C, K and Q must be held then", path=LOCK, toggles=True, careful=True),
    Binding(("H", "F1"), "this help", Action.HELP),
    Binding(("Q", "ESCAPE"), "quit (asks twice)", Action.QUIT, careful=True),
)
_BY_KEY = {key: binding for binding in BINDINGS for key in binding.keys}
_SIGNS = {"RIGHT": "→", "LEFT": "←", "UP": "↑", "DOWN": "↓", "ESCAPE": "ESC"}


def help_text() -> str:
    """The table of keys, one line each; what has no words is told with the one before."""
    told = [binding for binding in BINDINGS if binding.help]
    names = [" ".join(_SIGNS.get(key, key) for key in binding.keys) for binding in told]
    widest = max(map(len, names))
    return "\n".join(f"{name.ljust(widest)}   {binding.help}" for name, binding in zip(names, told, strict=True))


class Keyboard:
    """Translates keys. Switches toggle from their present value, told through ``changed``."""

    def __init__(self) -> None:
        self._switches = {binding.path: False for binding in BINDINGS if binding.toggles}
        self._asked = -QUIT_WINDOW
        self._hold: tuple[str, float] | None = None
        self._emit: Callable[[ControlEvent], None] | None = None

    def start(self, emit: Callable[[ControlEvent], None]) -> None:
        """Events of :meth:`pressed` go to ``emit`` from now on."""
        self._emit = emit

    def changed(self, path: str, value: Value, source: str) -> None:
        """A parameter has a new value, whoever set it."""
        if path in self._switches:
            self._switches[path] = bool(value)

    def close(self) -> None:
        """Nothing is held."""
        self._emit = None

    def press(self, key: str, time: float) -> ControlEvent | Action | None:
        """What a key means at ``time`` seconds; None for a key without a meaning."""
        binding = _BY_KEY.get(key)
        if binding is None:
            return None
        if binding.careful and self.locked:
            self._hold = (key, time)
            return None
        return self.ask_quit(time) if binding.action is Action.QUIT else self._meant(binding, SOURCE)

    def _meant(self, binding: Binding, source: str) -> ControlEvent | Action:
        if binding.action is not None:
            return binding.action
        if not binding.toggles:
            return ControlEvent(binding.path, True, source)
        self._switches[binding.path] = not self._switches[binding.path]
        return ControlEvent(binding.path, self._switches[binding.path], source)

    @property
    def locked(self) -> bool:
        """Must careful keys be held?"""
        return self._switches[LOCK]

    def holding(self, held: Collection[str], time: float) -> Action | None:
        """Called often with the keys that are down: what was held for two seconds is done, or returned."""
        if self._hold is None:
            return None
        key, since = self._hold
        if key not in held:
            self._hold = None
        elif time - since >= HOLD:
            self._hold = None
            return self._done(self._meant(_BY_KEY[key], HELD))
        return None

    def pressed(self, key: str, time: float) -> Action | None:
        """As ``press``, with events emitted and only actions returned."""
        return self._done(self.press(key, time))

    def _done(self, meaning: ControlEvent | Action | None) -> Action | None:
        if isinstance(meaning, ControlEvent):
            if self._emit is not None:
                self._emit(meaning)
            return None
        return meaning

    def ask_quit(self, time: float) -> Action:
        """The first wish asks, a second one within three seconds is meant. The window's close button too."""
        sure = 0.0 <= time - self._asked < QUIT_WINDOW
        self._asked = -QUIT_WINDOW if sure else time
        return Action.QUIT if sure else Action.ASK_QUIT

    def message(self, time: float) -> str:
        """What to tell the operator now: the question before quitting, how to unlock, or nothing."""
        if self._hold is not None:
            return "the show is locked: keep holding"
        return "press again to quit" if 0.0 <= time - self._asked < QUIT_WINDOW else ""
