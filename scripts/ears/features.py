"""What the tracker's front end hears of a piece, kept beside the music so that a net can read it a thousand times."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ears.store import Piece
from vj.audio.tracker import front

Frames = NDArray[np.float16]
MANY = 256
"""Frames heard at once."""


def listen(samples: NDArray[np.float32], rate: int) -> Frames:
    """(frames, bands) of (N,) samples; frame n ends ``(n + 1) * hop`` samples after the start.

    What ``FrontEnd`` hears hop by hop, many hops at a time: three times as fast, and equal but for rounding.
    """
    hop = round(rate / front.FRAMES)
    count = len(samples) // hop
    bands = np.concatenate([_bands(samples, rate, hop, count, span) for span in (front.LOW, front.HIGH)], axis=1)
    scale = front.SCALE / np.maximum(np.sqrt(_loudness(np.mean(bands**2, axis=1))), front.FLOOR)
    return np.log1p(bands * scale[:, None].astype(np.float32)).astype(np.float16)


def _bands(samples: NDArray[np.float32], rate: int, hop: int, count: int,
           span: tuple[float, float, float, int]) -> NDArray[np.float32]:
    size = front.window_size(rate, hop, span)
    bell = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)).astype(np.float32)
    weights = front.triangles(front.centres(span), size, rate).T * np.float32(4.0 / size)
    padded = np.concatenate([np.zeros(size - hop, np.float32), samples])
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:count]
    parts = [np.abs(np.fft.rfft(windows[n:n + MANY] * bell, axis=1)).astype(np.float32) @ weights
             for n in range(0, count, MANY)]
    return np.concatenate([np.zeros((0, weights.shape[1]), np.float32), *parts])


def _loudness(power: NDArray[np.float32]) -> NDArray[np.float64]:
    loudness, now = np.empty(len(power)), 0.0
    for n, new in enumerate(power.tolist()):
        now += max(front.SHARE, 1.0 / (n + 1)) * (new - now)
        loudness[n] = now
    return loudness


def version() -> str:
    """Changes with the front end's code, so that nothing is learnt from frames that are no longer heard like that."""
    return f"{zlib.crc32(b''.join(Path(file).read_bytes() for file in (front.__file__, __file__))):08x}"


def frames_of(folder: Path, piece: Piece) -> Frames:
    """The frames of a piece, heard once and kept in ``folder/.frames``."""
    kept = folder / ".frames" / version() / piece.kind / f"{piece.name}.npy"
    if kept.is_file() and kept.stat().st_mtime >= piece.path.stat().st_mtime:
        return np.load(kept)
    frames = listen(*piece.sound())
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(f".{os.getpid()}.part.npy")  # others may hear the same piece now
    np.save(fresh, frames)
    fresh.replace(kept)
    return frames
