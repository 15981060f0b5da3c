"""A take: a performance as data, in a folder. ``take.jsonl`` grows line by line and is read back after any accident.

Its lines: the header (what was played, with which seed, look and program), one for every control event that
landed, one now and then for what another clock said, one for each look of the performer's own before it is shown, and
an end line when the show ended well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from vj.clockface import Reading
from vj.mailbox import Bounded
from vj.record.names import free_name
from vj.record.takefile import (
    TakeHeader,
    TrackRef,
    clock_line,
    digest,
    end_line,
    event_line,
    header_line,
    look_line,
)
from vj.record.takereader import TakeReader
from vj.types import ControlEvent, Tick, VjError

NAME = "take.jsonl"
Lines = Callable[[], bytes]

__all__ = ["NAME", "Take", "TakeHeader", "TakeWriter", "TrackRef", "take_folder"]


def take_folder(wanted: Path | str) -> Path:
    """The folder for a new take, made: ``wanted``, or ``wanted-2`` ... where a take lies there already."""
    home = Path(wanted).expanduser()
    try:
        if (home / NAME).exists():
            home = free_name(home)
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VjError(f"cannot keep a take in {home}: {error.strerror or error}") from error
    return home


class TakeWriter:
    """Appends to a take, each line flushed, from a thread of its own: a stuck disk never stops the show.

    Trouble while running is told in ``error``; ``dropped`` counts events that came while 100,000 waited.
    """

    def __init__(self, folder: Path, file: BinaryIO) -> None:
        self.folder = folder
        self.events = 0
        self.error = ""
        self._file = file
        self._waiting: Bounded[Lines] = Bounded(100_000)
        self._end: tuple[int, float] = (0, 0.0)
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="take", daemon=True)

    @classmethod
    def open(cls, folder: Path | str, header: TakeHeader) -> TakeWriter:
        """Begin a take in ``folder`` (see ``take_folder``; the true one is ``writer.folder``).

        Raises VjError where no take can be kept there.
        """
        home = take_folder(folder)
        try:
            file = (home / NAME).open("xb")
            with_header = cls(home, file)
            file.write(header_line(header))
            file.flush()
        except OSError as error:
            raise VjError(f"cannot keep a take in {home}: {error.strerror or error}") from error
        with_header._thread.start()
        return with_header

    @property
    def dropped(self) -> int:
        """Events that found the queue full."""
        return self._waiting.dropped

    def event(self, tick: Tick, event: ControlEvent) -> None:
        """Keep an event that landed at this tick. Never waits."""
        if self._at(tick, lambda: event_line(tick.index, tick.time, event)):
            self.events += 1

    def clock(self, tick: Tick, reading: Reading) -> None:
        """Keep what another clock said at this tick. Never waits."""
        self._at(tick, lambda: clock_line(tick.index, tick.time, reading))

    def look(self, name: str, text: Callable[[], str]) -> None:
        """Keep a look that is about to be shown; ``text`` gives its file's text, in the take's own thread."""
        self._put(lambda: look_line(name, text()))

    def _at(self, tick: Tick, line: Lines) -> bool:
        if not (self._closed or self.error):
            self._end = (tick.index, tick.time)
        return self._put(line)

    def _put(self, line: Lines) -> bool:
        return not (self._closed or self.error) and self._waiting.put(line)

    def close(self, tick: Tick | None = None) -> None:
        """Write the end line (``tick``: the show's last) and close. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if tick is not None:
            self._end = (tick.index, tick.time)
        self._waiting.close()
        self._thread.join(10.0)

    def _work(self) -> None:
        try:
            with self._file as file:
                while (item := self._waiting.take()) is not None:
                    file.write(item())
                    file.flush()
                file.write(end_line(*self._end, self.events))
        except (OSError, ValueError) as error:
            what = error.strerror if isinstance(error, OSError) else None
            self.error = f"{self.folder / NAME}: {what or error}; the take ended at {self._end[1]:.1f} s"


@dataclass(frozen=True, slots=True)
class Take:
    """A take read back: events and other clocks' words in the order of their times (seconds), the texts of the looks
    it brings with it, and what was wrong with the file.

    ``ended``: the show's last moment, or that of its last event when the show was cut short (``complete`` False).
    """

    folder: Path
    header: TakeHeader
    events: tuple[tuple[float, ControlEvent], ...]
    diagnostics: tuple[str, ...] = ()
    ended: float = 0.0
    complete: bool = False
    clocks: tuple[tuple[float, Reading], ...] = ()
    looks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path | str) -> Take:
        """Read a take's folder (or its ``take.jsonl``).

        Raises VjError without a usable header; a bad line later is left out and told in ``diagnostics``,
        a torn last line is what a crash leaves and no complaint.
        """
        home = Path(folder).expanduser()
        home = home.parent if home.name == NAME else home
        reader = TakeReader(home / NAME)
        try:
            with (home / NAME).open("rb") as file:
                header = reader.header(file)
                reader.body(file)
        except OSError as error:
            raise VjError(f"{home} is no take: {NAME} cannot be read ({error.strerror or error})") from error
        events = tuple(sorted(reader.events, key=lambda item: item[0]))
        clocks = tuple(sorted(reader.clocks, key=lambda item: item[0]))
        ended = max(reader.end, *(items[-1][0] for items in (events, clocks) if items), 0.0)
        return cls(home, header, events, tuple(reader.complaints), ended, reader.complete, clocks, reader.looks)

    def sound(self) -> Path:
        """The file with the take's sound: kept beside it, or the track wherever it lies now, proved by its hash.

        Raises VjError naming the places looked at.
        """
        track = self.header.track
        if track is None:
            return self._kept()
        absolute, relative = Path(track.path), self.folder / track.relative
        found = [path for path in (absolute, relative, self.folder / absolute.name) if path.is_file()]
        for path in found:
            if digest(path) == track.sha256:
                return path
        if found:
            raise VjError(f"{found[0]} has changed since the take {self.folder} was played on it")
        raise VjError(f"the track of the take {self.folder} is gone: it is neither {absolute} nor {relative}")

    def _kept(self) -> Path:
        name = Path(self.header.sound).name
        if not name:
            raise VjError(f"the take {self.folder} has neither a track nor a sound of its own")
        path = self.folder / name
        if not path.is_file():
            raise VjError(f"the sound of the take is gone: {path}")
        return path
