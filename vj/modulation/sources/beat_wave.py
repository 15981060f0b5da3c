"""A wave that sits on the beat: its top is where the music is."""

from __future__ import annotations

import math

from vj.clockface import BEATS_PER_BAR
from vj.modulation.sources._base import Knobs
from vj.params.spec import choice, number, switch
from vj.types import Features, Tick, Values


class BeatWave:
    """The phase is the beat clock's own, so nothing can drift: cycle n begins ``n * beats`` beats after the one."""

    NAME = "beat_wave"
    HELP = "A wave on the beat grid, from four a beat to one in eight bars."
    PARAMS = (
        choice("shape", "decay", ("sine", "triangle", "saw", "square", "decay"),
               help="Sine and triangle have their top on the beat, saw rises to it, decay falls from it."),
        number("beats", 1.0, 0.25, 32.0, curve="log", unit="beats", smooth=0.0,
               help="Length of a cycle; it is counted from the bar's one, so 4 is a bar and 32 eight of them."),
        number("offset", 0.0, 0.0, 1.0, help="Share of a cycle by which the wave comes later: 0.5 is the off-beat."),
        number("width", 0.5, 0.05, 0.95, help="Share of the cycle before the turn; for decay, how long it rings."),
        switch("bipolar", help="-1..1 around the knob; off: 0..1 above it."),
    )

    def __init__(self) -> None:
        self._knobs = Knobs(self.PARAMS)

    def value(self, tick: Tick, features: Features, params: Values) -> float:
        """The wave at the beat clock's position."""
        read = self._knobs
        position = BEATS_PER_BAR * (features.beat.bars + features.beat.bar_phase)
        phase = (position / read.number(params, "beats") - read.number(params, "offset")) % 1.0
        out = beat_shape(read.text(params, "shape"), phase, read.number(params, "width"))
        return 2.0 * out - 1.0 if read.flag(params, "bipolar") else out


def beat_shape(shape: str, phase: float, width: float) -> float:
    """0..1 at ``phase`` 0..1 of a cycle whose first half takes ``width`` of it."""
    if shape == "decay":
        return math.exp(-2.0 * phase / width)
    turn = 0.5 * phase / width if phase < width else 0.5 + 0.5 * (phase - width) / (1.0 - width)
    match shape:
        case "sine":
            return 0.5 + 0.5 * math.cos(2.0 * math.pi * turn)
        case "triangle":
            return abs(1.0 - 2.0 * turn)
        case "saw":
            return turn
        case _:
            return 1.0 if turn < 0.5 else 0.0


Source = BeatWave
