"""What every control surface has in its hands: the show to look at, wishes to make, words for the performer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from vj.control.mirror import Mirror
from vj.control.views import Views
from vj.mailbox import Inbox
from vj.types import ControlEvent, Value


class Surface(Protocol):
    """A socket, a port or a page with a thread of its own. ``close`` ends the thread and never raises."""

    def close(self) -> None: ...


@runtime_checkable
class Telling(Protocol):
    """A surface with something to read under ``mount`` in the tree: how it is, whom it hears.

    ``readings`` is called once a tick on the engine's thread: it hands out a mapping that stands ready and that nobody
    changes afterwards. What it holds is declared in ``vj.app.surfaces.DECLARED``, with what can be turned there.
    """

    mount: str

    def readings(self) -> Mapping[str, Value]: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """``emit`` hands a wish to the engine (False: refused, there is a flood); ``now``: seconds of the machine's clock.

    Everything here may be used from any thread.
    """

    mirror: Mirror
    emit: Callable[[ControlEvent], bool]
    now: Callable[[], float]
    notes: Inbox[str] = field(default_factory=lambda: Inbox(100))
    views: Views = field(default_factory=Views)
    together: Callable[[Sequence[ControlEvent]], bool] | None = None

    def emit_all(self, events: Sequence[ControlEvent]) -> bool:
        """Hand over wishes that land together, at one tick. False: there is a flood, they were refused."""
        return self.together(events) if self.together else all(self.emit(event) for event in events)

    def say(self, sentence: str) -> None:
        """Tell the performer, on the screen and in the terminal, at the next tick."""
        self.notes.put(sentence)
