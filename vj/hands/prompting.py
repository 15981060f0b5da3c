"""The queues of prompts, and prompts that take turns: what hands ask of them, and what the bars do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vj.hands.landing import Landed
from vj.types import Beat, ControlEvent, Tick, Value
from vj.walk.prompts import TEXTS, filled
from vj.walk.queue import added, dropped, queued

if TYPE_CHECKING:
    from vj.hands.prompter import Prompter

SOURCE = "queue"
_WORDS = ("add", "drop")


class Prompting:
    """Puts prompts into a deck's queue and out of it, by hand and on the bars."""

    def __init__(self, show: Prompter) -> None:
        self._show = show
        self._prompt, self._queue = (f"/{show.stage.place.deck}/{name}" for name in ("prompt", "queue"))
        self._bars: int | None = None

    def acts(self) -> dict[str, Callable[[Tick, ControlEvent], Landed]]:
        """What hands may ask of the queue, by path."""
        return {f"{self._queue}/{name}": self._wish for name in ("add", "drop", "next", "clear")}

    def _wish(self, tick: Tick, event: ControlEvent) -> Landed:
        """A hand at the queue. What comes of it is told as the queue that there is then."""
        name = event.path.rpartition("/")[2]
        if not self._show.pulled(event):
            return []
        words = str(self._show.tree.base(event.path)) if name in _WORDS else ""
        if name in _WORDS:
            self._show.tree.put(event.path, "", SOURCE)  # the same words may come again
        waiting = self._waiting()
        match name:
            case "add":
                return self._wait(tick, added(waiting, words), event.source)
            case "drop":
                return self._wait(tick, dropped(waiting, words), event.source)
            case "clear":
                return self._wait(tick, "", event.source)
        return self._play(tick, waiting, event.source) if waiting else []

    def _waiting(self) -> list[str]:
        return queued(self._show.tree.bases(self._queue[1:]))

    def _wait(self, tick: Tick, waiting: str, source: str) -> Landed:
        path = f"{self._queue}/waiting"
        return [self._show.turn(tick, ControlEvent(path, waiting, source), path)]

    def _play(self, tick: Tick, waiting: list[str], source: str) -> Landed:
        """The first one becomes the deck's prompt."""
        path = self._place()
        told = self._show.turn(tick, ControlEvent(path, waiting[0], source), path)
        return [told, *self._wait(tick, "\n".join(waiting[1:]), source)]

    def _place(self) -> str:
        """Where a prompt goes that is to be seen: into the slot that plays alone, or the first."""
        solo = str(self._show.tree.base(f"{self._prompt}/solo"))
        return f"{self._prompt}/{TEXTS[int(solo) - 1 if solo.isdecimal() else 0]}"

    # ---------------------------------------------------------------------------------- on the bars

    def go_on(self, beat: Beat) -> None:
        """Once a tick: where a bar begins, the queue plays its next prompt and prompts that take turns go on."""
        begun = self._bars is not None and beat.bars != self._bars
        self._bars = beat.bars
        if not (begun and self._show.stage.decks):
            return
        if self._is_time(f"{self._queue}/bars", beat.bars):
            self._play_next()
        if self._is_time(f"{self._prompt}/cycle", beat.bars):
            self._next_slot()

    def _is_time(self, path: str, bars: int) -> bool:
        every = int(self._show.tree.base(path))
        return every > 0 and bars % every == 0

    def _play_next(self) -> None:
        waiting = self._waiting()
        if waiting:
            self._put(self._place(), waiting[0])
            self._put(f"{self._queue}/waiting", "\n".join(waiting[1:]))

    def _next_slot(self) -> None:
        """The next slot that holds a prompt plays alone."""
        values = self._show.tree.bases(self._prompt[1:])
        slots, solo = filled(values), str(values["solo"])
        if slots:
            here = int(solo) if solo.isdecimal() else 0
            self._put(f"{self._prompt}/solo", str(next((slot for slot in slots if slot > here), slots[0])))

    def _put(self, path: str, value: Value) -> None:
        self._show.tree.put(path, value, SOURCE)
        self._show.morphs.touched(path)
