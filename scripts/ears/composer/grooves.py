"""Drum grooves, read from ``grooves.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Groove:
    """What a drummer of one genre may play: for every drum several patterns."""

    name: str
    steps: int
    """Steps a beat."""
    meter: int
    """Beats a bar."""
    drums: dict[str, str]


@cache
def grooves() -> dict[str, Groove]:
    """All grooves by name. Raises ValueError when a pattern is no whole number of bars."""
    told = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {name: _groove(name, dict(table)) for name, table in told.items()}


def _groove(name: str, table: dict[str, object]) -> Groove:
    steps, meter = int(str(table.pop("steps", 4))), int(str(table.pop("meter", 4)))
    drums = {drum: str(text) for drum, text in table.items()}
    for drum, text in drums.items():
        wrong = [p for p in text.split() if len(p) % (steps * meter) or set(p) - set("Xxog.0123456789")]
        if wrong:
            raise ValueError(f"groove {name}, {drum}: {wrong[0]!r} is no whole number of bars")
    return Groove(name, steps, meter, drums)
