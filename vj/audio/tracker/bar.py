"""Which beat of the bar: a belief over four places, moved on with each beat."""

from __future__ import annotations

import math

import numpy as np

BEATS = 4
SLIP = 0.01
"""Chance at each beat that the bar begins anew somewhere else."""
RARITY = 0.25
"""Of a beat to be a bar's first: a downbeat's activation below this speaks against it."""
DEAF = 0.12
"""Chance that what is heard says nothing: bounds what one beat can prove."""


class Bar:
    """``belief`` (4,): the chance that the newest beat is the first, second, third, fourth of its bar."""

    def __init__(self) -> None:
        self.belief = np.full(BEATS, 1.0 / BEATS)

    def beat(self, heard: float) -> None:
        """The next beat came, with this much downbeat in it, 0..1."""
        belief = np.roll(self.belief, 1)
        heard = min(max(heard, 1e-3), 1.0 - 1e-3)
        odds = DEAF + (1.0 - DEAF) * math.sqrt(heard / (1.0 - heard) * (1.0 - RARITY) / RARITY)
        belief[0] *= min(odds, 1.0 / DEAF)
        self.belief = (1.0 - SLIP) * belief / belief.sum() + SLIP / BEATS

    def move(self, beats: float, ratio: float) -> None:
        """The grid went over to another: its newest beat lies ``beats`` after the old one's.

        At the same tempo half a beat off, the place is known as well as before; else the bar is found anew.
        """
        if abs(ratio - 1.0) < 0.1:
            self.belief = np.roll(self.belief, round(beats))
        else:
            self.belief = np.full(BEATS, 1.0 / BEATS)

    def first(self, ahead: int = 0) -> bool:
        """Whether the beat ``ahead`` beats after the newest is the bar's first."""
        return int(self.belief.argmax()) == -ahead % BEATS and float(self.belief.max()) > 0.4
