"""Sounds without a beat: noises of rooms, crowds and weather, and voices. All (n,) float32 of unit RMS, from dice."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from . import store
from .spectral import band, convolved, filtered

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from .spectral import Gain

VOICES = ("en-us", "en-gb", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "ru", "tr", "en-gb-scotland", "en-029")
SPEAKERS = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5", "croak", "whisper")
WHO = ("the singer", "my neighbour", "a tall stranger", "the sound engineer", "your sister", "the last guest", "nobody",
       "the old lamp", "somebody at the bar", "the man with the keys")
DOES = ("forgot", "is looking for", "carried away", "wants to paint", "talks about", "never liked", "has found", "sold",
        "is waiting for", "keeps asking about")
WHAT = ("the blue jacket", "two more cables", "a glass of water", "the way home", "that second window", "the weather",
        "a train at half past nine", "the price of tickets", "an empty room", "their first concert")
ENDS = ("before the doors open.", "and does not mind.", "again, as you know!", "but who would believe it?", "today.",
        "while everyone is dancing.", "so we should go outside.", "in the middle of winter.", "isn't it?")


def unit(sound: NDArray[np.floating]) -> NDArray[np.float32]:
    """The same at an RMS of one; silence stays silent."""
    level = float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0
    return (sound / level if level > 1e-9 else sound).astype(np.float32)


def shaped(count: int, rate: int, dice: Generator, gain: Gain) -> NDArray[np.float32]:
    """Noise whose spectrum follows ``gain`` of the frequency in Hz."""
    return unit(filtered(dice.standard_normal(count), rate, gain, 0.0))


def coloured(count: int, rate: int, dice: Generator, slope: float = 1.0) -> NDArray[np.float32]:
    """White (slope 0), pink (1) or brown (2) noise."""
    return shaped(count, rate, dice, lambda f: 1 / np.maximum(f, 20.0) ** (slope / 2))


def wander(count: int, rate: int, dice: Generator, seconds: float) -> NDArray[np.float64]:
    """A random curve between 0 and 1 that turns about every ``seconds``, (n,)."""
    knots = dice.random(int(count / rate / seconds) + 3)
    return np.interp(np.arange(count) / rate / seconds, np.arange(len(knots)), knots)


def hum(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """Mains hum with its harmonics."""
    base, t = float(dice.choice([50.0, 60.0])), np.arange(count) / rate
    parts = [dice.uniform(0.1, 1) / n * np.sin(2 * np.pi * (base * n * t + dice.random())) for n in range(1, 9)]
    return unit(np.sum(parts, axis=0))


def crackle(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """A worn record: clicks at random, some of them strong."""
    sound = np.zeros(count)
    places = dice.integers(count, size=max(1, int(count / rate * dice.uniform(3, 30))))
    sound[places] = dice.standard_normal(len(places)) * dice.pareto(2.0, len(places))
    return unit(sound + 0.003 * coloured(count, rate, dice))


def applause(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """Some hundred pairs of hands, each at its own pace, swelling and fading."""
    clap = shaped(rate // 60, rate, dice, band(900, 3500)) * np.exp(-np.arange(rate // 60) / (0.004 * rate))
    train = np.zeros(count)
    for _ in range(int(dice.integers(20, 160))):
        pace = dice.uniform(0.14, 0.4)
        steps = dice.normal(pace, 0.12 * pace, int(count / rate / pace) + 2).clip(0.05)
        times = ((dice.random() * pace + np.cumsum(steps)) * rate).astype(int)
        np.add.at(train, times[times < count], dice.uniform(0.2, 1))
    return unit(convolved(train, clap) * (0.2 + wander(count, rate, dice, 4.0)))


def babble(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """A full room talking: noise in the bands of speech, each swelling at the pace of syllables."""
    total = np.zeros(count)
    for centre in np.geomspace(180, 4000, 9):
        bands = shaped(count, rate, dice, band(centre / 1.3, centre * 1.3)) / (centre / 300) ** 0.5
        total += bands * (0.25 + wander(count, rate, dice, dice.uniform(0.07, 0.16)) ** 2)
    return unit(total * (0.5 + wander(count, rate, dice, 3.0)))


def cheers(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """A crowd that shouts and whistles now and then."""
    total = babble(count, rate, dice) * 0.6
    for _ in range(int(count / rate / 2) + 1):
        length = int(dice.uniform(0.4, 1.6) * rate)
        start, t = int(dice.integers(max(count - length, 1))), np.arange(length) / rate
        glide = dice.uniform(350, 2600) * (1 + 0.2 * np.sin(np.pi * t / t[-1]) + 0.02 * np.sin(2 * np.pi * 6 * t))
        call = np.sin(2 * np.pi * np.cumsum(glide) / rate) * np.hanning(length) * dice.uniform(0.1, 0.7)
        total[start : start + length] += call[: count - start].astype(np.float32)
    return unit(total)


def rain(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """A steady rush, and single drops."""
    drops = np.zeros(count)
    places = dice.integers(count, size=int(count / rate * dice.uniform(5, 80)))
    drops[places] = dice.random(len(places)) ** 3
    drop = np.sin(2 * np.pi * 2400 * np.arange(rate // 100) / rate) * np.exp(-np.arange(rate // 100) / (0.002 * rate))
    rush = coloured(count, rate, dice, 0.5) * (0.6 + 0.4 * wander(count, rate, dice, 6.0))
    return unit(rush + unit(convolved(drops, drop)) * dice.uniform(0.1, 1.2))


def wind(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """Gusts: three bands of noise that come and go."""
    total = sum(shaped(count, rate, dice, band(c / 1.4, c * 1.4)) * wander(count, rate, dice, dice.uniform(1.5, 5)) ** 2
                for c in (150, 400, 900))
    return unit(np.asarray(total))


def pad(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """Slow chords that fade into each other, too slow and too soft to hold a beat; sometimes one drone."""
    total, t = np.zeros(count), np.arange(count) / rate
    drone = dice.random() < 0.35
    for _ in range(5 if drone else 14):
        pitch = 55 * 2 ** (dice.choice([0, 7, 12, 16, 19, 24, 28, 31, 36]) / 12) * (1 + dice.normal(0, 0.003))
        centre, width = (0.5 * t[-1], 1e9) if drone else (dice.uniform(0, t[-1]), dice.uniform(6, 14))
        swell = np.exp(-0.5 * ((t - centre) / width) ** 2) * (0.6 + 0.4 * wander(count, rate, dice, 5.0))
        voice = sum(np.sin(2 * np.pi * (pitch * n * t + dice.random())) / n ** dice.uniform(1.2, 2.5)
                    for n in range(1, 7))
        total += swell * voice * dice.uniform(0.3, 1)
    return unit(total + 0.02 * coloured(count, rate, dice) * np.abs(total).max())


def text(dice: Generator, sentences: int) -> str:
    """Harmless talk."""
    return " ".join(f"{dice.choice(WHO)} {dice.choice(DOES)} {dice.choice(WHAT)} {dice.choice(ENDS)}".capitalize()
                    for _ in range(sentences))


def speaks() -> bool:
    """Whether there is a voice to speak with."""
    return shutil.which("espeak-ng") is not None


@lru_cache(maxsize=64)
def spoken(words: str, voice: str, pace: int, pitch: int, rate: int) -> NDArray[np.float32]:
    """Words said by eSpeak NG, unit RMS (n,); ``pace`` in words a minute, ``pitch`` 0..99."""
    command = ["espeak-ng", "-v", voice, "-s", str(pace), "-p", str(pitch), "--stdout", words]
    wave = subprocess.run(command, capture_output=True, check=True, timeout=60, stdin=subprocess.DEVNULL).stdout
    return unit(store.read_sound(wave, rate)[0])


def talk(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """One or two people talking with pauses, near or far; babble where no voice is installed."""
    if not speaks():
        return babble(count, rate, dice)
    total = np.zeros(count, np.float32)
    for _ in range(int(dice.integers(1, 3))):
        voice = f"{dice.choice(VOICES)}+{dice.choice(SPEAKERS)}"
        pace, pitch = int(dice.integers(110, 230)), int(dice.integers(20, 80))
        place, level = int(dice.uniform(0, 2) * rate), dice.uniform(0.3, 1)
        while place < count:
            said = spoken(text(dice, int(dice.integers(1, 3))), voice, pace, pitch, rate)[: count - place]
            total[place : place + len(said)] += said * np.float32(level)
            place += len(said) + int(dice.uniform(0.1, 1.5) * rate)
    return unit(total)
