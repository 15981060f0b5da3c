"""Everybody who listens, and the one follower of the show that tells them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from vj.control.web.client import Client
from vj.control.web.nodes import NOW, PICTURES, READ, Space, gone_and_new
from vj.control.web.packets import blob, said
from vj.params.spec import to_unit
from vj.types import ControlEvent, ParamSpec, Value

if TYPE_CHECKING:
    from vj.control.mirror import Mirror

CLIENTS = 16
"""Websockets at once."""
TICK = 1.0 / 30
"""Seconds between two looks at the show."""
IDLE = 0.25
"""Seconds between two looks while nobody listens."""
STILL = 1.0 / 2000
"""Part of a knob's way that it must have moved to be worth a word."""
NEARLY = 1e-4
"""Share of itself by which a reading must have changed."""
LOOK = "look"
"""Who sets what comes with a look: nobody pulled its triggers."""
MASS = 200
"""Changed paths beyond which the whole tree is called changed."""


class Hall:
    """The clients of one server. Used on the server's loop only."""

    def __init__(self, mirror: Mirror, now: Callable[[], float], pictures: Iterable[str] = ()) -> None:
        self.clients: set[Client] = set()
        self._mirror, self._now = mirror, now
        self._pictures = tuple(pictures)
        self._space = Space(mirror, self._pictures)
        self._number = mirror.newest
        self._told: dict[str, Value | None] = {}

    @property
    def space(self) -> Space:
        """The nodes as they are now."""
        if self._space.revision != self._mirror.revision:
            old, self._space = self._space, Space(self._mirror, self._pictures)
            self._announce(old)
        return self._space

    @property
    def full(self) -> bool:
        """Is there no room for one more?"""
        return len(self.clients) >= CLIENTS

    def heard(self, path: str) -> bool:
        """Does anybody listen to ``path``?"""
        return any(path in client.listens for client in self.clients)

    def greet(self, client: Client, path: str) -> None:
        """Tell ``client`` what ``path`` is now: it has just begun to listen."""
        node = self.space.find(path)
        if node is not None and node.spec is not None and node.kind != "trigger":
            client.tell(path, said(path, node.spec, node.value()))
            self._told.pop(path, None)  # others may have been told something older: what comes next is news to this one

    def wished(self, events: Sequence[ControlEvent]) -> None:
        """Remember who asked for what: it is not told to them when it lands. What follows from it is."""
        now = self._now()
        speakers = {client.source: client for client in self.clients}
        for event in events:
            if event.source in speakers:
                speakers[event.source].wish(event.path, now)

    def show(self, name: str, picture: bytes) -> None:
        """A new JPEG of ``/preview/name``, to who looks."""
        path = f"{PICTURES}/{name}"
        looking = [client for client in self.clients if path in client.listens]
        if looking:
            packet = blob(path, picture)
            for client in looking:
                client.tell(path, packet)

    async def follow(self, steps: Sequence[Callable[[], None]]) -> None:
        """Look at the show for ever, and do ``steps`` after each look; then rest.

        All that wakes this thread by the clock is here: whenever it wakes, the show's own thread may have to wait.
        """
        while True:
            began = self._now()
            self.look()
            for step in steps:
                step()
            await asyncio.sleep(max((TICK if self.clients else IDLE) - (self._now() - began), TICK / 2))

    def look(self) -> None:
        """Tell everybody what has changed since the last look."""
        space = self.space
        if not self.clients:
            self._number, self._told = self._mirror.newest, {}
            return
        self._tell_changes(space)
        for path, spec, value in self._followed(space):
            self._tell_movement(path, spec, value)

    def _tell_changes(self, space: Space) -> None:
        changes = self._mirror.since(self._number)
        self._number = self._mirror.newest if changes is None else max([self._number, *(c.number for c in changes)])
        if changes is None:
            for client in self.clients:
                for path in client.listens:
                    self.greet(client, path)
            return
        now = self._now()
        for change in {change.path: change for change in changes}.values():
            node = space.find(change.path)
            if node is None or node.spec is None or (node.kind == "trigger" and change.source == LOOK):
                continue
            packet = said(change.path, node.spec, change.value)
            for client in self.clients:
                own = client.source == change.source and client.has_just_wished(change.path, now)
                if change.path in client.listens and not own:
                    client.tell(change.path, packet)

    def _followed(self, space: Space) -> Iterator[tuple[str, ParamSpec, Value | None]]:
        """What has no log of changes and somebody listens to: readings, and knobs as modulation moves them."""
        for path in set().union(*(client.listens for client in self.clients)):
            node = space.find(path)
            if node is not None and node.spec is not None and node.fixed["ACCESS"] == READ:
                yield path, node.spec, node.value()

    def _tell_movement(self, path: str, spec: ParamSpec, value: Value | None) -> None:
        if value is None or _same(path, spec, value, self._told.get(path)):
            return
        self._told[path] = value
        packet = said(path, spec, value)
        for client in self.clients:
            if path in client.listens:
                client.tell(path, packet)

    def _announce(self, old: Space) -> None:
        """Say which paths came, went and changed."""
        removed, added, changed = gone_and_new(old, self._space)
        words = [("PATH_REMOVED", path) for path in removed] + [("PATH_ADDED", path) for path in added]
        words += [("PATH_CHANGED", path) for path in changed]
        if len(words) > MASS:
            words = [("PATH_CHANGED", "/")]
        texts = [json.dumps({"COMMAND": command, "DATA": path}) for command, path in words]
        for client in self.clients:
            for text in texts:
                client.announce(text)
        self._told = {path: value for path, value in self._told.items() if path in self._space}


def _same(path: str, spec: ParamSpec, value: Value, before: Value | None) -> bool:
    """Would nobody see the difference?"""
    if value == before or spec.kind != "number" or not value:
        return value == before
    if isinstance(value, str) or before is None or isinstance(before, str):
        return False
    if path.startswith(NOW):
        return abs(to_unit(spec, value) - to_unit(spec, before)) < STILL
    return abs(value - before) < NEARLY * abs(value)
