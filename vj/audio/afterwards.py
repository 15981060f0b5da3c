"""What may wait until the picture is shown: done while nobody waits for it, and counted at one moment all the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Found = TypeVar("Found")

LAG = 4
"""Hops after which what was put off counts (21 ms at 48 kHz): more than are in a frame at 60 a second."""


class Task(Generic[Found]):
    """A piece of work, done once, and what is made of its answer when its time has come."""

    __slots__ = ("_found", "_use", "_work", "due")

    def __init__(self, due: int, work: Callable[[], Found], use: Callable[[Found], object]) -> None:
        self.due = due
        self._work, self._use = work, use
        self._found: Found

    def do(self) -> None:
        """Find the answer."""
        self._found = self._work()

    def count(self) -> None:
        """Let the answer count."""
        self._use(self._found)


class Afterwards:
    """Work in the order in which it was put off. What it finds counts ``LAG`` hops later, whether it was done before
    (``catch_up``) or only then: the same sound is heard the same way live, where there is time after each picture, and
    offline, where nobody waits for one.
    """

    def __init__(self) -> None:
        self._hops = 0
        self._undone: deque[Task[Any]] = deque()
        self._done: deque[Task[Any]] = deque()

    def put(self, work: Callable[[], Found], use: Callable[[Found], object]) -> None:
        """Put ``work`` off; ``use`` takes its answer. It must not look at anything that another hop changes."""
        self._undone.append(Task(self._hops + LAG, work, use))

    def step(self) -> None:
        """A hop has passed."""
        self._hops += 1
        while self._undone and self._undone[0].due <= self._hops:
            self._next()
        while self._done and self._done[0].due <= self._hops:
            self._done.popleft().count()

    def catch_up(self) -> None:
        """Do what there is; it counts when it is due."""
        while self._undone:
            self._next()

    def _next(self) -> None:
        task = self._undone.popleft()
        task.do()
        self._done.append(task)
