"""Recorded drums: sonic-pi's one-shots (mostly CC0, Debian's sonic-pi-samples) and its loops, cut to a tempo."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..store import read_sound
from .tone import fade, normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

HOME = Path(os.environ.get("SONIC_PI_SAMPLES", "/usr/share/sonic-pi/samples"))

HITS = {
    "kick": "bd_808 bd_ada bd_boom bd_fat bd_gas bd_haus bd_klub bd_mehackit bd_pure bd_sone bd_tek bd_zome bd_zum"
            " drum_bass_hard drum_bass_soft drum_heavy_kick elec_soft_kick elec_hollow_kick",
    "snare": "sn_dolf sn_dub sn_generic sn_zome drum_snare_hard drum_snare_soft elec_snare elec_hi_snare elec_lo_snare"
             " elec_mid_snare elec_filt_snare",
    "clap": "sn_generic perc_snap perc_snap2 elec_hi_snare sn_dub", "rim": "elec_wood elec_tick perc_snap2 elec_pop",
    "hat": "drum_cymbal_closed drum_cymbal_pedal elec_tick", "open": "drum_cymbal_open drum_cymbal_soft elec_cymbal",
    "ride": "drum_cymbal_soft drum_cymbal_hard", "crash": "drum_splash_hard drum_splash_soft drum_cymbal_hard",
    "tom_hi": "drum_tom_hi_hard drum_tom_hi_soft drum_tom_mid_hard elec_fuzz_tom",
    "tom_lo": "drum_tom_lo_hard drum_tom_lo_soft drum_tom_mid_soft", "cowbell": "drum_cowbell elec_triangle elec_bong",
    "conga_hi": "tabla_na tabla_te1 tabla_tas1 tabla_na_s", "conga_lo": "tabla_ghe1 tabla_ghe4 tabla_ke3 tabla_ghe8",
    "perc": "elec_blip elec_blip2 elec_blup elec_flip elec_ping elec_plip elec_twip elec_wood elec_beep tabla_ke1"
            " tabla_te2 perc_till tabla_re elec_pop tabla_ke2 elec_bell",
    "roll": "sn_dolf sn_generic drum_snare_hard drum_snare_soft elec_snare", "clave": "elec_wood elec_tick",
}

LOOPS = {  # beats that each lasts: their first sample is on a beat
    "loop_amen": 4, "loop_amen_full": 16, "loop_breakbeat": 4, "loop_compus": 16, "loop_electric": 4,
    "loop_mehackit1": 4, "loop_mehackit2": 4, "loop_perc1": 4, "loop_industrial": 2, "loop_tabla": 16,
}
BREAKS = "loop_amen loop_amen loop_amen_full loop_amen_full loop_breakbeat loop_compus"


def there() -> bool:
    """Whether the samples are installed."""
    return (HOME / "bd_808.flac").is_file()


@lru_cache(maxsize=256)
def load(name: str, rate: int) -> Sound:
    """A sample as mono; what is silent before its attack is cut away."""
    sound, _ = read_sound(HOME / f"{name}.flac", rate)
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    return normal(sound[loud[0] if not name.startswith("loop_") else 0 :])


def hit(drum: str, dice: np.random.Generator, rate: int) -> Sound:
    """A recorded drum, tuned by up to a fourth, at most 1.5 s long."""
    sound = load(str(dice.choice(HITS[drum].split())), rate)
    ratio = float(np.exp(dice.uniform(-0.22, 0.22)))
    return fade(stretched(sound, ratio)[: round(1.5 * rate)].copy(), rate, 0.02)


def stretched(sound: Sound, ratio: float) -> Sound:
    """Played ``ratio`` times as fast, as a turntable does."""
    places = np.arange(0, len(sound) - 1, ratio)
    return np.interp(places, np.arange(len(sound)), sound).astype(np.float32)


def bars(bpm: float, dice: np.random.Generator, rate: int) -> list[Sound]:
    """Four-beat pieces of one drum loop at a tempo: as recorded, or cut into eighths and put together anew."""
    name = str(dice.choice(BREAKS.split()))
    sound, beats = load(name, rate), LOOPS[name]
    beat = 60 / bpm * rate
    pieces = []
    for first in range(0, max(1, beats - 3), 4):
        start, end = first / beats * len(sound), (first + min(4, beats)) / beats * len(sound)
        bar = sound[round(start) : round(end)]
        pieces.append(_cut(bar, 8, beat / 2, list(range(8)), varispeed=dice.random() < 0.5, rate=rate))
        if dice.random() < 0.6:
            order = [int(dice.choice((i, i, i - i % 4, (i + 4) % 8, i % 2))) for i in range(8)]
            pieces.append(_cut(bar, 8, beat / 2, order, varispeed=dice.random() < 0.5, rate=rate))
    return pieces


def _cut(bar: Sound, count: int, length: float, order: list[int], *, varispeed: bool, rate: int) -> Sound:
    """A bar's slices in another order and tempo: stretched, or each cut or left to ring at its own speed."""
    out = np.zeros(round(count * length) + 1, np.float32)
    width = len(bar) / count
    ratio = width / length if varispeed or width > length else 1.0
    for place, source in enumerate(order):
        part = stretched(bar[round(source * width) : round((source + 1) * width)], ratio)
        start = round(place * length)
        part = fade(part[: len(out) - start].copy(), rate, 0.004)
        out[start : start + len(part)] += part
    return out
