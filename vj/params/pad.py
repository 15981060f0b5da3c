"""A pad with a picture in each corner: where the finger is, their parameters are mixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vj.params.spec import from_unit, number, text, to_unit, trigger
from vj.types import Look, ParamSpec, Value

MOUNT = "pad"
CORNERS: Mapping[str, tuple[float, float]] = {"a": (0.0, 0.0), "b": (1.0, 0.0), "c": (0.0, 1.0), "d": (1.0, 1.0)}
"""Corner -> where it lies on x and y."""
PARAMS = (
    number("x", 0.5, smooth=0.0, help="From the corners a and c at 0 to b and d at 1."),
    number("y", 0.5, smooth=0.0, help="From the corners a and b at 0 to c and d at 1."),
    *(text(name, help=f"The look in corner {name}; nothing leaves it empty.") for name in CORNERS),
    *(trigger(f"store_{name}", help=f"Put the picture as it is now into corner {name}.") for name in CORNERS),
    *(trigger(f"go_{name}", help=f"To corner {name}.") for name in CORNERS),
)


def weights(x: float, y: float) -> list[float]:
    """Bilinear: how much of each corner is at (x, y), in the order of ``CORNERS``; the sum is 1."""
    return [(1.0 - abs(x - cx)) * (1.0 - abs(y - cy)) for cx, cy in CORNERS.values()]


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter that the pad moves; ``places`` in knob space, None where a corner does not have it."""

    path: str
    spec: ParamSpec
    places: tuple[float | None, ...]

    def at(self, shares: Sequence[float]) -> Value | None:
        """The mixture; None where only corners without it have a share."""
        parts = [(share, place) for share, place in zip(shares, self.places, strict=True) if place is not None]
        whole = sum(share for share, _ in parts)
        if whole < 1e-6:
            return None
        place = sum(share * place for share, place in parts) / whole
        if self.spec.kind == "integer":
            return round(self.spec.lo + place * (self.spec.hi - self.spec.lo))
        return from_unit(self.spec, place)


def rows(corners: Sequence[Look | None], specs: Mapping[str, ParamSpec],
         has: Callable[[Look, str], bool]) -> Iterator[Row]:
    """What the pad moves: every number of ``specs`` in which two corners differ. ``has`` says whether a look knows a
    path; where it says nothing about it there, it means the default.
    """
    for path, spec in specs.items():
        if spec.kind not in ("number", "integer"):
            continue
        places = tuple(_place(spec, look.values.get(path, spec.default)) if look is not None and has(look, path)
                       else None for look in corners)
        if len({place for place in places if place is not None}) > 1:
            yield Row(path, spec, places)


def _place(spec: ParamSpec, value: Value) -> float | None:
    if isinstance(value, str):
        return None
    value = min(max(float(value), spec.lo), spec.hi)
    return (value - spec.lo) / max(spec.hi - spec.lo, 1e-9) if spec.kind == "integer" else to_unit(spec, value)


def knows(look: Look, path: str, *, generator: str, drive: str, kinds: Mapping[str, str]) -> bool:
    """Does a look have the parameter at ``path`` of a picture with this generator, drive and these sources' kinds?"""
    mount, _, _ = path.strip("/").rpartition("/")
    match mount.split("/"):
        case ["a", "walk"]:
            return True
        case ["a", "gen"]:
            return look.generator == generator
        case ["a", "drive"]:
            return look.drive == drive
        case ["fx", effect]:
            return effect in look.effects
        case ["mod", name]:
            return any(use.name == name and use.kind == kinds.get(name) for use in look.sources)
    return False
