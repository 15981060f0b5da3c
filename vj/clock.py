"""Where time comes from, and how threads share it. Only this module asks what time it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from vj.types import Tick

MAX_DT = 0.1
"""Longest step a smoother may see, seconds: one stall must not jump the picture."""
TURN = 5e-4
"""The longest that one Python thread keeps the others waiting, seconds. Python's own 5 ms is a third of a frame: a
packet that comes while the loop is at work would miss the frame, and the loop would wait as long for a web page; of a
MIDI clock's tick they are a quarter.
"""


def now() -> float:
    """Monotonic seconds, for measuring spans and pacing; never a date."""
    return time.perf_counter()


def unix() -> float:
    """Seconds since 1970, as other machines count them: for times that come over a wire; it may jump."""
    return time.time()


def date() -> str:
    """The date and time of day with its zone, for labels; never for measuring."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


@contextmanager
def short_turns() -> Iterator[None]:
    """Meanwhile the threads of this process take turns of ``TURN`` at most."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, TURN))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class OfflineClock:
    """Ticks as fast as they are asked for: tick n is at n / fps, whatever the machine does."""

    def __init__(self, fps: float, frames: int, start: int = 0) -> None:
        self.fps = fps
        self._frames = frames
        self._start = start

    def __iter__(self) -> Iterator[Tick]:
        for index in range(self._start, self._frames):
            yield Tick(index, index / self.fps, 1.0 / self.fps)


class WallClock:
    """Ticks at ``fps``, their time read from the show's clock (the sound's position where there is one).

    A late tick is not made up for by a burst: the pacing re-anchors, so one stall is one gap.
    ``position`` gives show seconds; without one the wall time since the first tick counts. ``slack`` 0..1 shortens
    the period where the screen's vertical blank paces, so that the two never wait for each other.
    """

    def __init__(self, fps: float, duration: float | None = None, position: Callable[[], float] | None = None, *,
                 slack: float = 0.0, sleep: Callable[[float], None] = time.sleep) -> None:
        self.fps = fps
        self._duration = duration
        self._position = position
        self._period = (1.0 - slack) / fps
        self._sleep = sleep

    def __iter__(self) -> Iterator[Tick]:
        start = now()
        position = self._position or (lambda: now() - start)
        due, last, index = start, -1.0 / self.fps, 0
        while True:
            show = max(position(), last)
            if self._duration is not None and show >= self._duration:
                return
            yield Tick(index, show, min(show - last, MAX_DT))
            last, index = show, index + 1
            due = self._wait(due + self._period)

    def _wait(self, due: float) -> float:
        """Sleep until ``due``; return the anchor of the next period."""
        late = now() - due
        if late < 0:
            self._sleep(-late)
        return due if late < self._period else now()
