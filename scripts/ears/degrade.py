"""What stands between music and a microphone. Each is a function of sound and dice, and none moves a beat.

All take and give mono (n,) float32 of the same length at ``rate`` Hz: filters have no phase, rooms keep the direct
sound first, codecs are aligned again.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import numpy as np

from . import noises
from .spectral import above, band, below, convolved, filtered

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]
    Degradation = Callable[[Sound, int, Generator], Sound]

SEARCH = 4096
"""Samples within which a codec's delay is looked for."""


def low_passed(samples: Sound, rate: int, dice: Generator) -> Sound:
    """Through a wall, under a coat: nothing above 200 Hz..8 kHz."""
    corner, order = float(np.exp(dice.uniform(np.log(200), np.log(8000)))), int(dice.integers(2, 5))
    return filtered(samples, rate, below(corner, order))


def high_passed(samples: Sound, rate: int, dice: Generator) -> Sound:
    """A small loudspeaker: nothing below 80..500 Hz."""
    corner, order = float(dice.uniform(80, 500)), int(dice.integers(1, 4))
    return filtered(samples, rate, above(corner, order))


def phoned(samples: Sound, rate: int, dice: Generator) -> Sound:
    """A telephone: 300 to 3400 Hz, and overdriven."""
    return driven(filtered(samples, rate, band(dice.uniform(250, 450), dice.uniform(2500, 3600))), rate, dice)


def tilted(samples: Sound, rate: int, dice: Generator) -> Sound:
    """Too dull or too sharp: up to 5 dB an octave around 700 Hz."""
    slope = dice.uniform(-5, 5) / 6.02
    return filtered(samples, rate, lambda f: (np.clip(f, 40, 12_000) / 700) ** slope)


def driven(samples: Sound, _rate: int, dice: Generator) -> Sound:
    """A limiter at its end: 3 to 20 dB too much, clipped softly or hard."""
    loud = samples * (10 ** (dice.uniform(3, 20) / 20) / max(float(np.abs(samples).max(initial=0)), 1e-6))
    return (np.tanh(loud) if dice.random() < 0.5 else np.clip(loud, -1, 1)).astype(np.float32) * np.float32(0.9)


def squeezed(samples: Sound, rate: int, dice: Generator) -> Sound:
    """A compressor with slow release that pumps."""
    hop = rate // 200
    level = np.sqrt(np.add.reduceat(np.square(samples, dtype=np.float64), np.arange(0, len(samples), hop)) / hop) + 1e-5
    keep, held = np.exp(-hop / rate / dice.uniform(0.08, 0.5)), np.empty_like(level)
    now = 0.0
    for index, value in enumerate(level):
        now = held[index] = max(value, now * keep)
    gain = (held / held.max()) ** -dice.uniform(0.3, 0.8)
    out = samples * np.interp(np.arange(len(samples)) / hop, np.arange(len(gain)), gain)
    return (out * (0.9 / max(float(np.abs(out).max(initial=0)), 1e-6))).astype(np.float32)


def roomed(samples: Sound, rate: int, dice: Generator) -> Sound:
    """A room of 0.2 to 2.5 s reverberation; the direct sound stays first and where it was."""
    decay = float(np.exp(dice.uniform(np.log(0.2), np.log(2.5))))
    count = int(decay * rate)
    tail = dice.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail = filtered(tail.astype(np.float32), rate, band(80, dice.uniform(1500, 7000)))
    tail[: int(rate * dice.uniform(0.001, 0.02))] = 0
    for _ in range(int(dice.integers(3, 9))):
        tail[int(rate * dice.uniform(0.002, 0.05)) % count] += dice.normal(0, 3)
    tail *= np.float32(10 ** (dice.uniform(-12, 3) / 20) / max(float(np.sqrt(np.sum(np.square(tail)))), 1e-6))
    return samples + convolved(samples, tail)


def crowded(samples: Sound, rate: int, dice: Generator) -> Sound:
    """People over the music, from 20 dB below it to as loud."""
    makers = (noises.babble, noises.applause, noises.cheers, noises.talk, noises.talk)
    noise = makers[dice.integers(len(makers))](len(samples), rate, dice)
    return with_noise(samples, noise, float(dice.uniform(0, 20)))


def hissed(samples: Sound, rate: int, dice: Generator) -> Sound:
    """Hum, hiss, crackle, rain or wind, 6 to 30 dB below the music."""
    makers = (noises.hum, noises.coloured, noises.crackle, noises.rain, noises.wind)
    return with_noise(samples, makers[dice.integers(len(makers))](len(samples), rate, dice), float(dice.uniform(6, 30)))


def crushed(samples: Sound, _rate: int, dice: Generator) -> Sound:
    """Eight to eleven bits."""
    steps = 2.0 ** dice.integers(7, 11)
    return (np.round(samples * steps) / steps).astype(np.float32)


def coded(samples: Sound, rate: int, dice: Generator) -> Sound:
    """Through an MP3 of 32 to 128 kbit/s and back; as it was where this FFmpeg has no such encoder."""
    if "libmp3lame" not in av.codecs_available:
        return samples
    return aligned(_decoded(_mp3(samples, rate, int(dice.choice([32, 48, 64, 96, 128])) * 1000)), samples)


def quietened(samples: Sound, _rate: int, dice: Generator) -> Sound:
    """20 to 34 dB below full scale, in 16 bit."""
    peak = max(float(np.abs(samples).max(initial=0)), 1e-6)
    return (np.round(samples / peak * 10 ** (dice.uniform(-34, -20) / 20) * 32767) / 32767).astype(np.float32)


CHAIN: tuple[tuple[float, tuple[Degradation, ...]], ...] = (
    (0.4, (tilted, low_passed, low_passed, high_passed, phoned)),
    (0.35, (driven, squeezed)),
    (0.5, (roomed,)),
    (0.5, (crowded, crowded, hissed)),
    (0.15, (hissed,)),
    (0.25, (coded,)),
    (0.1, (crushed,)),
    (0.35, (quietened,)),
)
"""In the order of the way to the microphone: how often each happens, and what it may be."""


def chosen(dice: Generator) -> list[Degradation]:
    """Two at least, in the order of ``CHAIN``."""
    while True:
        steps = [kinds[dice.integers(len(kinds))] for chance, kinds in CHAIN if dice.random() < chance]
        if len(steps) >= 2:
            return steps


def degrade(samples: Sound, rate: int, dice: Generator) -> Sound:
    """The same music heard badly, beats where they were, within -1..1."""
    for step in chosen(dice):
        samples = step(samples, rate, dice)
        samples = samples / np.float32(max(1.0, float(np.abs(samples).max(initial=0))))
    return samples


def with_noise(samples: Sound, noise: Sound, apart: float) -> Sound:
    """Music with a unit noise ``apart`` dB below its RMS."""
    level = float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
    return (samples + noise * (level * 10 ** (-apart / 20))).astype(np.float32)


def aligned(late: Sound, samples: Sound) -> Sound:
    """``late`` shifted to where it matches ``samples`` best, and of its length."""
    count = min(len(samples), len(late), 1 << 19)
    size = 1 << (count + SEARCH).bit_length()
    match = np.fft.irfft(np.fft.rfft(late[:count], size) * np.conj(np.fft.rfft(samples[:count], size)), size)
    delay = int(np.concatenate([match[-SEARCH:], match[:SEARCH]]).argmax()) - SEARCH
    shifted = late[delay:] if delay >= 0 else np.concatenate([np.zeros(-delay, np.float32), late])
    return np.pad(shifted[: len(samples)], (0, max(0, len(samples) - len(shifted))))


def _mp3(samples: Sound, rate: int, bitrate: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as out:
        stream = out.add_stream("libmp3lame", rate=rate, layout="mono", format="fltp")
        stream.codec_context.bit_rate = bitrate
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, :]), "fltp", "mono")
        frame.sample_rate, frame.pts = rate, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)
    return file.getvalue()


def _decoded(data: bytes) -> Sound:
    with av.open(io.BytesIO(data)) as file:
        return np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)]).astype(np.float32)
