"""Make a score less like its file: other tempi, keys and instruments, missing players, loose hands, a tune on top.

What is changed never moves a beat without moving the truth with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .midi import DRUMS, Event, Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

SCALES = ((0, 2, 4, 7, 9), (0, 3, 5, 7, 10), (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
LEADS = (0, 4, 11, 16, 21, 22, 25, 26, 29, 40, 52, 56, 59, 64, 65, 68, 71, 73, 75, 78, 80, 81, 84, 85, 87)
"""General MIDI programs that carry a tune."""
CELLS = ((0.0, 1.0), (0.0, 0.5), (0.0, 0.5, 1.0, 1.5), (0.5, 1.5), (0.0, 1.5), (0.0, 0.75, 1.5), (0.0, 2 / 3, 1.0),
         (0.0, 1 / 3, 2 / 3, 1.0, 4 / 3, 5 / 3), (0.0, 0.25, 0.5, 1.0), (0.75, 1.25), ())
"""Where notes begin in two beats of a tune."""


def live_tempo(score: Score, dice: Generator, least: float = 0.9, most: float = 1.12) -> Score:
    """The score at another tempo; one in three drifts by a few percent as a band does, one in ten rides a long ramp."""
    span = score.seconds + 1.0
    old = np.arange(0.0, span + 0.25, 0.25)
    speed = np.full(len(old), dice.uniform(least, most))
    mood = dice.random()
    if mood < 0.33:
        speed *= np.exp(_wander(len(old), dice) * dice.uniform(0.005, 0.035))
    elif mood < 0.43:
        speed *= np.exp(np.linspace(-1, 1, len(old)) * dice.uniform(-0.13, 0.13))
    new = np.concatenate([[0.0], np.cumsum(0.25 / speed[:-1])])
    return score.moved(old.tolist(), new.tolist())


def _wander(count: int, dice: Generator) -> np.ndarray:
    """A slow random walk of unit size, (count,)."""
    steps = np.convolve(dice.standard_normal(count + 40), np.hanning(40), "valid")[:count]
    return np.asarray(steps / max(float(np.abs(steps).max()), 1e-9))


def transposed(score: Score, by: int) -> Score:
    """All but the drums, ``by`` semitones higher."""
    return score.only(event._replace(a=min(max(event.a + by, 0), 127))
                      if event.kind == "note_on" and event.channel != DRUMS else event for event in score.events)


def thinned(score: Score, dice: Generator) -> Score:
    """Some players stay at home: the drummer, everyone but the drummer, or a few of the others."""
    channels = sorted({event.channel for event in score.events if event.kind == "note_on"} - {DRUMS})
    mood = dice.random()
    if mood < 0.08:
        absent = {DRUMS} if channels else set()
    elif mood < 0.14:
        absent = set(channels) if _hits(score) > 0.5 * len(score.beats) else set()
    else:
        absent = {channel for channel in channels[1:] if dice.random() < 0.15}
    return score.only(event for event in score.events if event.channel not in absent)


def _hits(score: Score) -> int:
    return sum(event.channel == DRUMS and event.kind == "note_on" and event.b > 0 for event in score.events)


def reinstrumented(score: Score, dice: Generator) -> Score:
    """Other instruments of the same families (General MIDI has eight of each); every ninth part changes family."""
    changed = {channel: (int(dice.integers(8)), int(dice.integers(6)) if dice.random() < 0.11 else None)
               for channel in range(16) if dice.random() < 0.5}

    def other(event: Event) -> Event:
        if event.kind != "program_change" or event.channel == DRUMS or event.channel not in changed:
            return event
        voice, family = changed[event.channel]
        return event._replace(a=(event.a // 8 if family is None else family) * 8 + voice)

    return score.only(other(event) for event in score.events)


def loosened(score: Score, spread: float, dice: Generator) -> Score:
    """Each note early or late by about ``spread`` seconds; the beat stays where it was meant."""
    moved = []
    for event in score.events:
        late = float(np.clip(dice.normal(0, spread), -2 * spread, 2 * spread)) if event.kind == "note_on" else 0.0
        moved.append(event._replace(time=max(event.time + (late if event.b else max(late, 0.0)), 0.0)))
    return score.only(moved)


def with_tune(score: Score, key: int, dice: Generator) -> Score:
    """A melody on a free channel: cells of rhythm over two beats each, steps on a scale, some rests."""
    free = sorted(set(range(16)) - {DRUMS} - {event.channel for event in score.events})
    if not free or len(score.beats) < 8:
        return score
    scale, cells = SCALES[dice.integers(len(SCALES))], [CELLS[n] for n in dice.integers(len(CELLS), size=4)]
    channel, beats = free[0], np.asarray(score.beats)
    starts = [n + offset for n in range(0, len(beats) - 2, 2) if dice.random() < 0.8
              for offset in cells[(n // 2) % len(cells)]]
    tune = [Event(0.0, "program_change", channel, int(LEADS[dice.integers(len(LEADS))]))]
    degree = int(dice.integers(len(scale)))
    for start, stop in zip(starts, [*starts[1:], len(beats)], strict=True):
        degree = int(np.clip(degree + dice.integers(-2, 3), -len(scale), 2 * len(scale) - 1))
        note = 60 + key + 12 * (degree // len(scale)) + scale[degree % len(scale)]
        tune += _note(_at(beats, start), _at(beats, min(stop, start + 1.2)), channel, note, dice)
    return score.only([*score.events, *tune])


def _at(beats: np.ndarray, place: float) -> float:
    return float(np.interp(place, np.arange(len(beats)), beats))


def _note(start: float, stop: float, channel: int, note: int, dice: Generator) -> list[Event]:
    return [Event(start, "note_on", channel, note, int(dice.integers(70, 118))),
            Event(start + 0.85 * (stop - start), "note_on", channel, note, 0)]


def varied(score: Score, dice: Generator, tune: bool = False, tempo: Sequence[float] = (0.9, 1.12)) -> Score:
    """Any of the above, by chance."""
    key = int(dice.integers(-5, 7))
    score = transposed(score, key)
    if tune and dice.random() < 0.5:
        score = with_tune(score, key, dice)
    score = thinned(score, dice)
    if dice.random() < 0.5:
        score = reinstrumented(score, dice)
    if dice.random() < 0.35:
        score = loosened(score, float(dice.uniform(0.002, 0.008)), dice)
    return live_tempo(score, dice, *tempo)
