"""Soft takeover: a knob that stands elsewhere than its value does not make the picture jump.

The rules of *pickup* are those that Mixxx describes for its soft takeover: what comes first after arming is ignored,
then all that stays on one side of the value and far from it; a hand that has the value keeps it while it moves on.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

Mode = Literal["pickup", "jump", "scaled"]
MODES: tuple[Mode, ...] = get_args(Mode)
NEAR = 3 / 128
"""Distance in knob space at which a knob stands where its value is."""
HOLDING = 0.05
"""Seconds for which a hand that moved the value has it, however far the next position is."""


class Takeover:
    """One control bound to one value; both in knob space 0..1. ``near`` is the distance that is no distance."""

    def __init__(self, mode: Mode = "pickup", near: float = NEAR) -> None:
        self.mode, self.near = mode, near
        self._last: float | None = None
        self._had: float | None = None  # when it had the value last
        self._set, self._set_at = 0.0, -math.inf
        self._armed = True

    def arm(self) -> None:
        """The value moved away without this control: it must be taken over anew."""
        self._armed = True
        self._had, self._set_at = None, -math.inf

    def take(self, position: float, value: float, time: float) -> float | None:
        """Where the value goes when the control is moved to ``position`` at ``time``; None while it is not taken."""
        last, self._last = self._last, position
        first, self._armed = self._armed or last is None, False
        if self.mode == "jump":
            return position
        if last is None or (first and self.mode == "pickup"):
            return None
        holds = self._had is not None and 0.0 <= time - self._had <= HOLDING
        if self.mode == "scaled":
            return self._scaled(last, position, value, time, holds=holds)
        if not holds and _stays_away(last, position, value, self.near):
            return None
        self._had = time
        return position

    def _scaled(self, last: float, position: float, value: float, time: float, *, holds: bool) -> float:
        """The value goes the share of its way to the end that the control goes of its own."""
        if time - self._set_at <= HOLDING:
            value = self._set  # the tree hears of it with the next tick
        meets = abs(last - value) <= self.near and (position - value) * (position - last) >= 0
        if holds or meets:
            self._had, goal = time, position
        else:
            up = position > last
            rest, way = (1.0 - last, 1.0 - value) if up else (last, value)
            goal = min(max(value + (position - last) * (way / rest if rest > 0 else 0.0), 0.0), 1.0)
        self._set, self._set_at = goal, time
        return goal


def _stays_away(last: float, position: float, value: float, near: float) -> bool:
    """Both positions are far from the value, on one side of it."""
    same_side = (last - value) * (position - value) > 0
    return same_side and abs(position - value) > near and abs(last - value) > near
