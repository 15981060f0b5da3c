"""Sinks without a file: for rehearsals, benchmarks and tests."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vj.types import Frame, Tick


class NullSink:
    """Takes every frame and keeps none; ``frames`` counts them."""

    def __init__(self) -> None:
        self.frames = 0
        self.closed = False

    def put(self, tick: Tick, frame: Frame) -> None:
        """Count, without reading the frame back."""
        self.frames += 1

    def close(self) -> None:
        """Nothing to give back."""
        self.closed = True


class HashSink:
    """Reads every frame and keeps its SHA-256: two shows are the same when their ``digest`` is."""

    def __init__(self) -> None:
        self.digests: list[str] = []
        self.times: list[float] = []
        self.closed = False

    def put(self, tick: Tick, frame: Frame) -> None:
        """Hash size and pixels."""
        pixels = frame.read()
        self.digests.append(hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest())
        self.times.append(tick.time)

    @property
    def digest(self) -> str:
        """One hash for the whole show: its pictures and their order."""
        return hashlib.sha256("".join(self.digests).encode()).hexdigest()

    def close(self) -> None:
        """Nothing to give back."""
        self.closed = True
