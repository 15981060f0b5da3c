"""Paints its tick index all over the picture, or does what ``params["act"]`` says."""

import ctypes
import os
import threading
import time

import numpy as np

from vj.types import GenRequest, Image

MEETING = threading.Barrier(3, timeout=5)


class Actor:
    NAME = "actor"
    HELP = "for tests"
    PARAMS = ()
    PURE = True

    def load(self, device: str) -> None:
        self.device = device

    def render(self, request: GenRequest) -> Image:
        getattr(self, str(request.params.get("act", "draw")))()
        time.sleep(float(request.params.get("cost", 0.0)))
        width, height = request.size
        if request.params.get("act") == "wrong":
            return Image(np.zeros((height, width, 3), np.float32), request.tick.index, request.tick.time)
        pixels = np.full((height, width, 4), request.tick.index % 251, np.uint8)
        return Image(pixels, request.tick.index, request.tick.time, request.point.camera)

    def close(self) -> None:
        pass

    def draw(self) -> None:
        pass

    wrong = draw

    def fail(self) -> None:
        raise ValueError("no such colour")

    def memory(self) -> None:
        raise MemoryError("the card is full")

    def lose(self) -> None:
        raise RuntimeError("CUDA error: device-side assert triggered\nCompile with TORCH_USE_CUDA_DSA")

    def hang(self) -> None:
        time.sleep(3600)

    def leave(self) -> None:
        raise SystemExit(3)

    def crash(self) -> None:
        ctypes.string_at(0)

    def meet(self) -> None:
        MEETING.wait()

    def chatter(self) -> None:
        print("a library prints")
        os.write(1, b"and writes past Python\n")


Generator = Actor
