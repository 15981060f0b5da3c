"""Looks: TOML files that say which generator, drive, effects and sources make a picture, how wired, how set.

Reading checks the file's shape; whether every path and value exists is checked where the look is put on stage, because
the paths depend on the generator and the effects the look itself names.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vj.registry import suggest
from vj.types import Curve, Look, Route, SourceUse, VjError

KEYS = ("name", "mood", "help", "generator", "drive", "effects", "sources", "routes", "values")
ROUTE_KEYS = ("source", "target", "depth", "curve")
CURVES: tuple[Curve, ...] = ("linear", "log", "square")
MAX_BYTES = 256 * 1024
LONGEST_NAME = 40
_NAME = re.compile(r"[a-z0-9_]{1,40}")


def look_names(folders: Sequence[Path]) -> list[str]:
    """All looks by file name, sorted. A file with another kind of name is none."""
    return sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.toml")
                   if _NAME.fullmatch(path.stem)})


def read_looks(folder: Path) -> tuple[dict[str, Look], dict[str, str]]:
    """Every look of a folder by name, and what is wrong with those that cannot be read."""
    looks, broken = {}, {}
    for name in look_names([folder]):
        try:
            looks[name] = read_look(folder / f"{name}.toml")
        except VjError as error:
            broken[name] = str(error)
    return looks, broken


def find_look(name: str, folders: Sequence[Path]) -> Look:
    """The look ``name`` from the first folder that has it. Raises VjError naming the nearest."""
    for folder in folders:
        path = folder / f"{name}.toml"
        if _NAME.fullmatch(name) and path.is_file():
            return read_look(path)
    raise VjError(f"there is no look called {name!r}{suggest(name, look_names(folders))}")


def read_look(path: Path) -> Look:
    """Parse one file. Raises VjError naming the file and the key or line that is wrong."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise VjError(f"{path}: a look is at most {MAX_BYTES // 1024} KiB")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise VjError(f"{path}: this look cannot be read: {error}") from error
    return look_of(path.stem, text, str(path))


def proper_name(wished: str) -> str:
    """A look's name as a file's: ``Velvet Hour!`` is ``velvet_hour``. Raises VjError when nothing is left of it."""
    plain = unicodedata.normalize("NFKD", wished[:200]).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_NAME].strip("_")
    if not name:
        raise VjError(f"a look's name is made of letters and digits, got {wished[:200]!r}")
    return name


def next_name(name: str, taken: Collection[str]) -> str:
    """``name`` with the next free number behind it: velvet_hour, velvet_hour_2, velvet_hour_3 ..."""
    stem = re.sub(r"_[0-9]{1,4}$", "", name)
    for number in range(2, 10_000):
        wished = f"{stem[:LONGEST_NAME - 5]}_{number}"
        if wished not in taken:
            return wished
    raise VjError(f"there are ten thousand looks called {stem!r}; delete some, or give this one a name of its own")


def look_text(look: Look) -> str:
    """The look's file, as ``read_look`` reads it."""
    import tomli_w

    return tomli_w.dumps(look_table(look))


def look_table(look: Look) -> dict[str, Any]:
    """What the look's file holds, as ``parse_look`` takes it."""
    table: dict[str, Any] = {"mood": look.mood, "help": look.help, "generator": look.generator, "drive": look.drive,
                             "effects": list(look.effects)}
    table["routes"] = [{key: value for key, value in asdict(route).items() if (key, value) != ("curve", "linear")}
                       for route in look.routes]
    table["sources"] = {use.name: {"kind": use.kind} for use in look.sources}
    table["values"] = dict(sorted(look.values.items()))
    return {key: value for key, value in table.items() if value not in ("", [], {})}


def look_of(name: str, text: str, where: str) -> Look:
    """A look from its file's text. Raises VjError naming ``where`` and what is wrong."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise VjError(f"{where}: this look cannot be read: {error}") from error
    return parse_look(name, table, where)


def parse_look(stem: str, table: dict[str, Any], where: str) -> Look:
    """A look from its table; ``where`` names it in errors."""
    _known(table, KEYS, where, "key")
    return Look(
        name=stem,
        mood=_text(table, "mood", where),
        help=_text(table, "help", where, ""),
        generator=_text(table, "generator", where),
        drive=_text(table, "drive", where, "drift"),
        effects=_effects(table, where),
        sources=_sources(table, where),
        routes=tuple(_route(r, f"{where}: route {n}") for n, r in enumerate(_list(table, "routes", where), 1)),
        values=_values(table, where),
    )


def _known(table: dict[str, Any], keys: Sequence[str], where: str, what: str) -> None:
    for key in table:
        if key not in keys:
            raise VjError(f"{where}: unknown {what} {key!r}{suggest(key, list(keys))}")


def _text(table: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise VjError(f"{where}: {key!r} must be a text" + ("" if key in table else ", and is missing"))
    return value


def _list(table: dict[str, Any], key: str, where: str) -> list[Any]:
    value = table.get(key, [])
    if not isinstance(value, list) or len(value) > 256:
        raise VjError(f"{where}: {key!r} must be a list of at most 256 entries")
    return value


def _table(table: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise VjError(f"{where}: {key!r} must be a table")
    return value


def _effects(table: dict[str, Any], where: str) -> tuple[str, ...]:
    names = _list(table, "effects", where)
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise VjError(f"{where}: 'effects' must be a list of different effect names")
    return tuple(names)


def _sources(table: dict[str, Any], where: str) -> tuple[SourceUse, ...]:
    uses = []
    for name, use in _table(table, "sources", where).items():
        if not isinstance(use, dict):
            raise VjError(f"{where}: [sources.{name}] must be a table with a 'kind'")
        _known(use, ("kind",), f"{where}: [sources.{name}]", "key")
        uses.append(SourceUse(name, _text(use, "kind", f"{where}: [sources.{name}]")))
    return tuple(uses)


def _route(route: Any, where: str) -> Route:
    if not isinstance(route, dict):
        raise VjError(f"{where} must be a table")
    _known(route, ROUTE_KEYS, where, "key")
    depth, curve = route.get("depth", 1.0), route.get("curve", "linear")
    if isinstance(depth, bool) or not isinstance(depth, int | float) or not -1 <= depth <= 1:
        raise VjError(f"{where}: 'depth' must be a number from -1 to 1, got {depth!r}")
    if curve not in CURVES:
        raise VjError(f"{where}: 'curve' must be one of {', '.join(CURVES)}, got {curve!r}")
    return Route(_text(route, "source", where), _text(route, "target", where), float(depth), curve)


def _values(table: dict[str, Any], where: str) -> dict[str, float | int | bool | str]:
    values = _table(table, "values", where)
    for path, value in values.items():
        if not isinstance(value, bool | int | float | str):
            raise VjError(f"{where}: {path}: a value must be a number, true, false or a text, got {value!r}")
    return values
