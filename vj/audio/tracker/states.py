"""The bar pointer's states: a ring of positions for each tempo, how tempo changes, what each state expects to hear."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Belief = NDArray[np.float32]
    Places = NDArray[np.intp]

STEP = 0.015
"""Tempo grid: each period is this share longer than the one before."""


@dataclass(frozen=True, slots=True)
class Odds:
    """What the pointer believes of music and of the ears. Figures are chances unless a unit is named."""

    missed: float = 0.18
    """Of a beat that no peak is heard on, while the music plays."""
    false: float = 0.06
    """Of the highest peak there can be to stand on no beat."""
    sure: float = 0.3
    """Activation of a peak that stands on a beat as often as not."""
    trust: float = 0.7
    """Exponent on all odds: what is heard of one beat and of the next is not independent."""
    width: float = 0.014
    """Seconds, standard deviation, of peaks about their beat."""
    between: float = 0.5
    """Of a half beat to be played as a beat is."""
    steady: float = 0.007
    """Mean share by which the period changes from one beat to the next."""
    elsewhere: float = 4e-4
    """Of a frame to begin something new at any tempo and phase: another track, a cut."""
    astray: float = 1e-3
    """Of a beat after which the pointer goes on at half or double tempo or in 3:2 (each)."""
    favourite: float = 122.0
    """BPM that is likeliest before anything is heard."""
    spread: float = 0.9
    """Octaves, standard deviation, of tempo about the favourite."""
    opinion: float = 1.0
    """How much the net's opinion of the tempo counts in a second of music; 1: as if it were independent of all else."""
    least: float = 6.0
    """Nats: however unlikely the net thinks a tempo, no more than this."""
    even: float = 0.25
    """Share of the beat's activation that the downbeat's has on a beat which may be a bar's first or not..."""
    telling: float = 1.8
    """...and how steeply the odds of being the first rise with that share."""
    slip: float = 0.01
    """Of a beat after which the bar begins anew somewhere else."""


class Rings:
    """The state space: for each of M periods a ring of positions, all in one row of S states.

    ``since`` (S,) is seconds since the last beat, ``period`` (S,) the ring's period; ``first`` and ``last`` (M,)
    are each ring's first and last state, ``ends`` (2, M) its last and last but one; ``keep`` (M,) is the chance that
    the last one is visited and ``skip`` that it is not.
    """

    def __init__(self, seconds: float, shortest: float, longest: float) -> None:
        count = max(math.ceil(math.log(longest / shortest) / math.log1p(STEP)), 1) + 1
        self.periods = shortest * (longest / shortest) ** (np.arange(count) / max(count - 1, 1))
        frames = self.periods / seconds
        length = np.ceil(frames - 1e-9).astype(np.intp)
        self.length = length
        self.first = np.concatenate([[0], np.cumsum(length)[:-1]]).astype(np.intp)
        self.last = self.first + length - 1
        self.ends = np.stack([self.last, self.last - 1])
        self.keep = (frames - length + 1).astype(np.float32)
        self.skip = 1.0 - self.keep
        self.size = int(length.sum())
        self.ring = np.repeat(np.arange(count), length)
        self.since = (np.arange(self.size) - self.first[self.ring]) * seconds
        self.period = self.periods[self.ring]

    def distance(self, beats: float = 0.0, ahead: float = 0.0) -> NDArray[np.float64]:
        """(S,) seconds since the nearest beat, signed, where each state is ``beats`` and ``ahead`` seconds from now."""
        place = (self.since + ahead) / self.period + beats
        return np.asarray((place - np.round(place)) * self.period)

    def opposite(self) -> Places:
        """(S,) the state half a beat away on the same ring."""
        half = (self.length // 2)[self.ring]
        place = np.arange(self.size) - self.first[self.ring]
        return np.asarray(self.first[self.ring] + (place + half) % self.length[self.ring], np.intp)

    def nearest(self, period: float) -> int:
        """The ring whose period is nearest."""
        return int(np.argmin(np.abs(self.periods - period)))


def halves(height: float) -> float:
    """How many times commoner peaks of this height are on half beats, where those have any, than on beats."""
    ratio: float = ((1.0 - height) / (1.0 - MIDDLING)) ** LOWER
    return min(ratio, MOST)


def changes(periods: NDArray[np.float64], odds: Odds) -> Belief:
    """(M, M) chance of the next period, by row the present one: near ones, and now and then an octave or 3:2."""
    ratio = np.log(periods[None] / periods[:, None])
    near = np.exp(-np.abs(ratio) / odds.steady)
    near /= near.sum(axis=1, keepdims=True)
    for leap in (0.5, 2.0, 1.5, 1.0 / 1.5):
        near += odds.astray * (np.abs(ratio - math.log(leap)) <= 0.5 * STEP)
    return np.asarray(near / near.sum(axis=1, keepdims=True), np.float32)


def liking(rings: Rings, odds: Odds, favourite: float | None) -> NDArray[np.float64]:
    """(M,) how welcome each tempo is, 1 at most: those about the usual one or, closely, about one that was told."""
    centre, spread = (odds.favourite, odds.spread) if favourite is None else (favourite, CLOSE)
    tempo = np.exp(-0.5 * (np.log2(60.0 / rings.periods / centre) / spread) ** 2)
    return np.asarray(tempo if favourite is None else DISLIKED + (1.0 - DISLIKED) * tempo)


def likely(rings: Rings, liked: NDArray[np.float64]) -> Belief:
    """(S,) what to expect before anything is heard: any phase, tempi as they are liked (M,)."""
    weight = (liked / liked.sum() / rings.length)[rings.ring]
    return np.asarray(weight / weight.sum(), np.float32)


CLOSE = 0.03
"""Octaves, standard deviation, about a tempo that was told."""
DISLIKED = 0.08
"""What remains, at each beat, of the belief in another tempo than the one that was told."""
USUAL = 25.0
"""Frames in a beat: what is no beat may be heard on any of them."""
REACH = 3
"""Frames to both sides of a beat that may hold its peak."""
SIDE = 2 * REACH + 1
STRAY = 0.08
"""Share of peaks that stand anywhere within reach."""
BEAT, HALF, HELD, FIRST = (1 + n * SIDE for n in range(4))
"""Where each kind of state begins among the factors; at 0 stands that of states that expect nothing."""
KINDS = FIRST + SIDE
RARITY = 0.25
"""Of a beat to be a bar's first."""
MIDDLING, LOWER, MOST = 0.55, 1.8, 2.0
"""Height at which peaks are as common on half beats as on beats, how steeply they get rarer there, and their most."""


class Hearing:
    """The likelihood of peaks, against that of peaks strewn at random: a factor for each kind of state.

    A beat has one peak somewhere about it, or none with the chance ``missed``. So each frame near it speaks a little
    against it, all of them together with ``missed``, and a peak makes up for that, the more the higher it stands.
    Kind 0 expects none; then come beats by distance, half beats, half beats that a hand called beats, and beats that
    are a bar's first (SIDE each).
    """

    def __init__(self, odds: Odds, seconds: float) -> None:
        self._odds = odds
        self._seconds = seconds
        missed = np.repeat([odds.missed, 1.0 - odds.between, odds.missed, odds.missed], SIDE)
        self._quiet = np.zeros(KINDS)
        self._quiet[1:] = np.log(missed) * np.tile(self._bell(0.0), 4) * odds.trust
        self._hit = (1.0 - missed) / missed

    def _bell(self, after: float) -> NDArray[np.float64]:
        """(SIDE,) share of a beat's peaks in each frame about it, for a peak that stands this long after its frame."""
        away = (np.arange(-REACH, REACH + 1) * self._seconds + after) / self._odds.width
        bell = np.exp(-0.5 * away**2)
        return np.asarray(STRAY / SIDE + (1.0 - STRAY) * bell / bell.sum())

    def factors(self, height: float, after: float, first: float, present: float) -> Belief:
        """(KINDS,) float32. ``height`` of a peak ``after`` seconds from this frame's moment, 0: none.

        ``first``: how high the downbeat's stands there; ``present`` 0..1: whether there is music.
        """
        row = self._quiet * present
        if height > 0.0:
            other, first = self.bar(first / height)
            claim = np.repeat([other, halves(height), 1.0, first], SIDE) * self.claim(height)
            row[1:] += self._odds.trust * np.log1p(self._hit * claim * np.tile(self._bell(after), 4))
        return np.exp(row).astype(np.float32)

    def claim(self, height: float) -> float:
        """How many times more peaks of this height stand on a beat than on one frame by chance."""
        odds: float = (height / (1.0 - min(height, 0.999)) / (self._odds.sure / (1.0 - self._odds.sure)))**2.0
        return USUAL / (1.0 / max(odds, 1e-6) + self._odds.false)

    def bar(self, share: float) -> tuple[float, float]:
        """How many times likelier a downbeat this ``share`` of the beat's height is on other beats, and on firsts."""
        ratio = min(max(share / self._odds.even, 0.02), 20.0) ** self._odds.telling
        usual = RARITY * ratio + 1.0 - RARITY
        return 1.0 / usual, ratio / usual

    def kinds(self, rings: Rings, held: NDArray[np.bool_] | bool = False) -> Places:
        """(3, S) the kind of each state after a bar's first beat, after others, after its last.

        Where ``held``, half beats are heard as beats are, and neither tells of the bar.
        """
        away = np.round(rings.distance() / self._seconds).astype(np.intp)
        half = np.round(rings.distance(0.5) / self._seconds).astype(np.intp)
        between = np.where(np.abs(half) <= REACH, half + REACH + np.where(held, HELD, HALF), 0)
        own = rings.since < 0.5 * rings.period
        after = np.array([np.where(own, FIRST, BEAT), np.full(rings.size, BEAT), np.where(own, BEAT, FIRST)])
        return np.asarray(np.where(np.abs(away) <= REACH, away + REACH + np.where(held, HELD, after), between), np.intp)
