"""Drum kits: synthesised, the bundled track's, and samples of Sonic Pi where they are installed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from track import drums as track

from vj.audio.source import TrackSource

Sound = NDArray[np.float64]
Kit = dict[str, Sound]
RATE = 44100
SAMPLES = Path("/usr/share/sonic-pi/samples")
KICKS = ("bd_808", "bd_ada", "bd_boom", "bd_fat", "bd_gas", "bd_haus", "bd_klub", "bd_mehackit", "bd_pure", "bd_sone",
         "bd_tek", "bd_zome", "bd_zum", "drum_heavy_kick", "elec_hollow_kick", "elec_soft_kick", "drum_bass_hard",
         "drum_bass_soft")
SNARES = ("sn_dolf", "sn_dub", "sn_generic", "sn_zome", "drum_snare_hard", "drum_snare_soft", "elec_hi_snare",
          "elec_lo_snare", "elec_mid_snare", "elec_snare", "elec_filt_snare", "perc_snap", "perc_snap2")
CLOSED = ("drum_cymbal_closed", "drum_cymbal_pedal", "elec_tick", "elec_cymbal")
OPEN = ("drum_cymbal_open", "drum_cymbal_hard")


@functools.cache
def sample(name: str) -> Sound:
    """A Sonic Pi sample, mono, from its first sound on."""
    source = TrackSource.open(SAMPLES / f"{name}.flac")
    sound = np.asarray(source.read(source.duration), float).mean(axis=1)
    if source.rate != RATE:
        count = round(len(sound) * RATE / source.rate)
        sound = np.interp(np.arange(count) * source.rate / RATE, np.arange(len(sound)), sound)
    source.close()
    return sound / np.abs(sound).max()


def seconds(length: float) -> Sound:
    return np.arange(round(length * RATE)) / RATE


def band(dice: np.random.Generator, lo: float, hi: float, length: float) -> Sound:
    """Noise between ``lo`` and ``hi`` Hz."""
    count = round(length * RATE)
    spectrum = np.fft.rfft(dice.standard_normal(count))
    at = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 1.0)
    noise = np.fft.irfft(spectrum / np.sqrt(1 + (lo / at) ** 6) / np.sqrt(1 + (at / hi) ** 6), count)
    return noise / np.abs(noise).max()


def kick(dice: np.random.Generator) -> Sound:
    """A falling sine, more or less driven, with more or less click."""
    t = seconds(dice.uniform(0.2, 0.5))
    pitch = dice.uniform(40, 62) + dice.uniform(30, 250) * np.exp(-t / dice.uniform(0.008, 0.045))
    pitch = pitch + dice.choice([0, 200]) * np.exp(-t / 0.003)
    fade = np.minimum(1, t / dice.uniform(0.0003, 0.003)) * np.exp(-t / dice.uniform(0.06, 0.25))
    body = np.tanh(dice.uniform(1, 2.5) * np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * fade)
    click = band(dice, dice.uniform(800, 3000), 9000, t[-1] + 1 / RATE) * np.exp(-t / 0.003)
    return body + dice.uniform(0, 0.5) * click


def snare(dice: np.random.Generator) -> Sound:
    """Wires, with or without a head under them."""
    tau = dice.uniform(0.03, 0.12)
    t = seconds(6 * tau)
    wires = band(dice, dice.uniform(150, 1500), dice.uniform(5000, 14000), 6 * tau)[:len(t)] * np.exp(-t / tau)
    head = dice.choice([0, 1]) * np.sin(2 * np.pi * dice.uniform(150, 260) * t) * np.exp(-t / 0.06)
    return 0.6 * wires + 0.5 * head


def clap(dice: np.random.Generator) -> Sound:
    """Three hands, and the room."""
    t = seconds(0.35)
    hands = sum(np.where(t >= late, np.exp(-(t - late) / 0.004), 0.0) for late in (0.0, 0.0105, 0.021))
    tail = np.where(t > 0.028, np.exp(-(t - 0.028) / dice.uniform(0.03, 0.09)), 0.0)
    return band(dice, dice.uniform(500, 1100), dice.uniform(3000, 9000), 0.35) * (hands + tail)


def hat(dice: np.random.Generator, shortest: float, longest: float) -> Sound:
    """Noise that is thin or rather full, or that rises all the way up as white noise's differences do."""
    tau = dice.uniform(shortest, longest)
    t = seconds(6 * tau)
    if dice.random() < 0.25:
        noise = np.diff(dice.standard_normal(len(t)), prepend=0.0)
        noise /= np.abs(noise).max()
    else:
        low = 10 ** dice.uniform(np.log10(2500), np.log10(9000))
        noise = band(dice, low, dice.uniform(13000, 20000), 6 * tau)[:len(t)]
    return noise * np.exp(-t / tau)


def equalised(dice: np.random.Generator, sound: Sound, most: float) -> Sound:
    """Through a random equaliser of up to ``most`` dB."""
    at = np.log(np.maximum(np.fft.rfftfreq(len(sound), 1 / RATE), 20.0))
    gain = np.interp(at, np.log([40, 150, 600, 2400, 9600, 18000]), dice.uniform(-most, most, 6))
    return np.fft.irfft(np.fft.rfft(sound) * 10 ** (gain / 20), len(sound))


def tuned(sound: Sound, speed: float) -> Sound:
    """Played faster or slower: another drum of the same kind."""
    at = np.arange(int((len(sound) - 1) / speed)) * speed
    return np.interp(at, np.arange(len(sound)), sound)


def kit(dice: np.random.Generator, kept_back: bool) -> Kit:
    """Five sounds that begin with their first sample. ``kept_back``: samples that the net never learns from."""
    def one(names: Sequence[str], made: Sound) -> Sound:
        known = [n for i, n in enumerate(names) if (i % 3 == 1) == kept_back and (SAMPLES / f"{n}.flac").exists()]
        if known and dice.random() < 0.55:
            return tuned(sample(str(dice.choice(known))), 2 ** dice.uniform(-0.45, 0.45))
        return made

    sounds = {"kick": one(KICKS, kick(dice)), "snare": one(SNARES, snare(dice)), "clap": one(SNARES, clap(dice)),
              "hat": one(CLOSED, hat(dice, 0.008, 0.03)), "open": one(OPEN, hat(dice, 0.05, 0.15))}
    if dice.random() < 0.2 and not kept_back:
        sounds |= {"hat": track.closed_hat(int(dice.integers(4))), "open": track.open_hat(0), "clap": track.clap(0)}
    return {name: _begun(equalised(dice, _mono(sound)[:round(0.6 * RATE)], 7.0)) for name, sound in sounds.items()}


def _mono(sound: Sound) -> Sound:
    return sound if sound.ndim == 1 else sound.mean(axis=1)


def _begun(sound: Sound) -> Sound:
    """At full scale, from a third of a millisecond before it is heard, with a soft end."""
    sound = sound / np.abs(sound).max()
    sound = sound[max(int(np.argmax(np.abs(sound) > 0.08)) - 15, 0):].copy()
    sound[-200:] *= np.linspace(1, 0, len(sound[-200:]))
    return sound
