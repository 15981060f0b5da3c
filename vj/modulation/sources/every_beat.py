"""A gate on every n-th beat: up when it begins, down a while later. Sent to a trigger, it pulls it."""

from __future__ import annotations

import math

from vj.clockface import BEATS_PER_BAR
from vj.modulation.sources._base import Knobs, lot
from vj.params.spec import integer, number
from vj.types import Features, Tick, Values


class EveryBeat:
    """Counted from the bar's one, so nothing drifts; which beats are left out is drawn by lot, the same each time."""

    NAME = "every_beat"
    HELP = "A pulse on every n-th beat, from four a beat to one in sixteen bars."
    PARAMS = (
        number("beats", 4.0, 0.25, 64.0, curve="log", unit="beats", smooth=0.0,
               help="From one pulse to the next; 4 is a bar."),
        integer("place", 0, 0, 63, unit="beats", help="How many beats after the one the first pulse is."),
        number("length", 0.5, 0.02, 1.0, help="How long it is up, as a share of the time to the next."),
        number("chance", 1.0, help="How many of the pulses come; the others are left out by lot."),
        integer("seed", 0, 0, 9999, help="Another lot."),
    )

    def __init__(self) -> None:
        self._knobs = Knobs(self.PARAMS)

    def value(self, tick: Tick, features: Features, params: Values) -> float:
        """1 while it is up, else 0."""
        read = self._knobs
        position = BEATS_PER_BAR * (features.beat.bars + features.beat.bar_phase) - read.number(params, "place")
        cycles = position / read.number(params, "beats")
        index = math.floor(cycles)
        drawn = 0.5 + 0.5 * lot(int(read.number(params, "seed")), index) < read.number(params, "chance")
        return 1.0 if drawn and cycles - index < read.number(params, "length") else 0.0


Source = EveryBeat
