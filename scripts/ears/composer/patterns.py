"""Rhythms as strings: one character a step, and what dice may do to them.

``X`` accent, ``x`` plain, ``o`` soft, ``g`` ghost, ``.`` rest; a digit plays with that many tenths of a chance.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .score import Note

if TYPE_CHECKING:
    import numpy as np

    from .grooves import Groove

VELOCITY = {"X": 1.0, "x": 0.8, "o": 0.55, "g": 0.3}


@cache
def rhythms() -> dict[str, dict[str, str]]:
    """What is in ``rhythms.toml``: ``bass`` and ``comps``, and both for triplets and waltzes."""
    told: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("rhythms.toml").read_text("utf-8"))
    return told


def fitting(player: str, styles: str, groove: Groove) -> list[str]:
    """Those of a player's styles that go with a groove's bar; if none, all that would."""
    kind = "_triplets" if groove.steps == 3 else "_waltz" if groove.meter == 3 else ""
    there = {*rhythms()[player + kind], *(("walk",) if player == "bass" else ("pad",))}
    return [style for style in styles.split() if style in there] or sorted(rhythms()[player + kind])


def rhythm_of(player: str, style: str) -> str:
    """A style's alternatives, whatever its bar. Raises KeyError when nobody plays so."""
    tables = (rhythms()[player + kind] for kind in ("", "_triplets", "_waltz"))
    return next((table[style] for table in tables if style in table), "") or rhythms()[player][style]


def choose(text: str, dice: np.random.Generator) -> str:
    """One of the alternatives in a text, which blanks separate."""
    options = text.split()
    return options[int(dice.integers(len(options)))]


def fit(pattern: str, steps: int) -> str:
    """The pattern repeated or cut to ``steps``."""
    return (pattern * (steps // len(pattern) + 1))[:steps]


def notes(pattern: str, start: float, step: float, dice: np.random.Generator, *,
          length: float = 0.25) -> list[Note]:
    """The notes of one pass through a pattern that starts at beat ``start`` with ``step`` beats a character."""
    made = []
    for i, mark in enumerate(pattern):
        if mark == ".":
            continue
        if mark.isdigit():
            if dice.random() * 10 >= int(mark):
                continue
            mark = "x" if dice.random() < 0.5 else "o"  # noqa: PLW2901 - the die has been thrown
        velocity = VELOCITY[mark] * (1 + 0.07 * dice.standard_normal())
        made.append(Note(start + i * step, 60.0, min(1.0, max(0.05, velocity)), length))
    return made


def mutated(pattern: str, dice: np.random.Generator, change: float) -> str:
    """The pattern with a few soft or missing steps changed; accents stay where they are."""
    out = list(pattern)
    for i, mark in enumerate(out):
        if mark in "Xx" or dice.random() >= change:
            continue
        out[i] = "." if mark != "." else str(dice.choice(["o", "g", "3", "5"]))
    return "".join(out)


def euclid(hits: int, steps: int, turn: int = 0) -> str:
    """``hits`` spread over ``steps`` as evenly as they go, turned by ``turn`` steps (after Toussaint, 2005)."""
    on = [(i * hits) % steps < hits for i in range(steps)]
    return "".join("x" if on[(i - turn) % steps] else "." for i in range(steps))
