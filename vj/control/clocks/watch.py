"""Keeps watch over the other clocks: asks those to follow, tells those that follow, all on the show's time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from vj.clockface import BEATS_PER_BAR, Reading
from vj.control.clocks._base import Follower, OtherClock, Part, Stretch
from vj.types import Beat, Tick

EVERY = 0.25
"""Seconds between two words of a clock that goes straight on."""
BEATS_OFF, TEMPO_OFF = 0.003, 0.002
"""Beats and share of the tempo that a clock may be off its last word before it says another."""
JUMP = 0.05
"""Seconds that show time and wall time may move against each other at once and still be one line."""
TAU = 0.5
"""Seconds in which a slower difference is followed."""
NAMES = {"link": "Ableton Link", "midi": "the MIDI clock", "osc": "the OSC beat"}


class Watch:
    """``read`` is called at the beginning of each tick, on the show's thread, and never waits.

    A clock's word is passed on when it is news, and four times a second: what is passed on is kept in a take, so it
    must be little, and the show must follow nothing else. ``now`` gives wall seconds;
    ``keepers`` keep the ports of both.
    """

    def __init__(self, clocks: Sequence[OtherClock], followers: Sequence[Follower], now: Callable[[], float],
                 keepers: Sequence[Part] = ()) -> None:
        self._clocks, self._followers, self._now = clocks, followers, now
        self._parts: list[Part] = [*clocks, *followers, *keepers]
        self._told: dict[str, Reading] = {}
        self._shift: float | None = None  # wall seconds of show second 0
        self._last = 0.0
        self._news: list[str] = []

    def read(self, tick: Tick, capture: float = 0.0) -> list[Reading]:
        """What the clocks say at this tick, in show time: there the room is heard ``capture`` seconds late."""
        wall = self._now()
        self._anchor(wall, tick)
        return [told for clock in self._clocks if (told := self._word(clock, wall, tick.time + capture)) is not None]

    def lead(self, tick: Tick, capture: float, beat: Beat) -> None:
        """Tell the followers where the show's beats are in the room."""
        if not self._followers or self._shift is None:
            return
        beats = beat.count + beat.phase
        one = round(beats - BEATS_PER_BAR * (beat.bars + beat.bar_phase))
        stretch = Stretch(tick.time + self._shift - capture, beats, beat.bpm, one, beat.source)
        for follower in self._followers:
            follower.lead(stretch)

    def news(self) -> str:
        """What the performer should know, one sentence at a time."""
        self._news += [news for part in self._parts if (news := part.news())]
        return self._news.pop(0) if self._news else ""

    def close(self) -> None:
        """End every clock."""
        for part in self._parts:
            part.close()

    def _anchor(self, wall: float, tick: Tick) -> None:
        """Where show time lies on the wall's. This is asked a little after the tick's time was, never before: the
        smallest difference is the true one.
        """
        shift = wall - tick.time
        if self._shift is None or shift < self._shift or shift - self._shift > JUMP:
            self._shift = shift
        else:
            share = 1.0 - math.exp(-max(tick.time - self._last, 0.0) / TAU)
            self._shift += share * (shift - self._shift)
        self._last = tick.time

    def _word(self, clock: OtherClock, wall: float, time: float) -> Reading | None:
        """What ``clock`` says now, if it is news. ``time``: show seconds at which the room of now is heard."""
        reading = clock.read(wall)
        before = self._told.get(clock.name)
        if reading is None or not reading.sound:
            if self._told.pop(clock.name, None) is not None:
                self._news.append(f"{NAMES.get(clock.name, clock.name)} has fallen silent")
            return None
        on_axis = self._last + self._shift if self._shift is not None else wall
        word = replace(reading, time=time, beats=reading.at(on_axis))
        if before is None:
            self._news.append(f"{NAMES.get(clock.name, clock.name)} is there: {reading.bpm:.1f} bpm")
        elif not _is_news(word, before):
            return None
        self._told[clock.name] = word
        return word


def _is_news(word: Reading, before: Reading) -> bool:
    """Whether a listener who goes straight on from ``before`` would be wrong."""
    said = (word.playing, word.downbeat_known, word.phase_known)
    return (word.time - before.time >= EVERY or said != (before.playing, before.downbeat_known, before.phase_known)
            or abs(word.bpm / before.bpm - 1.0) > TEMPO_OFF or abs(word.beats - before.at(word.time)) > BEATS_OFF)
