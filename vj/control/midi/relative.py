"""Endless encoders: four ways to say which way and how far, and how to tell them apart.

The codings are those of Ableton's table of relative controllers. What only ever sends 1 and 127 is two's complement,
what sends 1 and 65 is signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, get_args

Coding = Literal["twos", "signed", "signed2", "offset"]
CODINGS: tuple[Coding, ...] = get_args(Coding)
ENOUGH = 4
"""Messages from which a coding is told."""
SLOW = 4
"""Steps that one message says at most when an encoder is turned slowly."""


def steps(coding: Coding, value: int) -> int:
    """How far, in clicks: to the right is positive. ``value`` is 0..127; 0 says nothing in any coding."""
    if value == 0:
        return 0
    match coding:
        case "twos":  # 1, 2, 3... right; 127, 126, 125... left
            return value if value <= 64 else value - 128
        case "signed":  # bit 6 is left
            return value if value <= 64 else 64 - value
        case "signed2":  # bit 6 is right
            return value - 64 if value > 64 else -value
        case "offset":  # 64 is rest
            return value - 64


def coding_turned_left(values: Sequence[int]) -> Coding | None:
    """The coding of an encoder that said ``values`` when it was turned slowly to the left; None for no encoder, or
    too few of them.

    An encoder says the same thing again and again; a fader or a knob with ends never says a value twice running.
    """
    again = sum(first == second for first, second in pairwise(values))
    if len(values) < ENOUGH or 3 * again < len(values) - 1:
        return None
    return next((coding for coding in CODINGS if all(-SLOW <= steps(coding, v) < 0 for v in values)), None)
