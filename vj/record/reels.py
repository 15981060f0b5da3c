"""Recording that begins and ends while the show runs: every time a new file, and never a wait.

Files are opened and ended by threads of their own. A recording counts from the first frame after its file is ready.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from vj.mailbox import Latest
from vj.types import VjError

if TYPE_CHECKING:
    from vj.record.recorder import RecordStatus
    from vj.types import Frame, Samples, Tick

PATIENCE = 25.0
"""Longest wait for files that are still being ended when the show ends, seconds."""


class Tape(Protocol):
    """What reels need of a recorder."""

    path: Path

    @property
    def status(self) -> RecordStatus: ...

    def begin(self, seconds: float) -> None: ...

    def put(self, tick: Tick, frame: Frame) -> None: ...

    def sound(self, samples: Samples) -> None: ...

    def close(self) -> None: ...


class Reels:
    """A sink. ``opener`` makes a recorder for a path and raises VjError where it cannot; call from one thread.

    ``news`` holds sentences for the performer, oldest first; ``on`` is False again when a recording failed.
    """

    def __init__(self, opener: Callable[[Path], Tape]) -> None:
        self.on = False
        self.news: list[str] = []
        self.ended: list[RecordStatus] = []
        self._opener = opener
        self._fresh: Latest[Tape | VjError] = Latest()
        self._tape: Tape | None = None
        self._opening = False
        self._threads: list[threading.Thread] = []

    @property
    def status(self) -> RecordStatus | None:
        """The recording that runs, else the last one; None before the first."""
        return self._tape.status if self._tape else (self.ended[-1] if self.ended else None)

    @property
    def running(self) -> bool:
        """Are frames being kept now?"""
        return self._tape is not None

    @property
    def error(self) -> str:
        """What is wrong with a recording, or nothing."""
        statuses = [*self.ended, *([self._tape.status] if self._tape else [])]
        return next((status.error for status in statuses if status.error), "")

    def use(self, tape: Tape) -> None:
        """Record on ``tape`` from the start of the show."""
        self.on, self._tape = True, tape

    def start(self, path: Path) -> None:
        """Record to ``path`` as soon as the file is open; nothing happens while a recording runs."""
        self.on = True
        if self._tape is None and not self._opening:
            self._opening = True
            self._apart(lambda: self._open(path))

    def stop(self) -> None:
        """End the recording that runs, or is about to."""
        self.on = False
        if self._tape is not None:
            self._end(self._tape)
            self._tape = None

    def put(self, tick: Tick, frame: Frame) -> None:
        """One frame of the show, recorded or not."""
        if self._opening:
            self._take_up(tick)
        if self._tape is None:
            return
        self._tape.put(tick, frame)
        if error := self._tape.status.error:
            self.news.append(error)
            self.stop()

    def sound(self, samples: Samples) -> None:
        """The sound that follows the last frame."""
        if self._tape is not None:
            self._tape.sound(samples)

    def close(self) -> None:
        """End everything, waiting for the files. Safe to call twice."""
        self.stop()
        for thread in self._threads:
            thread.join(PATIENCE)
        self._threads.clear()
        late = self._fresh.take()
        if late is not None and not isinstance(late, VjError):
            late.close()

    def _open(self, path: Path) -> None:
        try:
            self._fresh.put(self._opener(path))
        except VjError as error:
            self._fresh.put(error)

    def _take_up(self, tick: Tick) -> None:
        fresh = self._fresh.take()
        if fresh is None:
            return
        self._opening = False
        if isinstance(fresh, VjError):
            self.on = False
            self.news.append(str(fresh))
        elif self.on:
            fresh.begin(tick.time)
            self._tape = fresh
            self.news.append(f"recording to {fresh.path}")
        else:
            self._apart(fresh.close)

    def _end(self, tape: Tape) -> None:
        place = len(self.ended)
        self.ended.append(tape.status)

        def end() -> None:
            tape.close()
            self.ended[place] = tape.status

        self._apart(end)
        self.news.append(f"recorded {tape.status.seconds:.0f} s in {tape.path}")

    def _apart(self, work: Callable[[], None]) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=work, name="reels", daemon=True)
        self._threads.append(thread)
        thread.start()
