"""Ducking, glue, soft clipping, limiting, and the loudness meter."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .filters import Biquad, equalise
from .grid import RATE
from .oscillators import Sound

BLOCK = 48  # samples between two looks of the compressor: 1 ms
# K-weighting of ITU-R BS.1770 at 48 kHz: the head's shelf, then the high-pass
K_WEIGHTING: tuple[Biquad, Biquad] = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)


def duck(count: int, kicks: list[float], depth: float, recover: float = 0.30) -> Sound:
    """Gain (n, 1) that dips by ``depth`` at every kick and comes back along a cosine within ``recover`` seconds."""
    gain = np.ones(count)
    t = np.arange(round(recover * RATE)) / RATE
    back = np.clip((t - 0.045) / (recover - 0.045), 0, 1)
    dip = 1 - depth * np.minimum(1, t / 0.002) * (0.5 + 0.5 * np.cos(np.pi * back))
    for kick in kicks:
        start = round(kick * RATE)
        part = gain[start : start + len(dip)]
        np.minimum(part, dip[: len(part)], out=part)
    return gain[:, None]


def glue(sound: Sound, threshold: float, ratio: float, attack: float = 0.02, release: float = 0.18) -> Sound:
    """A bus compressor: level in dB over ``threshold`` is divided by ``ratio``, followed in 1 ms blocks."""
    blocks = len(sound) // BLOCK
    power = (sound[: blocks * BLOCK] ** 2).reshape(blocks, -1).mean(axis=1)
    over = np.maximum(0.0, 10 * np.log10(power + 1e-12) - threshold) * (1 - 1 / ratio)
    up, down = np.exp(-BLOCK / RATE / attack), np.exp(-BLOCK / RATE / release)
    reduction, level = np.zeros(blocks), 0.0
    for i, wanted in enumerate(over):
        keep = up if wanted > level else down
        level = wanted + keep * (level - wanted)
        reduction[i] = level
    smooth = np.interp(np.arange(len(sound)), (np.arange(blocks) + 0.5) * BLOCK, reduction)
    return sound * 10 ** (-smooth / 20)[:, None]


def soft_clip(sound: Sound, drive: float) -> Sound:
    """A tanh whose small signals keep their level: rounds the peaks of ``drive`` times full scale."""
    return np.tanh(drive * sound) / drive


def limit(sound: Sound, ceiling: float, reach: float = 0.003) -> Sound:
    """Look-ahead limiter: no sample over ``ceiling``; the gain moves within ``reach`` seconds around a peak."""
    need = np.minimum(1.0, ceiling / np.maximum(np.abs(sound).max(axis=1), 1e-9))
    span = 1 << (round(reach * RATE) - 1).bit_length()
    low = np.pad(need, span, mode="edge")
    for shift in (1 << k for k in range(span.bit_length() - 1)):  # running minimum by doubling, span samples long
        low[:-shift] = np.minimum(low[:-shift], low[shift:])
    total = np.concatenate(([0.0], np.cumsum(low)))
    mean = (total[span:] - total[:-span]) / span  # the average of minima is nowhere above the need
    return sound * mean[1 : 1 + len(sound), None]


def loudness(sound: Sound) -> float:
    """Integrated loudness in LUFS after BS.1770-4, with both gates."""
    heard = equalise(sound, *K_WEIGHTING) ** 2
    edges = np.arange(0, len(heard) + 1, RATE // 10)
    tenths = np.array([heard[a:b].sum() for a, b in pairwise(edges)]) / (RATE // 10)
    power = np.convolve(tenths, np.ones(4) / 4, "valid")
    power = power[-0.691 + 10 * np.log10(power + 1e-15) > -70]
    if not len(power):
        return -np.inf
    return float(_lufs(power[_lufs(power) > _lufs(power.mean()) - 10].mean()))


def _lufs(power: Sound) -> Sound:
    return np.asarray(-0.691 + 10 * np.log10(power))
