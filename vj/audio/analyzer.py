"""The ears: from samples to ``Features``, hop by hop, causal, the same whatever the frame rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vj.audio.afterwards import Afterwards
from vj.audio.bands import Followers, decibels
from vj.audio.beat import BEAT_PARAMS, BeatClock
from vj.audio.colour import Colour
from vj.audio.decode import clean, to_stereo
from vj.audio.gain import STEP, AutoGain, Gate
from vj.audio.hits import Hits, Net, Sight, Struck
from vj.audio.loudness import Loudness
from vj.audio.novelty import Novelty, Peaks, Rises
from vj.audio.pulse import Pulse
from vj.audio.sections import Sections
from vj.audio.spectrum import BandSums, Mono, Tape, share
from vj.audio.split import EACH, Split
from vj.params.spec import number, switch
from vj.types import BANDS, Features, Tick, Values

if TYPE_CHECKING:
    from vj.audio.gain import Levels
    from vj.audio.pulse import Tracker
    from vj.audio.spectrum import Floats
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
SILENCE = (0.0,) * (WHOLE + 2)
"""What each band, the kick and the whole do in silence."""
LAG = 0.25
"""Seconds of samples that may be missing before silence stands in for them."""
HEARD = 0.2
"""What must be new in some band for an onset; the onset is as strong as that."""
FLUX = 0.06
"""Seconds in which the flux falls to a third."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Some hops, measured: one row each. ``decibels`` are ``levels`` as plain numbers, for what goes hop by hop."""

    powers: Floats
    moments: list[list[float]]
    levels: Levels
    decibels: list[list[float]]
    now: list[list[float]]
    hits: list[list[float]]
    sure: list[list[float]]


class Analyzer:
    """Hears samples, says features. ``process`` takes any number of samples a tick; state advances per hop.

    ``clock`` is the beat clock, for hands and other sources of tempo; ``rate`` is in Hz; ``net`` names drums and
    ``tracker`` follows the beat, the trained ones if none are given.
    """

    def __init__(self, rate: int, net: Callable[[Floats], Floats] | None = None,
                 tracker: Tracker | None = None) -> None:
        self.rate = rate
        self.hop = HOP * max(round(rate / 48000), 1)
        self.clock = BeatClock()
        self._seconds = self.hop / rate
        scale = self.hop // HOP
        self._sums = BandSums(rate, 2048 * scale, 384 * scale)
        self._later = Afterwards()
        self._colour = Colour(rate, 8192 * scale, self._seconds, self._later)
        self._tape = Tape(8192 * scale, STEP * self.hop)
        self._mono = Mono(self._seconds)
        self._pulse = Pulse(rate, self.clock, tracker, self._later)
        self._loudness = Loudness(rate, self.hop)
        self._gain = AutoGain(WHOLE + 1, self._seconds)
        self._gate = Gate(self._seconds)
        self._followers = Followers(WHOLE, self._seconds)
        self._rises = Rises(self._sums)
        self._novelty = Novelty(self._sums, self._rises.bins, self._seconds)
        self._onsets = Peaks(self._seconds, HEARD, 0.06)
        self._hits = Hits(Sight(self._sums, self._rises.bins, self._seconds), net or Net.open(), self._seconds)
        self._split = Split(self._sums, self._seconds)
        self._sections = Sections(self._seconds)
        self._rest = np.zeros((0, 2), np.float32)
        self._start: float | None = None
        self._hops = 0
        self._trim = 0.0
        self._hold = False
        self._rms = 0.0
        self._flux = 0.0
        self._struck = Struck()
        self._louder, self._softer = share(self._seconds, 0.03), share(self._seconds, 0.12)
        self._flown = share(self._seconds, FLUX)

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
        self._pulse.limit()

    def follow(self, reading: Reading) -> None:
        """What another clock says, in show time."""
        self.clock.follow(reading)

    def process(self, tick: Tick, samples: Samples) -> Features:
        """Hear the samples since the last tick, (N, C) or (N,), and say what is there at ``tick.time``."""
        self._struck.clear()
        block = to_stereo(clean(samples))
        if self._start is None:
            start = tick.time - len(block) / self.rate
            self._start = self._pulse.start = start if abs(start) > 1e-3 else 0.0
        silence = self._missing(tick.time, len(self._rest) + len(block))
        waiting = np.concatenate([self._rest, block, silence])
        whole = len(waiting) // self.hop * self.hop
        begin = 0
        while begin < whole:
            end = min(begin + self._until_settled(waiting[begin:whole]) * self.hop, whole)
            self._hear(waiting[begin:end])
            begin = end
        self._rest = waiting[whole:]
        return self._features(tick, float(max(block.max(), -block.min())) if block.size else 0.0)

    def catch_up(self) -> None:
        """Do what does not count yet, while nobody waits; without it the next ``process`` takes as much longer."""
        self._later.catch_up()

    def _missing(self, time: float, waiting: int) -> Samples:
        """Silence for a source that has ended or lags far behind; at most a second of it a tick."""
        lag = time - self.time - waiting / self.rate - LAG
        return np.zeros((round(min(max(lag, 0.0), 1.0) * self.rate), 2), np.float32)

    def _until_settled(self, coming: Samples) -> int:
        """Hops before the gain moves next: what lies between can be measured at once. Counted, never timed, so that
        it is the same at any frame rate. The first music of all moves it at once.
        """
        first = not self._gain.ready and not self._gate.shut(coming)
        return 1 if first else STEP - self._hops % STEP

    def _hear(self, stereo: Samples) -> None:
        """Some whole hops, (n * hop, 2): measured at once, while everything that remembers goes hop by hop."""
        channels = np.ascontiguousarray(stereo.T).reshape(2, -1, self.hop)
        mono, squares = self._mono.mix(channels)
        measured = self._measure(mono)
        for index, (hop, square) in enumerate(zip(mono, squares, strict=True)):
            self._hops += 1
            playing = self._gate.open(10.0 * math.log10(square + 1e-12))
            struck = self._hear_music(measured, index) if playing else self._hear_silence()
            self._hear_colours(measured, index, playing)
            self._pulse.hear(hop, self.time, struck)
            self._later.put(partial(self._loudness.weigh, channels[:, index]), self._loudness.take)
            self._later.step()
            self.clock.step(self.time, playing)
        if (self._hops % STEP == 0 or not self._gain.ready) and self._gain.settle():
            self._rises.settle(self._gain.top[:WHOLE])
            self._hits.settle(self._gain.top[:WHOLE])

    def _measure(self, mono: Samples) -> Measured:
        """Everything about some hops, (n, hop), that depends on nothing but the sound."""
        self._tape.add(mono.reshape(-1))
        powers = self._sums.spectra(self._tape.windows(self._sums.size, self.hop, len(mono)))
        sums = self._sums.sums(powers)
        levels = decibels(sums[:, :WHOLE + 1])
        logs, rises = self._rises.hear(powers)
        return Measured(powers, sums[:, WHOLE:].tolist(), levels, levels.tolist(),
                        self._gain.normal(levels, self._trim).tolist(), self._novelty.hear(rises),
                        self._hits.sure(logs, rises))

    def _hear_silence(self) -> bool:
        self._followers.hear(SILENCE, SILENCE)
        self._hits.hear(SILENCE, SILENCE)
        self._onsets.hear(0.0)
        self._sections.rest()
        self._rms -= self._softer * self._rms
        self._flux -= self._flown * self._flux
        return False

    def _hear_music(self, measured: Measured, index: int) -> bool:
        """One hop of music: what its bands do, and what was struck; whether anything was."""
        if not self._hold:
            self._gain.hear(measured.levels[index])
        levels, hits = measured.decibels[index], measured.hits[index]
        self._followers.hear(measured.now[index], hits)
        away = self._amplitude(levels[WHOLE]) - self._rms
        self._rms += (self._louder if away > 0 else self._softer) * away
        self._flux = max(hits[WHOLE + 1], self._flux - self._flown * self._flux)
        news = max(hits[:WHOLE])
        kick, snare, hat = self._hits.hear(measured.sure[index], hits)
        onset = self._onsets.hear(news)
        self._struck.hear(onset, kick, snare, hat)
        drop = self._sections.hear(levels, kick, news, 60.0 / self.clock.bpm)
        self._struck.drop = max(self._struck.drop, drop)
        return onset > 0.0

    def _amplitude(self, level: float) -> float:
        """Amplitude against the loudest of the last seconds, 0..1."""
        return float(min(10.0 ** ((level + self._trim - float(self._gain.top[WHOLE])) / 20.0), 1.0))

    def _hear_colours(self, measured: Measured, index: int, playing: bool) -> None:
        """What is slow: chroma, key, brightness; hits apart from notes."""
        power, first = measured.moments[index]
        self._colour.hear(power, first, self._tape, (len(measured.powers) - 1 - index) * self.hop, playing)
        if self._hops % EACH == 0 and playing:
            top = 10.0 ** ((float(self._gain.top[WHOLE]) - self._trim) / 10.0)
            self._later.put(partial(self._split.look, measured.powers[index], top), self._split.move)
        elif self._hops % EACH == 0:
            self._later.put(self._split.look_away, self._split.move)

    def _features(self, tick: Tick, peak: float) -> Features:
        struck, split, colour = self._struck, self._split, self._colour
        return Features(
            time=tick.time, rms=self._rms, bands=self._followers.words(), onset=struck.onset, kick=struck.kick,
            snare=struck.snare, hat=struck.hat, chroma=colour.chroma, centroid=colour.centroid, flux=self._flux,
            flatness=split.flatness, percussive=split.percussive, harmonic=split.harmonic,
            loudness=self._loudness.momentary, peak=peak, key=colour.key.hue, key_strength=colour.key.strength,
            energy=self._sections.energy, breakdown=self._sections.breakdown, drop=struck.drop,
            beat=self.clock.at(tick.time))
