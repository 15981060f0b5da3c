"""From a file to stereo blocks: whatever FFmpeg decodes, mixed so that every channel is heard."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vj.types import VjError

if TYPE_CHECKING:
    from vj.types import Samples

LOUDEST = 8.0
"""Samples beyond this are damage, not music (+18 dBFS): they are clipped at the input."""
CONTAINERS = ("aac,ac3,aiff,amr,ape,asf,ast,au,avi,caf,dsf,dts,eac3,flac,flv,iff,matroska,mlp,mov,mp4,mp3,mpc,mpc8,"
              "mpeg,mpegts,mxf,nut,ogg,oma,rm,shn,sox,tak,truehd,tta,voc,w64,wav,webm,wv,xwma")
"""The formats whose files hold sound themselves; playlists, which would lead elsewhere, are not among them."""
_SCALES = {"uint8": 128.0, "int16": 2.0**15, "int32": 2.0**31, "int64": 2.0**63}
_LEFT = frozenset({"FL", "BL", "SL", "FLC", "WL", "TFL", "TBL", "TSL", "SDL", "DL", "BFL", "SSL", "TTL"})
_RIGHT = frozenset({"FR", "BR", "SR", "FRC", "WR", "TFR", "TBR", "TSR", "SDR", "DR", "BFR", "SSR", "TTR"})


def clean(samples: NDArray[Any]) -> Samples:
    """``samples`` as finite float32 within +-``LOUDEST``: NaN and Inf become silence. May be the same array."""
    samples = np.asarray(samples, np.float32)
    if samples.size and not float(np.abs(samples).max()) <= LOUDEST:
        samples = np.where(np.isfinite(samples), samples, np.float32(0)).clip(-LOUDEST, LOUDEST)
    return samples


def to_stereo(samples: NDArray[Any]) -> Samples:
    """(N,), (N, 1) or (N, C) of unnamed channels as (N, 2): mono on both sides, odd channels left, even right."""
    block = samples if samples.ndim == 2 else samples.reshape(-1, 1)
    if block.shape[1] == 2:
        return np.asarray(block, np.float32)
    return np.ascontiguousarray(block @ mix_matrix(("?",) * block.shape[1]), np.float32)


@lru_cache(maxsize=64)
def mix_matrix(names: tuple[str, ...]) -> NDArray[np.float32]:
    """(C, 2) weights from channels by name to left and right. Each side sums to 1, so a mix never clips."""
    if len(names) == 1:
        return np.ones((1, 2), np.float32)
    matrix = np.array([_sides(name, index) for index, name in enumerate(names)], np.float32)
    return np.asarray(matrix / np.maximum(matrix.sum(axis=0), 1e-6), np.float32)


def _sides(name: str, index: int) -> tuple[float, float]:
    """How much of a channel goes left and right. Centre, bass and unnamed pairs are heard too."""
    if name in _LEFT:
        return 1.0, 0.0
    if name in _RIGHT:
        return 0.0, 1.0
    if name in {"FC", "BC", "LFE", "LFE2", "TC", "TFC", "TBC", "BFC"}:
        return 0.7071, 0.7071
    return (0.0, 1.0) if index % 2 else (1.0, 0.0)


class StereoFrames:
    """Decoded frames of any format, layout and rate -> (N, 2) float32 at ``rate``."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._resampler: Any = None
        self._from = rate

    def convert(self, frame: Any) -> Iterator[Samples]:
        """The frame's samples, and those that a change of rate inside the file sets free."""
        stereo = clean(_floats(frame) @ mix_matrix(_channel_names(frame)))
        if frame.sample_rate != self._from:
            yield from self.flush()
            self._from = frame.sample_rate
        if self._from == self._rate:
            yield stereo
        else:
            yield from self._resample(stereo)

    def flush(self) -> Iterator[Samples]:
        """What the resampler still holds."""
        if self._resampler is not None:
            yield from (_rows(frame) for frame in self._resampler.resample(None))
            self._resampler = None

    def _resample(self, stereo: Samples) -> Iterator[Samples]:
        import av

        if self._resampler is None:
            self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=self._rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(stereo.T), format="fltp", layout="stereo")
        frame.sample_rate = self._from
        yield from (_rows(out) for out in self._resampler.resample(frame))


def _rows(frame: Any) -> Samples:
    return np.ascontiguousarray(frame.to_ndarray().T)


def _channel_names(frame: Any) -> tuple[str, ...]:
    names = tuple(str(channel.name) for channel in frame.layout.channels)
    count = int(frame.layout.nb_channels)
    return names if len(names) == count else ("?",) * count


def _floats(frame: Any) -> NDArray[np.float32]:
    """A frame's samples as (N, C) float32 within +-1, planar or packed, integer or float."""
    raw = frame.to_ndarray()
    rows = raw.T if frame.format.is_planar else raw.reshape(-1, int(frame.layout.nb_channels))
    scale = _SCALES.get(str(raw.dtype))
    if scale is None:
        with np.errstate(over="ignore", invalid="ignore"):
            return clean(rows.astype(np.float32))
    return np.asarray((rows.astype(np.float64) - (128.0 if scale == 128.0 else 0.0)) / scale, np.float32)


def open_audio(path: Path) -> tuple[Any, Any]:
    """The opened container and its best audio stream. Raises VjError when there is none."""
    import av

    _check_file(path)
    try:
        # The absolute path and the whitelists keep a playlist or an odd name from reaching other files or the network.
        container = av.open(str(path.resolve()),
                            options={"protocol_whitelist": "file", "format_whitelist": CONTAINERS})
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VjError(f"{path}: not a sound file that can be read ({_reason(error)})") from error
    if not container.streams.audio:
        container.close()
        raise VjError(f"{path}: there is no sound in this file")
    return container, container.streams.best("audio") or container.streams.audio[0]


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise VjError(f"{path}: is a folder, expected a sound file")
        if not path.exists():
            raise VjError(f"{path}: there is no such file")
        if not path.is_file():
            raise VjError(f"{path}: not a plain file, expected a sound file")
        if path.stat().st_size == 0:
            raise VjError(f"{path}: the file is empty")
    except (OSError, ValueError) as error:
        raise VjError(f"{path}: cannot be looked at ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower().rstrip(".") or type(error).__name__


def packets(container: Any, stream: Any) -> Iterator[Any]:
    """The stream's packets until the file ends or breaks off: a truncated file plays what is there."""
    import av

    try:
        yield from container.demux(stream)
    except (av.FFmpegError, OSError):
        return


def decode(container: Any, stream: Any, rate: int) -> Iterator[Samples]:
    """Stereo blocks in order, none empty. Damaged packets are passed over."""
    import av

    frames = StereoFrames(rate)
    for packet in packets(container, stream):
        try:
            decoded = packet.decode()
        except (av.FFmpegError, OSError, ValueError):
            continue
        for frame in decoded:
            yield from (block for block in frames.convert(frame) if block.size)
    yield from (block for block in frames.flush() if block.size)


def measure(path: Path) -> float:
    """Seconds of sound really in the file, by reading its packets without decoding; 0 when they don't say."""
    container, stream = open_audio(path)
    with container:
        first, last, beat = None, 0, float(stream.time_base or 0)
        for packet in packets(container, stream):  # whole ticks: fractions would take a second for an hour of music
            start = packet.pts
            if start is not None and packet.size:
                first = start if first is None else first
                last = max(last, start + (packet.duration or 0))
    return (last - first) * beat if first is not None else 0.0
