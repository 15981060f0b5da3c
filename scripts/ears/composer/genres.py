"""Genres, read from ``genres.toml``: what each player of a song may choose from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Genre:
    """One genre; texts hold alternatives between blanks."""

    name: str
    weight: float
    bpm: Range
    grooves: str
    bass: str
    comps: str
    leads: str
    arps: str
    scale: str
    changes: str
    chord: str
    form: str
    """``club``: stages between intro and drop; ``song``: verses and choruses; ``jam``: solos and breaks."""
    swing: Range = (0.5, 0.5)
    swung: float = 0.25
    loose: Range = (0.0, 0.0)
    late: Range = (0.0, 0.004)
    drift: Range = (0.0, 0.0)
    gm: float = 0.05
    gm_drums: float = 0.03
    breaks: float = 0.0
    """Chance that a sampled drum loop plays along."""
    rolls: float = 0.0
    """Chance that the hats stutter."""
    drums: float = 1.0
    """Chance that there are drums at all."""


@cache
def genres() -> dict[str, Genre]:
    """All genres by name."""
    told: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {name: Genre(name, **{k: tuple(v) if isinstance(v, list) else v for k, v in table.items()})
            for name, table in told.items()}
