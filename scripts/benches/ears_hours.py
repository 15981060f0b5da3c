"""Eight hours of music in accelerated time through the ears: no growth, no drift, nothing that is not a number."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil

from benches.table import Row, under
from vj.audio.analyzer import Analyzer
from vj.audio.tracker.announce import Announced
from vj.audio.tracker.tracker import Tracker
from vj.types import Features, Tick

TITLE = "Hours of ears"
HOW = ("Made-up club music at 126.37 beats a minute without end: four on the floor with bass, claps and hats, its "
       "level wandering by 18 dB, a breakdown without drums every two minutes, silence every ten, and every five "
       "samples that are no numbers. All of it goes through the ears of a live show, 20 ticks a second of music, as "
       "fast as they can. Errors are the beat clock's and the tracker's against the true grid, which is the same from "
       "the first minute to the last; the eight seconds after a breakdown or a silence are left out.")
RATE, BPM, START = 44100, 126.37, 0.5
HOURS, FULL = 8.0, 600.0
"""Hours heard when the benchmarks run at their full ``FULL`` seconds."""
FPS = 20
PERIOD = 60.0 / BPM
BREAK, BROKEN, REST, RESTED = 256, 32, 600.0, 6.0
"""Every ``BREAK`` beats the last ``BROKEN`` have no drums; every ``REST`` seconds the last ``RESTED`` are silent."""
SETTLED = 8.0
"""Seconds after a breakdown or a silence in which the ears find in again: errors there count by themselves."""


def measure(_folder: Path, seconds: float) -> list[Row]:
    """As much of the eight hours as ``seconds`` is of ten minutes."""
    length = HOURS * 3600.0 * seconds / FULL
    log = listen(length)
    return [*_lengths(log, length), *_errors(log), *_memory(log)]


# ----------------------------------------------------------------------------------------- the music


def blocks(seconds: float) -> Iterator[np.ndarray]:
    """(RATE / FPS,) float32 after one another."""
    rng = np.random.default_rng(7)
    sounds = _sounds(rng)
    size, tail, beat = RATE // FPS, np.zeros(2 * RATE), 0
    for index in range(round(seconds * FPS)):
        end = (index + 1) / FPS
        while (at := START + beat * PERIOD) < end:
            _play(tail, sounds, beat, round(at * RATE) - index * size)
            beat += 1
        yield _roughened(tail[:size], index, rng)
        tail[:-size] = tail[size:]
        tail[-size:] = 0.0


def _sounds(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A kick, a clap, a hat, a bass note, and the breath of a breakdown: each shorter than a second."""
    t = np.arange(round(0.3 * RATE)) / RATE
    hiss = rng.standard_normal(len(t))
    return {"kick": 0.8 * np.sin(2 * np.pi * np.cumsum(46 + 110 * np.exp(-t / 0.03)) / RATE) * np.exp(-t / 0.09),
            "clap": 0.25 * hiss * np.exp(-t / 0.04), "hat": 0.15 * np.diff(hiss, prepend=0.0) * np.exp(-t / 0.015),
            "bass": 0.25 * np.sin(2 * np.pi * 55 * t) * np.minimum(t / 0.01, 1) * np.exp(-t / 0.15),
            "pad": 0.1 * np.sin(2 * np.pi * 220 * t) * np.sin(np.pi * t / t[-1])}


def _play(tail: np.ndarray, sounds: dict[str, np.ndarray], beat: int, at: int) -> None:
    """One beat's notes from sample ``at`` of what is to come."""
    half = round(0.5 * PERIOD * RATE)
    notes = [("kick", 0), ("hat", half), ("bass", half), *([("clap", 0)] if beat % 2 else [])]
    for name, late in [("pad", 0)] if broken(beat) else notes:
        tail[at + late:at + late + len(sounds[name])] += sounds[name]


def broken(beat: int) -> bool:
    """Whether a beat lies in a breakdown."""
    return beat % BREAK >= BREAK - BROKEN


def silent(at: float) -> bool:
    """Whether the music rests at ``at`` seconds."""
    return at % REST >= REST - RESTED


def _roughened(block: np.ndarray, index: int, rng: np.random.Generator) -> np.ndarray:
    at = index / FPS
    level = 10.0 ** (9.0 * (math.sin(2 * np.pi * at / 700.0) - 1.0) / 20.0)
    made = (level * (0.0 if silent(at) else 1.0) * block + 1e-4 * rng.standard_normal(len(block))).astype(np.float32)
    if index % (300 * FPS) == 150 * FPS:
        made[::7], made[3::11], made[5::13] = np.nan, np.inf, 1e-42
    return made


# ------------------------------------------------------------------------------------------ the ears


class Log:
    """What was noted on the way, in memory that is all taken at the start: it must not look like growth.

    ``clock`` (seconds, 3) holds time, error in seconds and beats counted beyond the true ones; ``said`` (N, 2) time and
    error of each beat announced; ``memory`` (N, 2) time and megabytes. What is not reached stays not a number.
    """

    def __init__(self, seconds: float) -> None:
        self.clock = np.full((math.ceil(seconds) + 1, 3), np.nan)
        self.said = np.full((math.ceil(3 * seconds) + 1, 2), np.nan)
        self.memory = np.full((math.ceil(seconds / 10) + 1, 2), np.nan)
        self.beats = 0
        self.ears = 0.0
        self.wrong = 0

    def hear(self, said: Sequence[Announced]) -> None:
        """Beats that the tracker has announced."""
        for beat in said[:len(self.said) - self.beats]:
            self.said[self.beats] = beat.time, off_grid(beat.time)
            self.beats += 1
            self.wrong += sum(not math.isfinite(number) for number in (beat.time, beat.bpm, beat.confidence))

    def feel(self, at: float, features: Features) -> None:
        """The features once a second."""
        true = (at - START) / PERIOD
        heard = features.beat.count + features.beat.phase
        self.clock[int(at)] = at, wrap(heard - true) * PERIOD, round(heard - true)


def listen(seconds: float) -> Log:
    """Play ``seconds`` to the ears of a live show and to a tracker of its own."""
    analyzer, tracker, log = Analyzer(RATE), Tracker(RATE), Log(seconds)
    process = psutil.Process()
    for index, block in enumerate(blocks(seconds)):
        at = (index + 1) / FPS
        began = time.process_time()
        features = analyzer.process(Tick(index + 1, at, 1 / FPS), block)
        said = tracker.hear(block)
        log.ears += time.process_time() - began
        log.hear(said)
        log.wrong += sum(not math.isfinite(number) for number in numbers(features))
        if index % FPS == 0:
            log.feel(at, features)
        if index % (10 * FPS) == 0:
            log.memory[index // (10 * FPS)] = at, process.memory_info().rss / 2**20
    return log


def wrap(beats: float) -> float:
    """The signed distance to the nearest whole beat."""
    return beats - math.floor(beats + 0.5)


def off_grid(at: float) -> float:
    """Seconds from the nearest true beat, signed."""
    return wrap((at - START) / PERIOD) * PERIOD


def numbers(features: Features) -> Iterator[float]:
    """Every number of the features."""
    for value in astuple(features):
        yield from _numbers(value)


def _numbers(value: object) -> Iterator[float]:
    match value:
        case dict():
            for inner in value.values():
                yield from _numbers(inner)
        case tuple() | list():
            for inner in value:
                yield from _numbers(inner)
        case int() | float():
            yield float(value)


# ---------------------------------------------------------------------------------------- the figures


def undisturbed(at: float) -> bool:
    """Whether drums have been playing for ``SETTLED`` seconds at ``at``."""
    return at > 30.0 and all(not silent(then) and not broken(int((then - START) / PERIOD))
               for then in np.linspace(at - SETTLED, at, 17))


def _lengths(log: Log, length: float) -> list[Row]:
    return [Row("music heard", f"{length / 3600:.2f} h, {log.beats} beats announced"),
            Row("faster than real time", f"{length / max(log.ears, 1e-9):.0f} times"),
            Row("of one core, features and tracker", f"{log.ears / length:.2%}"),
            Row("values that are no numbers", str(log.wrong), "0", log.wrong == 0)]


def _errors(log: Log) -> list[Row]:
    rows = []
    for name, noted in (("beat clock", log.clock), ("tracker", log.said)):
        fair = np.array([row[:2] for row in noted if undisturbed(row[0])]).reshape(-1, 2)
        tenth = max(len(fair) // 10, 1)
        first, last = fair[:tenth, 1] * 1e3, fair[-tenth:, 1] * 1e3
        rows += [Row(f"{name}: error in the last tenth, median and 95 % of its size",
                     f"{np.median(last):+.1f} and {np.quantile(np.abs(last), 0.95):.1f} ms" if len(last) else "none"),
                 under(f"{name}: drift from the first tenth to the last",
                       float(abs(np.median(last) - np.median(first))) if len(fair) else math.inf, 5.0, "ms")]
    return [*rows, _slips(log)]


def _slips(log: Log) -> Row:
    """How often the count of beats left the music's: a gained or lost beat shifts the bars for ever."""
    counts = [row[2] for row in log.clock if undisturbed(row[0])]
    slips = sum(a != b for a, b in pairwise(counts))
    return Row("beat clock: beats lost or gained", str(slips), "0", slips == 0)


def _memory(log: Log) -> list[Row]:
    """Growth from the second tenth, when everything has been used once, to the last."""
    megabytes = log.memory[np.isfinite(log.memory[:, 1]), 1]
    tenth = max(len(megabytes) // 10, 1)
    early, late = float(megabytes[tenth:2 * tenth].mean()), float(megabytes[-tenth:].mean())
    return [Row("memory", f"{early:.1f} MB after a tenth, {late:.1f} MB at the end"),
            under("memory growth", late - early, 3.0, "MB")]
