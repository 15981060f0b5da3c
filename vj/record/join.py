"""Segments into one file: their pictures are copied bit for bit, the sound is encoded beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.record.movie import add_sound, checked_suffix, sound_frame
from vj.record.soundtrack import stereo

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

    from vj.types import AudioSource

_OPTIONS = {
    # bitexact: no random numbers and no dates in the header, so that twice the same render is the same file.
    ".mp4": {"movflags": "faststart", "fflags": "+bitexact"},
    ".mkv": {"fflags": "+bitexact"},
}


def join(segments: Sequence[Path], target: Path, fps: Fraction, source: AudioSource | None = None) -> int:
    """Write ``segments`` one behind the other to ``target``, with the sound of ``source`` read from where it stands.

    The number of frames. The target appears whole or not at all; raises OSError where the disk refuses.
    """
    import av

    half = target.with_name(f".{target.stem}.half{target.suffix}")
    try:
        with av.open(str(half), "w", options=_OPTIONS[checked_suffix(target)]) as out:
            frames = _fill(out, segments, fps, source)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
    return frames


def _fill(out: OutputContainer, segments: Sequence[Path], fps: Fraction, source: AudioSource | None) -> int:
    """Pictures and sound by turns, a second each: neither waits long for the other in memory."""
    import av

    with av.open(str(segments[0])) as first:
        video = out.add_stream_from_template(first.streams.video[0])
    video.time_base = 1 / fps
    sound = _Sound(out, source) if source is not None else None
    frames, second = 0, max(1, round(fps))
    for packet in _packets(segments, fps):
        packet.stream = video
        out.mux_one(packet)
        frames += 1
        if sound is not None and frames % second == 0:
            sound.until(frames / fps)
    if sound is not None:
        sound.until(frames / fps)
        sound.close()
    return frames


def _packets(segments: Sequence[Path], fps: Fraction) -> Iterator[Packet[Any]]:
    """The pictures of all segments, their times counted on in frames."""
    import av

    begun = 0
    for segment in segments:
        frames = 0
        with av.open(str(segment)) as container:
            for packet in container.demux(video=0):
                if packet.pts is None or packet.dts is None:
                    continue  # the end of the segment
                scale = packet.time_base * fps
                packet.pts, packet.dts = begun + round(packet.pts * scale), begun + round(packet.dts * scale)
                packet.duration, packet.time_base = 1, 1 / fps
                frames += 1
                yield packet
        begun += frames


class _Sound:
    """The sound stream of a file, fed from a source."""

    def __init__(self, out: OutputContainer, source: AudioSource) -> None:
        self._out = out
        self._source = source
        self._stream = add_sound(out, source.rate)
        self._samples = 0

    def until(self, seconds: Fraction) -> None:
        """Encode the source up to ``seconds``."""
        samples = stereo(self._source.read(float(seconds)))
        if len(samples):
            self._out.mux(self._stream.encode(sound_frame(samples, self._samples, self._source.rate)))
            self._samples += len(samples)

    def close(self) -> None:
        """Flush the encoder."""
        self._out.mux(self._stream.encode(None))
