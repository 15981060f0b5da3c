"""The show into a file, live: a slow disk loses frames, never the show."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vj.mailbox import Bounded
from vj.record.encoder import choose_encoder
from vj.record.movie import Movie, checked_suffix, file_trouble
from vj.record.names import free_name
from vj.record.soundtrack import Soundtrack
from vj.types import VjError

if TYPE_CHECKING:
    from vj.types import Frame, Pixels, Samples, Tick

QUEUE_BYTES = 256 * 2**20
"""Most memory that waiting frames may take."""
LOW_DISK = 200 * 2**20
"""Recording ends while this many bytes are still free, so that the rest of the machine goes on."""
CLOSE_PATIENCE = 20.0
"""Longest wait for the disk at the end, seconds."""


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """How the recording stands. ``seconds`` and ``bytes`` written; ``error`` empty while all is well.

    ``dropped`` frames found the queue full (or the recording ended); ``stale`` frames had no time of their own.
    """

    path: str
    encoder: str
    frames: int = 0
    dropped: int = 0
    stale: int = 0
    lost_samples: int = 0
    seconds: float = 0.0
    bytes: int = 0
    disk_free: int = 0
    error: str = ""
    closed: bool = False


class _Shot(NamedTuple):
    seconds: float
    pixels: Pixels


class Recorder:
    """A sink that records. ``put`` and ``sound`` never wait; a thread of its own encodes and writes.

    Picture time is ``tick.time``, sound time the count of samples, both since ``start`` seconds of the show.
    Trouble while running ends the recording, is told in ``status.error``, and leaves the show alone.
    """

    def __init__(self, movie: Movie, path: Path, soundtrack: Soundtrack | None = None, *, encoder: str = "",
                 queue: int = 30, start: float = 0.0, low_disk: int = LOW_DISK) -> None:
        self.path = path
        self._movie = movie
        self._encoder = encoder
        self._limit = queue
        self._shots: Bounded[_Shot] = Bounded(queue)
        self._soundtrack = soundtrack
        self._start = start
        self._low_disk = low_disk
        self._dropped = self._stale = self._bytes = self._disk_free = 0
        self._next_look = 0.0
        self._error = ""
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)

    @classmethod
    def open(cls, path: Path | str, size: tuple[int, int], fps: float, rate: int | None = 44_100, *,
             start: float = 0.0, hardware: bool = True, low_disk: int = LOW_DISK) -> Recorder:
        """Begin a recording of ``size`` pictures at about ``fps`` with sound at ``rate`` (None: no sound stream).

        The file's true name is ``recorder.path``: an older file keeps its own. Without a single frame no file stays.
        Raises VjError for suffix, size, rate, folder, permission, disk, encoder.
        """
        wanted = Path(path).expanduser()
        checked_suffix(wanted)
        encoding = choose_encoder(size, fps, "live", hardware)
        target = _claimed(wanted, low_disk)
        try:
            movie = Movie.open(target, encoding, rate)
        except VjError:
            target.unlink(missing_ok=True)
            raise
        queue = max(4, min(round(fps), QUEUE_BYTES // (size[0] * size[1] * 4)))
        recorder = cls(movie, target, Soundtrack(rate, start) if rate else None, encoder=encoding.describe(),
                       queue=queue, start=start, low_disk=low_disk)
        recorder._thread.start()
        return recorder

    def begin(self, seconds: float) -> None:
        """The recording counts from ``seconds`` of the show. Before the first frame only."""
        self._start = seconds
        if self._soundtrack is not None:
            self._soundtrack.begin(seconds)

    def put(self, tick: Tick, frame: Frame) -> None:
        """Take this tick's picture; a full queue drops and counts it without reading it back."""
        if self._closed or self._error or len(self._shots) >= self._limit:
            self._dropped += 1
            return
        if self._soundtrack is not None:
            self._soundtrack.follow(tick.time)
        self._shots.put(_Shot(tick.time - self._start, frame.read()))

    def sound(self, samples: Samples) -> None:
        """Take (N, channels) float32 that follow on the last."""
        if self._soundtrack is not None and not (self._closed or self._error):
            self._soundtrack.put(samples)

    @property
    def status(self) -> RecordStatus:
        """A snapshot for the status line."""
        return RecordStatus(str(self.path), self._encoder, self._movie.frames, self._dropped, self._stale,
                            self._soundtrack.lost if self._soundtrack else 0, self._movie.seconds, self._bytes,
                            self._disk_free, self._error, self._closed)

    def close(self) -> None:
        """Write what is queued and end the file. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._shots.close()
        self._thread.join(CLOSE_PATIENCE)
        if self._thread.is_alive():
            self._error = f"{self.path}: the disk is too slow to end the recording at {self._movie.seconds:.1f} s"

    def _work(self) -> None:
        try:
            while not self._error and not (self._shots.closed and not len(self._shots)):
                self._write(self._shots.take(0.1))
            self._finish()
        except Exception as error:  # a recording may fail in any way, the show must not
            self._fail(file_trouble(self.path, error))

    def _write(self, shot: _Shot | None) -> None:
        if self._soundtrack is not None:
            for samples in self._soundtrack.drain():
                self._movie.sound(samples)
        if shot is None:
            return
        if not self._movie.frame(shot.pixels, shot.seconds):
            self._stale += 1
        if shot.seconds >= self._next_look:
            self._next_look = shot.seconds + 0.5
            self._look_at_disk()

    def _look_at_disk(self) -> None:
        """Twice a second of the show: is the file still there, is there room?"""
        if not self.path.exists():
            raise FileNotFoundError("the file is gone")
        self._bytes = self.path.stat().st_size
        self._disk_free = shutil.disk_usage(self.path.parent).free
        if self._disk_free < self._low_disk:
            self._error = (f"{self.path}: recording ended at {self._movie.seconds:.1f} s, "
                           f"only {self._disk_free // 2**20} MB are free on the disk")

    def _finish(self) -> None:
        if not self._movie.frames:
            self._movie.abandon()
            self.path.unlink(missing_ok=True)
            return
        if self._soundtrack is not None:
            self._soundtrack.fill(self._start + self._movie.end)
            self._write(None)
        self._movie.close()
        self._bytes = self.path.stat().st_size

    def _fail(self, why: str) -> None:
        self._error = f"{why}; the recording ended at {self._movie.seconds:.1f} s"
        self._movie.abandon()


def _claimed(wanted: Path, low_disk: int) -> Path:
    """Make the file, so that nobody else takes its name and a wrong place is told now."""
    try:
        free = shutil.disk_usage(wanted.parent).free
        target = free_name(wanted)
        target.open("xb").close()
    except OSError as error:
        raise VjError(f"cannot record to {file_trouble(wanted, error)}") from error
    if free < low_disk:
        target.unlink()
        raise VjError(f"cannot record to {wanted}: only {free // 2**20} MB are free on the disk, "
                      f"{low_disk // 2**20} MB must be")
    return target
