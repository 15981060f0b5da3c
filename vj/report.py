"""What ``vj devices``, ``vj doctor`` and ``vj list`` say, as tables or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from vj import registry
from vj.config import looks_dirs
from vj.options import DEFAULT_LOOK
from vj.params.looks import find_look, look_names
from vj.params.spec import describe
from vj.types import ParamSpec

Row = Mapping[str, Any]
ENDLESS = 1e9
"""What can be read and only counts up is declared up to here."""


def show(title: str, rows: Sequence[Row]) -> None:
    """One table; an empty one says so."""
    console = Console(highlight=False, soft_wrap=False)
    if not rows:
        console.print(f"[bold]{title}[/]: none")
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in rows[0]:
        table.add_column(column.replace("_", " "), style="dim" if column != next(iter(rows[0])) else "")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(table)
    console.print()


def _cell(value: Any) -> str:
    return {True: "yes", False: ""}[value] if isinstance(value, bool) else str(value).replace("[", "\\[")


def _tell(groups: Mapping[str, Sequence[Row]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(groups, indent=1, default=str))  # noqa: T201
        return
    for title, rows in groups.items():
        show(title, rows)


# ------------------------------------------------------------------------------------------ vj list


def _plugins(package: str, attribute: str) -> list[Row]:
    rows: list[Row] = []
    for name in registry.names(package):
        plugin = registry.load(package, name, attribute)
        rows.append({"name": name, "what": plugin.HELP, "parameters": ", ".join(s.name for s in plugin.PARAMS)})
    return rows


def _generators() -> list[Row]:
    from vj.stage import needs

    return [{**row, "needs": needs(str(row["name"]))} for row in _plugins("vj.generators", "Generator")]


def _sources() -> list[Row]:
    return _plugins("vj.modulation.sources", "Source")


def _drives() -> list[Row]:
    return _plugins("vj.walk.drives", "Drive")


def _looks() -> list[Row]:
    from vj.stage import needs

    looks = [find_look(name, looks_dirs()) for name in look_names(looks_dirs())]
    return [{"name": k.name, "mood": k.mood, "generator": k.generator, "effects": ", ".join(k.effects), "what": k.help,
             "needs": needs(k.generator)} for k in looks]


def _effects() -> list[Row]:
    library = _library()
    return [{"name": name, "what": library.get(name).description,
             "parameters": ", ".join(s.name for s in library.specs(name))} for name in library.names()]


def _library() -> Any:
    from vj.render.effects import EffectLibrary

    return EffectLibrary.open()


def _worlds() -> list[Row]:
    for spec in registry.load("vj.generators", "painter", "Generator").PARAMS:
        if spec.name == "world":
            return [{"name": name} for name in spec.choices]
    return []


def _parameters(look: str) -> list[Row]:
    from vj.app.common import declared_tree

    tree = declared_tree(look)
    return [*(_parameter(path, base, describe(spec), spec) for path, spec, base in tree.items()),
            *(_parameter(path, value, f"read-only: {_told(spec)}", spec) for path, spec, value in tree.readings())]


def _parameter(path: str, value: object, takes: str, spec: ParamSpec) -> Row:
    return {"path": path, "value": value, "takes": takes, "what": spec.help}


def _told(spec: ParamSpec) -> str:
    """What a reading says, in words; the upper end of a count means nothing."""
    if spec.kind in ("number", "integer") and spec.hi >= ENDLESS:
        return f"{'a count' if spec.kind == 'integer' else 'a number'}{' of ' + spec.unit if spec.unit else ''}"
    return "a text" if spec.kind == "text" else describe(spec)


LISTS: Mapping[str, Callable[[], list[Row]]] = {
    "generators": _generators, "looks": _looks, "effects": _effects, "sources": _sources, "drives": _drives,
    "worlds": _worlds,
}


def listing(what: str | None, look: str | None, as_json: bool) -> None:
    """``vj list``. Raises VjError for an unknown look."""
    groups = {name: rows() for name, rows in LISTS.items() if what in (None, name)}
    if what in (None, "parameters"):
        groups["parameters"] = _parameters(look or DEFAULT_LOOK)
    _tell(groups, as_json)


# --------------------------------------------------------------------------- vj devices, vj doctor


def devices(as_json: bool) -> None:
    """``vj devices``."""
    from vj import doctor as checks

    _tell(checks.devices(), as_json)


def doctor(as_json: bool) -> int:
    """``vj doctor``; exit code 1 when a check failed."""
    from vj import doctor as checks

    rows = [{"state": c.state, "item": c.name, "detail": c.detail, "cure": c.cure} for c in checks.checks()]
    _tell({"doctor": rows}, as_json)
    return int(any(row["state"] == "fail" for row in rows))
