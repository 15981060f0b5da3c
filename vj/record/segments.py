"""An offline render on its way to disk: in segments, so that an interruption costs seconds and changes no bit.

Every segment has an encoder of its own, fed from its first frame on: its bytes depend on its frames alone,
whether the render ran through or was taken up again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.mailbox import Bounded
from vj.record.encoder import Converter, Encoding, choose_encoder
from vj.record.join import join
from vj.record.movie import add_video, checked_suffix, file_trouble
from vj.record.parts import Parts, ResumePoint
from vj.types import VjError

if TYPE_CHECKING:
    from av.container import OutputContainer

    from vj.record.parts import State
    from vj.types import AudioSource, Frame, Pixels, Tick

QUEUE_BYTES = 128 * 2**20
"""Most memory that waiting frames may take."""


class SegmentWriter:
    """A sink for an offline render: ``put`` waits for room, a thread converts and encodes beside the rendering.

    Before frame ``n`` with ``begins(n)`` give ``checkpoint(n, state)``; a resumed render starts at
    ``resume_point.frame`` with ``resume_point.state``. Ends with ``finish`` or, early, ``interrupt``.
    """

    def __init__(self, parts: Parts, encoding: Encoding, resume_point: ResumePoint, queue: int = 8) -> None:
        self.resume_point = resume_point
        self.frames = resume_point.frame
        self._parts = parts
        self._encoding = encoding
        self._waiting: Bounded[tuple[int, Pixels]] = Bounded(queue)
        self._trouble: Exception | None = None
        self._tail: Path | None = None
        self._thread = threading.Thread(target=self._work, name="segments", daemon=True)

    @classmethod
    def open(cls, target: Path | str, size: tuple[int, int], fps: float, *, settings: Mapping[str, Any] | None = None,
             resume: bool = False, seconds: float = 2.0) -> SegmentWriter:
        """Begin ``target`` (.mkv or .mp4), or go on with what lies in ``<target>.parts``.

        ``settings``: all that decides what the pictures look like, as JSON can hold it; a resumed render must
        have the same. An older ``target`` is replaced when the new one is finished. Raises VjError.
        """
        path = Path(target).expanduser()
        checked_suffix(path)
        _check_folder(path)
        encoding = choose_encoder(size, fps, "render", hardware=False)
        parts = Parts(path, max(1, round(seconds * encoding.fps)))
        asked = {**(settings or {}), **_own_settings(size, encoding, parts.length)}
        queue = max(2, min(8, QUEUE_BYTES // (size[0] * size[1] * 4)))
        writer = cls(parts, encoding, parts.begin(asked, resume), queue)
        writer._thread.start()
        return writer

    def begins(self, index: int) -> bool:
        """Whether a segment begins with this frame."""
        return index % self._parts.length == 0

    def checkpoint(self, index: int, state: State) -> None:
        """Keep all that the frames from ``index`` on depend on: plain arrays by name."""
        if not self.begins(index):
            raise ValueError(f"no segment begins with frame {index}")
        self._parts.save(index // self._parts.length, state)

    def put(self, tick: Tick, frame: Frame) -> None:
        """Take the next frame; waits while the encoder is behind. Raises VjError when writing has failed."""
        if tick.index != self.frames:
            raise ValueError(f"frame {tick.index} came where {self.frames} was due")
        if not self._waiting.put_wait((tick.index, frame.read())):
            self._check()
            raise VjError(f"{self._parts.target}: the render was closed before frame {tick.index}")
        self.frames += 1

    def finish(self, source: AudioSource | None = None) -> Path:
        """Join everything, with the sound of ``source`` from its start, and remove the parts. The file's path."""
        path = self.interrupt(source)
        if path is None:
            raise VjError(f"{self._parts.target}: nothing was rendered")
        self._parts.remove()
        return path

    def interrupt(self, source: AudioSource | None = None) -> Path | None:
        """Make a playable file of what is done and keep the parts for a resume; None when nothing was done."""
        self.close()
        self._check()
        segments = [self._parts.segment(number) for number in range(self._parts.whole())]
        if self._tail is not None:
            segments.append(self._tail)
        if not segments:
            return None
        try:
            join(segments, self._parts.target, self._encoding.fps, source)
        except (OSError, ValueError) as error:
            raise self._told(error) from error
        return self._parts.target

    def close(self) -> None:
        """Write what is queued and stop; the parts stay as they are. Safe to call twice."""
        self._waiting.close()
        if self._thread.is_alive():
            self._thread.join()

    def _check(self) -> None:
        if self._trouble is not None:
            raise self._told(self._trouble) from self._trouble

    def _told(self, error: Exception) -> VjError:
        return VjError(f"{file_trouble(self._parts.target, error)}; "
                       f"what is done stays playable in {self._parts.folder}, and --resume goes on")

    def _work(self) -> None:
        try:
            segment: _Segment | None = None
            while (item := self._waiting.take()) is not None:
                segment = self._write(segment, *item)
            if segment is not None:
                segment.close()
                self._tail = segment.path
        except Exception as error:  # told by the next put
            self._trouble = error
        finally:
            self._waiting.close()

    def _write(self, segment: _Segment | None, index: int, pixels: Pixels) -> _Segment | None:
        """Append a frame; the segment to go on with, None when this one is whole."""
        number, at = divmod(index, self._parts.length)
        segment = segment or _Segment.open(self._parts.tail(number), self._encoding)
        segment.frame(pixels, at)
        if at < self._parts.length - 1:
            return segment
        segment.close()
        segment.path.replace(self._parts.segment(number))
        return None


class _Segment:
    """One small file with pictures only."""

    def __init__(self, path: Path, container: OutputContainer, encoding: Encoding) -> None:
        self.path = path
        self._container = container
        self._stream = add_video(container, encoding, 1 / encoding.fps)
        self._time_base = 1 / encoding.fps
        self._converter = Converter(encoding)

    @classmethod
    def open(cls, path: Path, encoding: Encoding) -> _Segment:
        import av

        return cls(path, av.open(str(path), "w", options={"fflags": "+bitexact"}), encoding)

    def frame(self, pixels: Pixels, at: int) -> None:
        frame = self._converter.convert(pixels)
        frame.pts, frame.time_base = at, self._time_base
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        try:
            self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()


def _own_settings(size: tuple[int, int], encoding: Encoding, length: int) -> dict[str, Any]:
    import av

    return {"size": list(size), "fps": str(encoding.fps), "segment": length, "encoder": encoding.codec,
            "encoder options": dict(encoding.options), "encoder version": list(av.library_versions["libavcodec"])}


def _check_folder(path: Path) -> None:
    if path.is_dir():
        raise VjError(f"cannot render to {path}: it is a folder")
    if not path.parent.is_dir():
        raise VjError(f"cannot render to {path}: its folder is not there")
