"""Where samples come from: a track, a sound card's ring, an array, silence. All are read in show time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.audio.decode import clean, decode, measure, open_audio, to_stereo
from vj.audio.ring import RingSource
from vj.types import VjError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vj.types import Samples

__all__ = ["ArraySource", "RingSource", "SilentSource", "TrackSource"]

NATIVE_RATES = (44100, 48000)
"""Rates that pass as they are; every other is resampled to 48000."""
MEASURED_BYTES = 256 * 2**20
"""Files up to this size are measured packet by packet; beyond it the container's word is taken."""


class TrackSource:
    """A sound file streamed as stereo, block by block, in bounded memory.

    ``rate`` Hz, ``channels`` 2, ``duration`` seconds (exact once the end was read), ``path``, ``title``.
    Made by ``open``; the parts are a block iterator and what is known of the file.
    """

    channels = 2

    def __init__(self, path: Path, rate: int, blocks: Iterator[Samples], *, title: str = "",
                 duration: float = 0.0, container: Any = None) -> None:
        self.path = path
        self.rate = rate
        self.title = title
        self._duration = duration
        self._blocks = blocks
        self._container = container
        self._waiting: deque[Samples] = deque()
        self._buffered = 0
        self._given = 0
        self._exhausted = False

    @classmethod
    def open(cls, path: str | Path, rate: int | None = None, duration: float | None = None) -> TrackSource:
        """Open ``path`` and decode its first block. Raises VjError, one sentence, when there is no sound to play.

        ``rate`` asks for that rate; without it 44100 and 48000 stay and others become 48000. ``duration`` seconds
        where they are known already: measuring reads the whole file.
        """
        path = Path(path).expanduser()
        container, stream = open_audio(path)
        own = int(stream.codec_context.sample_rate or 0)
        rate = rate or (own if own in NATIVE_RATES else 48000)
        source = cls(path, rate, decode(container, stream, rate), title=_title(container, path),
                     duration=_duration(container, stream, path) if duration is None else duration,
                     container=container)
        if not source._fill(1):
            source.close()
            raise VjError(f"{path}: no sound could be decoded from this file")
        return source

    @property
    def duration(self) -> float:
        """Seconds of sound: as measured, and exact once everything was decoded."""
        known = (self._given + self._buffered) / self.rate
        return known if self._exhausted else max(self._duration, known)

    @property
    def ended(self) -> bool:
        """True when everything there is was read."""
        return not self._buffered and not self._fill(1)

    def read(self, until: float) -> Samples:
        """(N, 2) float32 from the last read up to sample ``round(until * rate)``; fewer at the end."""
        want = max(round(until * self.rate) - self._given, 0)
        self._fill(want)
        return self._take(min(want, self._buffered))

    def reopen(self) -> TrackSource:
        """The same track from its start, as a source of its own."""
        return TrackSource.open(self.path, self.rate, self.duration)

    def close(self) -> None:
        """Close the file. Reading on gives nothing."""
        self._exhausted = True
        self._waiting.clear()
        self._buffered = 0
        if self._container is not None:
            self._container.close()
            self._container = None

    def _fill(self, count: int) -> bool:
        """Decode until ``count`` samples wait; False when the track ends before."""
        while self._buffered < count and not self._exhausted:
            block = next(self._blocks, None)
            if block is None:
                self._exhausted = True
            else:
                self._waiting.append(block)
                self._buffered += len(block)
        return self._buffered >= count

    def _take(self, count: int) -> Samples:
        parts, missing = [np.zeros((0, 2), np.float32)], count
        while missing:
            block = self._waiting.popleft()
            if len(block) > missing:
                self._waiting.appendleft(block[missing:])
            parts.append(block[:missing])
            missing -= len(parts[-1])
        self._buffered -= count
        self._given += count
        return np.concatenate(parts)


def _title(container: Any, path: Path) -> str:
    """Artist and title as the file names them, or the file's own name. At most 200 characters."""
    tags = {str(key).lower(): str(value).strip() for key, value in container.metadata.items()}
    parts = [part for part in (tags.get("artist", ""), tags.get("title", "")) if part]
    return (" - ".join(parts) if tags.get("title") else path.stem)[:200]


def _duration(container: Any, stream: Any, path: Path) -> float:
    """Seconds: the header's word where the packets confirm it, else the packets' (a file cut short, a wrong header)."""
    said = float(container.duration) / 1e6 if container.duration else 0.0
    if stream.duration and stream.time_base:
        said = float(stream.duration * stream.time_base)
    if said and path.stat().st_size > MEASURED_BYTES:
        return said
    found = measure(path)
    return said if not found or abs(found - said) < 0.2 else found


class ArraySource:
    """Samples already in memory, (N,) or (N, C), read as stereo: a made-up track for tests and rehearsals."""

    channels = 2

    def __init__(self, samples: NDArray[Any], rate: int, title: str = "made up") -> None:
        self.rate = rate
        self.title = title
        self._samples = to_stereo(clean(samples))
        self._given = 0

    @property
    def duration(self) -> float:
        return len(self._samples) / self.rate

    @property
    def ended(self) -> bool:
        return self._given >= len(self._samples)

    def read(self, until: float) -> Samples:
        """(N, 2) float32 from the last read up to sample ``round(until * rate)``; fewer at the end."""
        end = min(max(round(until * self.rate), self._given), len(self._samples))
        block = self._samples[self._given:end]
        self._given = end
        return block

    def reopen(self) -> ArraySource:
        """The same samples from their start."""
        return ArraySource(self._samples, self.rate, self.title)

    def close(self) -> None:
        """Nothing to give back."""


class SilentSource:
    """Silence without end: a show with no sound at all."""

    channels = 2
    title = "silence"
    ended = False

    def __init__(self, rate: int = 48000) -> None:
        self.rate = rate
        self._given = 0

    def read(self, until: float) -> Samples:
        """(N, 2) zeros from the last read up to ``until`` seconds."""
        end = max(round(until * self.rate), self._given)
        count, self._given = end - self._given, end
        return np.zeros((count, 2), np.float32)

    def close(self) -> None:
        """Nothing to give back."""
