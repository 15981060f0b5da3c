"""What the tracker's front end hears of a piece, kept beside the music so that a net can read it a thousand times."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ears.store import Piece
from vj.audio.tracker import front

Frames = NDArray[np.float16]


def listen(samples: NDArray[np.float32], rate: int) -> Frames:
    """(frames, bands) of (N,) samples; frame n ends ``(n + 1) * hop`` samples after the start."""
    ears = front.FrontEnd(rate)
    hops = samples[:len(samples) // ears.hop * ears.hop].reshape(-1, ears.hop)
    return np.array([ears.hear(np.ascontiguousarray(hop)) for hop in hops], np.float16).reshape(-1, front.SIZE)


def version() -> str:
    """Changes with the front end's code, so that nothing is learnt from frames that are no longer heard like that."""
    return f"{zlib.crc32(Path(front.__file__).read_bytes()):08x}"


def frames_of(folder: Path, piece: Piece) -> Frames:
    """The frames of a piece, heard once and kept in ``folder/.frames``."""
    kept = folder / ".frames" / version() / piece.kind / f"{piece.name}.npy"
    if kept.is_file() and kept.stat().st_mtime >= piece.path.stat().st_mtime:
        return np.load(kept)
    frames = listen(*piece.sound())
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(".part.npy")
    np.save(fresh, frames)
    fresh.replace(kept)
    return frames
