"""Pictures in memory that two processes see, without a name and so without a trace.

On Linux the memory is a ``memfd``, elsewhere on POSIX an unlinked file, on Windows the page file: in each case
the system frees it when the last process that holds it ends, however it ends. (``multiprocessing.shared_memory``
has a name in /dev/shm that outlives a ``kill -9`` of both sides, and a tracker process that warns.)

A slot belongs to one side at a time, told by one byte: the writer fills a free slot and marks it full, the reader
copies it out and marks it free. So no picture is ever torn, and none is seen to change.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vj.types import Pixels

SLOTS = 3
"""One being drawn, one on its way, one being copied."""
_HEAD = 4096
_FREE, _FULL = 0, 1


class SharedFrames:
    """``SLOTS`` pictures behind a ``handle`` that the other process opens. One writer, one reader."""

    def __init__(self, handle: str) -> None:
        self.handle = handle
        self._slot_bytes = 0
        self._map: mmap.mmap | None = None

    @classmethod
    def create(cls) -> SharedFrames:
        """New memory; it grows with the first picture."""
        if sys.platform == "win32":
            return cls(f"vj-{os.getpid()}-{os.urandom(8).hex()}")
        if sys.platform == "linux":
            return cls(str(os.memfd_create("vj-frames")))
        with tempfile.TemporaryFile() as file:
            return cls(str(os.dup(file.fileno())))

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a child must inherit to open the handle."""
        return () if sys.platform == "win32" else (int(self.handle),)

    def free_slot(self, count: int) -> int | None:
        """A slot that takes ``count`` bytes, or None while the reader still holds what is in the way."""
        if count > self._slot_bytes:
            if self._map is not None and any(self._map[slot] == _FULL for slot in range(SLOTS)):
                return None
            self._open(count, grow=True)
        assert self._map is not None  # noqa: S101 - opened above or before
        return next((slot for slot in range(SLOTS) if self._map[slot] == _FREE), None)

    def write(self, slot: int, pixels: Pixels) -> int:
        """Fill a free slot and hand it over; returns the bytes a slot holds, which the reader needs to find it."""
        self._view(slot, pixels.shape[0], pixels.shape[1])[:] = pixels
        self._mark(slot, _FULL)
        return self._slot_bytes

    def read(self, slot: int, slot_bytes: int, size: tuple[int, int]) -> Pixels:
        """A copy (H, W, 4) of a full slot, which is free again afterwards. ``size`` is (width, height)."""
        if slot_bytes != self._slot_bytes:
            self._open(slot_bytes)
        pixels: Pixels = self._view(slot, size[1], size[0]).copy()
        self._mark(slot, _FREE)
        return pixels

    def close(self) -> None:
        """Let go of the memory; it is gone when the other side has let go too."""
        if self._map is not None:
            self._map.close()
            self._map = None
        for descriptor in self.descriptors:
            os.close(descriptor)

    def _mark(self, slot: int, state: int) -> None:
        if self._map is not None:
            self._map[slot] = state

    def _view(self, slot: int, height: int, width: int) -> Pixels:
        assert self._map is not None  # noqa: S101
        start = _HEAD + slot * self._slot_bytes
        flat = np.frombuffer(self._map, np.uint8, height * width * 4, start)
        return flat.reshape(height, width, 4)

    def _open(self, slot_bytes: int, *, grow: bool = False) -> None:
        if self._map is not None:
            self._map.close()
        total = _HEAD + SLOTS * slot_bytes
        if sys.platform == "win32":
            self._map = mmap.mmap(-1, total, tagname=f"{self.handle}-{slot_bytes}")
        else:
            if grow:
                os.ftruncate(int(self.handle), total)
            self._map = mmap.mmap(int(self.handle), total)
        self._slot_bytes = slot_bytes
