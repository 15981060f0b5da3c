"""The shelf of looks: those that come with vj, the performer's own, and snapshots that live as long as the show.

Everything here is in memory, so that nothing on stage waits for a disk. A ``Files`` keeps the performer's own looks;
without one (a render, a listing) they are kept for as long as the program runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from vj.registry import suggest
from vj.types import Look, VjError

MOST_LOOKS = 500
"""Looks on the shelf: more than a hand finds its way in, and an end to what a stranger could fill a disk with."""
MOST_SNAPSHOTS = 512
SNAPSHOT = "_"
"""What a snapshot's name begins with: a hand cannot give such a name."""


class Files(Protocol):
    """Where the performer's own looks are kept. Nothing here waits."""

    def write(self, look: Look) -> None: ...

    def remove(self, name: str) -> None: ...

    def news(self) -> Sequence[tuple[str, Look | None]]:
        """Looks that came, changed or went behind the show's back."""
        ...


class Shelf:
    """Looks by name. ``own`` are the performer's, which hide what comes with vj under the same name; ``broken`` says
    what is wrong with a look that could not be read.

    ``shown``: told of each look that is not vj's own when it is taken from the shelf, for a take.
    """

    def __init__(self, house: Mapping[str, Look], own: Mapping[str, Look] | None = None,
                 files: Files | None = None, broken: Mapping[str, str] | None = None) -> None:
        self.shown: list[Callable[[str, Look], None]] = []
        self._house, self._own, self._broken = dict(house), dict(own or {}), dict(broken or {})
        self._snapshots: dict[str, Look] = {}
        self._count = 0
        self._files = files
        self.names = self._sorted()

    def _sorted(self) -> tuple[str, ...]:
        return tuple(sorted({*self._house, *self._own, *self._broken}))

    @property
    def own(self) -> Collection[str]:
        """Names of the performer's own looks."""
        return self._own.keys()

    def find(self, name: str) -> Look:
        """The look or snapshot ``name``. Raises VjError naming the nearest."""
        look = self._snapshots.get(name) or self._own.get(name)
        if look is not None:
            for tell in self.shown:
                tell(name, look)
            return look
        if name in self._broken:
            raise VjError(self._broken[name])
        if name not in self._house:
            raise VjError(f"there is no look called {name!r}{suggest(name, list(self.names))}")
        return self._house[name]

    def generator(self, name: str) -> str:
        """Which generator a look is drawn by; nothing for one that is not here or cannot be read. Tells nobody."""
        look = self._own.get(name) or self._house.get(name)
        return look.generator if look is not None else ""

    # ------------------------------------------------------------------------------------ changing

    def save(self, look: Look) -> None:
        """Keep ``look`` under its name. Raises VjError where there is no more room."""
        if look.name not in self.names and len(self.names) >= MOST_LOOKS:
            raise VjError(f"there are {MOST_LOOKS} looks already: delete some before {look.name!r} can be saved")
        self._own[look.name] = look
        self._broken.pop(look.name, None)
        self.names = self._sorted()
        if self._files is not None:
            self._files.write(look)

    def rename(self, old: str, new: str) -> None:
        """Give one of the performer's looks another name. Raises VjError for another's look or a name that is taken."""
        look = self._mine(old, "renamed")
        if new in self.names:
            raise VjError(f"there is a look called {new!r} already")
        self.save(replace(look, name=new))
        self.delete(old)

    def delete(self, name: str) -> None:
        """Take one of the performer's looks away; its file goes to the trash. Raises VjError for one of vj's own."""
        self._mine(name, "deleted")
        del self._own[name]
        self.names = self._sorted()
        if self._files is not None:
            self._files.remove(name)

    def _mine(self, name: str, what: str) -> Look:
        look = self._own.get(name)
        if look is None and name in self._house:
            raise VjError(f"{name!r} comes with vj and cannot be {what}; save it under a name of your own")
        if look is None:
            raise VjError(f"there is no look called {name!r}{suggest(name, list(self._own))}")
        return look

    def refresh(self) -> bool:
        """Take in what changed behind the show's back; whether there are other names now."""
        before = self.names
        for name, look in self._files.news() if self._files is not None else ():
            if look is None:
                self._own.pop(name, None)
            elif name in self.names or len(self.names) < MOST_LOOKS:
                self._own[name] = look
                self._broken.pop(name, None)
            self.names = self._sorted()
        return self.names != before

    def bring(self, name: str, look: Look) -> None:
        """Have a look under any name, for as long as the program runs."""
        self._own[name] = look
        self.names = self._sorted()

    # ----------------------------------------------------------------------------------- snapshots

    def snap(self, look: Look) -> str:
        """Keep ``look`` for the rest of the show; its name. The oldest go when there are too many."""
        self._count += 1
        name = f"{SNAPSHOT}{self._count}"
        self.put(name, look)
        while len(self._snapshots) > MOST_SNAPSHOTS:
            del self._snapshots[next(iter(self._snapshots))]
        return name

    def put(self, name: str, look: Look) -> None:
        """Keep a snapshot under a name that it had in another show. Raises VjError when it is no snapshot's name."""
        number = name.removeprefix(SNAPSHOT)
        if not (name.startswith(SNAPSHOT) and number.isdecimal() and len(number) < 10):
            raise VjError(f"{name!r} is no snapshot's name")
        self._count = max(self._count, int(number))
        self._snapshots[name] = look

