"""The ears: from samples to ``Features``, hop by hop, causal, the same whatever the frame rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.bands import Followers, decibels
from vj.audio.beat import BEAT_PARAMS, BeatClock
from vj.audio.colour import Colour
from vj.audio.decode import clean, to_stereo
from vj.audio.drums import Beats, Onsets
from vj.audio.gain import STEP, AutoGain, Gate
from vj.audio.novelty import Novelty, Peaks
from vj.audio.spectrum import BandSums, Mono, Tape, share
from vj.params.spec import number, switch
from vj.types import BANDS, Features, Tick, Values

if TYPE_CHECKING:
    from vj.audio.gain import Levels
    from vj.clockface import Reading
    from vj.types import Samples

__all__ = ["AUDIO_PARAMS", "BEAT_PARAMS", "Analyzer"]

AUDIO_PARAMS = (
    number("gain", 0.0, -24.0, 24.0, unit="dB", help="Trim after the auto-gain: more or less reaction to the music."),
    number("gate", -60.0, -90.0, -20.0, unit="dB", help="Below this loudness (dBFS) the input counts as silence."),
    number("release", 0.18, 0.03, 2.0, curve="log", unit="s", help="Time for the bands' levels to fall to a third."),
    switch("hold", help="Hold the auto-gain where it stands."),
)

HOP = 256
"""Samples between two looks, at rates below 64 kHz; twice as many at 96 kHz."""
WHOLE = len(BANDS)
"""Row of everything, after the bands."""
SILENCE = np.zeros(WHOLE, np.float32)
LAG = 0.25
"""Seconds of samples that may be missing before silence stands in for them."""
STRONG = 0.4
"""Level that the lowest two bands need for a kick."""
HEARD = 0.2
"""What must be new in some band for an onset; the onset is as strong as that."""
NEWS_KEPT = 0.8
"""How much of what was new counts a hop later: onsets are announced two or three hops late."""
KICK_GONE = 2.0
"""Seconds without a kick after which the beat clock trusts itself alone."""


class Analyzer:
    """Hears samples, says features. ``process`` takes any number of samples a tick; state advances per hop.

    ``clock`` is the beat clock, for hands and other sources of tempo; ``rate`` is in Hz.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.hop = HOP * max(round(rate / 48000), 1)
        self.clock = BeatClock()
        self._seconds = self.hop / rate
        scale = self.hop // HOP
        self._sums = BandSums(rate, 2048 * scale, 384 * scale)
        self._colour = Colour(rate, 8192 * scale, self._seconds)
        self._tape = Tape(8192 * scale, STEP * self.hop)
        self._mono = Mono(self._seconds)
        self._onsets = Onsets(rate, self.hop, "specflux")
        self._beats = Beats(rate, self.hop)
        self._gain = AutoGain(WHOLE + 1, self._seconds)
        self._gate = Gate(self._seconds)
        self._followers = Followers(WHOLE, self._seconds)
        self._novelty = Novelty(self._sums, self._seconds)
        self._kicks = Peaks(self._seconds)
        self._rest = np.zeros((0, 2), np.float32)
        self._start: float | None = None
        self._hops = 0
        self._trim = 0.0
        self._hold = False
        self._rms = 0.0
        self._news = 0.0
        self._onset = 0.0
        self._kick = 0.0
        self._kick_time = -math.inf
        self._louder, self._softer = share(self._seconds, 0.03), share(self._seconds, 0.12)

    @property
    def latency(self) -> float:
        """Seconds from a kick's first sample to three quarters of its bass hit: three hops, as measured on music."""
        return 3.0 * self.hop / self.rate

    @property
    def time(self) -> float:
        """Show seconds up to which sound was analysed."""
        return (self._start or 0.0) + self._hops * self._seconds

    def control(self, tick: Tick, audio: Values, beat: Values) -> None:
        """Take this tick's parameters (``AUDIO_PARAMS``, ``BEAT_PARAMS``). A trigger counts at ``tick.time``."""
        self._trim = float(audio.get("gain", 0.0))
        self._gate.threshold = float(audio.get("gate", -60.0))
        self._followers.set_release(float(audio.get("release", 0.18)))
        self._hold = bool(audio.get("hold", False))
        self.clock.control(tick.time, beat)

    def follow(self, reading: Reading) -> None:
        """What another clock says, in show time."""
        self.clock.follow(reading)

    def process(self, tick: Tick, samples: Samples) -> Features:
        """Hear the samples since the last tick, (N, C) or (N,), and say what is there at ``tick.time``."""
        self._onset = self._kick = 0.0
        block = to_stereo(clean(samples))
        if self._start is None:
            start = tick.time - len(block) / self.rate
            self._start = start if abs(start) > 1e-3 else 0.0
        silence = self._missing(tick.time, len(self._rest) + len(block))
        waiting = np.concatenate([self._rest, block, silence])
        whole = len(waiting) // self.hop * self.hop
        begin = 0
        while begin < whole:
            end = min(begin + self._until_settled() * self.hop, whole)
            self._hear(waiting[begin:end])
            begin = end
        self._rest = waiting[whole:]
        return self._features(tick)

    def _missing(self, time: float, waiting: int) -> Samples:
        """Silence for a source that has ended or lags far behind; at most a second of it a tick."""
        lag = time - self.time - waiting / self.rate - LAG
        return np.zeros((round(min(max(lag, 0.0), 1.0) * self.rate), 2), np.float32)

    def _until_settled(self) -> int:
        """Hops before the gain moves next: what lies between can be measured at once. Counted, never timed, so that
        it is the same at any frame rate."""
        return STEP - self._hops % STEP if self._gain.ready else 1

    def _hear(self, stereo: Samples) -> None:
        """Some whole hops, (n * hop, 2): measured at once, while everything that remembers goes hop by hop."""
        mixed = [self._mono.mix(hop) for hop in stereo.reshape(-1, self.hop, 2)]
        for mono, _ in mixed:
            self._tape.add(mono)
        count = len(mixed)
        powers = self._sums.spectra(self._tape.windows(self._sums.size, self.hop, count))
        sums = np.array([self._sums.sums(power) for power in powers])
        levels = decibels(sums[:, :WHOLE + 1])
        now = self._gain.normal(levels, self._trim)
        hits = self._novelty.hear(powers)
        for index, (mono, square) in enumerate(mixed):
            self._hops += 1
            playing = self._gate.open(10.0 * math.log10(square + 1e-12))
            kick = self._hear_bands(levels[index], now[index], hits[index]) if playing else self._hear_silence()
            self._hear_drums(mono, kick)
            self._colour.hear(sums[index, WHOLE:], self._tape, (count - 1 - index) * self.hop, playing)
        if (self._hops % STEP == 0 or not self._gain.ready) and self._gain.settle():
            self._novelty.settle(self._gain.top[:WHOLE])

    def _hear_silence(self) -> float:
        self._followers.hear(SILENCE, SILENCE)
        self._news = 0.0
        self._rms -= self._softer * self._rms
        return self._kicks.hear(0.0)

    def _hear_bands(self, levels: Levels, now: Levels, hits: Levels) -> float:
        """One hop of music: per band dBFS, level and hit 0..1; the kick's strength at its moment, else 0."""
        if not self._hold:
            self._gain.hear(levels)
        self._news = max(float(hits[:WHOLE].max()), NEWS_KEPT * self._news)
        self._followers.hear(now[:WHOLE], hits[:WHOLE])
        away = self._loudness(float(levels[WHOLE])) - self._rms
        self._rms += (self._louder if away > 0 else self._softer) * away
        # A kick is new and strong: what is only new down there, in a breakdown, is someone's chord.
        return self._kicks.hear(float(hits[WHOLE]) if float(now[:2].max()) > STRONG else 0.0)

    def _loudness(self, level: float) -> float:
        """Amplitude against the loudest of the last seconds, 0..1."""
        return float(min(10.0 ** ((level + self._trim - float(self._gain.top[WHOLE])) / 20.0), 1.0))

    def _hear_drums(self, mono: Samples, kick: float) -> None:
        time = self.time
        if self._onsets.hear(mono) and self._news > HEARD:
            self._onset = max(self._onset, self._news)
        if kick:
            self._kick_time = time
            self._kick = max(self._kick, kick)
        beat = self._beats.hear(mono, kick > 0.0)
        if beat is not None:
            self.clock.hear((self._start or 0.0) + beat.time, beat.bpm)
        self.clock.step(time, time - self._kick_time < KICK_GONE)

    def _features(self, tick: Tick) -> Features:
        return Features(time=tick.time, rms=self._rms, bands=self._followers.words(), onset=self._onset,
                        kick=self._kick, chroma=self._colour.chroma, centroid=self._colour.centroid,
                        beat=self.clock.at(tick.time))
