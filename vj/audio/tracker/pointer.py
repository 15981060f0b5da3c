"""The bar pointer: a belief over tempo, the time since the last beat, and which beat of the bar that was.

A hidden Markov model in the manner of Whiteley, Cemgil & Godsill 2006 with the state space of Krebs, Boeck & Widmer
2015: one ring of positions for each tempo, tempo changes only where a beat falls, and all that once for each place in
a bar. Only the forward pass is used, a frame at a time, so it is causal. Two things are different here. Periods lie on
a log scale and need not be whole frames: a ring's last position is passed over by chance, so that its mean length is
exact. And likelihoods are written against the background (1 where no beat is expected), so that only what a state
claims can speak for or against it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.tracker.bar import BEFORE, FIRSTS, LASTS, OTHERS, PLACES, USUAL
from vj.audio.tracker.net import TEMPI
from vj.audio.tracker.states import Hearing, Odds, Rings, changes, likely, liking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Belief = NDArray[np.float32]
    Places = NDArray[np.intp]

LAG = 2
"""Frames after a peak until it is known to be one."""
EACH = 2
"""Frames after which the belief moves: two hundredths of a second are fine enough to tell grids apart."""
FAINT = 0.03
"""Activation below which a peak is none."""
REST = 2.0
"""Seconds in which the sense that there is music falls to a third."""
LOUD = 0.35
"""Activation that is music without doubt."""
TAP = 0.03
"""Seconds, standard deviation, of a performer's tap."""
HAND = 40.0
"""Odds that a tap of full weight gives to where it falls."""
ANEW = 0.97
"""Share of the belief that a cut takes from what was believed."""


_PLACES_ONCE = np.ones(PLACES, np.float32)
"""Sums over the places as a product, several times faster than a sum along the short axis."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One hill of the belief. ``ahead``: seconds to its next beat; ``mass``: the share of belief on it, 0..1."""

    period: float
    ahead: float
    mass: float


class Pointer:
    """The belief, (PLACES, S) summing to 1. ``seconds`` is a frame's length; tempi in BPM.

    What is a peak shows ``LAG`` frames later, and the belief moves each ``EACH`` frames, so it stands a little behind;
    what is asked of it, and what it is told, is about now.
    """

    def __init__(self, seconds: float, slowest: float, fastest: float, odds: Odds | None = None) -> None:
        self.odds = odds or Odds()
        self.seconds = EACH * seconds
        self._frame = seconds
        self._waiting = 0
        self._found = (0.0, 0.0, 0.0)
        self._keep = math.exp(-self.seconds / REST)
        self._favourite: float | None = None
        self.present = 0.0
        self._last = [0.0] * (2 * LAG + 1)
        self._downs = [0.0] * (LAG + 2)
        self._hearing = Hearing(self.odds, self.seconds)
        self._lay_out(slowest, fastest)

    def _lay_out(self, slowest: float, fastest: float) -> None:
        self.rings = Rings(self.seconds, 60.0 / fastest, 60.0 / slowest)
        self._kinds = self._hearing.kinds(self.rings)
        self._tempi = np.log(60.0 / self.rings.periods)
        stay = np.ones(self.rings.size, np.float32)
        stay[self.rings.last] = self.rings.keep
        # Over the ends of rows too: what goes from one place to the next there is overwritten, and one run is fast.
        self._stay = np.tile(np.roll(stay, -1), PLACES)[:-1]
        self._spare = np.empty((PLACES, self.rings.size), np.float32)
        self._factors = np.ones((3, self.rings.size), np.float32)
        self._ones = np.ones(PLACES * self.rings.size, np.float32)
        self._expect()
        self.belief = self._start.copy()

    def _expect(self) -> None:
        """What is likely before anything is heard, and where a leap elsewhere lands."""
        liked = liking(self.rings, self.odds, self._favourite)
        slip = np.float32(self.odds.slip)
        self._slip = (1.0 - slip) * np.eye(PLACES, dtype=np.float32)[BEFORE] + slip * USUAL[:, None]
        self._start = USUAL[:, None] * likely(self.rings, liked)
        self._leap = self._start * np.float32(self.odds.elsewhere)
        self._changes = changes(self.rings.periods, self.odds)
        if self._favourite is not None:
            self._changes *= liked.astype(np.float32)

    # ------------------------------------------------------------------------------------- by the frame

    def step(self, beat: float, downbeat: float = 0.0) -> None:
        """A frame on which the net heard a beat and a downbeat with these chances, 0..1."""
        self._last = [*self._last[1:], beat]
        self._downs = [*self._downs[1:], downbeat]
        self._waiting += 1
        self._found = max(self._found, self._look())
        if self._waiting == EACH:
            self._waiting = 0
            self._move()
            self._hear(*self._found)
            self._found = (0.0, 0.0, 0.0)

    def _look(self) -> tuple[float, float, float]:
        """A peak ``LAG`` frames ago: its height, seconds after what will be the belief's moment, the downbeat there."""
        before, left, top, right, after = self._last
        if top < FAINT or top < left or top <= right or top < before or top <= after:
            return 0.0, 0.0, 0.0
        return top, (summit(left, top, right) + self._waiting - EACH) * self._frame, max(self._downs[:3])

    def _move(self) -> None:
        rings, old, new = self.rings, self.belief, self._spare
        ends = old.take(rings.ends, axis=1)
        leaving = ends[:, 0] + ends[:, 1] * rings.skip
        leaving += np.float32(self.present) * (leaving @ self._changes - leaving)
        np.multiply(old.reshape(-1)[:-1], self._stay, out=new.reshape(-1)[1:])
        new[:, rings.first] = self._slip @ leaving
        self.belief, self._spare = new, old

    def _hear(self, height: float, after: float, first: float) -> None:
        self.present = max(self.present * self._keep, min(height / LOUD, 1.0))
        belief = self.belief
        row = self._hearing.factors(height, after, first, self.present)
        np.take(row, self._kinds, out=self._factors, mode="clip")  # with "raise", a copy would be made first
        for places, factors in zip((FIRSTS, OTHERS, LASTS), self._factors, strict=True):
            belief[places] *= factors
        belief *= (1.0 - self.odds.elsewhere) / float(belief.reshape(-1) @ self._ones)
        belief += self._leap

    def begin_anew(self) -> None:
        """The music was cut: hardly anything of what was believed has a claim on what comes. Hands still count."""
        self.belief *= np.float32(1.0 - ANEW)
        self.belief += np.float32(ANEW) * self._start

    def hear_tempi(self, opinion: NDArray[np.floating], seconds: float) -> None:
        """How likely the net thinks each of ``TEMPI``, as logarithms, for as many ``seconds``.

        It speaks of the level at which people count, which peaks alone leave open. A hand, another clock know better.
        """
        if self._favourite is not None or self.odds.opinion <= 0.0:
            return
        about = np.interp(self._tempi, np.log(TEMPI), opinion)
        weight = self.odds.opinion * seconds * self.present * np.maximum(about - about.max(), -self.odds.least)
        self.belief *= np.exp(weight).astype(np.float32)[self.rings.ring]
        self.belief /= float(self.belief.sum())

    # --------------------------------------------------------------------------------- what is believed

    def best(self) -> Mode:
        """The hill on which the likeliest state stands, its place averaged over its neighbours."""
        state = int((_PLACES_ONCE @ self.belief).argmax())
        ring = int(self.rings.ring[state])
        return self._hill(ring, state - int(self.rings.first[ring]), 3, 2)

    def near(self, period: float, ahead: float) -> Mode:
        """What is believed about a grid with this period whose next beat comes in ``ahead`` seconds."""
        ring = self.rings.nearest(period)
        return self._hill(ring, self._place(ring, ahead), 4, max(round(0.1 * period / self.seconds), 2))

    def _place(self, ring: int, ahead: float) -> int:
        own = float(self.rings.periods[ring])
        return int((own - (ahead + self.lag) % own) / self.seconds)

    def _patch(self, ring: int, place: int, tempi: int, frames: int) -> tuple[Places, Places]:
        """Neighbours: rings (R,), and their states (R, 2 * frames + 1), by column as long before the next beat."""
        rings = self.rings
        rows = np.arange(max(ring - tempi, 0), min(ring + tempi + 1, len(rings.periods)))
        length = rings.length[rows, None]
        left = int(rings.length[ring]) - place
        return rows, rings.first[rows, None] + (length - left + np.arange(-frames, frames + 1)) % length

    def _hill(self, ring: int, place: int, tempi: int, frames: int) -> Mode:
        rows, states = self._patch(ring, place, tempi, frames)
        share = self.belief[:, states].sum(axis=0)
        mass = float(share.sum())
        if mass <= 0.0:
            return Mode(float(self.rings.periods[ring]), 0.0, 0.0)
        period = float(share.sum(axis=1) @ self.rings.periods[rows]) / mass
        moved = float(share.sum(axis=0) @ np.arange(-frames, frames + 1)) / mass
        ahead = float(self.rings.periods[ring]) - (place + moved) * self.seconds - self.lag
        return Mode(period, ahead, min(mass, 1.0))

    def places(self, period: float, ahead: float) -> Belief:
        """(PLACES,) what is believed of the bar about a grid like that: of the beat before the moment of ``lag``."""
        ring = self.rings.nearest(period)
        _, states = self._patch(ring, self._place(ring, ahead), 3, 1)
        return np.asarray(self.belief[:, states].sum(axis=(1, 2)))

    @property
    def lag(self) -> float:
        """Seconds by which the belief stands behind the newest frame."""
        return (LAG + self._waiting) * self._frame

    # ------------------------------------------------------------------------------------------ by hand

    def limit(self, slowest: float, fastest: float) -> None:
        """Another range of tempi, BPM; what is believed inside it is kept, octaves are folded in."""
        before, belief = self.rings, self.belief
        self._lay_out(slowest, fastest)
        for octave in (1.0, 2.0, 0.5):
            self.belief += _moved(before, belief, self.rings, octave)
        self.belief /= self.belief.sum()

    def pull(self, ahead: float, weight: float) -> None:
        """A performer says that a beat is ``ahead`` seconds from now (negative: it was); ``weight`` 0..1."""
        away = self.rings.distance(ahead=ahead + self.lag)
        self.belief *= (1.0 + HAND * weight * np.exp(-0.5 * (away / TAP) ** 2)).astype(np.float32)
        self.belief /= self.belief.sum()

    def shift_half(self, period: float) -> None:
        """Everything half a beat on; about this period neither half has the better claim from now on."""
        rings = self.rings
        moved = self.belief[:, rings.opposite()]
        # Every beat comes half a beat earlier, so up to the middle of a beat it is the next one now.
        # In one run: ``where`` keeps the order of what it is made from, which need not be by rows.
        self.belief = np.ascontiguousarray(np.where(rings.since < 0.5 * rings.period, moved[BEFORE], moved))
        about = np.abs(np.log(self.rings.period / period)) < 0.08
        self._kinds = self._hearing.kinds(self.rings, about)

    def favour(self, bpm: float | None) -> None:
        """A tempo known from elsewhere, BPM; None: none any more."""
        self._favourite = bpm
        self._expect()
        if bpm is not None:
            self.belief = 0.9 * self.belief + 0.1 * self._start
            self.belief *= liking(self.rings, self.odds, bpm)[self.rings.ring].astype(np.float32)
            self.belief /= self.belief.sum()

    def remind(self, period: float, ahead: float, share: float) -> None:
        """Give a ``share`` of the belief, 0..1, to a grid with this period and the next beat in ``ahead`` seconds."""
        ring = self.rings.nearest(period)
        rows, states = self._patch(ring, self._place(ring, ahead), 1, 1)
        hill = (2.0 - np.abs(rows - ring))[:, None] * (2.0 - np.abs(np.arange(-1, 2)))
        places = self.belief.sum(axis=1)
        self.belief *= np.float32(1.0 - share)
        self.belief[:, states] += places[:, None, None] * (hill * (share / hill.sum())).astype(np.float32)

    def forget(self) -> None:
        """Nothing is known any more; the range of tempi stays."""
        self._favourite = None
        self.present = 0.0
        self._kinds = self._hearing.kinds(self.rings)
        self._expect()
        self.belief = self._start.copy()


def summit(left: float, top: float, right: float) -> float:
    """How far after the middle of three frames a bell through them has its top, -0.5..0.5 frames."""
    before, here, after = (math.log(max(value, 1e-4)) for value in (left, top, right))
    bend = before - 2.0 * here + after
    return min(max(0.5 * (before - after) / bend, -0.5), 0.5) if bend < -1e-6 else 0.0


def _moved(old: Rings, belief: Belief, new: Rings, octave: float) -> Belief:
    """The belief about tempi ``octave`` times as fast, brought onto other rings; zero where those were none."""
    source = new.periods / octave
    inside = (source >= old.periods[0] * 0.99) & (source <= old.periods[-1] * 1.01)
    if octave != 1.0:
        inside &= (source < new.periods[0] * 0.99) | (source > new.periods[-1] * 1.01)
    rows = np.abs(np.log(old.periods[None] / source[:, None])).argmin(axis=1)[new.ring]
    ahead = (new.period - new.since) / new.period
    place = old.length[rows] - np.ceil(ahead * old.length[rows]).astype(np.intp)
    moved = np.where(inside[new.ring], belief[:, old.first[rows] + np.maximum(place, 0)], np.float32(0.0))
    # At another octave the beats have other places in the bar.
    return np.asarray(moved if octave == 1.0 else USUAL[:, None] * moved.sum(axis=0))
