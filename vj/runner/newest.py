"""``vj.mailbox.Latest`` for a thread that must never wait, not even for the other side's lock."""

from __future__ import annotations

from collections import deque
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """One slot: the newest wins. One thread puts, one takes; neither ever holds what the other needs.

    On two busy cores a thread is now and then put to sleep while it holds a lock, and who wants that lock waits for
    its next turn, about 5 ms. Here a put is two steps that the interpreter does whole: into the slot, ring the bell.
    """

    def __init__(self) -> None:
        self._slot: deque[T] = deque(maxlen=1)
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._put = self._taken = 0

    @property
    def replaced(self) -> int:
        """How many were never taken."""
        return max(self._put - self._taken - len(self._slot), 0)

    def put(self, item: T) -> None:
        """Leave the newest item, replacing an unread one."""
        self._slot.append(item)
        self._put += 1
        if self._bell.empty():
            self._bell.put(None)

    def take(self, timeout: float = 0.0) -> T | None:
        """The newest item once; None when none came in ``timeout`` seconds, or a ring was late for one taken."""
        if timeout:
            try:
                self._bell.get(timeout=timeout)
            except Empty:
                return None
        try:
            item = self._slot.pop()
        except IndexError:
            return None
        self._taken += 1
        return item
