"""The beat clock: one phase that never runs backwards, pulled by ears and hands, running on alone when they rest."""

from __future__ import annotations

import math

from vj.params.spec import number, trigger
from vj.types import Beat, Values

BEAT_PARAMS = (
    trigger("tap", help="Tap along: three taps or more set tempo and beat."),
    trigger("resync", help="Now is the one: beat and bar start here."),
    trigger("half", help="Count half as fast."),
    trigger("double", help="Count twice as fast."),
    number("nudge", 0.0, -250.0, 250.0, unit="ms", smooth=0.1, help="Move every beat later (+) or earlier (-)."),
    number("slowest", 88.0, 40.0, 120.0, unit="bpm", smooth=0.0,
           help="The tempo heard is doubled or halved to lie between this and twice this."),
)

BEATS_PER_BAR = 4
PULL = 0.03
"""Beats of correction per beat while the clock runs true: not seen."""
CATCH = 0.5
"""The same while it is still finding the beat."""
LOCK, UNLOCK = 0.6, 0.25
"""Agreement of the beats heard with the clock, 0..1, at which it locks and lets go."""
CONVINCED = 5
"""Beats in a row with another tempo that move a clock which was sure of its own."""
TAP_GAP = 2.5
"""Seconds after which a tap starts a new count."""
TAP_HOLD = 8.0
"""Seconds that a hand's tempo stands before confident ears may have it back."""


def wrap(beats: float) -> float:
    """The signed distance to the nearest whole beat, -0.5..0.5."""
    return beats - math.floor(beats + 0.5)


def fold(bpm: float, slowest: float) -> float:
    """``bpm`` doubled or halved into ``slowest`` .. ``2 * slowest``."""
    return float(bpm * 2.0 ** -math.floor(math.log2(bpm / slowest)))


class BeatClock:
    """Beats as a function of time: straight between steps, bent a little where an observation asks for it.

    All times are seconds on one axis, the analyzer's. ``step`` moves on, ``hear`` is what a tracker believes,
    ``tap``, ``resync``, ``half`` and ``double`` are hands. A clock of any other kind (Link, MIDI) would speak
    through ``hear`` and ``set_tempo`` too.
    """

    def __init__(self, bpm: float = 120.0) -> None:
        self.bpm = bpm
        self.slowest = 88.0
        self.octave = 1.0
        self.confidence = 0.0
        self.nudge = 0.0
        self._time = 0.0
        self._beats = 0.0
        self._error = 0.0  # beats still to catch up, signed
        self._bend = 0.0  # of the speed, on the present stretch
        self._shown = 0.0
        self._one = 0
        self._agreement = 0.0
        self._locked = False
        self._candidate = bpm
        self._in_a_row = 0
        self._taps: list[float] = []
        self._tapped = -math.inf

    def step(self, time: float, present: bool) -> None:
        """Move on to ``time``; ``present`` says whether there is a kick to be sure of."""
        dt = max(time - self._time, 0.0)
        beats = dt * self.bpm / 60.0
        self._beats += beats * (1.0 + self._bend)
        self._error -= beats * self._bend
        self._time = time
        self._locked = self._agreement > (UNLOCK if self._locked else LOCK)
        limit = PULL if self._locked else CATCH
        self._bend = min(max(2.0 * self._error, -limit), limit)
        target = self._agreement if present else 0.0
        self.confidence += (1.0 - math.exp(-dt / (1.0 if present else 3.0))) * (target - self.confidence)

    def hear(self, time: float, bpm: float) -> None:
        """A tracker heard a beat at ``time`` (a little ago, or a little ahead), going at ``bpm``."""
        tempo = fold(bpm, self.slowest) * self.octave
        if self._by_hand(time) and not self._may_take_over(time, tempo):
            return
        self._follow(tempo)
        error = self._distance(time, bpm)
        near = max(0.0, 1.0 - abs(error) / 0.15)
        self._agreement += 0.25 * (near - self._agreement)
        self._error = error

    def _distance(self, time: float, bpm: float) -> float:
        """How far the clock is behind (+) or ahead (-) of a beat heard at ``time``, in beats."""
        at = self._beats + (time - self._time) * self.bpm / 60.0
        # A tracker that counts twice as fast marks half beats too: only the nearest can be meant.
        grid = max(1.0, 2.0 ** round(math.log2(bpm / self.bpm)))
        return -wrap(at * grid) / grid

    def _follow(self, tempo: float) -> None:
        """Small differences are averaged; a new tempo is believed when heard often enough in a row."""
        if abs(tempo / self.bpm - 1.0) < 0.03:
            self.bpm += 0.15 * (tempo - self.bpm)
            self._in_a_row = 0
            return
        same = abs(tempo / self._candidate - 1.0) < 0.03
        self._in_a_row = self._in_a_row + 1 if same else 1
        self._candidate = tempo
        if self._in_a_row > (CONVINCED if self._agreement > 0.3 else 1):
            self.bpm = tempo
            self._in_a_row = 0

    def _by_hand(self, time: float) -> bool:
        return self._tapped > -math.inf and time > -math.inf

    def _may_take_over(self, time: float, tempo: float) -> bool:
        """Ears get the clock back when the hand has rested and they agree on the tempo."""
        if time - self._tapped < TAP_HOLD or abs(tempo / self.bpm - 1.0) > 0.04:
            return False
        self._tapped = -math.inf
        return True

    def set_tempo(self, bpm: float) -> None:
        """A tempo known for sure, between 30 and 300."""
        self.bpm = min(max(bpm, 30.0), 300.0)

    def tap(self, time: float) -> None:
        """A hand on the beat at ``time``. Three taps or more set tempo and phase."""
        if self._taps and not 0.15 < time - self._taps[-1] < TAP_GAP:
            self._taps.clear()
        self._taps = [*self._taps[-7:], time]
        if len(self._taps) < 3:
            return
        self._tapped = time
        interval, last = _line(self._taps)
        self.set_tempo(60.0 / interval)
        self._error = -wrap(self._beats + (last - self._time) * self.bpm / 60.0)
        self._agreement = 0.0

    def resync(self, time: float) -> None:
        """The one of the bar is at ``time``: forward to the next beat, or wait for it when just past."""
        past = self._beats + (time - self._time) * self.bpm / 60.0
        self._error = -wrap(past)
        self._one = round(past + self._error)
        if self._error > 0.0:
            self._beats += self._error
            self._error = 0.0
        self._agreement = 0.0

    def half(self) -> None:
        """Count half as fast from here."""
        self.octave *= 0.5
        self.bpm *= 0.5
        self._error = -wrap(self._beats * 0.5)

    def double(self) -> None:
        """Count twice as fast from here."""
        self.octave *= 2.0
        self.bpm *= 2.0
        self._error = wrap(self._beats)

    def at(self, time: float) -> Beat:
        """Where the music is at ``time``; never before where it was shown last."""
        ahead = (time - self._time - self.nudge) * (1.0 + self._bend) * self.bpm / 60.0
        self._shown = max(self._shown, self._beats + ahead)
        count = math.floor(self._shown)
        bar = (self._shown - self._one) % BEATS_PER_BAR / BEATS_PER_BAR
        return Beat(self.bpm, count, self._shown - count, bar, min(max(self.confidence, 0.0), 1.0))

    def control(self, time: float, values: Values) -> None:
        """Take one tick's parameters (``BEAT_PARAMS``)."""
        self.nudge = float(values.get("nudge", 0.0)) * 1e-3
        self.slowest = float(values.get("slowest", 88.0))
        if values.get("tap"):
            self.tap(time)
        if values.get("resync"):
            self.resync(time)
        if values.get("half"):
            self.half()
        if values.get("double"):
            self.double()


def _line(times: list[float]) -> tuple[float, float]:
    """Least squares through equally spaced moments: their interval, and where the last of them should lie."""
    count = len(times)
    middle, mean = (count - 1) / 2.0, sum(times) / count
    spread = sum((k - middle) ** 2 for k in range(count))
    interval = sum((k - middle) * (time - mean) for k, time in enumerate(times)) / spread
    return interval, mean + interval * middle
