"""Where the two decks' things stand in the tree, and how a look, which is written for deck a, is read for deck b.

Deck a's effects, sources, routes and verbs stand where they stood before there was another deck: ``/fx``, ``/mod``,
``/routes``, ``/show``. Deck b's stand under ``/b``, beside its generator and its walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vj.types import Look, Value

FIRST, SECOND = DECKS = ("a", "b")
ROOTED = ("fx", "mod", "routes", "sources", "show", "pad")
"""What deck a has at the tree's root, and deck b under ``/b``."""
OWN = ("gen", "walk", "drive", "prompt")
"""What both have under their own names, and what a look brings."""


def across(path: str) -> str:
    """The same thing on the other deck; what both decks share is itself."""
    first, _, rest = path[1:].partition("/")
    if first in ROOTED:
        return f"/{SECOND}{path}"
    if first == FIRST:
        return f"/{SECOND}/{rest}"
    if first == SECOND:
        return f"/{rest}" if rest.partition("/")[0] in ROOTED else f"/{FIRST}/{rest}"
    return path


class Place:
    """One deck's place in the tree. ``here`` and ``home`` lead from a look's path to the deck's own, and back.

    ``of_a_look``: what comes and goes with a look on this deck. The other attributes are its mounts and prefixes.
    """

    def __init__(self, deck: str) -> None:
        root = "" if deck == FIRST else f"{deck}/"
        self.deck = deck
        self.first = deck == FIRST
        self.fx, self.mod, self.routes = f"{root}fx/", f"{root}mod/", f"/{root}routes/"
        self.show, self.pad, self.sources = f"{root}show", f"{root}pad", f"{root}sources"
        self.of_a_look = (f"/{self.fx}", f"/{self.mod}", *(f"/{deck}/{name}/" for name in OWN), self.routes)

    def here(self, path: str) -> str:
        """Where this deck has what a look calls ``path``."""
        return path if self.first else across(path)

    home = here  # the way back is the same way

    def mount(self, name: str) -> str:
        """As ``here``, of a mount."""
        return name if self.first else across(f"/{name}")[1:]

    def value(self, path: str, value: Value) -> Value:
        """A value as it stands on this deck: where a route leads to is a path itself."""
        leads = path.endswith("/target") and isinstance(value, str)
        return across(str(value)) if leads and not self.first else value

    def values(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """A look's values by path, as they are on this deck, or back. What the decks share is deck a's to say."""
        if self.first:
            return dict(values)
        return {across(path): self.value(path, value) for path, value in values.items() if across(path) != path}

    def look(self, look: Look) -> Look:
        """A look with its paths led over to this deck, or back."""
        if self.first:
            return look
        routes = tuple(replace(route, target=across(route.target)) for route in look.routes)
        return replace(look, routes=routes, values=self.values(look.values))


PLACES: Mapping[str, Place] = {deck: Place(deck) for deck in DECKS}
