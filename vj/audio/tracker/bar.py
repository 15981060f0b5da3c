"""Which beat of the bar: the seven places that a beat can have in a bar of four or of three."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Belief = NDArray[np.float32]

METER = np.array([4, 3, 4, 4, 3, 4, 3])
"""(PLACES,) beats in the bar that a place belongs to..."""
PLACE = np.array([0, 0, 1, 2, 1, 3, 2])
"""...and which of them it is. A bar's first beats come first and its last beats last."""
PLACES = len(METER)
FIRSTS, OTHERS, LASTS = slice(0, 2), slice(2, 5), slice(5, 7)
BEFORE = np.array([5, 6, 0, 2, 1, 3, 4])
"""(PLACES,) the place that comes before each."""
WALTZES = 0.06
"""Share of music in three."""
USUAL = np.where(METER == 3, WALTZES / 3.0, (1.0 - WALTZES) / 4.0).astype(np.float32)
"""(PLACES,) what to expect before anything is heard."""
ENOUGH = 0.35
"""Belief in one place from which bars are counted."""


class Bar:
    """``belief`` (PLACES,): the chance of each place for the newest beat."""

    def __init__(self) -> None:
        self.belief = USUAL.copy()

    def know(self, places: Belief, ahead: int = 0) -> None:
        """How likely each place, (PLACES,) of any sum, is for the beat that lies ``ahead`` before the newest."""
        self.belief = places + 1e-6 * USUAL
        for _ in range(ahead):
            self.belief = self.belief[BEFORE]
        self.belief = self.belief / self.belief.sum()

    def first(self, ahead: int = 0) -> bool:
        """Whether the beat ``ahead`` beats after the newest is the bar's first."""
        best = int(self.belief.argmax())
        return bool((PLACE[best] + ahead) % METER[best] == 0 and self.belief[best] > ENOUGH)
