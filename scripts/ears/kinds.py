"""The kinds of pieces in the order in which they are made, and who plans each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import badly, hydrogen, mixes, negatives, played, recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .plan import Plans

_PLANNERS: dict[str, Callable[[Path, float], Plans]] = {
    "midi": played.midi_plans,
    "module": played.module_plans,
    "project": recorded.project_plans,
    "rock": recorded.rock_plans,
    "hydrogen": hydrogen.plans,
    "mma": played.mma_plans,
    "negative": negatives.plans,
    "mix": mixes.plans,
    "degraded": badly.plans,
}
KINDS = tuple(_PLANNERS)


def plans_of(kind: str, folder: Path, seconds: float) -> Plans:
    """Every piece of a kind; mixes and degraded copies are planned from what is in ``folder`` by then."""
    return _PLANNERS[kind](folder, seconds)
