"""MIDI files as timed events and exact beats: what the tempo map and the time signatures say, in seconds."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import mido
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

DRUMS = 9
"""The channel of the drum kit."""
_KEY_SIGNATURE = re.compile(rb"\xff\x59\x02..", re.DOTALL)


class Event(NamedTuple):
    """One message at ``time`` seconds. ``kind`` is mido's name of it, ``a`` and ``b`` its data in their order."""

    time: float
    kind: str
    channel: int
    a: int
    b: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """A piece to be played: ``seconds`` long, ``downbeats`` among ``beats`` (empty where bars are not known)."""

    events: tuple[Event, ...]
    beats: tuple[float, ...]
    downbeats: tuple[float, ...]
    meter: int
    seconds: float

    def moved(self, old: Sequence[float], new: Sequence[float]) -> Score:
        """The same with time bent: what was at ``old`` seconds comes at ``new``; both rise and span the score."""
        times = np.interp([event.time for event in self.events], old, new).tolist()
        events = tuple(event._replace(time=time) for event, time in zip(self.events, times, strict=True))
        beats, downbeats = (tuple(np.interp(x, old, new).tolist()) for x in (self.beats, self.downbeats))
        return Score(events, beats, downbeats, self.meter, float(np.interp(self.seconds, old, new)))

    def only(self, keep: Iterable[Event]) -> Score:
        """The same beats under other events."""
        return replace(self, events=tuple(sorted(keep, key=lambda event: event.time)))

    def within(self, start: float, seconds: float) -> tuple[list[float], list[float]]:
        """Beats and downbeats of an excerpt, counted from its start."""
        beats, downbeats = ([time - start for time in times if 0 <= time - start < seconds]
                            for times in (self.beats, self.downbeats))
        return beats, downbeats


@dataclass(frozen=True, slots=True)
class Bars:
    """How a file's bars are to be read where its signature does not say: lengths in quarters."""

    first: float = 0.0
    """Where the first bar begins."""
    beat: float | None = None
    """A felt beat; None: from the signature."""
    meter: int | None = None
    """Beats a bar; None: from the signature."""
    known: bool = True
    """False: beats only."""


class TempoMap:
    """Ticks to seconds."""

    def __init__(self, changes: Sequence[tuple[int, int]], ticks_per_beat: int) -> None:
        known = dict([(0, 500_000), *changes])  # the last of several at one tick holds
        self.ticks = np.array(sorted(known), float)
        self.per_tick = np.array([known[tick] for tick in sorted(known)], float) / 1e6 / ticks_per_beat
        self.starts = np.concatenate([[0.0], np.cumsum(np.diff(self.ticks) * self.per_tick[:-1])])

    def seconds(self, tick: float) -> float:
        """When ``tick`` sounds."""
        index = int(np.searchsorted(self.ticks, tick, side="right")) - 1
        return float(self.starts[index] + (tick - self.ticks[index]) * self.per_tick[index])


def load(path: Path, bars: Bars | None = None) -> Score:
    """A file as a score. Raises OSError, ValueError or EOFError for what is not MIDI."""
    return score_of(_parsed(path.read_bytes()), bars or Bars())


def score_of(file: mido.MidiFile, bars: Bars) -> Score:
    """The events of all tracks with their beats up to the last note."""
    tick, timed = 0, []
    for message in mido.merge_tracks(file.tracks):
        tick += message.time
        timed.append((tick, message))
    tempo = TempoMap([(at, m.tempo) for at, m in timed if m.type == "set_tempo"], file.ticks_per_beat)
    events = tuple(event for at, m in timed if (event := _event(tempo.seconds(at), m)) is not None)
    last = max((at for at, m in timed if m.type == "note_on" and m.velocity), default=0)
    signatures = [(at / file.ticks_per_beat, m.numerator, m.denominator) for at, m in timed
                  if m.type == "time_signature"]
    grid = beat_grid(signatures, last / file.ticks_per_beat, bars)
    times = [tempo.seconds(quarter * file.ticks_per_beat) for quarter, _, _ in grid]
    downbeats = [time for time, (_, down, _) in zip(times, grid, strict=True) if down and bars.known]
    meter = max((meter for _, _, meter in grid), key=[meter for _, _, meter in grid].count, default=4)
    return Score(events, tuple(times), tuple(downbeats), meter, tempo.seconds(last) + 1.5)


def felt_beat(numerator: int, denominator: int) -> float:
    """A beat in quarters: compound eighths (6/8, 9/8, 12/8) are felt in threes, everything else as it is written."""
    if denominator >= 8 and numerator % 3 == 0:
        return 12 / denominator
    return 4 / denominator


def beat_grid(signatures: Sequence[tuple[float, int, int]], end: float, bars: Bars) -> list[tuple[float, bool, int]]:
    """(quarter, is it a downbeat, beats a bar) for each beat up to ``end`` quarters.

    Signatures are (quarter, numerator, denominator). Bars begin at ``bars.first``, and anew at each later signature.
    """
    changes = [change for change in signatures if change[0] > bars.first]
    opening = [change for change in signatures if change[0] <= bars.first]
    changes = [(bars.first, *(opening[-1][1:] if opening else (4, 4))), *changes]
    grid: list[tuple[float, bool, int]] = []
    for index, (start, numerator, denominator) in enumerate(changes):
        stop = changes[index + 1][0] if index + 1 < len(changes) else end + 1e-6
        beat = bars.beat or felt_beat(numerator, denominator)
        meter = bars.meter or max(1, round(numerator * 4 / denominator / beat))
        count = max(0, math.ceil((stop - start) / beat - 1e-6))
        grid += [(start + n * beat, n % meter == 0, meter) for n in range(count)]
    return grid


def _parsed(data: bytes) -> mido.MidiFile:
    """Key signatures, which we do not need, are often broken and would have the whole file refused."""
    return mido.MidiFile(file=io.BytesIO(_KEY_SIGNATURE.sub(b"\xff\x59\x02\x00\x00", data)), clip=True)


def _event(time: float, message: mido.Message) -> Event | None:
    match message.type:
        case "note_on":
            return Event(time, "note_on", message.channel, message.note, message.velocity)
        case "note_off":
            return Event(time, "note_on", message.channel, message.note, 0)
        case "control_change":
            return Event(time, "control_change", message.channel, message.control, message.value)
        case "program_change":
            return Event(time, "program_change", message.channel, message.program)
        case "pitchwheel":
            return Event(time, "pitchwheel", message.channel, message.pitch + 8192)
        case _:
            return None
