"""The show as other threads may see it: where every knob stands, what moved it, and what can be read.

The engine's thread writes, once a tick; the threads of OSC, MIDI and the page read, whenever they like. Nobody waits:
what is read together is replaced together, never changed in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from vj.types import Params, ParamSpec, Tick, Value

KEPT = 4096
"""Changes that are kept for who comes late; who comes later reads everything anew."""


class Tree(Protocol):
    """What a mirror needs of the parameter tree."""

    revision: int

    def items(self) -> Iterator[tuple[str, ParamSpec, Value]]: ...

    def readings(self) -> Iterator[tuple[str, ParamSpec, Value]]: ...

    def reading(self, path: str) -> Value: ...

    def changes(self) -> list[tuple[str, Value, str]]: ...


@dataclass(frozen=True, slots=True)
class Change:
    """A base value that ``source`` set. Numbers follow each other without gaps."""

    number: int
    path: str
    value: Value
    source: str


class Mirror:
    """``specs``: what can be turned; ``readable``: what can be read only; ``bases``: where the hand left it, by path.

    ``params`` are the last tick's values with glide and modulation, by mount and name. ``revision`` changes when paths
    come or go: a follower reads ``specs`` anew then. Treat everything here as read-only.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._log: list[Change] = []
        self._number = 0
        self.revision = -1
        self.specs: Mapping[str, ParamSpec] = {}
        self.readable: Mapping[str, ParamSpec] = {}
        self.bases: dict[str, Value] = {}
        self.params: Params = {}
        self.tick: Tick | None = None
        self._look()

    def publish(self, tick: Tick, params: Params) -> None:
        """The engine's turn: this is how things stand after ``tick``."""
        changes = self._tree.changes()
        if self._tree.revision != self.revision:
            self._look()
        if changes:
            self._note(changes)
        self.tick, self.params = tick, params

    def _look(self) -> None:
        items = list(self._tree.items())
        self.bases = {path: value for path, _, value in items}
        self.specs = {path: spec for path, spec, _ in items}
        self.readable = {path: spec for path, spec, _ in self._tree.readings()}
        self.revision = self._tree.revision

    def _note(self, changes: Iterable[tuple[str, Value, str]]) -> None:
        log = self._log if len(self._log) < KEPT else self._log[-KEPT // 2:]
        for path, value, source in changes:
            self._number += 1
            self.bases[path] = value
            log.append(Change(self._number, path, value, source))
        self._log = log

    @property
    def newest(self) -> int:
        """The number of the last change."""
        return self._number

    def since(self, number: int) -> list[Change] | None:
        """The changes after ``number``, oldest first; None when they are no longer known: read ``bases`` then."""
        log = self._log
        if not log or log[-1].number <= number:
            return []
        missing = log[0].number - 1
        return None if number < missing else log[number - missing:]

    def modulated(self, path: str) -> Value | None:
        """The last tick's value at ``path``, with glide and modulation; None for an unknown path."""
        mount, _, name = path.strip("/").rpartition("/")
        return self.params.get(mount, {}).get(name)

    def reading(self, path: str) -> Value | None:
        """The value at a read-only ``path`` now; None for an unknown one."""
        return self._tree.reading(path) if path in self.readable else None
