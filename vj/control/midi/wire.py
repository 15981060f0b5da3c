"""From the system's threads to the one that understands: stamped and put down, nothing more."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

WAITING = 2048
"""Deliveries that may wait: two seconds of what a MIDI cable can carry."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Bytes from one port, at ``time`` seconds."""

    port: str
    data: Sequence[int]
    time: float


class Wire:
    """Many may put, one takes, and nobody holds a lock. ``refused`` counts what came in a flood and was let go."""

    def __init__(self) -> None:
        self.refused = 0
        self._items: deque[Delivery] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()

    def put(self, delivery: Delivery) -> None:
        """Leave a delivery; never waits."""
        if len(self._items) >= WAITING:
            self.refused += 1
            return
        self._items.append(delivery)
        self.ring()

    def ring(self) -> None:
        """Let who waits look."""
        if self._bell.empty():
            self._bell.put(None)

    def take(self, most: int, timeout: float = 0.0) -> list[Delivery]:
        """What is there, the oldest first, at most ``most``; waits ``timeout`` seconds for the first."""
        if timeout > 0 and not self._items:
            try:
                self._bell.get(timeout=timeout)
            except Empty:
                return []
        elif not self._bell.empty():
            self._bell.get()
        return [self._items.popleft() for _ in range(min(most, len(self._items)))]
