"""Lessons for the net: crops of pieces, stretched, tilted, filtered and disturbed, with what is to be heard in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ears.features import Frames, frames_of
from ears.store import Piece, pieces
from vj.audio.tracker.front import FRAMES, HIGH, LOW, SHARE, centres
from vj.audio.tracker.net import TEMPI

Array = NDArray[np.float32]
WIDTH = 0.02
"""Seconds to either side of a beat over which what should be heard falls to nothing: tells times finer than a frame."""
MIDDLE = 0.023
"""Seconds from a sound to its place in the middle of the long window."""
WEIGHTS = {"composed": 3.0, "mma": 3.0, "midi": 5.0, "module": 2.0, "project": 2.0, "rock": 1.5, "hydrogen": 1.0,
           "mix": 2.0, "degraded": 3.0, "negative": 0.8}
"""How often a kind is heard."""
DISTURBED = 0.25
"""Share of the crops that someone talks or makes noise into."""
ROOMS = 0.25
"""Share of the crops that are heard in a room..."""
SHORTEST, LONGEST = 0.2, 2.5
"""...which rings for so many seconds until it is 60 dB softer."""
CUT, AGAIN = 0.3, 0.3
"""Share of the crops in which one piece is cut into another, and of those, the cuts to another place of the same."""
EARLIEST, LATEST = 3.0, 3.0
"""Seconds that are heard before a cut, and after it, at least."""
FRESH = 1.5
"""Seconds after a cut in which it is to be told."""
LOUDER = 0.7
"""How much louder or softer a piece is than the one before a cut: standard deviation of the logarithm of power."""
BEAT, DOWNBEAT, BARS, TEMPO, CHANGE = range(5)
"""Columns of what is to be heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece in memory. ``downbeats`` None: not known."""

    kind: str
    name: str
    song: str
    frames: Frames
    beats: NDArray[np.float64]
    downbeats: NDArray[np.float64] | None


def gather(folder: Path, split: str, before: Iterable[Heard] = ()) -> list[Heard]:
    """Every piece of a split, as the front end hears it. Those gathered ``before`` are not read again."""
    known = {(piece.kind, piece.name): piece for piece in before}
    return [known.get((piece.kind, piece.name)) or _heard(folder, piece) for piece in pieces(folder, split)]


def _heard(folder: Path, piece: Piece) -> Heard:
    known = bool(piece.downbeats) or not piece.beats
    return Heard(piece.kind, piece.name, piece.song, frames_of(folder, piece), np.array(piece.beats, float),
                 np.array(piece.downbeats, float) if known else None)


def aims(times: NDArray[np.float64], moments: NDArray[np.float64], width: float = WIDTH) -> Array:
    """1 at each of ``times``, falling to 0 within ``width`` s, at the (T,) ``moments``."""
    if not len(times):
        return np.zeros(len(moments), np.float32)
    after = np.searchsorted(times, moments)
    away = np.minimum(np.abs(times[np.minimum(after, len(times) - 1)] - moments),
                      np.abs(times[np.maximum(after - 1, 0)] - moments))
    return np.maximum(1.0 - away / width, 0.0).astype(np.float32)


def tempi(times: NDArray[np.float64], moments: NDArray[np.float64]) -> Array:
    """(T,) BPM between the beats at ``times`` about each moment, 0 where there is none or one that is not told."""
    if len(times) < 3:
        return np.zeros(len(moments), np.float32)
    gaps = np.diff(times)
    gap = np.interp(moments, times[:-1] + 0.5 * gaps, gaps)
    bpm = 60.0 / gap
    there = (moments > times[0] - gap) & (moments < times[-1] + gap) & (bpm > TEMPI[0]) & (bpm < TEMPI[-1])
    return np.where(there, bpm, 0.0).astype(np.float32)


class Lessons:
    """Crops without end. The pieces of a song share its weight; a seed makes the same crops again."""

    def __init__(self, heard: list[Heard], length: int, delay: float, seed: int) -> None:
        self._heard, self._length, self._delay = heard, length, delay
        self._rng = np.random.default_rng(seed)
        self._noises = [piece for piece in heard if piece.kind == "negative"]
        kinds = {kind: [piece for piece in heard if piece.kind == kind] for kind in {piece.kind for piece in heard}}
        chance = np.zeros(len(heard))
        for n, piece in enumerate(heard):
            # A kind of a few songs must not be learnt by heart: its weight grows with the root of its size.
            chance[n] = WEIGHTS.get(piece.kind, 1.0) / len(kinds[piece.kind]) ** 0.5
        self._chance = np.cumsum(chance / chance.sum())

    def batch(self, size: int) -> tuple[Array, Array]:
        """(B, T, bands) frames and (B, T, 5) aims: beat, downbeat, 1 where bars are known, BPM or 0, 1 after a cut."""
        crops = [self._lesson() for _ in range(size)]
        return np.stack([frames for frames, _ in crops]), np.stack([aim for _, aim in crops])

    def _lesson(self) -> tuple[Array, Array]:
        piece = self._piece()
        frames, aim = self._crop(piece)
        earliest, latest = round(EARLIEST * FRAMES), self._length - round(LATEST * FRAMES)
        if len(piece.beats) and earliest < latest and self._rng.random() < CUT:
            frames, aim = self._cut(piece, frames, aim, int(self._rng.integers(earliest, latest)))
        return self._disturb(frames), aim

    def _piece(self) -> Heard:
        return self._heard[int(np.searchsorted(self._chance, self._rng.random()))]

    def _cut(self, piece: Heard, frames: Array, aim: Array, at: int) -> tuple[Array, Array]:
        """Another piece, or the same at another place, from frame ``at`` on."""
        after, wished = self._crop(piece if self._rng.random() < AGAIN else self._piece())
        # The front end measures both against the loudness of the last seconds, which only slowly becomes the new one.
        before = np.expm1(self._rng.normal(0.0, LOUDER)) * np.exp(-SHARE * np.arange(self._length - at))
        loud = np.log1p(np.expm1(after[:self._length - at]) / np.sqrt(1.0 + before)[:, None])
        # What the net tells at a cut still is what was heard before it.
        told = at + round(self._delay * FRAMES)
        aim = np.concatenate([aim[:told], wished[told - at:self._length - at]])
        aim[at:at + round(FRESH * FRAMES), CHANGE] = 1.0
        return np.concatenate([frames[:at], loud.astype(np.float32)]), aim

    def _crop(self, piece: Heard) -> tuple[Array, Array]:
        rng = self._rng
        stretch = float(np.exp(rng.uniform(-0.14, 0.14)))
        place = self._place(piece.frames, stretch)
        # What stretches is what was heard, the middle of the long window behind; the rest of the delay is ours.
        moments = (place + 1.0) / FRAMES - MIDDLE - (self._delay - MIDDLE) * stretch
        aim = np.zeros((self._length, CHANGE + 1), np.float32)
        aim[:, BEAT] = aims(piece.beats, moments, WIDTH * stretch)
        aim[:, BARS] = piece.downbeats is not None
        aim[:, TEMPO] = tempi(piece.beats, moments) * stretch
        if piece.downbeats is not None:
            aim[:, DOWNBEAT] = aims(piece.downbeats, moments, WIDTH * stretch)
        return between(piece.frames, place), aim

    def _place(self, frames: Frames, stretch: float) -> NDArray[np.float64]:
        """(T,) positions in the piece: often from its beginning, where nothing is known yet."""
        span = (self._length - 1) * stretch
        room = len(frames) - 1 - span
        begin = 0.0 if self._rng.random() < 0.2 else self._rng.uniform(0.0, max(room, 0.0))
        return begin + np.arange(self._length) * stretch

    def _disturb(self, frames: Array) -> Array:
        """Another mixing desk, another room, someone talking. All in amplitudes, then back on the log scale."""
        rng = self._rng
        amplitude = np.expm1(frames)
        bands = amplitude.shape[1]
        if rng.random() < 0.5:
            amplitude *= np.exp(_curve(rng, bands, rng.uniform(0.2, 0.9)))
        if rng.random() < 0.12:
            edge = rng.integers(4, bands)
            amplitude[:, _order()[edge:] if rng.random() < 0.7 else _order()[:bands - edge]] *= rng.uniform(0.0, 0.1)
        if rng.random() < ROOMS:
            seconds = float(np.exp(rng.uniform(np.log(SHORTEST), np.log(LONGEST))))
            dull = _order()[rng.integers(bands // 2, bands):]
            amplitude = echoed(amplitude, seconds, 10 ** (rng.uniform(-12, 3) / 20), dull)
        if rng.random() < 0.3:
            amplitude += np.abs(rng.standard_normal(amplitude.shape)) * rng.uniform(0.02, 0.6)
        if self._noises and rng.random() < DISTURBED:
            noise = self._noises[rng.integers(len(self._noises))].frames
            other = np.expm1(between(noise, rng.uniform(0, len(noise)) + np.arange(len(frames))))
            amplitude = np.hypot(amplitude, other * rng.uniform(0.05, 0.8))
        power = np.mean(amplitude**2)
        gain = np.sqrt(np.mean(np.expm1(frames) ** 2) / power) if power > 1e-6 else 1.0
        return np.log1p(amplitude * gain).astype(np.float32)


def between(frames: Frames, place: NDArray[np.float64]) -> Array:
    """(T, bands) frames at (T,) fractional positions; past the end it begins again."""
    whole = np.floor(place).astype(int)
    share = (place - whole)[:, None].astype(np.float32)
    count = len(frames)
    one, other = frames[whole % count].astype(np.float32), frames[(whole + 1) % count].astype(np.float32)
    return one + share * (other - one)


def echoed(amplitude: Array, seconds: float, loud: float, dull: NDArray[np.int64]) -> Array:
    """(T, bands) with the tail of a room of ``seconds`` reverberation, but for the bands ``dull``.

    ``loud`` is the amplitude of all that comes back of a sound, as a share of the sound's. Powers add up: the phases of
    a room's echoes are anything.
    """
    power = amplitude**2
    keep = 10.0 ** (-6.0 / (seconds * FRAMES))
    tail = np.zeros_like(power)
    tail[1:] = power[:-1] * np.float32(loud**2 * (1.0 - keep))
    tail[:, dull] = 0.0
    # tail[t] += keep * tail[t - 1] for each t in turn, in as many steps as the number of frames has bits.
    apart = 1
    while apart < len(tail):
        tail[apart:] += np.float32(keep**apart) * tail[:-apart]
        apart *= 2
    return np.sqrt(power + tail)


def _order() -> NDArray[np.int64]:
    """The two windows' bands from low to high."""
    return np.argsort(np.concatenate([centres(LOW), centres(HIGH)]), kind="stable")


def _curve(rng: np.random.Generator, bands: int, depth: float) -> Array:
    """A smooth random equaliser over the bands by frequency, natural-log gains."""
    knots = rng.normal(0.0, depth, 6)
    gains = np.interp(np.linspace(0, 5, bands), np.arange(6), knots)
    out = np.empty(bands, np.float32)
    out[_order()] = gains
    return out
