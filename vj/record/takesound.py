"""The sound of a live take: FLAC that grows with the show and is readable up to the moment of any accident."""

from __future__ import annotations

import contextlib
import threading
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vj.record.movie import file_trouble
from vj.record.soundtrack import Soundtrack
from vj.types import VjError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

    from vj.types import Samples

NAME = "sound.flac"
PAUSE = 0.1
"""Seconds between two looks for new sound: less than one FLAC block."""


class TakeSound:
    """Keeps captured sound with 24 bits: exact for what a sound card gives. ``put`` never waits.

    A disk too slow for seconds loses sound but not its length; trouble is told in ``error``, the show goes on.
    """

    def __init__(self, container: OutputContainer, stream: AudioStream, path: Path, rate: int) -> None:
        self.path = path
        self.error = ""
        self.samples = 0
        self._container = container
        self._stream = stream
        self._rate = rate
        self._queue = Soundtrack(rate)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="take sound", daemon=True)

    @classmethod
    def open(cls, folder: Path | str, rate: int) -> TakeSound:
        """Begin ``sound.flac`` in a take's folder for samples at ``rate``. Raises VjError where it cannot."""
        import av

        path = Path(folder).expanduser() / NAME
        try:
            path.open("xb").close()
            container = av.open(str(path), "w", format="flac", options={"flush_packets": "1"})
            stream = container.add_stream("flac", rate=rate)
            stream.codec_context.layout, stream.codec_context.format = "stereo", "s32"
            container.start_encoding()
        except (OSError, ValueError) as error:
            raise VjError(f"cannot keep the sound in {file_trouble(path, error)}") from error
        sound = cls(container, stream, path, rate)
        sound._thread.start()
        return sound

    @property
    def lost(self) -> int:
        """Samples that became silence because the disk was too slow."""
        return self._queue.lost

    def put(self, samples: Samples) -> None:
        """Take (N, channels) float32 that follow on the last."""
        if not (self.error or self._stop.is_set()):
            self._queue.put(samples)

    def close(self) -> None:
        """Write what is queued and end the file. Safe to call twice."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10.0)

    def _work(self) -> None:
        try:
            ended = False
            while not ended:
                ended = self._stop.wait(PAUSE)  # asked before the last look, so that nothing is left behind
                for samples in self._queue.drain():
                    self._container.mux(self._stream.encode(self._frame(samples)))
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except Exception as error:  # sound may be lost, the show not
            self.error = f"{file_trouble(self.path, error)}; its sound ended at {self.samples / self._rate:.1f} s"
            with contextlib.suppress(OSError, ValueError):
                self._container.close()

    def _frame(self, samples: Samples) -> AudioFrame:
        """(N, 2) float32 as 24-bit numbers, which FLAC takes in the upper bits of 32."""
        import av

        whole = np.clip(np.rint(samples * np.float32(2**23)), -(2**23), 2**23 - 1).astype(np.int32) << 8
        frame = av.AudioFrame.from_ndarray(whole.reshape(1, -1), format="s32", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self.samples, Fraction(1, self._rate)
        self.samples += len(samples)
        return frame
