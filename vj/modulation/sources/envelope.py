"""A gesture that a hit sets off: up, hold, away."""

from __future__ import annotations

import math

from vj.modulation.sources._base import BAND_NAMES, Knobs
from vj.params.spec import choice, integer, number, switch
from vj.types import Features, Tick, Values

_REARM = 0.6
"""A hit is over when it has fallen to this share of the threshold: no second start on its own tremble."""


class Envelope:
    """Attack, hold, decay, set off by every n-th hit. A new hit takes over from where the last gesture is."""

    NAME = "envelope"
    HELP = "Up, hold and away on each hit (or every n-th)."
    PARAMS = (
        choice("trigger", "kick", ("kick", "onset", "beat", "bar", *BAND_NAMES),
               help="What sets it off: a kick, any onset, the beat, the bar, or a band's hits."),
        number("threshold", 0.3, 0.01, 1.0, smooth=0.0, help="How strong a hit must be."),
        integer("every", 1, 1, 64, help="Every n-th hit."),
        number("attack", 0.0, 0.0, 4.0, curve="square", unit="s", smooth=0.0, help="Time to the top."),
        number("hold", 0.0, 0.0, 4.0, curve="square", unit="s", smooth=0.0, help="Time at the top."),
        number("decay", 0.3, 0.01, 10.0, curve="log", unit="s", smooth=0.0, help="Time to fall to a third."),
        switch("velocity", help="A stronger hit reaches higher; off: always to the top."),
    )

    def __init__(self) -> None:
        self._knobs = Knobs(self.PARAMS)
        self._armed = True
        self._hits = 0
        self._beat: tuple[int, float] | None = None
        self._age = math.inf
        self._start = self._top = self._out = 0.0

    def value(self, tick: Tick, features: Features, params: Values) -> float:
        """0..1."""
        self._age += tick.dt
        strength = self._hit(features, params)
        if strength > 0.0:
            self._hits += 1
            if (self._hits - 1) % max(int(self._knobs.number(params, "every")), 1) == 0:
                velocity = self._knobs.flag(params, "velocity")
                self._age, self._start, self._top = 0.0, self._out, min(strength, 1.0) if velocity else 1.0
        self._out = self._shape(params)
        return self._out

    def _hit(self, features: Features, params: Values) -> float:
        """Strength of a hit that begins with this tick, else 0."""
        trigger, threshold = self._knobs.text(params, "trigger"), self._knobs.number(params, "threshold")
        if trigger in ("beat", "bar"):
            return self._counted(features, trigger)
        heard = {"kick": features.kick, "onset": features.onset}.get(trigger)
        if heard is None:
            heard = features.bands[trigger].hits
        if self._armed and heard >= threshold:
            self._armed = False
            return heard
        self._armed = self._armed or heard < threshold * _REARM
        return 0.0

    def _counted(self, features: Features, trigger: str) -> float:
        """1 where a beat begins, or a bar: where the bar's phase starts again."""
        count, bar = features.beat.count, features.beat.bar_phase
        last_count, last_bar = self._beat or (count, bar)
        self._beat = count, bar
        return float(count != last_count if trigger == "beat" else bar < last_bar - 0.5)

    def _shape(self, params: Values) -> float:
        """Where the gesture is at its age, in closed form: the same at any frame rate."""
        attack, hold = self._knobs.number(params, "attack"), self._knobs.number(params, "hold")
        if self._age < attack:
            return self._start + (self._top - self._start) * self._age / attack
        fallen = self._age - attack - hold
        return self._top * math.exp(-max(fallen, 0.0) / self._knobs.number(params, "decay"))


Source = Envelope
