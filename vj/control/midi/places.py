"""Where a target is: a path, or a place on the stage that every look fills in its own way.

    /a/walk/speed     that parameter
    @fx/2/on          the second effect of the look on stage, on or off; @fx/2/mix how much of it
    @fx/2/1           the first number of the second effect, besides those two; @fx/2/3 its third
    @a/gen/1          the first number of deck a's generator; @a/drive/2 the second of its drive, and so on
    @look/5           the fifth look; @look/next and @look/previous those beside the one on stage
    @b/look/5, @b/fx/2/1   the same on deck b
    @bank/2           the box's second bank of bindings; @bank/next, @bank/previous; @shift/2 that bank while held
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vj.registry import suggest
from vj.types import ParamSpec, Value, VjError

LOOK = "/show/look"
FX = "fx"
SECOND = "b/"
"""What the second deck's places begin with."""
TURNED = ("number", "integer")
EVERYWHERE = ("on", "mix")
"""What every effect has, and its numbers are counted without."""
BESIDE = ("next", "previous")
BOUND = ("number", "integer", "switch", "choice", "trigger")
"""Kinds of parameters that a control can move."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a control reaches: a parameter and, for a button, the ``value`` it sets or the ``step`` it takes."""

    path: str
    spec: ParamSpec
    value: Value | None = None
    step: float | None = None


def check_target(target: str) -> None:
    """Raises VjError where ``target`` can never be a place. Whether it is one now depends on the look."""
    if target and not _can_be(target):
        raise VjError(f"a target is a path like '/a/walk/speed' or a place like '@fx/1/2', '@fx/1/on', '@a/gen/1', "
                      f"'@look/3', '@look/next', '@bank/2' or '@shift/2', got {target!r}")


def _can_be(target: str) -> bool:
    if not target.startswith("@"):
        return target.startswith("/") and len(target) > 1
    if target.startswith(("@b/look/", "@b/fx/")):
        target = "@" + target.removeprefix("@" + SECOND)
    head, _, which = target[1:].rpartition("/")
    counted = which.isascii() and which.isdecimal() and len(which) <= 3 and int(which) > 0
    kind, _, rest = head.partition("/")
    match kind:
        case "look" | "bank" if not rest:
            return counted or which in BESIDE
        case "shift" if not rest:
            return counted
        case "fx":
            return rest.isascii() and rest.isdecimal() and len(rest) <= 3 and (counted or which in EVERYWHERE)
    return counted and bool(kind) and kind not in ("look", "bank", "shift")


def _may_come(path: str) -> bool:
    """Does the path belong to an effect, a source of modulation or a deck, which come and go with the looks?"""
    head = path[1:].partition("/")[0]
    return head in (FX, "mod") or len(head) == 1


class Places:
    """Looks targets up in ``specs``, which stand in the order in which they were declared."""

    def __init__(self, specs: Mapping[str, ParamSpec]) -> None:
        self._specs = specs
        self._numbers: dict[str, list[str]] = {}
        self._chains: dict[str, list[str]] = {"": [], SECOND: []}
        for path, spec in specs.items():
            mount, _, name = path[1:].rpartition("/")
            effect = mount.removeprefix(SECOND).startswith(f"{FX}/")
            chain = self._chains[SECOND if mount.startswith(SECOND) else ""]
            if effect and mount not in chain:
                chain.append(mount)
            if spec.kind in TURNED and not (effect and name in EVERYWHERE):
                self._numbers.setdefault(mount, []).append(path)

    def find(self, target: str) -> Place | None:
        """The place now; None where there is none, or nothing that a control can move."""
        if not _can_be(target):
            return None
        if target.startswith(("@look/", "@b/look/")):
            return self._look(target.rpartition("/")[2], SECOND if target.startswith("@b") else "")
        path = self._path(target.removeprefix("@")) if target.startswith("@") else target
        spec = self._specs.get(path or "")
        return Place(path, spec) if path and spec and spec.kind in BOUND else None

    def lacks(self, target: str) -> str:
        """Why ``target`` is no parameter now or with another look; empty where it is or may become one."""
        if not target.startswith("/") or target in self._specs or _may_come(target):
            return ""
        return f"there is no parameter {target!r}{suggest(target, [p for p in self._specs if not _may_come(p)])}"

    def _look(self, which: str, deck: str) -> Place | None:
        path = f"/{deck}{LOOK[1:]}"
        spec = self._specs.get(path)
        if spec is None:
            return None
        if which in BESIDE:
            return Place(path, spec, step=1.0 if which == "next" else -1.0)
        place = int(which) - (0 if deck else 1)  # the second deck's first choice is that it sleeps
        return Place(path, spec, value=spec.choices[place]) if place < len(spec.choices) else None

    def _path(self, place: str) -> str | None:
        mount, _, which = place.rpartition("/")
        deck = SECOND if mount.startswith(SECOND) else ""
        if mount.startswith(f"{deck}{FX}/"):
            effect = int(mount.rpartition("/")[2]) - 1
            if not 0 <= effect < len(self._chains[deck]):
                return None
            mount = self._chains[deck][effect]
        if which in EVERYWHERE:
            return f"/{mount}/{which}"
        numbers = self._numbers.get(mount, [])
        return numbers[int(which) - 1] if int(which) <= len(numbers) else None
