"""One video file being written: a picture stream and perhaps a sound stream, in one time."""

from __future__ import annotations

import contextlib
import errno
import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.record.encoder import Converter, Encoding
from vj.types import VjError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from vj.types import Pixels, Samples

TIME_BASE = Fraction(1, 90_000)
"""Picture time in a file, seconds: fine enough for any frame rate, exact for the usual ones."""
SOUND_BITS = 192_000
"""AAC, bits a second."""
SOUND_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
"""The rates that AAC knows, samples a second; any other is resampled to 48000."""
SUFFIXES = (".mkv", ".mp4")

_BOTH = {"flush_packets": "1", "max_interleave_delta": "250000"}
_LIVE: dict[str, tuple[dict[str, str], ...]] = {
    # Tried in order: the hybrid becomes a plain mp4 when it is closed, but not every FFmpeg has it. Only with
    # delay_moov is the AAC encoder's lead-in known when the header is written; else the sound is 23 ms late.
    ".mkv": ({"cluster_time_limit": "500", **_BOTH},),
    ".mp4": ({"movflags": "hybrid_fragmented+delay_moov+frag_keyframe", "frag_duration": "500000", **_BOTH},
             {"movflags": "delay_moov+frag_keyframe+default_base_moof", "frag_duration": "500000", **_BOTH}),
}


def checked_suffix(path: Path) -> str:
    """``.mkv`` or ``.mp4``, whatever the case."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise VjError(f"{path}: a video is recorded as .mkv or .mp4, not {suffix or 'a name without a suffix'}")
    return suffix


def file_trouble(path: Path, error: Exception) -> str:
    """What a failed write means to a performer: one sentence that names the file."""
    number = getattr(error, "errno", None)
    known = {errno.ENOSPC: "the disk is full", errno.EFBIG: "the file has grown as large as this system lets it",
             errno.EACCES: "writing there is not allowed", errno.EPERM: "writing there is not allowed",
             errno.EROFS: "the disk can only be read", errno.ENOENT: "its folder is not there",
             errno.ENOTDIR: "a part of its path is not a folder", errno.EIO: "the disk does not answer",
             errno.EDQUOT: "the disk quota is used up", errno.EISDIR: "it is a folder"}
    reason = known.get(number, getattr(error, "strerror", None) or str(error)) if number else str(error)
    return f"{path}: {reason}"


class Movie:
    """Writes frames and samples to one open container. For one thread at a time."""

    def __init__(self, container: OutputContainer, video: VideoStream, sound: AudioStream | None, rate: int,
                 encoding: Encoding) -> None:
        self.frames = 0
        self.samples = 0
        self._container = container
        self._video = video
        self._sound = sound
        self._rate = rate
        self._converter = Converter(encoding)
        self._rate_of_frames = encoding.fps
        self._last = -1
        self._next_key = 0.0
        self._held: Packet[Any] | None = None

    @classmethod
    def open(cls, path: Path, encoding: Encoding, rate: int | None = None) -> Movie:
        """A file that can be read whenever the writing stops; ``rate`` samples a second, None: no sound stream.

        Raises VjError where no such file can be made.
        """
        *better, last = _LIVE[checked_suffix(path)]
        for options in better:
            with contextlib.suppress(OSError, ValueError):
                return cls._opened(path, encoding, rate, options)
        try:
            return cls._opened(path, encoding, rate, last)
        except (OSError, ValueError) as error:
            raise VjError(f"cannot record to {file_trouble(path, error)}") from error

    @classmethod
    def _opened(cls, path: Path, encoding: Encoding, rate: int | None, options: dict[str, str]) -> Movie:
        import av

        container = av.open(str(path), "w", options=options)
        try:
            video = add_video(container, encoding, TIME_BASE)
            sound = add_sound(container, rate) if rate else None
            container.start_encoding()
        except BaseException:
            container.close()
            raise
        return cls(container, video, sound, rate or 0, encoding)

    def frame(self, pixels: Pixels, seconds: float) -> bool:
        """Append a picture (H, W, 4) shown from ``seconds`` on; False when its time is not later than the last's.

        A whole millisecond must lie between: Matroska counts in these.
        """
        from av.video.frame import PictureType

        at = round(seconds / TIME_BASE) if math.isfinite(seconds) else -1
        if at < 0 or (self._last >= 0 and at < self._last + 90):
            return False
        frame = self._converter.convert(pixels)
        frame.pts, frame.time_base = at, TIME_BASE
        if seconds >= self._next_key:
            frame.pict_type = PictureType.I
            self._next_key = seconds + 1.0 - 1e-6
        self._last = at
        self.frames += 1
        self._show(self._video.encode(frame))
        return True

    def sound(self, samples: Samples) -> None:
        """Append (N, 2) float32 in -1..1 right behind what came before."""
        if self._sound is None or not len(samples):
            return
        self._write(self._sound.encode(sound_frame(samples, self.samples, self._rate)))
        self.samples += len(samples)

    @property
    def seconds(self) -> float:
        """Time of the last frame."""
        return float(max(0, self._last) * TIME_BASE)

    @property
    def end(self) -> float:
        """When the last frame has been seen as long as a frame usually is."""
        return self.seconds + (float(1 / self._rate_of_frames) if self.frames else 0.0)

    def close(self) -> None:
        """Flush the encoders and end the file; raises OSError where the disk refuses."""
        try:
            self._show(self._video.encode(None))
            self._show([None])
            if self._sound is not None:
                self._write(self._sound.encode(None))
        finally:
            self._container.close()

    def abandon(self) -> None:
        """Let the file go as it is: what was written stays readable, nothing more is asked of the disk."""
        with contextlib.suppress(OSError, ValueError):
            self._container.close()

    def _show(self, packets: Iterable[Packet[Any] | None]) -> None:
        """Write each picture when the next is there (None: there is none), because only then its length is known.

        A fragmented mp4 puts the next fragment where the last packet's length says, not where its time says.
        """
        for packet in packets:
            if self._held is not None:
                following = packet.pts if packet is not None else None
                if following is not None and self._held.pts is not None:
                    self._held.duration = following - self._held.pts
                self._write([self._held])
            self._held = packet

    def _write(self, packets: Iterable[Packet[Any]]) -> None:
        for packet in packets:
            self._container.mux_one(packet)


def add_video(container: OutputContainer, encoding: Encoding, time_base: Fraction) -> VideoStream:
    """A picture stream of this encoding."""
    stream: VideoStream = container.add_stream(encoding.codec, rate=encoding.fps)  # type: ignore[assignment]
    encoding.apply(stream.codec_context, time_base)
    stream.time_base = time_base
    return stream


def add_sound(container: OutputContainer, rate: int) -> AudioStream:
    """An AAC stereo stream for samples at ``rate``."""
    stream = container.add_stream("aac", rate=rate if rate in SOUND_RATES else 48_000)
    stream.codec_context.layout = "stereo"
    stream.codec_context.options = {"aac_coder": "fast"}
    stream.bit_rate = SOUND_BITS
    return stream


def sound_frame(samples: Samples, at: int, rate: int) -> AudioFrame:
    """(N, 2) float32 as a frame that begins ``at`` samples from the start."""
    import av

    flat = np.ascontiguousarray(samples, np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(flat, format="flt", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
    return frame
