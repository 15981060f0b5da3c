"""Reads a take line by line: what is good is kept, what is bad is told with its line, however much there is of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from vj.clockface import Reading
from vj.record.takefile import (
    LONGEST_HEADER,
    LONGEST_LINE,
    TakeHeader,
    clock_of,
    decode,
    end_of,
    event_of,
    header_of,
    look_of,
)
from vj.types import ControlEvent, VjError

MOST_EVENTS = 2_000_000
MOST_COMPLAINTS = 100
MOST_LOOKS = 10_000
NAMED = ("/show/", "/pad/")
"""Where an event's text may be a look's name."""


class TakeReader:
    """Goes through the lines of one file and keeps count.

    ``looks`` are the texts of the looks it carries. One that was changed during the show is there once for each time,
    as ``name``, ``name@2``, ``name@3`` ...: the events mean the one that was meant.
    """

    def __init__(self, path: Path) -> None:
        self.events: list[tuple[float, ControlEvent]] = []
        self.clocks: list[tuple[float, Reading]] = []
        self.looks: dict[str, str] = {}
        self.complaints: list[str] = []
        self.end = 0.0
        self.complete = False
        self._path = path
        self._meant: dict[str, tuple[str, int]] = {}

    def header(self, file: BinaryIO) -> TakeHeader:
        """The first line; VjError where it is none."""
        try:
            return header_of(decode(file.readline(LONGEST_HEADER)))
        except ValueError as error:
            raise VjError(f"{self._path}:1: {error}") from error

    def body(self, file: BinaryIO) -> None:
        """All other lines, into ``events``, ``clocks``, ``looks``, ``end``, ``complete`` and ``complaints``."""
        for number, line in enumerate(_lines(file), 2):
            if max(len(self.events), len(self.clocks)) >= MOST_EVENTS:
                self._complain(number, f"more than {MOST_EVENTS} events, the rest is left out")
                return
            if not line.endswith(b"\n") and len(line) < LONGEST_LINE:
                return  # torn by a crash
            try:
                self._item(line)
            except ValueError as error:
                self._complain(number, str(error))

    def _item(self, line: bytes) -> None:
        if len(line) >= LONGEST_LINE:
            raise ValueError(f"longer than {LONGEST_LINE} bytes")
        item = decode(line)
        if item.get("kind") == "event":
            self.events.append(self._event(item))
        elif item.get("kind") == "clock":
            self.clocks.append(clock_of(item))
        elif item.get("kind") == "look":
            self._look(*look_of(item))
        elif item.get("kind") == "end":
            self.end = end_of(item)
            self.complete = True
        else:
            raise ValueError(f"kind must be event, clock, look or end, not {item.get('kind')!r}")

    def _look(self, name: str, text: str) -> None:
        if len(self.looks) >= MOST_LOOKS:
            raise ValueError(f"more than {MOST_LOOKS} looks")
        count = self._meant.get(name, ("", 0))[1] + 1
        self._meant[name] = (name if count == 1 else f"{name}@{count}"), count
        self.looks[self._meant[name][0]] = text

    def _event(self, item: Mapping[str, Any]) -> tuple[float, ControlEvent]:
        time, event = event_of(item)
        if isinstance(event.value, str) and event.value in self._meant and event.path.startswith(NAMED):
            event = replace(event, value=self._meant[event.value][0])
        return time, event

    def _complain(self, number: int, what: str) -> None:
        if len(self.complaints) < MOST_COMPLAINTS:
            self.complaints.append(f"{self._path}:{number}: {what[:300]}")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines, none longer than ``LONGEST_LINE``: the rest of a longer one is skipped."""
    while line := file.readline(LONGEST_LINE):
        yield line
        while len(line) >= LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE)
