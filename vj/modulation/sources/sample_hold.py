"""Looks at something now and then and holds what it saw: steps out of anything that moves."""

from __future__ import annotations

import math

from vj.clockface import BEATS_PER_BAR
from vj.modulation.sources._base import BAND_NAMES, Knobs, ease, lot
from vj.params.spec import choice, integer, number, switch
from vj.types import Features, Tick, Values

_REARM = 0.6
"""A hit is over when it has fallen to this share of the threshold."""


class SampleHold:
    """Takes by lot, from the sound, or from ``input``, where a route can send any other source."""

    NAME = "sample_hold"
    HELP = "Takes a value on every n-th beat or hit and holds it until the next."
    PARAMS = (
        choice("take", "lot", ("lot", "input", "energy", "centroid", "key", *BAND_NAMES),
               help="What is taken: a number by lot, the knob `input` with what is routed to it, or the sound."),
        choice("when", "beat", ("beat", "bar", "kick", "snare", "hat", "onset"), help="When it is taken."),
        integer("every", 1, 1, 64, help="Every n-th time."),
        number("threshold", 0.3, 0.01, 1.0, smooth=0.0, help="How strong a hit must be."),
        number("glide", 0.0, 0.0, 2.0, curve="square", unit="s", smooth=0.0, help="Time from one value to the next."),
        number("input", 0.5, smooth=0.0, help="Send a source here to take its values."),
        switch("bipolar", True, help="-1..1 around the knob; off: 0..1 above it."),
        integer("seed", 0, 0, 9999, help="Another lot."),
    )

    def __init__(self) -> None:
        self._knobs = Knobs(self.PARAMS)
        self._place: int | None = None
        self._taken = 0
        self._armed = True
        self._from = self._to = self._out = 0.0
        self._age = math.inf

    def value(self, tick: Tick, features: Features, params: Values) -> float:
        """What is held, -1..1, or 0..1."""
        self._age += tick.dt
        place = self._counted(features, params)
        if place != self._place:
            self._from, self._age = (self._out, 0.0) if self._place is not None else (0.0, math.inf)
            self._place = place
            self._to = self._seen(features, params, place)
        glide = self._knobs.number(params, "glide")
        share = ease(min(self._age / glide, 1.0)) if glide > 0.0 else 1.0
        self._out = self._from + (self._to - self._from) * share
        return self._out if self._knobs.flag(params, "bipolar") else 0.5 + 0.5 * self._out

    def _counted(self, features: Features, params: Values) -> int:
        """Changes when a value is to be taken. Beats and bars are the clock's own, so every run takes the same."""
        when, every = self._knobs.text(params, "when"), max(int(self._knobs.number(params, "every")), 1)
        if when == "bar":
            return features.beat.bars // every
        if when == "beat":
            return math.floor(BEATS_PER_BAR * (features.beat.bars + features.beat.bar_phase) + 1e-9) // every
        heard = float(getattr(features, when))
        threshold = self._knobs.number(params, "threshold")
        if self._armed and heard >= threshold:
            self._armed = False
            self._taken += 1
        self._armed = self._armed or heard < threshold * _REARM
        return (self._taken + every - 1) // every

    def _seen(self, features: Features, params: Values, place: int) -> float:
        take = self._knobs.text(params, "take")
        if take == "lot":
            return lot(int(self._knobs.number(params, "seed")), place)
        return 2.0 * min(max(self._level(take, features, params), 0.0), 1.0) - 1.0

    def _level(self, take: str, features: Features, params: Values) -> float:
        match take:
            case "input":
                return self._knobs.number(params, "input")
            case "energy" | "key":
                return float(getattr(features, take))
            case "centroid":
                return math.log2(max(features.centroid, 125.0) / 125.0) / 6.0  # 125 Hz to 8 kHz
            case _:
                return features.bands[take].level


Source = SampleHold
