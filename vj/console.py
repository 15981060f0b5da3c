"""What the terminal shows: a status line, JSON lines, messages. Nothing else in vj prints."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from vj.status import Status

EVERY = 0.25
"""Seconds between two status lines on a terminal; in a log file one every five seconds is enough."""


class Console:
    """Status to a terminal (one line that is redrawn), a log (a line now and then) or a program (JSON lines)."""

    def __init__(self, *, quiet: bool = False, as_json: bool = False, out: TextIO = sys.stdout,
                 err: TextIO = sys.stderr) -> None:
        self._quiet, self._json, self._out, self._err = quiet, as_json, out, err
        self._tty = err.isatty()
        self._next = 0.0
        self._drawn = False

    def status(self, now: float, status: Status, duration: float = 0.0) -> None:
        """Show where the show stands, as often as it is worth reading. ``now`` is wall seconds."""
        if now < self._next or (self._quiet and not self._json):
            return
        self._next = now + (EVERY if self._json or self._tty else 20 * EVERY)
        if self._json:
            self._emit({"status": status.as_dict()})
        elif self._tty:
            width = shutil.get_terminal_size().columns
            self._err.write("\r\x1b[K" + status.line(duration)[: width - 1])
            self._err.flush()
            self._drawn = True
        else:
            print(status.line(duration), file=self._err, flush=True)

    @property
    def draws(self) -> bool:
        """Whether a bar can be drawn."""
        return self._tty and not self._quiet and not self._json

    def progress(self, done: int, total: int) -> None:
        """How far long work is, for programs."""
        if self._json:
            self._emit({"progress": {"done": done, "total": total}})

    def message(self, text: str) -> None:
        """One sentence for the performer."""
        if self._json:
            self._emit({"message": text})
        elif not self._quiet:
            self._newline()
            print(text, file=self._err, flush=True)

    def result(self, result: Mapping[str, object], text: str) -> None:
        """How it ended: an object for programs, a sentence for people."""
        if self._json:
            self._emit({"result": dict(result)})
        elif not self._quiet:
            self._newline()
            print(text, file=self._err, flush=True)

    def _emit(self, line: Mapping[str, object]) -> None:
        print(json.dumps(line), file=self._out, flush=True)

    def _newline(self) -> None:
        if self._drawn:
            self._err.write("\r\x1b[K")
            self._drawn = False


class Progress:
    """A bar for long work on a terminal, a JSON line now and then for programs, nothing when quiet."""

    def __init__(self, console: Console, total: int, start: int, fps: float) -> None:
        self._console, self._total, self._start, self._fps = console, total, start, fps
        self._next = 0.0
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if self._console.draws:
            self._bar = _bar()
            self._task = self._bar.add_task("rendering", total=self._total, completed=self._start)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def at(self, frame: int) -> None:
        """``frame`` is being drawn."""
        if self._bar is not None:
            self._bar.update(self._task, completed=frame + 1)
        if frame / self._fps >= self._next:
            self._next = frame / self._fps + 1.0
            self._console.progress(frame, self._total)


def _bar() -> Any:
    from rich.console import Console as Rich
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    return Bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("frames"),
               TimeRemainingColumn(), console=Rich(stderr=True))
