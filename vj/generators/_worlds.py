"""The named worlds that ``cppn`` and ``painter`` show: read from worlds.toml, checked, no torch."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from vj.models.pattern import SHAPE_NAMES, Finish, Pattern
from vj.types import VjError

FILE = Path(__file__).parent / "worlds.toml"
STYLES = 26

_Plain = TypeVar("_Plain", Pattern, Finish)


@dataclass(frozen=True, slots=True)
class World:
    """One place to travel: colours, network, surface, and how it is painted.

    ``tour`` the styles its journey passes, in order, for ever; ``own`` 0..1 how much of its own colours it keeps
    when painted; ``paint`` 0..1 how strongly it likes to be painted; ``shadow`` 0..1 the share of its own light and
    shadow that lies over the paint.
    """

    name: str
    mood: str
    palette: tuple[str, ...]
    pattern: Pattern
    finish: Finish
    tour: tuple[int, ...]
    own: float = 0.5
    paint: float = 0.9
    shadow: float = 0.5


@lru_cache(maxsize=1)
def worlds() -> Mapping[str, World]:
    """All worlds by name, in the file's order."""
    return {world.name: world for world in parse(FILE.read_text(encoding="utf-8"))}


def parse(text: str) -> list[World]:
    """Worlds from TOML. Raises VjError naming the world and what is wrong with it."""
    try:
        entries = tomllib.loads(text)["world"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise VjError(f"worlds.toml: expected [[world]] tables ({error})") from error
    return [_world(entry) for entry in entries]


def _world(entry: dict[str, Any]) -> World:
    name = str(entry.get("name", "a world without a name"))
    try:
        world = World(**{**entry, "palette": tuple(entry["palette"]), "tour": tuple(entry["tour"]),
                         "pattern": _plain(Pattern, entry.get("pattern", {})),
                         "finish": _plain(Finish, entry.get("finish", {}))})
    except (TypeError, KeyError) as error:
        raise VjError(f"worlds.toml: {name}: {error}") from error
    if not world.tour or not set(world.tour) <= set(range(STYLES)):
        raise VjError(f"worlds.toml: {name}: a tour is a list of styles 0..{STYLES - 1}, got {list(world.tour)}")
    if not world.pattern.shapes or not set(world.pattern.shapes) <= set(SHAPE_NAMES):
        raise VjError(f"worlds.toml: {name}: shapes are {', '.join(SHAPE_NAMES)}, got {list(world.pattern.shapes)}")
    return world


def _plain(kind: type[_Plain], table: dict[str, Any]) -> _Plain:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    unknown = values.keys() - {field.name for field in fields(kind)}
    if unknown:
        raise KeyError(f"unknown {', '.join(sorted(unknown))}")
    return kind(**values)
