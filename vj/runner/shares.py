"""Several decks at one device: each gets its share of the device's time, not of its pictures.

By pictures, a deck whose model takes four times as long would take four fifths of the device. So who has used the least
time comes first (start-time fair queueing: Goyal, Vin, Cheng, 1996, with the least start tag served).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from vj.mailbox import Turns

T = TypeVar("T")

CREDIT_S = 0.1
"""Most that a deck which asked for little, or slept, may take before the others have their turn again."""


class Shares(Turns[T]):
    """``Turns`` by time used: whoever takes tells by ``charge`` what the last items cost."""

    def __init__(self) -> None:
        super().__init__()
        self._used: dict[str, float] = {}
        self._level = 0.0

    def charge(self, name: str, seconds: float) -> None:
        """An item of ``name`` took so long; less than nothing corrects what was charged too much."""
        self._used[name] = self._standing(name) + seconds

    def _order(self) -> Sequence[str]:
        return sorted(super()._order(), key=self._standing)

    def _next(self) -> T | None:
        before, item = self._taken, super()._next()
        if self._taken != before:
            self._used[self._last] = standing = self._standing(self._last)
            self._level = max(self._level, standing)
        return item

    def _standing(self, name: str) -> float:
        """Seconds used, counted from where nobody has more than ``CREDIT_S`` to catch up on."""
        return max(self._used.get(name, 0.0), self._level - CREDIT_S)
