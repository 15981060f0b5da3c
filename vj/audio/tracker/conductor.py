"""The conductor: follows one grid out of all that the pointer thinks possible, and says its beats ahead of time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.tracker.announce import Announced, Announcer
from vj.audio.tracker.bar import Bar
from vj.audio.tracker.grid import Grid, Peak, find_peak, window
from vj.audio.tracker.pointer import Mode, Pointer
from vj.audio.tracker.states import Odds
from vj.audio.tracker.trust import Trust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Heard = NDArray[np.float64]

MEMORY = 256
"""Frames of activation kept."""
LOOK = 10
"""Frames between two looks at the pointer."""
OPINION = 20
"""Frames between two times that the pointer is told what the net thinks of the tempo."""
ENOUGH = 0.5
"""Share of the belief on one hill that is enough to begin."""
SAME = (0.12, 0.06)
"""Two grids are one when their beats differ by less than this share of a period and their periods by less than that."""
BETTER = 3.0
"""How many times likelier another grid must be..."""
PATIENCE = 0.35
"""...and for how many seconds, before it is followed."""
FADED, REMINDER = 0.3, 0.3
"""Presence of music below which the pointer, which hears nothing then, is told at each beat where the grid stands."""
GIVE_UP = 30.0
"""Seconds of nothing heard after which nothing is announced."""
SOMETHING = 0.25
"""Activation that is something."""


class Conductor:
    """Takes activations a frame at a time. ``seconds`` is a frame, ``delay`` how far they lie back; tempi in BPM."""

    def __init__(self, seconds: float, delay: float, slowest: float, fastest: float, odds: Odds | None = None) -> None:
        self.seconds = seconds
        self.delay = delay
        self.pointer = Pointer(seconds, slowest, fastest, odds)
        self.announcer = Announcer()
        self.bar = Bar()
        self.trust = Trust()
        self.grid: Grid | None = None
        self._heard = np.zeros((2, 2 * MEMORY))
        self._frames = 0
        self._doubt = 0.0
        self._silent = 0.0
        self._held = False

    # -------------------------------------------------------------------------------------------- time

    @property
    def now(self) -> float:
        """Seconds of the stream that have been heard."""
        return self._frames * self.seconds

    @property
    def moment(self) -> float:
        """The moment that the newest activation speaks of."""
        return self.now - self.delay

    def step(self, beat: float, downbeat: float, tempi: Heard | None = None, cut: bool = False) -> Announced | None:
        """One frame's chances, 0..1 each, and the net's opinion of tempi; the beat to announce now, if one is due.

        ``cut``: other music has begun.
        """
        self._remember(beat, downbeat)
        if cut:
            self.pointer.begin_anew()
        self.pointer.step(beat, downbeat)
        if tempi is not None and self._frames % OPINION == 0:
            self.pointer.hear_tempi(tempi, OPINION * self.seconds)
        self.trust.step(self.seconds, self.pointer.present)
        if self.grid is not None:
            self._follow(self.grid)
        if self._frames % LOOK == 0:
            self._look()
        return self._announce()

    def _remember(self, beat: float, downbeat: float) -> None:
        """Kept twice, so that the last frames always stand in one piece."""
        slot = self._frames % MEMORY
        self._heard[0, slot::MEMORY] = beat
        self._heard[1, slot::MEMORY] = downbeat
        self._frames += 1
        self._silent = 0.0 if beat > SOMETHING else self._silent + self.seconds
        if self._silent > GIVE_UP and self.grid is not None:
            self.forget()

    def _since(self, start: float, end: float) -> Heard:
        """(2, N) activations of the moments from ``start`` to ``end``, both included; at least one frame."""
        first = math.ceil((start - self.moment) / self.seconds - 1e-9)
        last = math.floor((end - self.moment) / self.seconds + 1e-9)
        newest = (self._frames - 1) % MEMORY + MEMORY
        last = min(max(last, first), 0)
        return self._heard[:, max(newest + min(first, last), 0):newest + last + 1]

    @property
    def confidence(self) -> float:
        """About the chance that the grid is right, 0..1."""
        return self.trust.confidence if self.grid is not None else 0.0

    @property
    def locked(self) -> bool:
        """Whether there is a grid to rely on."""
        return self.grid is not None and self.trust.locked

    # ------------------------------------------------------------------------------------------- follow

    def _follow(self, grid: Grid) -> None:
        """When all that may belong to the next beat has been heard, learn from it."""
        coming = grid.beat + grid.period
        wide = window(grid.period)
        if self.moment < coming + wide:
            return
        grid.advance()
        peak = self._peak(coming, wide)
        if self._held:
            # A hand has moved the beat to where little is heard: the tempo is in what it was moved away from.
            other = self._peak(coming - 0.5 * grid.period, wide)
            peak = max(peak, other, key=lambda one: one.height)
        grid.correct(peak)
        self.trust.beat(peak, self._since(coming - grid.period + wide, coming - wide)[0], grid.period)
        self._count(grid)
        if self.pointer.present < FADED:
            self.pointer.remind(grid.period, grid.next(self.moment) - self.moment, REMINDER)

    def _count(self, grid: Grid) -> None:
        """Which beat of the bar the grid's newest is."""
        places = self.pointer.places(grid.period, grid.next(self.moment) - self.moment)
        self.bar.know(places, int(self.moment - self.pointer.lag < grid.beat))

    def _peak(self, about: float, wide: float) -> Peak:
        """The best peak within ``wide`` seconds about a moment."""
        heard = self._since(about - wide, about + wide)[0]
        first = math.ceil((about - wide - self.moment) / self.seconds - 1e-9) * self.seconds + self.moment
        return find_peak(heard, first - about, self.seconds)

    def _look(self) -> None:
        """Is the grid still the best?"""
        best = self.pointer.best()
        if self.grid is None:
            if best.mass > ENOUGH and self.trust.present > 0.5:
                self._adopt(best)
            return
        own = self.pointer.near(self.grid.period, self.grid.next(self.moment) - self.moment)
        self.trust.look(own.mass)
        if self._same(self.grid, best) or best.mass < BETTER * own.mass:
            self._doubt = 0.0
            return
        self._doubt += LOOK * self.seconds
        if self._doubt >= PATIENCE:
            self._adopt(best)

    def _same(self, grid: Grid, mode: Mode) -> bool:
        away = (self.moment + mode.ahead - grid.beat) / grid.period
        off = abs(away - round(away))
        return off < SAME[0] and abs(mode.period / grid.period - 1.0) < SAME[1]

    def _adopt(self, mode: Mode) -> None:
        """Go over to another grid at once."""
        beat = self.moment + mode.ahead
        beat -= math.ceil((beat - self.moment) / mode.period) * mode.period
        self._held = self._held and self.grid is not None and abs(mode.period / self.grid.period - 1.0) < SAME[1]
        self.grid = Grid(beat, mode.period)
        self._count(self.grid)
        self.trust.move()
        self.trust.look(mode.mass)
        self._doubt = 0.0

    def _announce(self) -> Announced | None:
        grid = self.grid
        if grid is None:
            return None
        time = self.announcer.due(self.now, grid.beat, grid.period)
        if time is None:
            return None
        count = round((time - grid.beat) / grid.period)
        return Announced(time, self.now, 60.0 / grid.period, self.bar.first(count), self.confidence)

    # ------------------------------------------------------------------------------------------ by hand

    def limit(self, slowest: float, fastest: float) -> None:
        """Another range of tempi, BPM."""
        self.pointer.limit(slowest, fastest)
        self._change_over()

    def pull(self, time: float, weight: float) -> None:
        """A hand says that a beat is at ``time``, seconds of the stream."""
        self.pointer.pull(time - self.moment, weight)
        self._change_over()

    def favour(self, bpm: float | None) -> None:
        """A tempo known from elsewhere, BPM, or None."""
        self.pointer.favour(bpm)
        self._change_over()

    def shift_half(self) -> None:
        """The beat is half a beat off."""
        if self.grid is not None:
            self.pointer.shift_half(self.grid.period)
            self.grid.move(-0.5 * self.grid.period)
            self._count(self.grid)
            self.announcer.free()
            self._held = True

    def _change_over(self) -> None:
        """A hand need not be patient: the best grid is followed at once."""
        best = self.pointer.best()
        if self.grid is not None and not self._same(self.grid, best):
            self._adopt(best)

    def forget(self) -> None:
        """Nothing is known of the music any more."""
        self.pointer.forget()
        self.bar = Bar()
        self.trust = Trust()
        self.grid = None
        self._held = False
        self._doubt = 0.0
