"""What can be taken back: the moves of a hand, gesture by gesture, and whole pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from vj.types import Look, Value

DEEP = 200
"""Steps that are kept."""
PAUSE = 0.7
"""Seconds of rest after which the same hand begins another gesture."""


@dataclass(frozen=True, slots=True)
class Before:
    """The picture that was on a deck; None where the deck slept."""

    deck: str
    look: Look | None


@dataclass(frozen=True, slots=True)
class Swapped:
    """The decks had each other's place."""


Step = Before | Swapped | dict[str, Value]
"""What stood before: a whole picture, the decks in each other's place, or the parameters that a gesture moved, by path.
"""


class History:
    """Steps back, and steps forward again until something else is done."""

    def __init__(self) -> None:
        self._back: deque[Step] = deque(maxlen=DEEP)
        self._forth: deque[Step] = deque(maxlen=DEEP)
        self._hand: tuple[str, float] = ("", 0.0)

    def moved(self, path: str, before: Value, source: str, time: float) -> None:
        """``source`` moved a parameter that stood at ``before``. Without a pause it is the same gesture."""
        hand, last = self._hand
        step = self._back[-1] if self._back else None
        if hand != source or not 0.0 <= time - last < PAUSE or not isinstance(step, dict):
            step = {}
            self._back.append(step)
        step.setdefault(path, before)
        self._hand = source, time
        self._forth.clear()

    def replaced(self, before: Look | None, deck: str = "a") -> None:
        """A deck's whole picture changed; ``before`` is the one that was."""
        self._done(Before(deck, before))

    def swapped(self) -> None:
        """The decks have changed places."""
        self._done(Swapped())

    def _done(self, step: Step) -> None:
        self._back.append(step)
        self._rest()
        self._forth.clear()

    def back(self) -> Step | None:
        """The step to take back, if there is one; tell ``undone`` what it takes away."""
        self._rest()
        return self._back.pop() if self._back else None

    def forth(self) -> Step | None:
        """The step to do again, if there is one; tell ``redone`` what it takes away."""
        self._rest()
        return self._forth.pop() if self._forth else None

    def undone(self, was: Step) -> None:
        """Taking a step back has replaced this."""
        self._forth.append(was)

    def redone(self, was: Step) -> None:
        """Doing a step again has replaced this."""
        self._back.append(was)

    def _rest(self) -> None:
        self._hand = ("", 0.0)

    @property
    def depth(self) -> tuple[int, int]:
        """Steps that can be taken back, and done again."""
        return len(self._back), len(self._forth)


def differing(now: Mapping[str, Value], step: Mapping[str, Value]) -> dict[str, Value]:
    """What of ``step`` is not so now; what is gone is left out."""
    return {path: value for path, value in step.items() if path in now and now[path] != value}
