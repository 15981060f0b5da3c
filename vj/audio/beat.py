"""The beat clock: one phase that never runs backwards, pulled by ears, hands and other clocks, running on alone when
they rest."""

from __future__ import annotations

import math

from vj.audio.bar import One
from vj.audio.leader import Leader
from vj.audio.pupil import Deaf, Ears
from vj.audio.pursuit import Pursuit
from vj.audio.taps import Taps
from vj.clockface import FASTEST, LEADERS, OUTSIDE, SLOWEST, Reading, wrap
from vj.params.spec import choice, number, switch, trigger
from vj.types import Beat, Values

BEAT_PARAMS = (
    trigger("tap", help="Tap along: three taps or more set tempo and beat."),
    trigger("resync", help="Now is the one: beat and bar start here."),
    trigger("half", help="Count half as fast."),
    trigger("double", help="Count twice as fast."),
    trigger("shift", help="The beat is half a beat from here: where the off-beat was."),
    number("nudge", 0.0, -250.0, 250.0, unit="ms", smooth=0.1, help="Move every beat later (+) or earlier (-)."),
    number("tempo", 0.0, 0.0, 400.0, unit="bpm", smooth=0.0,
           help="The tempo, where it is known: only the beat is listened for. 0 listens for both."),
    number("slowest", 70.0, 40.0, 150.0, unit="bpm", smooth=0.0, help="Music is not slower than this: double it."),
    number("fastest", 180.0, 80.0, 300.0, unit="bpm", smooth=0.0, help="Music is not faster than this: halve it."),
    switch("lock", help="Hold tempo and beat: hands alone change them."),
    choice("clock", "auto", LEADERS, help="Who leads. Auto: Link before MIDI clock, OSC, taps and the ears."),
)

PULL = 0.03
"""Beats of correction per beat while the clock runs true: not seen."""
CATCH = 0.5
"""The same while it is still finding the beat, or has to find another."""
FAR, CLOSE = 0.12, 0.02
"""Beats of debt at which a clock that ran true starts to catch up quickly, and stops."""
SAME = 0.03
"""Tempi within this share of each other are one, averaged."""
CONVINCED = 3
"""Beats in a row with another tempo that move a clock which was sure of its own."""
FAINT, PLAIN = 0.1, 0.3
"""Confidence below which ears say nothing, and from which their every beat counts in full."""
USED, LESS, PLENTY = 60.0, 0.5, 0.8
"""Seconds in which a clock forgets how sure the ears use to be, and the shares of that at which it stops following them
and follows them in full: in a breakdown they only guess, and it runs on alone.
"""
TAP_HOLD = 8.0
"""Seconds that a hand's tempo stands before confident ears that agree may have it back."""
TAP_STANDS, INSISTING = 30.0, 16
"""Seconds after which ears that do not agree may have it too, when that many beats in a row say so surely."""
LINK_TAKES = 2.0
"""Seconds after a tap in which a Link session is told the tempo before it leads again."""
ALONE = 3.0
"""Beats without a word from the ears after which confidence falls."""


def fold(bpm: float, slowest: float, fastest: float) -> float:
    """``bpm`` doubled or halved, as seldom as possible, to lie from ``slowest`` to ``fastest``, or nearest to it where
    that is less than an octave.
    """
    def outside(octave: int) -> tuple[float, int]:
        tempo = bpm * 2.0 ** octave
        return max(slowest / tempo, tempo / fastest, 1.0), abs(octave)

    return float(bpm * 2.0 ** min(range(-4, 5), key=outside))


class BeatClock:
    """Beats as a function of time: straight between steps, bent a little where an observation asks for it.

    All times are seconds on one axis, the analyzer's. ``step`` moves on, ``hear`` is what a tracker believes,
    ``follow`` what another clock says, and ``tap``, ``resync``, ``shift``, ``half`` and ``double`` are hands.
    ``ears`` are told what hands and other clocks know. ``known`` is a tempo that a hand wrote down, 0: none; another
    clock that leads knows better.
    """

    def __init__(self, bpm: float = 120.0) -> None:
        self.bpm = bpm
        self.slowest, self.fastest = 70.0, 180.0
        self.confidence = 0.0
        self.nudge = 0.0
        self.hold = False
        self.known = 0.0
        self.source = "audio"
        self.ears: Ears = Deaf()
        self._time = 0.0
        self._beats = 0.0
        self._debt = 0.0  # beats still to catch up, signed
        self._bend = 0.0  # of the speed, on the present stretch
        self._catching = True
        self._shown = 0.0
        self._one = One()
        self._leader = Leader()
        self._pursuit = Pursuit()
        self._sure = 0.0
        self._heard = -math.inf
        self._used, self._used_at = 0.0, 0.0
        self._candidate = bpm
        self._in_a_row = 0
        self._taps = Taps()
        self._tapped = -math.inf
        self._insisted = 0
        self._octave_by_hand = self._phase_by_hand = self._settle_half = False
        self._half = 0.0  # what the leader's beats are off from the hand's: 0 or 0.5

    # ------------------------------------------------------------------------------------- time

    def step(self, time: float, present: bool = True) -> None:
        """Move on to ``time``; ``present`` says whether there is a kick to be sure of."""
        dt = max(time - self._time, 0.0)
        forward, paid = self._ahead(dt)
        self._beats += forward
        self._debt -= paid
        self._time += dt
        self._lead()
        away = abs(self._debt)
        self._catching = away > CLOSE if self._catching else away > FAR
        limit = CATCH if self._catching or not self._true else PULL
        self._bend = min(max(2.0 * self._debt, -limit), limit)
        alone = (self._time - self._heard) * self.bpm / 60.0 > ALONE
        target, tau = self._believed(present and not alone)
        self.confidence += (1.0 - math.exp(-dt / tau)) * (target - self.confidence)

    def at(self, time: float) -> Beat:
        """Where the music is at ``time``; never before where it was shown last."""
        self._shown = max(self._shown, self.beats(time))
        count = math.floor(self._shown)
        bars, bar_phase = self._one.place(self._shown)
        return Beat(self.bpm, count, self._shown - count, bar_phase, min(max(self.confidence, 0.0), 1.0), bars,
                    self.source)

    def beats(self, time: float) -> float:
        """Beats since the start at ``time``, as far as is known now."""
        return self._beats + self._ahead(time - self._time - self.nudge)[0]

    def _ahead(self, dt: float) -> tuple[float, float]:
        """Beats in ``dt`` seconds, and how much of them pays the debt: never more than there is."""
        straight = dt * self.bpm / 60.0
        paid = min(max(straight * self._bend, -abs(self._debt)), abs(self._debt))
        return straight + paid, paid

    def _lead(self) -> None:
        """Whoever leads from here on; another one starts with what the last one left."""
        source = self._leader.choose(self._time, tapped=self._tapped > -math.inf)
        if source == "link" and self._time - self._tapped < LINK_TAKES:
            source = "tap"
        if source != self.source:
            self.source = source
            self._pursuit.restart()
            self._settle_half = self._phase_by_hand

    @property
    def _true(self) -> bool:
        return self._pursuit.locked or self.source != "audio"

    def _believed(self, present: bool) -> tuple[float, float]:
        """What the confidence goes to, and the seconds it takes."""
        if self.source != "audio":
            return 1.0, 1.0
        return (self._pursuit.agreement * self._sure, 1.0) if present else (0.0, 3.0)

    # ------------------------------------------------------------------------------------- ears

    def hear(self, time: float, bpm: float, downbeat: bool = False, confidence: float = 1.0) -> None:
        """A tracker heard or expects a beat at ``time``, a little ago or ahead, going at ``bpm``."""
        if not (abs(time - self._time) < 5.0 and 10.0 < bpm < 1000.0 and confidence >= FAINT) or self._deaf:
            return
        self._sure += 0.25 * (min(confidence, 1.0) - self._sure)
        weight = self._weight(confidence)
        tempo = self._octave(bpm)
        if weight <= 0.0 or (self.source == "tap" and not self._give_way(time, tempo, confidence)):
            return
        if self.source == "audio" and not self._follow_tempo(tempo, weight):
            return
        error = self._aim(self._distance(time, bpm))
        if not self._pursuit.judge(error, weight):
            return
        self._correct(time, error, weight)
        if downbeat:
            self._one.hear(round(self._beat_at(time)))

    @property
    def _deaf(self) -> bool:
        """Whether ears have no say: held, chosen away by hand, or led by a clock that knows the beat itself."""
        if self.source in OUTSIDE:
            reading = self._leader.last(self.source)
            return self.hold or reading is None or reading.phase_known
        return self.hold or self._leader.wish == "tap"

    def _weight(self, confidence: float) -> float:
        """How much ears that are as sure as this count, 0..1: by itself and by how sure they used to be."""
        self._used = max(confidence, self._used * math.exp(-max(self._time - self._used_at, 0.0) / USED))
        self._used_at = self._time
        usual = min(max((confidence / self._used - LESS) / (PLENTY - LESS), 0.0), 1.0)
        return min(confidence / PLAIN, 1.0) * usual

    def _octave(self, bpm: float) -> float:
        if self._octave_by_hand:
            return float(bpm * 2.0 ** round(math.log2(self.bpm / bpm)))
        return fold(bpm, self.slowest, self.fastest)

    def _beat_at(self, time: float) -> float:
        """Beats at ``time`` when all debt is paid."""
        return self._beats + self._debt + (time - self._time) * self.bpm / 60.0

    def _distance(self, time: float, bpm: float) -> float:
        """How far the clock is behind (+) or ahead (-) of a beat heard at ``time``, in beats."""
        # A tracker that counts twice as fast marks half beats too: only the nearest can be meant.
        grid = max(1.0, 2.0 ** round(math.log2(bpm / self.bpm)))
        return -wrap(self._beat_at(time) * grid) / grid

    def _aim(self, error: float) -> float:
        """An error against the beat that a hand chose, where one did: half a beat from the leader's, or on it."""
        error = wrap(error + self._half)
        if self._settle_half and abs(error) > 0.25:
            error = self._turn(error)
        self._settle_half = False
        return error

    def _turn(self, error: float) -> float:
        self._half = 0.5 - self._half
        return wrap(error + 0.5)

    def _correct(self, time: float, error: float, weight: float) -> None:
        if self._phase_by_hand and abs(error) > 0.35:
            error = self._turn(error)  # ears that changed their mind: the hand's beat stays
        steps = max(round((time - self._heard) * self.bpm / 60.0), 1) if self._heard > -math.inf else 1
        if self._pursuit.fresh:
            weight = 1.0  # there is nothing yet to weigh it against
        alpha, beta = self._pursuit.gains()
        self._debt += alpha * weight * error
        if self.source == "audio" and steps < 16:
            self.set_tempo(self.bpm * (1.0 + beta * weight * min(max(error, -0.1), 0.1) / steps))
        self._heard = time

    def _follow_tempo(self, tempo: float, weight: float) -> bool:
        """Small differences are averaged; a new tempo is believed when heard often enough in a row."""
        if self.known:
            return abs(wrap(math.log2(tempo / self.known))) < SAME
        if abs(tempo / self.bpm - 1.0) < SAME:
            self.set_tempo(self.bpm + self._pursuit.tempo_gain * weight * (tempo - self.bpm))
            self._in_a_row = 0
            return True
        same = abs(tempo / self._candidate - 1.0) < SAME
        self._in_a_row = self._in_a_row + 1 if same else 1
        self._candidate = tempo
        if self._in_a_row <= (CONVINCED if self._pursuit.agreement > 0.3 else 0 if self._pursuit.fresh else 1):
            return False
        self._change(tempo)
        return True

    def _change(self, tempo: float) -> None:
        """Another tempo: other music, unless only the octave is another."""
        octaves = math.log2(tempo / self.bpm)
        if abs(wrap(octaves)) > 0.06:
            self._octave_by_hand = False
            self._let_go()
        self.set_tempo(tempo)
        self._in_a_row = 0
        self._pursuit.restart()

    def _let_go(self) -> None:
        """What a hand said of beat and bar was said of other music."""
        self._phase_by_hand = self._settle_half = False
        self._half = 0.0
        self._one.forget()

    # ------------------------------------------------------------------------------ other clocks

    def follow(self, reading: Reading) -> None:
        """What another clock says; it counts when that clock leads. Its time is on the analyzer's axis."""
        before = self._leader.last(reading.source)
        if not self._leader.hear(reading):
            return
        self._lead()
        if self.source != reading.source or self.hold:
            return
        factor = 2.0 ** round(math.log2(self.bpm / reading.bpm)) if self._octave_by_hand else 1.0
        self.set_tempo(reading.bpm * factor)
        self.ears.favour(self.bpm)
        if not reading.phase_known:
            return
        if before is not None and before.phase_known and abs(before.at(reading.time) - reading.beats) > 1.0:
            self._let_go()  # it started anew or was moved
        beats = reading.beats * factor + (self._time - reading.time) * self.bpm / 60.0
        error = wrap(beats - self._beats)
        if reading.downbeat_known and not self._one.by_hand:
            self._one.carry(round(self._beats + error - beats))
        self._debt = self._aim(error)

    # ------------------------------------------------------------------------------------ hands

    def set_tempo(self, bpm: float) -> None:
        """Go at ``bpm`` from here, between 20 and 400; at the ``known`` tempo unless another clock leads."""
        if self.known and self.source not in OUTSIDE:
            bpm = self.known
        self.bpm = float(min(max(bpm, SLOWEST), FASTEST))

    def know(self, bpm: float) -> None:
        """A hand wrote the tempo down; below 20 it takes that back."""
        self.known = bpm if bpm >= SLOWEST else 0.0
        self._octave_by_hand = self.known > 0.0
        self.set_tempo(self.bpm)
        self._pursuit.restart()

    def tap(self, time: float) -> None:
        """A hand on the beat at ``time``. Three taps or more set tempo and phase."""
        line = self._taps.tap(time)
        if line is None:
            return
        interval, last = line
        self._tapped, self._insisted = time, 0
        self.set_tempo(60.0 / interval)
        self._debt = -wrap(self._beat_at(last) - self._debt)
        self._octave_by_hand = True
        self._by_hand()
        self.ears.favour(self.bpm)
        self.ears.pull(last)

    def resync(self, time: float) -> None:
        """The one of the bar is at ``time``: forward to the next beat, or wait for it when just past."""
        self._debt = 0.0
        past = self._beat_at(time)
        self._debt = -wrap(past)
        self._one.now(round(past + self._debt))
        if self._debt > 0.0:
            self._beats += self._debt
            self._debt = 0.0
        self._by_hand()
        self.ears.pull(time)

    def shift(self) -> None:
        """The beat is where the off-beat was: half a beat forward."""
        self._debt += 0.5
        self._half = 0.5 - self._half
        self._phase_by_hand, self._settle_half = True, False
        self.ears.shift_half()

    def half(self) -> None:
        """Count half as fast from here."""
        self._count(0.5)

    def double(self) -> None:
        """Count twice as fast from here."""
        self._count(2.0)

    def _count(self, factor: float) -> None:
        """Go at another octave: the nearest whole beat of the new count is the beat."""
        if self.known or not SLOWEST <= self.bpm * factor <= FASTEST:
            return
        self.bpm *= factor
        self._octave_by_hand = True
        self._debt = -wrap(self._beats * factor) if factor < 1.0 else wrap(self._beats)
        self._pursuit.restart()
        self.ears.favour(self.bpm)

    def _by_hand(self) -> None:
        self._pursuit.doubt()
        self._phase_by_hand = self._settle_half = True
        self._half = 0.0

    def _give_way(self, time: float, tempo: float, confidence: float) -> bool:
        """Ears get the clock back when the hand has rested and they agree on the tempo, or insist for long."""
        rested = time - self._tapped
        agree = abs(tempo / self.bpm - 1.0) < 0.04
        self._insisted = self._insisted + 1 if confidence > 0.6 and rested > TAP_STANDS else 0
        if rested < TAP_HOLD or not (agree or self._insisted >= INSISTING):
            return False
        self._tapped = -math.inf
        self._lead()
        return True

    def control(self, time: float, values: Values) -> None:
        """Take one tick's parameters (``BEAT_PARAMS``)."""
        self.nudge = float(values.get("nudge", 0.0)) * 1e-3
        self.slowest = float(values.get("slowest", 70.0))
        self.fastest = max(float(values.get("fastest", 180.0)), self.slowest)
        self.hold = bool(values.get("lock", False))
        self._choose(str(values.get("clock", "auto")))
        tempo = float(values.get("tempo", 0.0))
        if (tempo if tempo >= SLOWEST else 0.0) != self.known:
            self.know(tempo)
        if self.known:
            self.ears.favour(self.known)
        if values.get("tap"):
            self.tap(time)
        if values.get("resync"):
            self.resync(time)
        if values.get("half"):
            self.half()
        if values.get("double"):
            self.double()
        if values.get("shift"):
            self.shift()

    def _choose(self, wish: str) -> None:
        if wish == self._leader.wish:
            return
        self._leader.wish = wish
        self._let_go()
        if wish != "tap":
            self._tapped = -math.inf
