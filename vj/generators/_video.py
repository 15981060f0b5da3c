"""A video by the show's clock: at the same moment always the same frame, round and round."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vj.generators._stills import LARGEST, LOCAL, covering
from vj.types import VjError

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    from vj.generators._pictures import Moment

    Picture = NDArray[np.uint8]

FAR = 2.0
"""Seconds ahead beyond which a jump is quicker than reading all that lies between."""


class Video:
    """The frame that stands at a moment: the last one that has begun. ``length`` seconds, then it begins again."""

    def __init__(self, container: InputContainer, path: Path, length: float) -> None:
        self._container, self._path, self._length = container, path, length
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        self._stream = stream
        self._base = float(stream.time_base or 1.0 / 90_000.0)
        self._start = float(stream.start_time or 0) * self._base
        self._frames: Iterator[VideoFrame] = container.decode(stream)
        self._now: VideoFrame | None = None
        self._next: VideoFrame | None = None
        self._shown: tuple[int | None, tuple[int, int], Picture] | None = None

    @classmethod
    def open(cls, path: Path) -> Video:
        """Raises VjError where the file is no video, or does not say how long it is."""
        import av

        try:
            container = av.open(str(path), options=LOCAL)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise VjError(f"the picture {path} cannot be read: it is damaged, or no image and no video") from error
        length = _length(container)
        if length is None:
            container.close()
            raise VjError(f"the picture {path} is no video that can be looped: it has no picture or no length; "
                          "ffmpeg -i IN -c copy OUT.mkv gives it one")
        return cls(container, path, length)

    def at(self, moment: Moment, size: tuple[int, int]) -> Picture:
        """The frame of this moment. Raises VjError where nothing of the file can be read."""
        wanted = self._start + moment.time % self._length
        if self._now is None or wanted < self._time(self._now) or wanted > self._time(self._now) + FAR:
            self._seek(wanted)
        while self._next is not None and self._time(self._next) <= wanted:
            self._step()
        if self._now is None:
            raise VjError(f"the picture {self._path} cannot be read: no frame of it is whole")
        key = self._now.pts
        if self._shown is None or self._shown[:2] != (key, size):
            self._shown = key, size, covering(self._now, size)
        return self._shown[2]

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _time(self, frame: VideoFrame) -> float:
        return self._start if frame.pts is None else frame.pts * self._base

    def _step(self) -> None:
        if self._next is not None:
            self._now = self._next
        self._next = next(self._frames, None)

    def _seek(self, wanted: float) -> None:
        """To the key frame before ``wanted``."""
        self._begin_at(wanted)
        if self._now is not None and self._time(self._now) > wanted > self._start:
            self._begin_at(self._start)  # some indexes point too far

    def _begin_at(self, seconds: float) -> None:
        self._container.seek(int(seconds / self._base), stream=self._stream)
        self._frames = self._container.decode(self._stream)
        self._now = self._next = None
        self._step()
        self._step()


def _length(container: InputContainer) -> float | None:
    """Seconds of the picture, at least a frame of it; None where the file does not say."""
    if not container.streams.video:
        return None
    stream = container.streams.video[0]
    context = stream.codec_context
    if not 0 < context.width * context.height <= LARGEST:
        return None
    if stream.duration and stream.time_base:
        return max(float(stream.duration * stream.time_base), 1e-3)
    return container.duration / 1_000_000.0 if container.duration else None
