"""A finished picture on the GPU, and ways to bring it home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from moderngl import Buffer, Context, Texture

    from vj.types import Pixels


class GLFrame:
    """A composited picture, 8-bit RGBA. Good until the compositor has drawn two more."""

    def __init__(self, texture: Texture) -> None:
        self.texture = texture
        self.size: tuple[int, int] = texture.size

    def read(self) -> Pixels:
        """(H, W, 4) uint8 RGBA, top row first. A copy; waits for the GPU."""
        return _upright(self.texture.read(), self.size)


class DelayedReader:
    """Reads frames one behind, through two pixel buffers, so that a live GPU is never waited for."""

    def __init__(self, context: Context, size: tuple[int, int]) -> None:
        self._size = size
        self._buffers: list[Buffer] = [context.buffer(reserve=size[0] * size[1] * 4) for _ in range(2)]
        self._pending = False

    def read(self, frame: GLFrame) -> Pixels | None:
        """Start bringing ``frame``; give the one before it, None at first."""
        frame.texture.read_into(self._buffers[0])
        self._buffers.reverse()
        ready, self._pending = self._pending, True
        return _upright(self._buffers[0].read(), self._size) if ready else None

    def last(self) -> Pixels | None:
        """The frame still on its way, at the end."""
        ready, self._pending = self._pending, False
        return _upright(self._buffers[1].read(), self._size) if ready else None

    def close(self) -> None:
        for buffer in self._buffers:
            buffer.release()


def _upright(data: bytes, size: tuple[int, int]) -> Pixels:
    """GL's bottom-up bytes as rows from the top."""
    return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(size[1], size[0], 4)[::-1])
