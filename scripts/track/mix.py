"""The desk: each stem its filters, room, ducking and level; then the bus."""

from __future__ import annotations

import numpy as np

from .dynamics import duck, glue, limit, soft_clip
from .filters import bell, equalise, highpass, lowpass, shelf, sweep
from .grid import BREAKDOWN, BUILD, DROP, GROOVE, OUTRO, RATE, at
from .oscillators import Sound
from .score import Score
from .space import convolve, echoes, room, widen

Line = tuple[tuple[float, float], ...]  # points of bar and positive value, geometric in between

# Cutoffs in Hz over bars
STAB_FILTER = (
    (0, 420), (7.9, 2400), (8, 1500), (15.9, 3600), (16, 600), (20, 1100), (22, 2600), (23.7, 9000), (24, 4200),
    (32, 7000), (39.9, 6000), (40, 3500), (43, 900), (46, 500),
)  # fmt: skip
PAD_FILTER = ((4, 300), (8, 900), (15, 1100), (16, 500), (20, 2600), (23.7, 6500), (24, 1800), (40, 2400), (46, 400))
DRUM_HIGHPASS = ((0, 25), (20, 60), (22, 160), (23.7, 600), (23.75, 25), (46, 25))  # the build loses its ground
MOVING: dict[str, tuple[Line, float, str]] = {
    "clap": (DRUM_HIGHPASS, 0.7, "high"),
    "stab": (STAB_FILTER, 1.0, "low"),
    "pad": (PAD_FILTER, 0.8, "low"),
}
FILTERS = {
    "bass": (highpass(32), bell(220, -2.5), bell(900, 2.0)),
    "clap": (highpass(140),),
    "hats": (highpass(3000),),
    "stab": (highpass(150),),
    "keys": (highpass(140), bell(320, -2), shelf(3000, 2)),
    "pad": (highpass(130), bell(300, -2)),
    "voice": (highpass(260), bell(3200, 6), shelf(8000, 4)),
    "pluck": (highpass(350), lowpass(11_000)),
}
WIDTH = {"bass": 0.0, "hats": 1.2, "stab": 1.25, "pad": 1.3}
LEVEL = {
    "kick": 0.66, "bass": 0.42, "clap": 0.95, "hats": 1.0, "perc": 0.85, "stab": 0.62, "keys": 0.80,
    "pad": 0.58, "voice": 0.38, "pluck": 0.70, "air": 0.46, "boom": 0.55,
}  # fmt: skip
DUCKING = {
    "bass": 0.92, "pad": 0.72, "stab": 0.55, "air": 0.45, "keys": 0.40, "pluck": 0.35, "voice": 0.25, "hats": 0.12,
}  # fmt: skip
HALL = (
    (0, 0.8), (GROOVE.first, 0.7), (BREAKDOWN.first, 1.5), (BUILD.first, 1.4), (DROP.first - 0.01, 1.2),
    (DROP.first, 0.75), (OUTRO.first, 1.0), (OUTRO.end, 1.5),
)  # fmt: skip
# The hand on the master fader: the breakdown steps back so that the drop can come forward, and the beat before it
# holds its breath
FADER = (
    (0, 0.82), (8, 0.85), (8.01, 0.92), (15.99, 0.95), (16, 0.54), (20, 0.50), (23.74, 0.78), (23.76, 0.42),
    (23.99, 0.42), (24, 1.0), (40, 0.95), (46, 0.9),
)  # fmt: skip
DRIVE = 1.62  # into the soft clip: the loudness of the record
CEILING = 10 ** (-3.4 / 20)  # the codec adds up to 2 dB on top: decoded peaks come out near -1 dBFS


def line(points: Line, count: int) -> Sound:
    """An automation line, one value a sample, (n,)."""
    bars, values = zip(*points, strict=True)
    times = [at(bar, swing=False) for bar in bars]
    return np.exp(np.interp(np.arange(count) / RATE, times, np.log(values)))


def mix(score: Score) -> Sound:
    """The finished record, (n, 2), peaks at the ceiling."""
    stems = {name: _treat(name, sound, score.length) for name, sound in score.stems.items()}
    for name, depth in DUCKING.items():
        if name in stems:
            stems[name] = stems[name] * duck(score.length, score.kicks, depth)
    dry = sum((LEVEL[name] * sound for name, sound in stems.items()), np.zeros((score.length, 2)))
    return master((dry + _rooms(stems, score)) * line(FADER, score.length)[:, None])


def _treat(name: str, sound: Sound, count: int) -> Sound:
    """A stem's own filters and width."""
    if name in MOVING:
        points, q, kind = MOVING[name]
        sound = sweep(sound, line(points, count), q, kind)
    return widen(equalise(sound, *FILTERS.get(name, ())), WIDTH.get(name, 1.0))


def _rooms(stems: dict[str, Sound], score: Score) -> Sound:
    """What comes back from the small room, the hall and the echo; it ducks and breathes with the kick too."""

    def send(**amounts: float) -> Sound:
        parts = (amount * LEVEL[name] * stems[name] for name, amount in amounts.items() if name in stems)
        return sum(parts, np.zeros((score.length, 2)))

    echo = convolve(send(stab=0.34, voice=0.36, pluck=0.5, perc=0.06), echoes(3, 0.55, 3200))
    small = convolve(send(clap=0.34, perc=0.22, hats=0.06, kick=0.015), room("room", 0.45, 0.35, 0.006))
    wet = send(stab=0.22, keys=0.3, pad=0.25, voice=0.34, pluck=0.36, air=0.35, clap=0.10) + 0.45 * echo
    hall = convolve(wet * line(HALL, score.length)[:, None], room("hall", 2.1, 0.45, 0.022))
    return 0.8 * small + (echo + 0.6 * hall) * duck(score.length, score.kicks, 0.45)


def master(sound: Sound) -> Sound:
    """Clean the bottom, glue, colour, soften the peaks, stop at the ceiling. No gain depends on the whole record."""
    sound = equalise(sound, highpass(26), bell(360, -1.0), bell(3600, 2.0, 0.6), shelf(9000, 1.0))
    low = equalise(sound, lowpass(110), lowpass(110))
    sound = sound - low + widen(low, 0.0)  # one bass for both loudspeakers
    sound = glue(sound, threshold=-14.0, ratio=2.0)
    return limit(DRIVE * soft_clip(sound, 0.75 * DRIVE), CEILING)
