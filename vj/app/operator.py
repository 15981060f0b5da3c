"""The operator's end of a live show: keys in, words on the screen, changed shaders told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vj.app.verbs import FULLSCREEN
from vj.control.keyboard import Action, Keyboard, help_text
from vj.control.midi.params import LEARN, LEARNING
from vj.control.midi.params import MOUNT as MIDI
from vj.hands.mixing import seen
from vj.latency import OFFSET
from vj.render.display import Words
from vj.stage import LOOK
from vj.types import ControlEvent, Tick

if TYPE_CHECKING:
    from vj.app.verbs import Verbs
    from vj.console import Console
    from vj.engine import Engine
    from vj.mailbox import Inbox
    from vj.render.compositor import GLCompositor
    from vj.render.display import Display
    from vj.render.frame import GLFrame
    from vj.stage import Stage
    from vj.status import Status

OF_THE_SEEN = (LOOK, "/show/morph_next", "/show/save_new", "/pad/")
"""What the keys do to the deck that the crossfader is nearer to."""
SAY_FOR = 4.0
"""Seconds that a message stays on the screen."""
NUDGE = 5.0
"""Milliseconds that a key moves the room's offset by."""


class Operator:
    """Shows each frame with the words that belong over it, and carries out what the keys say."""

    def __init__(self, display: Display, engine: Engine, compositor: GLCompositor, console: Console,
                 *, notes: Inbox[str], verbs: Verbs) -> None:
        self._display, self._engine, self._compositor, self._console = display, engine, compositor, console
        self._notes, self._verbs = notes, verbs
        verbs.screen = self._fill_screen
        self._keyboard = Keyboard()
        self._keyboard.start(self._emit)
        self._moved = ""
        engine.parts.landed.append(self._landed)
        self._time = 0.0
        self._help = False
        self._said, self._said_until = "", 0.0
        self._heard = ""
        self.status = ""

    @property
    def glass(self) -> float | None:
        """Seconds from a frame's being presented to its light; None where nobody sees it."""
        return self._display.glass

    def present(self, frame: GLFrame) -> None:
        """Put a frame on the screen."""
        message = self._keyboard.message(self._time) or (self._said if self._time < self._said_until else "")
        words = Words(self.status if self._help else "", message, help_text() if self._help else "")
        self._display.present(frame, self._time, words)

    def tell(self, status: Status) -> None:
        """The newest status, for those who ask for help."""
        self.status = f"{status.line()}\n{status.latency_line()}"

    def __call__(self, tick: Tick) -> bool:
        """Read the keys; True when the show is to end."""
        self._time = tick.time
        for message in [*self._compositor.poll(tick.time), *self._notes.drain(), *self._verbs.news()]:
            self._say(message)
        if self._engine.message != self._heard:
            self._heard = self._engine.message
            self._say(self._heard)
        pressed = self._display.keys()
        actions = [self._keyboard.pressed(key, tick.time) for key in pressed]
        actions.append(self._keyboard.holding(self._display.held(), tick.time))
        if self._display.closing:
            actions.append(self._close_asked(tick))
        ends = [self._does(action) for action in actions]  # all of them, before the answer
        return any(ends) or self._verbs.ending

    def _close_asked(self, tick: Tick) -> Action | None:
        if self._keyboard.locked:
            self._display.cancel_closing()
            self._say("the show is locked: hold K for two seconds to unlock it")
            return None
        action = self._keyboard.ask_quit(tick.time)
        if action is Action.ASK_QUIT:
            self._display.cancel_closing()
        return action

    def _does(self, action: Action | None) -> bool:
        match action:
            case Action.FULLSCREEN:
                self._emit(ControlEvent(FULLSCREEN, not self._display.fullscreen, "keyboard"))
            case Action.NEXT_LOOK:
                self._emit(ControlEvent(LOOK, self._seen.beside(1), "keyboard"))
            case Action.PREVIOUS_LOOK:
                self._emit(ControlEvent(LOOK, self._seen.beside(-1), "keyboard"))
            case Action.LATER:
                self._nudge(NUDGE)
            case Action.EARLIER:
                self._nudge(-NUDGE)
            case Action.LEARN:
                self._learn()
            case Action.HELP:
                self._help = not self._help
        return action is Action.QUIT

    def _fill_screen(self, full: bool) -> None:
        if full != self._display.fullscreen:
            self._display.toggle_fullscreen()

    def _landed(self, _: Tick, event: ControlEvent) -> None:
        self._keyboard.changed(event.path, event.value, event.source)
        if not event.path.startswith(f"/{MIDI}/"):
            self._moved = event.path

    def _learn(self) -> None:
        """The next MIDI control shall turn what was moved last; asked again, it shall not."""
        learning = self._engine.parts.tree.reading(LEARNING)
        if learning or self._moved:
            self._emit(ControlEvent(LEARN, "" if learning else self._moved, "keyboard"))
        else:
            self._say("move a parameter first, then learn a control for it")

    def _nudge(self, ms: float) -> None:
        """Move the room's offset by ``ms``, as far as it goes."""
        tree = self._engine.parts.tree
        spec = tree.spec(OFFSET)
        offset = min(max(float(tree.base(OFFSET)) + ms, spec.lo), spec.hi)
        self._emit(ControlEvent(OFFSET, offset, "keyboard"))
        self._say(f"offset {offset:+.0f} ms: beats are seen {'later' if ms > 0 else 'earlier'}")

    @property
    def _seen(self) -> Stage:
        """The deck that the keys mean."""
        parts = self._engine.parts
        return seen(parts.tree, parts.stage, parts.second)

    def _emit(self, event: ControlEvent) -> None:
        meant = self._seen.place.here(event.path) if event.path.startswith(OF_THE_SEEN) else event.path
        self._engine.parts.inbox.put(replace(event, path=meant))
        if event.path == LOOK:
            self._say(f"look: {event.value}")

    def _say(self, message: str) -> None:
        self._said, self._said_until = message, self._time + SAY_FOR
        if message:
            self._console.message(message)
