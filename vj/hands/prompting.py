"""The queues of prompts, and prompts that take turns: what hands ask of them, and what the bars do."""

from __future__ import annotations

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
    """Puts prompts into the queue and out of it, by hand and on the bars."""

    def __init__(self, show: Prompter) -> None:
        self._show = show
        self._bars: int | None = None

    def knows(self, path: str) -> bool:
        """Is this one of a queue's own wishes?"""
        return path.split("/")[2:] in (["queue", "add"], ["queue", "drop"], ["queue", "next"], ["queue", "clear"])

    def wish(self, tick: Tick, event: ControlEvent) -> Landed:
        """A hand at the queue. What comes of it is told as the queue that there is then."""
        _, deck, _, name = event.path.split("/")
        if not self._show.pulled(event):
            return []
        words = str(self._show.tree.base(event.path)) if name in _WORDS else ""
        if name in _WORDS:
            self._show.tree.put(event.path, "", SOURCE)  # the same words may come again
        waiting = self._waiting(deck)
        match name:
            case "add":
                return self._queue(tick, deck, added(waiting, words), event.source)
            case "drop":
                return self._queue(tick, deck, dropped(waiting, words), event.source)
            case "clear":
                return self._queue(tick, deck, "", event.source)
        return self._play(tick, deck, waiting, event.source) if waiting else []

    def _place(self, deck: str) -> str:
        """Where a prompt goes that is to be seen: into the slot that plays alone, or the first."""
        solo = str(self._show.tree.base(f"/{deck}/prompt/solo"))
        return f"/{deck}/prompt/{TEXTS[int(solo) - 1 if solo.isdecimal() else 0]}"

    def _waiting(self, deck: str) -> list[str]:
        return queued(self._show.tree.bases(f"{deck}/queue"))

    def _queue(self, tick: Tick, deck: str, waiting: str, source: str) -> Landed:
        path = f"/{deck}/queue/waiting"
        return [self._show.turn(tick, ControlEvent(path, waiting, source), path)]

    def _play(self, tick: Tick, deck: str, waiting: list[str], source: str) -> Landed:
        """The first one becomes the deck's prompt."""
        path = self._place(deck)
        told = self._show.turn(tick, ControlEvent(path, waiting[0], source), path)
        return [told, *self._queue(tick, deck, "\n".join(waiting[1:]), source)]

    # ---------------------------------------------------------------------------------- on the bars

    def go_on(self, beat: Beat) -> None:
        """Once a tick: where a bar begins, the queue plays its next prompt and prompts that take turns go on."""
        begun = self._bars is not None and beat.bars != self._bars
        self._bars = beat.bars
        if not begun:
            return
        for deck in self._decks():
            if self._is_time(f"/{deck}/queue/bars", beat.bars):
                self._play_next(deck)
            if self._is_time(f"/{deck}/prompt/cycle", beat.bars):
                self._next_of(deck)

    def _decks(self) -> list[str]:
        return [mount.partition("/")[0] for mount in self._show.tree.mounts() if mount.endswith("/queue")]

    def _is_time(self, path: str, bars: int) -> bool:
        every = int(self._show.tree.base(path))
        return every > 0 and bars % every == 0

    def _play_next(self, deck: str) -> None:
        waiting = self._waiting(deck)
        if waiting:
            self._put(self._place(deck), waiting[0])
            self._put(f"/{deck}/queue/waiting", "\n".join(waiting[1:]))

    def _next_of(self, deck: str) -> None:
        """The next slot that holds a prompt plays alone."""
        values = self._show.tree.bases(f"{deck}/prompt")
        slots, solo = filled(values), str(values["solo"])
        if slots:
            here = int(solo) if solo.isdecimal() else 0
            self._put(f"/{deck}/prompt/solo", str(next((slot for slot in slots if slot > here), slots[0])))

    def _put(self, path: str, value: Value) -> None:
        self._show.tree.put(path, value, SOURCE)
        self._show.morphs.touched(path)
