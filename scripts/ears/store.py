"""Pieces of music with exact beats on disk: ``FOLDER/<kind>/<name>.flac`` and, written last, ``<name>.json`` beside it.

All variants of a song share a split, so nothing that was trained on is ever judged by.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SPLITS = ("train", "valid", "test")
SHARES = (0.60, 0.12, 0.28)
RATES = (44_100, 48_000)


def home() -> Path:
    """Where the pieces are kept: ``$VJ_BEAT_MUSIC``, else in the user's cache."""
    return Path(os.environ.get("VJ_BEAT_MUSIC") or Path.home() / ".cache" / "vj" / "beat_music").expanduser()


def split_of(song: str) -> str:
    """The split a song belongs to, for ever: by a hash of its name, in the shares of ``SHARES``."""
    place = int.from_bytes(hashlib.sha256(song.encode()).digest()[:8], "big") / 2**64
    return SPLITS[sum(place >= edge for edge in np.cumsum(SHARES)[:-1])]


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece on disk. ``beats`` and ``downbeats`` are seconds from its first sample; both empty: no music."""

    path: Path
    """The FLAC."""
    kind: str
    name: str
    song: str
    split: str
    beats: tuple[float, ...]
    downbeats: tuple[float, ...]
    meter: int
    source: str

    def sound(self) -> tuple[NDArray[np.float32], int]:
        """Mono samples (n,) in -1..1, and their rate in Hz."""
        return read_sound(self.path)


def save(folder: Path, kind: str, name: str, samples: NDArray[np.float32], rate: int,  # noqa: PLR0917 - all needed
         beats: Sequence[float], downbeats: Sequence[float], song: str, source: str, meter: int = 4,
         split: str | None = None) -> Path:
    """Write one piece; returns the FLAC's path. The split follows from the song unless it is given (a mix has several).

    Raises ValueError when the name, the split or the beats make no sense: beats must rise and lie inside the sound,
    and each downbeat must be a beat.
    """
    split = split or split_of(song)
    seconds = len(samples) / rate
    _check_names(kind, name, split)
    _check_beats(f"{kind}/{name}", seconds, beats, downbeats)
    path = Path(folder) / kind / f"{name}.flac"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sound(path, samples, rate)
    told = {"song": song, "kind": kind, "split": split, "beats": _rounded(beats), "downbeats": _rounded(downbeats),
            "meter": meter, "source": source, "seconds": round(seconds, 3), "rate": rate}
    draft = path.with_suffix(".json.part")
    draft.write_text(json.dumps(told) + "\n", "utf-8")
    draft.replace(path.with_suffix(".json"))
    return path


def has(folder: Path, kind: str, name: str) -> bool:
    """Whether a piece is there and complete."""
    return (Path(folder) / kind / f"{name}.json").is_file()


def read(path: Path) -> Piece:
    """The piece whose FLAC or JSON this is. Raises ValueError when its JSON is not one that ``save`` wrote."""
    path = Path(path)
    try:
        told: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
        return Piece(path.with_suffix(".flac"), told["kind"], path.stem, told["song"], told["split"],
                     tuple(told["beats"]), tuple(told["downbeats"]), told["meter"], told["source"])
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not a piece of beat music ({error!r})") from error


def pieces(folder: Path, split: str | None = None, kind: str | None = None) -> Iterator[Piece]:
    """Every complete piece by kind and name, those of one split or one kind when asked."""
    for path in sorted(Path(folder).glob(f"{kind or '*'}/*.json")):
        piece = read(path)
        if split in (None, piece.split):
            yield piece


def safe_name(text: str) -> str:
    """Any text as a file's name without ending: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "piece"


def write_sound(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    """Mono 16-bit FLAC, written aside and moved into place whole."""
    pcm = np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16).reshape(1, -1)
    draft = path.with_suffix(".part")
    with av.open(str(draft), "w", format="flac") as out:
        stream = out.add_stream("flac", rate=rate, layout="mono", format="s16")
        for start in range(0, pcm.shape[1], 4096):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[:, start : start + 4096]), "s16", "mono")
            frame.sample_rate, frame.pts = rate, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    draft.replace(path)


def read_sound(path: Path | bytes, rate: int | None = None) -> tuple[NDArray[np.float32], int]:
    """Any file FFmpeg decodes, or its bytes, as mono (n,) float32, and its rate in Hz; ``rate`` resamples."""
    with av.open(io.BytesIO(path) if isinstance(path, bytes) else str(path)) as file:
        stream = file.streams.audio[0]
        rate = rate or stream.rate
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
        parts = [made.to_ndarray()[0] for frame in file.decode(stream) for made in resampler.resample(frame)]
        parts += [made.to_ndarray()[0] for made in resampler.resample(None)]
    return (np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)), rate


def _rounded(times: Sequence[float]) -> list[float]:
    return [round(float(time), 6) for time in times]


def _check_names(kind: str, name: str, split: str) -> None:
    if safe_name(kind) != kind or safe_name(name) != name:
        raise ValueError(f"{kind}/{name}: a kind and a name are small letters, digits and single underscores")
    if split not in SPLITS:
        raise ValueError(f"{kind}/{name}: split {split!r} is none of {', '.join(SPLITS)}")


def _check_beats(what: str, seconds: float, beats: Sequence[float], downbeats: Sequence[float]) -> None:
    times = np.asarray(beats, float)
    if len(times) and (times[0] < 0 or times[-1] > seconds or np.any(np.diff(times) <= 0)):
        raise ValueError(f"{what}: beats must rise within 0..{seconds:.3f} s")
    if not set(_rounded(downbeats)) <= set(_rounded(beats)):
        raise ValueError(f"{what}: a downbeat is not a beat")
