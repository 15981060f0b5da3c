"""A control of a box, as files and people name it: ``cc 21``, ``cc14 1``, ``nrpn 300``, ``note 36``, ``bend``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from vj.types import VjError

ControlKind = Literal["note", "cc", "cc14", "nrpn", "bend", "program"]
KINDS: tuple[ControlKind, ...] = get_args(ControlKind)
FINE, COARSE = 16383, 127
_HIGHEST = {"note": 127, "cc": 127, "cc14": 31, "nrpn": FINE, "bend": 0, "program": 127}
_WORDS = {"note": "note", "cc": "CC", "cc14": "14-bit CC", "nrpn": "NRPN", "program": "program"}


@dataclass(frozen=True, slots=True)
class Control:
    """``number`` is 0 for a bend. A ``cc14`` has its coarse half at ``number`` and its fine one 32 above."""

    kind: ControlKind
    number: int = 0

    @property
    def top(self) -> int:
        """The largest value it sends."""
        return FINE if self.kind in ("cc14", "nrpn", "bend") else COARSE

    @property
    def words(self) -> str:
        """For people: ``CC 21``."""
        return "pitch bend" if self.kind == "bend" else f"{_WORDS[self.kind]} {self.number}"

    def __str__(self) -> str:
        return "bend" if self.kind == "bend" else f"{self.kind} {self.number}"


def read_controls(text: str) -> list[Control]:
    """``cc 21`` or a row like ``cc 16..23``. Raises VjError saying what was expected."""
    kind, _, rest = text.strip().lower().partition(" ")
    if kind == "bend" and not rest:
        return [Control("bend")]
    first, _, last = rest.strip().partition("..")
    numbers = [part for part in (first, last or first) if part.isascii() and part.isdecimal() and len(part) < 6]
    known = next((name for name in KINDS if name == kind and name != "bend"), None)
    if known is None or len(numbers) < 2:
        raise VjError(f"a control is one of 'cc 21', 'cc14 1', 'nrpn 300', 'note 36', 'program 2', 'bend', or a row "
                      f"like 'cc 16..23', got {text!r}")
    low, high = int(numbers[0]), int(numbers[1])
    if not low <= high <= _HIGHEST[known] or high - low > COARSE:
        raise VjError(f"the number of a {known} goes from 0 to {_HIGHEST[known]}, got {text!r}")
    return [Control(known, number) for number in range(low, high + 1)]


@dataclass(frozen=True, slots=True)
class Move:
    """A control says ``value`` of ``top``, on ``channel``."""

    control: Control
    channel: int
    value: int
    top: int

    @property
    def position(self) -> float:
        """0..1."""
        return self.value / self.top
