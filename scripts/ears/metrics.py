"""How well a piece was heard: what was announced against the beats that are really there. All times are seconds.

``f``, ``cmlt`` and ``amlt`` are those of the beat tracking literature (Davies, Degara & Plumbley 2009), counted from
second 5 on. The rest is what a stage asks: how soon the beat is found, how long it is lost, how late it is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from mir_eval.beat import continuity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    Times = NDArray[np.float64]
    Flags = NDArray[np.bool_]

WINDOW = 0.07
"""A beat may be this far from the true one."""
SETTLE = 5.0
"""Seconds at the start that the scores leave out."""
NEAR = 0.04
"""A tempo may be this share off."""
OCTAVES = (1.0, 2.0, 0.5)
"""Metrical levels that an octave-free tempo may be on."""
LOCK, EVER = 4, 8
"""Right beats in a row that count as found, and without which a piece was never locked."""
STEADY, JUMP = 0.015, 0.04
"""Intervals within the first share of each other are one tempo; medians further apart than the second are two."""
SIDE = 6
"""Beats on either side of a cut that must be steady."""
SHAKY = 0.3
"""Confidence that no ambience, speech or noise may reach."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is really there: ``beats`` (N,) and ``downbeats`` in a piece of ``seconds``."""

    beats: Times
    downbeats: Times
    seconds: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What was announced, in the order it was: every field (N,). ``felt`` is the confidence at even moments."""

    times: Times
    emitted: Times
    bpm: Times
    downbeat: Flags
    confidence: Times
    felt: Times

    @classmethod
    def of(cls, said: Iterable[Any], felt: ArrayLike = ()) -> Heard:
        """From beats as a tracker announces them: ``time``, ``emitted``, ``bpm``, ``downbeat``, ``confidence``."""
        rows = [(beat.time, beat.emitted, beat.bpm, beat.confidence, beat.downbeat) for beat in said]
        table = np.array(rows, float).reshape(-1, 5)
        return cls(table[:, 0], table[:, 1], table[:, 2], table[:, 4] > 0, table[:, 3], np.asarray(felt, float))

    def until(self, end: float) -> Heard:
        """Without the beats at ``end`` or later."""
        kept = self.times < end
        return Heard(self.times[kept], self.emitted[kept], self.bpm[kept], self.downbeat[kept], self.confidence[kept],
                     self.felt)


def score(truth: Truth, heard: Heard) -> dict[str, Any]:
    """Every figure of one piece by name; None where the piece cannot tell. Lists are per beat or per cut.

    What is announced for after the piece's end is neither right nor wrong.
    """
    heard = heard.until(truth.seconds)
    if not len(truth.beats):
        return _on_nothing(truth, heard)
    late, phase = lateness(truth.beats, heard)
    return {"bpm": float(60.0 / np.median(np.diff(truth.beats))) if len(truth.beats) > 1 else None,
            **_scores(truth, heard), **_tempo(truth.beats, heard), **_locking(truth.beats, heard.times),
            "late_ms": late, "phase_ms": phase}


def _scores(truth: Truth, heard: Heard) -> dict[str, Any]:
    beats, found = from_(truth.beats, SETTLE), from_(np.sort(heard.times), SETTLE)
    downbeats, found_downbeats = from_(truth.downbeats, SETTLE), from_(np.sort(heard.times[heard.downbeat]), SETTLE)
    enough = len(beats) > 1 and len(found) > 1
    _, cmlt, _, amlt = continuity(beats, found) if enough else (0.0, 0.0, 0.0, 0.0)
    return {"f": f_measure(beats, found), "cmlt": float(cmlt), "amlt": float(amlt),
            "downbeat_f": f_measure(downbeats, found_downbeats) if len(downbeats) else None}


def from_(times: Times, start: float) -> Times:
    """Those at ``start`` or later."""
    return times[times >= start]


# ------------------------------------------------------------------------------------ which is which


def pairs(beats: Times, found: Times, window: float = WINDOW) -> list[tuple[int, int]]:
    """As many pairs (true, found) as there can be within ``window``, each beat in one. Both in rising order."""
    made, at = [], 0
    for index, beat in enumerate(beats):
        while at < len(found) and found[at] < beat - window:
            at += 1
        if at < len(found) and found[at] <= beat + window:
            made.append((index, at))
            at += 1
    return made


def f_measure(beats: Times, found: Times) -> float:
    """The harmonic mean of how many true beats were found and how many found beats are true, 0..1."""
    total = len(beats) + len(found)
    return 2.0 * len(pairs(beats, found)) / total if total else 0.0


def right(beats: Times, found: Times) -> Flags:
    """(N,) whether each true beat was found as a tracker on the right level finds it.

    Exactly one found beat lies nearer to it than to its neighbours, and that one within ``WINDOW``: double time, half
    time and off-beats are never right twice in a row.
    """
    middles = (beats[1:] + beats[:-1]) / 2
    edges = np.concatenate([[beats[0] - WINDOW], middles, [beats[-1] + WINDOW]])
    first, after = np.searchsorted(found, edges[:-1], "left"), np.searchsorted(found, edges[1:], "left")
    after[-1] = np.searchsorted(found, edges[-1], "right")
    alone = after - first == 1
    nearest = found[np.minimum(first, len(found) - 1)] if len(found) else np.full(len(beats), np.inf)
    return np.asarray(alone & (np.abs(nearest - beats) <= WINDOW))


def runs(flags: Flags, length: int) -> NDArray[np.intp]:
    """Where ``length`` or more set flags in a row begin; every start inside a longer run counts too."""
    if len(flags) < length:
        return np.zeros(0, np.intp)
    return np.flatnonzero(np.convolve(flags, np.ones(length, int), "valid") == length)


def levels(beats: Times) -> list[Times]:
    """The same beats as they may be counted: as is, twice as fast, half as fast from either beat, off the beat."""
    middles = (beats[1:] + beats[:-1]) / 2
    return [beats, np.sort(np.concatenate([beats, middles])), beats[::2], beats[1::2], middles]


# ------------------------------------------------------------------------------- finding and losing


def _locking(beats: Times, found: Times) -> dict[str, Any]:
    found = np.sort(found)
    flags = right(beats, found)
    again = [relock(beats, flags, cut) for cut in cuts(beats)]
    gliding = ramps(beats) & (beats >= SETTLE)
    return {"locked": float(len(runs(flags, EVER)) > 0),
            "locked_free": float(any(len(runs(right(level, found), EVER)) for level in levels(beats) if len(level))),
            "lock_s": first_lock(beats, flags),
            "relock_s": again,
            "ramp_right": float(flags[gliding].mean()) if gliding.any() else None}


def first_lock(beats: Times, flags: Flags) -> float:
    """From the first true beat to the first of ``LOCK`` right ones in a row; infinite when there are none."""
    starts = runs(flags, LOCK)
    return float(beats[starts[0]] - beats[0]) if len(starts) else np.inf


def relock(beats: Times, flags: Flags, cut: int) -> float:
    """From the beat at which the music changed to the first of ``LOCK`` right ones in a row from there on."""
    starts = runs(flags[cut:], LOCK)
    return float(beats[cut + starts[0]] - beats[cut]) if len(starts) else np.inf


def cuts(beats: Times) -> list[int]:
    """First beats of a new tempo or of a new phase: steady on both sides, another interval or a break between."""
    gaps, found, index = np.diff(beats), [], SIDE
    while index + SIDE < len(beats):
        before, after = gaps[index - SIDE:index], gaps[index:index + SIDE]
        if _is_cut(before[:-1], float(before[-1]), after):
            found.append(index)
            index += SIDE
        index += 1
    return found


def _is_cut(before: Times, gap: float, after: Times) -> bool:
    """``gap`` lies across the cut itself and may be anything."""
    old, new = float(np.median(before)), float(np.median(after))
    if np.abs(before / old - 1).max() > STEADY or np.abs(after / new - 1).max() > STEADY:
        return False
    # A tempo's first beat follows the last old interval, or one broken off by the cut.
    broken = min(abs(gap / old - 1), abs(gap / new - 1)) > JUMP
    return abs(new / old - 1) > JUMP or broken


def ramps(beats: Times) -> Flags:
    """(N,) whether the tempo glides at a beat: several hundredths within eight beats, but never at once."""
    gaps = np.diff(beats)
    flags = np.zeros(len(beats), bool)
    for index in range(4, len(gaps) - 4):
        near = gaps[index - 4:index + 5]
        steps = np.abs(np.diff(np.log(near)))
        flags[index] = abs(np.log(near[-1] / near[0])) > 0.02 and steps.max() < 0.02
    return flags


# -------------------------------------------------------------------------------------------- tempo


def near(ratio: ArrayLike, allowed: Sequence[float] = (1.0,)) -> Flags:
    """Whether each tempo ratio is within ``NEAR`` of one that is allowed."""
    ratio = np.asarray(ratio, float)[..., None]
    return np.asarray((np.abs(ratio / np.asarray(allowed) - 1.0) <= NEAR).any(axis=-1))


def _tempo(beats: Times, heard: Heard) -> dict[str, float]:
    """The piece's tempo by the median interval of what was found; and through time by the bpm that was said."""
    true, found = np.diff(from_(beats, SETTLE)), np.diff(from_(np.sort(heard.times), SETTLE))
    whole = np.median(true) / np.median(found) if len(true) and len(found) else np.inf
    ratio, weight = said_tempo(beats, heard)
    return {"tempo": float(near(whole)), "tempo_free": float(near(whole, OCTAVES)),
            "tempo_time": float(np.average(near(ratio), weights=weight)) if len(weight) else 0.0,
            "tempo_time_free": float(np.average(near(ratio, OCTAVES), weights=weight)) if len(weight) else 0.0}


def said_tempo(beats: Times, heard: Heard) -> tuple[Times, Times]:
    """For each true interval from ``SETTLE`` on: the bpm last said before its end over the true one, its seconds.

    The true tempo of an interval is that of the median of the five about it.
    """
    gaps, ends = np.diff(beats), beats[1:]
    if not len(gaps):
        return np.zeros(0), np.zeros(0)
    padded = np.pad(gaps, 2, mode="edge")
    local = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    last = np.searchsorted(heard.emitted, ends, "right") - 1
    said = np.where(last >= 0, heard.bpm[np.maximum(last, 0)], 0.0) if len(heard.bpm) else np.zeros(len(ends))
    kept = beats[:-1] >= SETTLE
    return (said * local / 60.0)[kept], gaps[kept]


def lateness(beats: Times, heard: Heard) -> tuple[list[float], list[float]]:
    """Per matched beat from ``SETTLE`` on, milliseconds: when it was said, and where it was said to be, minus truth."""
    order = np.argsort(heard.times, kind="stable")
    times, emitted = heard.times[order], heard.emitted[order]
    made = [(i, k) for i, k in pairs(beats, times) if beats[i] >= SETTLE]
    return ([round(float(emitted[k] - beats[i]) * 1e3, 1) for i, k in made],
            [round(float(times[k] - beats[i]) * 1e3, 1) for i, k in made])


# ------------------------------------------------------------------------------------------ no music


def _on_nothing(truth: Truth, heard: Heard) -> dict[str, Any]:
    """Where there is no beat: how sure it was all the same, and how many beats a minute it was sure of."""
    felt = heard.felt if len(heard.felt) else heard.confidence
    sure = int((heard.confidence >= SHAKY).sum())
    return {"felt_max": float(felt.max()) if len(felt) else 0.0,
            "felt_mean": float(felt.mean()) if len(felt) else 0.0,
            "felt_over": float((felt >= SHAKY).mean()) if len(felt) else 0.0,
            "phantoms": 60.0 * sure / max(truth.seconds, 1e-9)}
