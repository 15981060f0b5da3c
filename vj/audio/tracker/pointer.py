"""The bar pointer: a belief over tempo and the time since the last beat, moved on a frame at a time.

A hidden Markov model in the manner of Whiteley, Cemgil & Godsill 2006 with the state space of Krebs, Boeck & Widmer
2015: one ring of positions for each tempo, tempo changes only where a beat falls. Only the forward pass is used, so it
is causal. Two things are different here. Periods lie on a log scale and need not be whole frames: a ring's last
position is passed over by chance, so that its mean length is exact. And likelihoods are written against the background
(1 where no beat is expected), so that only what a state claims can speak for or against it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.tracker.states import Hearing, Odds, Rings, changes, likely, liking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Belief = NDArray[np.float32]
    Places = NDArray[np.intp]

LAG = 2
"""Frames after a peak until it is known to be one."""
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


@dataclass(frozen=True, slots=True)
class Mode:
    """One hill of the belief. ``ahead``: seconds to its next beat; ``mass``: the share of belief on it, 0..1."""

    period: float
    ahead: float
    mass: float


class Pointer:
    """The belief, (S,) summing to 1. ``seconds`` is a frame's length; tempi in BPM."""

    def __init__(self, seconds: float, slowest: float, fastest: float, odds: Odds | None = None) -> None:
        self.odds = odds or Odds()
        self.seconds = seconds
        self._keep = math.exp(-seconds / REST)
        self._favourite: float | None = None
        self.present = 0.0
        self._last = [0.0] * (2 * LAG + 1)
        self._hearing = Hearing(self.odds, seconds)
        self._lay_out(slowest, fastest)

    def _lay_out(self, slowest: float, fastest: float) -> None:
        self.rings = Rings(self.seconds, 60.0 / fastest, 60.0 / slowest)
        self._kinds = self._hearing.kinds(self.rings)
        self._spare = np.empty(self.rings.size, np.float32)
        self._factors = np.ones(self.rings.size, np.float32)
        self._ones = np.ones(self.rings.size, np.float32)
        self._expect()
        self.belief = self._start.copy()

    def _expect(self) -> None:
        """What is likely before anything is heard, and where a leap elsewhere lands."""
        liked = liking(self.rings, self.odds, self._favourite)
        self._start = likely(self.rings, liked)
        self._leap = self._start * np.float32(self.odds.elsewhere)
        self._changes = changes(self.rings.periods, self.odds)
        if self._favourite is not None:
            self._changes *= liked.astype(np.float32)

    # ------------------------------------------------------------------------------------- by the frame

    def step(self, activation: float) -> None:
        """Move on by a frame on which the net heard a beat with this chance, 0..1.

        What is a peak shows ``LAG`` frames later, so the belief stands that far behind; what is asked of it does not.
        """
        self._last = [*self._last[1:], activation]
        self._move()
        self._hear(*self._peak())

    def _peak(self) -> tuple[float, float]:
        """Height of a peak ``LAG`` frames ago and how many frames after that it stood, -0.5..0.5; else zeros."""
        before, left, top, right, after = self._last
        if top < FAINT or top < left or top <= right or top < before or top <= after:
            return 0.0, 0.0
        return top, summit(left, top, right)

    def _move(self) -> None:
        rings, old, new = self.rings, self.belief, self._spare
        leaving = old[rings.last] + old[rings.before] * rings.skip
        new[1:] = old[:-1]
        new[rings.last] *= rings.keep
        new[rings.first] = leaving + self.present * (leaving @ self._changes - leaving)
        self.belief, self._spare = new, old

    def _hear(self, height: float, offset: float) -> None:
        self.present = max(self.present * self._keep, min(height / LOUD, 1.0))
        belief = self.belief
        row = self._hearing.factors(height, offset, self.present)
        np.take(row, self._kinds, out=self._factors, mode="clip")  # with "raise", a copy would be made first
        belief *= self._factors
        belief *= (1.0 - self.odds.elsewhere) / float(belief @ self._ones)
        belief += self._leap

    # --------------------------------------------------------------------------------- what is believed

    def best(self) -> Mode:
        """The hill on which the likeliest state stands, its place averaged over its neighbours."""
        state = int(self.belief.argmax())
        ring = int(self.rings.ring[state])
        return self._hill(ring, state - int(self.rings.first[ring]), 3, 3)

    def near(self, period: float, ahead: float) -> Mode:
        """What is believed about a grid with this period whose next beat comes in ``ahead`` seconds."""
        ring = self.rings.nearest(period)
        return self._hill(ring, self._place(ring, ahead), 4, max(round(0.1 * period / self.seconds), 3))

    def _place(self, ring: int, ahead: float) -> int:
        own = float(self.rings.periods[ring])
        return int((own - (ahead + LAG * self.seconds) % own) / self.seconds)

    def _patch(self, ring: int, place: int, tempi: int, frames: int) -> tuple[Places, Places]:
        """Neighbours: rings (R,), and their states (R, 2 * frames + 1), by column as long before the next beat."""
        rings = self.rings
        rows = np.arange(max(ring - tempi, 0), min(ring + tempi + 1, len(rings.periods)))
        length = rings.length[rows, None]
        left = int(rings.length[ring]) - place
        return rows, rings.first[rows, None] + (length - left + np.arange(-frames, frames + 1)) % length

    def _hill(self, ring: int, place: int, tempi: int, frames: int) -> Mode:
        rows, states = self._patch(ring, place, tempi, frames)
        share = self.belief[states]
        mass = float(share.sum())
        if mass <= 0.0:
            return Mode(float(self.rings.periods[ring]), 0.0, 0.0)
        period = float(share.sum(axis=1) @ self.rings.periods[rows]) / mass
        moved = float(share.sum(axis=0) @ np.arange(-frames, frames + 1)) / mass
        ahead = float(self.rings.periods[ring]) - (place + moved + LAG) * self.seconds
        return Mode(period, ahead, min(mass, 1.0))

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
        away = self.rings.distance(ahead=ahead + LAG * self.seconds)
        self.belief *= (1.0 + HAND * weight * np.exp(-0.5 * (away / TAP) ** 2)).astype(np.float32)
        self.belief /= self.belief.sum()

    def shift_half(self, period: float) -> None:
        """Everything half a beat on; about this period neither half has the better claim from now on."""
        self.belief = self.belief[self.rings.opposite()]
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
        rows, states = self._patch(ring, self._place(ring, ahead), 1, 2)
        hill = (2.0 - np.abs(rows - ring))[:, None] * (3.0 - np.abs(np.arange(-2, 3)))
        self.belief *= np.float32(1.0 - share)
        self.belief[states] += (hill * (share / hill.sum())).astype(np.float32)

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
    return np.where(inside[new.ring], belief[old.first[rows] + np.maximum(place, 0)], np.float32(0.0))
