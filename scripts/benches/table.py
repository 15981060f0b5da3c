"""A benchmark's page: what was measured, on what, and whether it reaches its figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ``reached`` is None where there is nothing to reach."""

    what: str
    value: str
    goal: str = ""
    reached: bool | None = None


def under(what: str, value: float, limit: float, unit: str) -> Row:
    """A figure that must stay under ``limit``."""
    return Row(what, f"{value:.3g} {unit}", f"under {limit:g} {unit}", value < limit)


def at_least(what: str, value: float, limit: float, unit: str) -> Row:
    """A figure that must reach ``limit``."""
    return Row(what, f"{value:.3g} {unit}", f"at least {limit:g} {unit}", value >= limit)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0..1) of ``values`` do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def page(title: str, how: str, rows: Sequence[Row], machine: Sequence[str], busy: float) -> str:
    """The page as Markdown."""
    mark = {True: "yes", False: "**no**", None: ""}
    lines = [f"# {title}", "", how, "", "| figure | measured | goal | reached |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.value} | {row.goal} | {mark[row.reached]} |" for row in rows]
    facts = [*machine, f"Other work on the machine before the measurement: {busy:.0%}"]
    return "\n".join([*lines, "", *(f"- {fact}" for fact in facts), ""])


def save(folder: Path, name: str, text: str) -> Path:
    """Write the page ``name`` and say where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    return path
