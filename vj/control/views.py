"""Small pictures of what is shown, for who looks: the show puts them, a server fetches them. Nobody waits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vj.mailbox import Latest

if TYPE_CHECKING:
    from vj.types import Pixels

PROGRAM, OTHER = "program", "other"
"""What is on the wall, and the deck that the crossfader is away from."""


class Views:
    """One slot for each name. ``wanted`` are the names that somebody looks at: pictures of others need not be made."""

    def __init__(self, names: Iterable[str] = (PROGRAM, OTHER)) -> None:
        self.names = tuple(names)
        self.wanted: frozenset[str] = frozenset()
        self._slots: dict[str, Latest[tuple[str, Pixels]]] = {name: Latest() for name in self.names}

    def put(self, name: str, pixels: Pixels, look: str = "") -> None:
        """The newest picture of ``name``, (H, W, 4) uint8, top row first; ``look`` is the one on stage."""
        self._slots[name].put((look, pixels))

    def take(self, name: str) -> tuple[str, Pixels] | None:
        """Look and pixels of the newest picture, once; None where there is no new one."""
        return self._slots[name].take()
