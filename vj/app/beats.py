"""``vj beats``: what the ears hear, from a file for people, from standard input for other programs."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

import numpy as np

from vj.audio.decode import LOUDEST, clean
from vj.types import VjError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vj.audio.source import TrackSource
    from vj.types import Samples

STDIN, STDOUT = 0, 1
RATE = 44100
"""Hz of raw sound that does not say."""
BLOCK = 1024
"""Samples that the ears get at once: what is announced leaves before the next block is heard."""
READ = 1 << 16
"""Most bytes taken from the pipe at once."""
SURE = 0.5
"""Confidence from which on the summary calls the ears locked."""
BAR = 10
"""Characters of the confidence bar."""
JUDGED, DAMAGED = 4096, 0.1
"""Samples after which raw input is judged, and the share that no sound has from which on it is no float32."""


class Said(Protocol):
    """A beat as a tracker announces it: all times in seconds of the stream."""

    @property
    def time(self) -> float: ...

    @property
    def emitted(self) -> float: ...

    @property
    def bpm(self) -> float: ...

    @property
    def downbeat(self) -> bool: ...

    @property
    def confidence(self) -> float: ...


class Ears(Protocol):
    """What hears beats: (N,) float32 mono in stream order, any N; gives what is announced with these samples."""

    def hear(self, mono: Samples) -> Sequence[Said]: ...



# ------------------------------------------------------------------------------------- the command


def beats(source: str, rate: int | None, tempo: tuple[float, float], *, as_json: bool) -> None:
    """Tell the beats of the file ``source``, or of raw samples on standard input where it is ``-``.

    ``rate`` Hz belongs to standard input; a file knows its own. ``tempo`` the slowest and fastest bpm. Raises VjError.
    """
    if tempo[0] >= tempo[1]:
        raise VjError(f"--slowest {tempo[0]:g} bpm must be below --fastest {tempo[1]:g} bpm")
    if source == "-":
        ears = open_ears(rate or RATE, tempo)
        pipe(_raw_input(), STDOUT, ears, _complain)
    elif rate is not None:
        raise VjError(f"--rate belongs to raw samples on standard input; {source} knows its own rate")
    else:
        show(Path(source), tempo, sys.stdout, as_json=as_json)


def _raw_input() -> int:
    """Standard input's descriptor, ready to give bytes as they are."""
    if os.isatty(STDIN):
        raise VjError("standard input is a terminal; pipe raw little-endian float32 mono samples into vj beats -")
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(STDIN, os.O_BINARY)
    return STDIN


def _complain(text: str) -> None:
    from vj.console import Console

    Console().message(text)


def open_ears(rate: int, tempo: tuple[float, float]) -> Ears:
    """The tracker of a live show, for sound at ``rate`` Hz."""
    from vj.audio.tracker.tracker import Tracker

    return Tracker(rate, slowest=tempo[0], fastest=tempo[1])


def as_line(said: Said) -> str:
    """One beat as JSON, for programs."""
    return json.dumps({"beat": round(said.time, 4), "emitted": round(said.emitted, 4), "bpm": round(said.bpm, 2),
                       "downbeat": bool(said.downbeat), "confidence": round(said.confidence, 3)})


# ------------------------------------------------------------------------------- raw sound in a pipe


def pipe(source: int, sink: int, ears: Ears, warn: Callable[[str], None]) -> None:
    """Raw samples from the file descriptor ``source`` to JSON lines on ``sink``, until either end is closed.

    Strictly causal: whatever has arrived is heard at once and nothing more is waited for. Raises VjError when
    ``source`` cannot be read.
    """
    judge = Judge(warn)
    try:
        for samples in arriving(source):
            judge.look(samples)
            for said in heard(ears, samples):
                _write(sink, f"{as_line(said)}\n".encode("ascii"))
    except BrokenPipeError:
        return  # whoever read the beats has gone: nothing is left to do


def arriving(source: int) -> Iterator[Samples]:
    """What is in the pipe as (N,) float32, as it comes; part of a sample waits for its rest."""
    rest = b""
    while data := _read(source):
        data = rest + data
        whole = len(data) - len(data) % 4
        rest = data[whole:]
        if whole:
            yield np.frombuffer(data[:whole], "<f4").astype(np.float32)


def _read(source: int) -> bytes:
    try:
        return os.read(source, READ)
    except OSError as error:
        raise VjError(f"standard input cannot be read ({error.strerror})") from error


def heard(ears: Ears, samples: Samples) -> Iterator[Said]:
    """What the ears announce with ``samples``, block by block, each beat as soon as it is there."""
    for start in range(0, len(samples), BLOCK):
        yield from ears.hear(clean(samples[start:start + BLOCK]))


def _write(sink: int, line: bytes) -> None:
    while line:
        line = line[os.write(sink, line):]


class Judge:
    """Looks at the first samples of a pipe and says once when they cannot be little-endian float32 sound."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._seen = 0
        self._damaged = 0

    def look(self, samples: Samples) -> None:
        """The next samples, (N,) float32, as they came."""
        if self._seen >= JUDGED:
            return
        with np.errstate(invalid="ignore"):
            self._damaged += int(np.count_nonzero(~(np.abs(samples) <= LOUDEST)))
        self._seen += len(samples)
        if self._seen >= JUDGED and self._damaged > DAMAGED * self._seen:
            self._warn("what comes in does not look like sound as raw little-endian float32 samples; "
                       "ffmpeg -i FILE -f f32le -ac 1 -ar 44100 - writes them")


# ------------------------------------------------------------------------------------- a sound file


def show(path: Path, tempo: tuple[float, float], out: TextIO, *, as_json: bool) -> None:
    """Tell the beats of a sound file on ``out``: a table and a summary, or JSON lines. Raises VjError."""
    from vj.audio.source import TrackSource

    with closing(TrackSource.open(path)) as source:
        ears, told = open_ears(source.rate, tempo), []
        row = as_line if as_json else Table().row
        try:
            for said in heard_in(mono_of(source), ears):
                told.append(said)
                print(row(said), file=out, flush=as_json)
            if not as_json:
                print(summary(told, source.duration), file=out)
            out.flush()
        except BrokenPipeError:
            _forget(out)


def mono_of(source: TrackSource, step: float = 1.0) -> Iterator[Samples]:
    """A track's samples as (N,) mono blocks of ``step`` seconds."""
    until = step
    while len(block := source.read(until)):
        yield np.asarray(block.mean(axis=1), np.float32)
        until += step


def heard_in(blocks: Iterable[Samples], ears: Ears) -> Iterator[Said]:
    """What the ears announce in all of ``blocks``."""
    for block in blocks:
        yield from heard(ears, block)


def _forget(out: TextIO) -> None:
    """Whoever read has gone (``| head``): what is still buffered goes nowhere, and without an error at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


class Table:
    """A line per beat for people: time, tempo, position in the bar, confidence."""

    def __init__(self) -> None:
        self._position = 0

    def row(self, said: Said) -> str:
        """The line of the next beat. The bar's position is unknown until a first downbeat was heard."""
        self._position = 1 if said.downbeat else self._position + (self._position > 0)
        bar = "#" * round(min(max(said.confidence, 0.0), 1.0) * BAR)
        return (f"{said.time:10.3f} s  {said.bpm:7.2f} bpm  {self._position or '-':>2}  "
                f"{bar:.<{BAR}} {said.confidence:.2f}")


def summary(told: Sequence[Said], duration: float) -> str:
    """How it went, in one line. The tempo is the median over the beats that the ears were sure of."""
    if not told:
        return f"no beat in {duration:.1f} s"
    sure = [said for said in told if said.confidence >= SURE]
    mean = statistics.fmean(said.confidence for said in told)
    bpm = statistics.median(said.bpm for said in sure or told)
    locked = f"locked after {sure[0].emitted:.1f} s" if sure else "never locked"
    return f"{bpm:.1f} bpm, {locked}, confidence {mean:.2f}, {len(told)} beats in {duration:.1f} s"
