"""How a picture gets from where it was drawn onto the wall: through host memory, or straight from CUDA to OpenGL.

The straight way is CUDA's own (cudaGraphicsGLRegisterImage of the runtime's OpenGL interoperability), called by ctypes.
It needs OpenGL on the same GPU and in the same process, which a show's generator is not in: it is measured here to know
what the other way costs.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import torch

from benches.gpu_measure import Bench, Spans, repeated
from vj.render.context import headless_context
from vj.runner.memory import SharedFrames

_TEXTURE_2D, _WRITE_DISCARD, _DEVICE_TO_DEVICE = 0x0DE1, 2, 3
"""GL_TEXTURE_2D; cudaGraphicsRegisterFlagsWriteDiscard; cudaMemcpyDeviceToDevice."""


def uploads(bench: Bench) -> Iterator[Spans]:
    """Both ways to a texture, each until OpenGL has it; the straight one where it can be had."""
    (width, height), context = bench.size, headless_context()
    drawn = torch.randint(0, 256, (height, width, 4), dtype=torch.uint8, device=bench.parts.device)
    texture = context.texture(bench.size, 4)
    host = torch.empty(drawn.shape, dtype=torch.uint8, pin_memory=drawn.is_cuda)
    frames = SharedFrames.create()

    def through_host() -> None:
        host.copy_(drawn, non_blocking=True)
        if drawn.is_cuda:
            torch.cuda.current_stream().synchronize()
        slot = frames.free_slot(host.nbytes)
        texture.write(frames.read(slot, frames.write(slot, host.numpy()), bench.size) if slot is not None
                      else host.numpy())
        context.finish()

    yield _timed("to a texture through pinned and shared memory", through_host, bench)
    assert drawn.is_cuda or np.array_equal(np.frombuffer(texture.read(), np.uint8), drawn.numpy().ravel())
    frames.close()
    if drawn.is_cuda:
        yield from _straight(bench, drawn, texture, context)
    texture.release()


def _straight(bench: Bench, drawn: torch.Tensor, texture: Any, context: Any) -> Iterator[Spans]:
    def straight() -> None:
        way.copy(drawn)
        context.finish()

    try:
        with closing(Interop(texture.glo)) as way:
            yield _timed("to a texture by CUDA-GL", straight, bench)
    except OSError as error:
        print(f"    CUDA-GL cannot be had here: {error}")


def _timed(what: str, run: Callable[[], None], bench: Bench) -> Spans:
    for _ in range(3):
        run()
    return Spans(what, repeated(lambda _: run(), bench.seconds / 8))


class Interop:
    """A texture of OpenGL as CUDA's runtime sees it. Every failure is an OSError with CUDA's number."""

    def __init__(self, texture: int) -> None:
        self._cuda = ctypes.CDLL(f"libcudart.so.{str(torch.version.cuda).partition('.')[0]}")
        self._resource = ctypes.c_void_p()
        self._call("cudaGraphicsGLRegisterImage", ctypes.byref(self._resource), ctypes.c_uint(texture),
                   ctypes.c_uint(_TEXTURE_2D), ctypes.c_uint(_WRITE_DISCARD))

    def copy(self, pixels: torch.Tensor) -> None:
        """(H, W, 4) uint8 on the device, contiguous, into the texture."""
        array, stream = ctypes.c_void_p(), ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        row = pixels.shape[1] * pixels.shape[2]
        self._call("cudaGraphicsMapResources", ctypes.c_int(1), ctypes.byref(self._resource), stream)
        try:
            self._call("cudaGraphicsSubResourceGetMappedArray", ctypes.byref(array), self._resource,
                       ctypes.c_uint(0), ctypes.c_uint(0))
            self._call("cudaMemcpy2DToArrayAsync", array, *map(ctypes.c_size_t, (0, 0)),
                       ctypes.c_void_p(pixels.data_ptr()), *map(ctypes.c_size_t, (row, row, pixels.shape[0])),
                       ctypes.c_int(_DEVICE_TO_DEVICE), stream)
        finally:
            self._call("cudaGraphicsUnmapResources", ctypes.c_int(1), ctypes.byref(self._resource), stream)

    def close(self) -> None:
        """Let go of the texture."""
        self._cuda.cudaGraphicsUnregisterResource(self._resource)

    def _call(self, name: str, *arguments: Any) -> None:
        failed = getattr(self._cuda, name)(*arguments)
        if failed:
            raise OSError(f"{name}: CUDA error {failed}")
