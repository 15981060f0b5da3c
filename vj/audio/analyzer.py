"""The ears: from samples to ``Features``, hop by hop, causal, the same whatever the frame rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.bands import Followers, as_bands, decibels, share
from vj.audio.beat import BEAT_PARAMS, BeatClock
from vj.audio.decode import clean, to_stereo
from vj.audio.gain import AutoGain, Gate
from vj.audio.kick import KickTracker, LowPass, Onsets
from vj.audio.spectrum import BandSums, Chroma, Tape
from vj.params.spec import number, switch
from vj.types import BANDS, Features, Tick, Values

if TYPE_CHECKING:
    from vj.types import Samples

__all__ = ["AUDIO_PARAMS", "BEAT_PARAMS", "Analyzer"]

AUDIO_PARAMS = (
    number("gain", 0.0, -24.0, 24.0, unit="dB", help="Trim after the auto-gain: more or less reaction to the music."),
    number("gate", -60.0, -90.0, -20.0, unit="dB", help="Below this loudness (dBFS) the input counts as silence."),
    number("release", 0.18, 0.03, 2.0, curve="log", unit="s", help="Time for the bands' levels to fall to a third."),
    switch("hold", help="Hold the auto-gain where it stands."),
)

HOP = 256
"""Samples between two looks, at rates below 64 kHz; twice as many above."""
CHROMA_HOPS = 16
WHOLE = len(BANDS)
"""Row of everything, after the bands."""
LAG = 0.25
"""Seconds of samples that may be missing before silence stands in for them."""
KICK_GONE = 2.0
"""Seconds without a kick after which the beat clock trusts itself alone."""


class Mono:
    """Both channels as one. Where they are in opposite polarity (a miswired cable) their difference is taken."""

    def __init__(self, hop_seconds: float) -> None:
        self._sign = 1.0
        self._likeness = 0.0
        self._share = share(hop_seconds, 0.5)

    def mix(self, stereo: Samples) -> Samples:
        """(N, 2) -> (N,)."""
        left, right = stereo[:, 0], stereo[:, 1]
        self._likeness += self._share * (float(np.dot(left, right)) - self._likeness)
        energy = float(np.dot(left, left)) + float(np.dot(right, right))
        if abs(self._likeness) > 0.2 * energy > 0.0:
            self._sign = math.copysign(1.0, self._likeness)
        mixed: Samples = (left + right if self._sign > 0 else left - right) * np.float32(0.5)
        return mixed


class Analyzer:
    """Hears samples, says features. ``process`` takes any number of samples a tick; state advances per hop."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.hop = HOP if rate < 64000 else HOP * round(rate / 48000)
        self.clock = BeatClock()
        self._seconds = self.hop / rate
        scale = self.hop // HOP
        self._sums = BandSums(rate, 2048 * scale, 384 * scale)
        self._chroma_of = Chroma(rate, 8192 * scale)
        self._tape = Tape(self._chroma_of.size)
        self._mono = Mono(self._seconds)
        self._low_pass = LowPass(rate)
        self._onsets = Onsets(rate, self.hop, "specflux")
        self._kicks = Onsets(rate, self.hop, "hfc")
        self._tracker = KickTracker(rate, self.hop)
        self._gain = AutoGain(WHOLE + 1, self._seconds)
        self._gate = Gate(self._seconds)
        self._followers = Followers(WHOLE + 1, self._seconds)
        self._rest = np.zeros((0, 2), np.float32)
        self._start: float | None = None
        self._hops = 0
        self._trim = 0.0
        self._hold = False
        self._rms = 0.0
        self._onset = 0.0
        self._kick = 0.0
        self._kick_time = -math.inf
        self._centroid = 0.0
        self._chroma = np.zeros(12, np.float32)
        self._chroma_target = np.zeros(12, np.float32)
        self._soft = share(self._seconds, 0.06)
        self._slow = np.float32(share(self._seconds, 0.25))

    @property
    def latency(self) -> float:
        """Seconds from a kick's first sample to its hit: half a hop of waiting, and the window's newest flank."""
        return (0.5 * self.hop + 1.5 * self.hop) / self.rate

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

    def process(self, tick: Tick, samples: Samples) -> Features:
        """Hear the samples since the last tick, (N, C) or (N,), and say what is there at ``tick.time``."""
        self._onset = self._kick = 0.0
        block = to_stereo(clean(samples))
        if self._start is None:
            start = tick.time - len(block) / self.rate
            self._start = start if abs(start) > 1e-3 else 0.0
        waiting = np.concatenate([self._rest, block, self._missing(tick.time, len(self._rest) + len(block))])
        whole = len(waiting) - len(waiting) % self.hop
        for begin in range(0, whole, self.hop):
            self._hear(waiting[begin:begin + self.hop])
        self._rest = waiting[whole:]
        return self._features(tick)

    def _missing(self, time: float, waiting: int) -> Samples:
        """Silence for a source that has ended or lags far behind; at most a second of it a tick."""
        lag = time - self.time - waiting / self.rate - LAG
        return np.zeros((round(min(max(lag, 0.0), 1.0) * self.rate), 2), np.float32)

    def _hear(self, stereo: Samples) -> None:
        """One hop, (hop, 2)."""
        mono = self._mono.mix(stereo)
        self._tape.add(mono)
        self._hops += 1
        loudness = 10.0 * math.log10(float(np.vdot(stereo, stereo)) / stereo.size + 1e-12)
        open_ = self._gate.open(loudness)
        self._hear_bands(open_)
        self._hear_drums(mono, open_)
        self._hear_colour(open_)

    def _hear_bands(self, open_: bool) -> None:
        self._power = self._sums.measure(self._tape.last(self._sums.size))
        levels = decibels(self._power[:WHOLE + 1])
        if open_ and not self._hold:
            self._gain.hear(levels)
        now = self._gain.normal(levels, self._trim) if open_ else np.zeros(WHOLE + 1, np.float32)
        self._followers.hear(now)
        target = self._loudness(float(levels[WHOLE])) if open_ else 0.0
        self._rms += share(self._seconds, 0.03 if target > self._rms else 0.12) * (target - self._rms)

    def _loudness(self, level: float) -> float:
        """Amplitude against the loudest of the last seconds, 0..1."""
        return float(min(10.0 ** ((level + self._trim - float(self._gain.top[WHOLE])) / 20.0), 1.0))

    def _hear_drums(self, mono: Samples, open_: bool) -> None:
        low = self._low_pass(mono)
        onset, kick = self._onsets.hear(mono), self._kicks.hear(low)
        heard = self._tracker.hear(low)
        time = self.time
        if open_ and onset:
            self._onset = max(self._onset, self._strength(WHOLE, WHOLE + 1))
        if open_ and kick:
            self._kick_time = time
            self._kick = max(self._kick, self._strength(0, 2))
        present = open_ and time - self._kick_time < KICK_GONE
        if heard is not None and present:
            self.clock.hear((self._start or 0.0) + heard.time, heard.bpm)
        self.clock.step(time, present)

    def _strength(self, first: int, end: int) -> float:
        """How hard a hit is: the hits of its bands just now, and never nothing."""
        return max(0.15, float(self._followers.hits[first:end].max()))

    def _hear_colour(self, open_: bool) -> None:
        if self._hops % CHROMA_HOPS == 0:
            silent = not open_
            self._chroma_target = (np.zeros(12, np.float32) if silent
                                   else self._chroma_of.measure(self._tape.last(self._chroma_of.size)))
        self._chroma += self._slow * (self._chroma_target - self._chroma)
        whole = float(self._power[WHOLE])
        centroid = float(self._power[WHOLE + 1]) / whole if open_ and whole > 0.0 else 0.0
        self._centroid += self._soft * (centroid - self._centroid)

    def _features(self, tick: Tick) -> Features:
        return Features(time=tick.time, rms=self._rms, bands=as_bands(self._followers), onset=self._onset,
                        kick=self._kick, chroma=tuple(self._chroma.tolist()), centroid=self._centroid,
                        beat=self.clock.at(tick.time))
