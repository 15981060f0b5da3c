"""The performer's own looks on disk, kept by a thread of their own: the show never waits for a file."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from vj.config import data_dir, user_dir
from vj.mailbox import Inbox
from vj.params.looks import look_names, look_text, read_look, read_looks
from vj.params.shelf import Files, Shelf
from vj.types import Look, VjError

LOOK_EVERY = 1.0
"""Seconds between two looks at what others have changed in the folder."""
MOST_TRASH = 2000
"""Files in the trash; beyond them the oldest go."""


def own_looks() -> Path:
    """The folder of the performer's own looks."""
    return user_dir() / "looks"


def open_shelf(files: Files | None = None) -> Shelf:
    """All looks there are, read once. With ``files`` what is saved lasts."""
    house, broken = read_looks(data_dir("presets") / "looks")
    own, ours = read_looks(own_looks())
    return Shelf(house, own, files, broken | ours)


def written(path: Path, text: str) -> None:
    """Write a file whole or not at all, also when the power goes. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


class LookFiles:
    """Writes, trashes and watches ``folder``. Nothing ever disappears: what is overwritten or deleted goes to the
    folder ``trash`` beside it. ``say`` is told of trouble, from the thread.
    """

    def __init__(self, folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.say = say
        self._folder, self._trash = folder, folder.parent / "trash"
        self._jobs: SimpleQueue[tuple[str, str | None] | None] = SimpleQueue()
        self._changed: Inbox[tuple[str, Look | None]] = Inbox()
        self._asked: Counter[str] = Counter()  # counted by the show
        self._done: Counter[str] = Counter()  # counted by the thread
        self._seen = self._stamps()
        self._thread = threading.Thread(target=self._work, name="looks", daemon=True)

    @classmethod
    def open(cls) -> LookFiles:
        """Keep the performer's own folder from now on."""
        files = cls(own_looks())
        files._thread.start()
        return files

    def write(self, look: Look) -> None:
        """Keep a look soon."""
        self._do(look.name, look_text(look))

    def remove(self, name: str) -> None:
        """Put a look's file into the trash soon."""
        self._do(name, None)

    def _do(self, name: str, text: str | None) -> None:
        self._asked[name] += 1
        self._jobs.put((name, text))

    def news(self) -> Sequence[tuple[str, Look | None]]:
        """What others have changed. What the show itself is just writing is none."""
        changed = self._changed.drain()
        return [(name, look) for name, look in changed if self._asked[name] == self._done[name]]

    def close(self) -> None:
        """Write what waits and end."""
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join(10.0)

    # ------------------------------------------------------------------------------- in the thread

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=LOOK_EVERY)
            except Empty:
                self._watch()
                continue
            if job is None:
                return
            self._carry_out(*job)

    def _carry_out(self, name: str, text: str | None) -> None:
        path = self._folder / f"{name}.toml"
        try:
            if path.exists():
                shutil.copy2(path, self._in_trash(path.stem))
            if text is None:
                path.unlink(missing_ok=True)
            else:
                written(path, text)
        except OSError as error:
            self.say(f"the look {name!r} could not be {'written to' if text else 'deleted from'} {self._folder}: "
                     f"{error.strerror or error}")
        self._seen.pop(name, None)
        if name in (stamps := self._stamps()):
            self._seen[name] = stamps[name]
        self._done[name] += 1

    def _in_trash(self, name: str) -> Path:
        """A free place in the trash; the oldest file makes room."""
        self._trash.mkdir(parents=True, exist_ok=True)
        number = 1
        while (place := self._trash / f"{name}.{number}.toml").exists():
            number += 1
        old = sorted(self._trash.glob("*.toml"), key=lambda file: file.stat().st_mtime_ns)
        for file in old[:-MOST_TRASH]:
            file.unlink(missing_ok=True)
        return place

    def _stamps(self) -> dict[str, int]:
        """Names and times of the files that are there."""
        stamps = {}
        for name in look_names([self._folder]):
            try:
                stamps[name] = (self._folder / f"{name}.toml").stat().st_mtime_ns
            except OSError:
                continue  # gone in between
        return stamps

    def _watch(self) -> None:
        stamps = self._stamps()
        for name in self._seen.keys() - stamps.keys():
            self._changed.put((name, None))
        for name, stamp in stamps.items():
            if self._seen.get(name) != stamp:
                self._read(name)
        self._seen = stamps

    def _read(self, name: str) -> None:
        try:
            self._changed.put((name, read_look(self._folder / f"{name}.toml")))
        except VjError as error:
            self.say(str(error))
