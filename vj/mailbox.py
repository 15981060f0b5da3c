"""The mailboxes between threads, and no other lock: each says which loss is right."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """Many writers, one reader; every item matters. Bounded only against a flood, and that is counted.

    ``settle`` may thin out what was drained: where a later item makes an earlier one void.
    """

    settle: Callable[[list[T]], list[T]] | None = None

    def __init__(self, limit: int = 10_000) -> None:
        self._items: deque[T] = deque()
        self._limit = limit
        self._lock = threading.Lock()
        self.refused = 0

    def put(self, item: T) -> bool:
        """Append; False when the flood limit is reached and the item was refused."""
        with self._lock:
            if len(self._items) >= self._limit:
                self.refused += 1
                return False
            self._items.append(item)
            return True

    def put_all(self, items: Sequence[T]) -> bool:
        """Append all of them at once: one ``drain`` gets them together. False: refused together."""
        with self._lock:
            if len(self._items) + len(items) > self._limit:
                self.refused += len(items)
                return False
            self._items.extend(items)
            return True

    def drain(self) -> list[T]:
        """Everything that came since the last call, in order."""
        with self._lock:
            items = list(self._items)
            self._items.clear()
        return self.settle(items) if self.settle else items


class Latest(Generic[T]):
    """One slot: the newest wins, and what it replaced unread is counted. One thread puts, one takes.

    Neither side ever holds a lock that the other needs: on two busy cores a thread is now and then put to sleep while
    it holds one, and who wants that lock waits for its next turn, about 5 ms. Here a put is two steps that the
    interpreter does whole: into the slot, ring the bell.
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


class Turns(Generic[T]):
    """A ``Latest`` for each of several names: the newest of each wins, and the names are served in turn.

    One thread puts, one takes; as in ``Latest`` neither ever waits for the other.
    """

    def __init__(self) -> None:
        self._slots: dict[str, deque[T]] = {}
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._last = ""
        self._put = self._taken = 0

    @property
    def replaced(self) -> int:
        """How many were never taken."""
        return max(self._put - self._taken - sum(len(slot) for slot in tuple(self._slots.values())), 0)

    def put(self, name: str, item: T) -> None:
        """Leave the newest item of ``name``, replacing an unread one."""
        if name not in self._slots:
            self._slots[name] = deque(maxlen=1)
        self._slots[name].append(item)
        self._put += 1
        if self._bell.empty():
            self._bell.put(None)

    def take(self, timeout: float = 0.0) -> T | None:
        """The newest item of the name whose turn it is, each item once; None when none came in ``timeout`` seconds, or
        a ring was late for one taken.
        """
        item = self._next()
        if item is None and timeout:
            with suppress(Empty):
                self._bell.get(timeout=timeout)
            return self._next()
        with suppress(Empty):
            self._bell.get_nowait()  # it rang for this one; what has come since is seen without it
        return item

    def _next(self) -> T | None:
        """Of the first name in ``_order`` that has something."""
        for name in self._order():
            try:
                item = self._slots[name].pop()
            except IndexError:
                continue
            self._last = name
            self._taken += 1
            return item
        return None

    def _order(self) -> Sequence[str]:
        """The names as they are served: round from the last one."""
        names = tuple(self._slots)
        begin = names.index(self._last) + 1 if self._last in names else 0
        return names[begin:] + names[:begin]


class Bounded(Generic[T]):
    """A queue before a slow writer. Live ``put`` drops and counts; offline ``put_wait`` waits."""

    def __init__(self, limit: int) -> None:
        self._items: deque[T] = deque()
        self._limit = limit
        self._changed = threading.Condition()
        self._closed = False
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> bool:
        """Append without waiting; False (and counted) when the queue is full."""
        with self._changed:
            if len(self._items) >= self._limit or self._closed:
                self.dropped += 1
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def put_wait(self, item: T) -> bool:
        """Append, waiting for room; False only when the queue was closed meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._limit or self._closed)
            if self._closed:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def take(self, timeout: float | None = None) -> T | None:
        """The oldest item; None when nothing came in ``timeout`` seconds or the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._items) or self._closed, timeout)
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """No more puts; the reader still gets what is queued."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed
