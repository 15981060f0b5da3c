"""Opens a file that takes long: with signs of life, or without one."""

import time

import numpy as np

from vj.types import GenRequest, Image


class Patient:
    NAME = "patient"
    HELP = "for tests"
    PARAMS = ()
    PURE = True

    def live(self, loading, say) -> None:
        self._loading = loading

    def load(self, device: str) -> None:
        self._opened = False

    def render(self, request: GenRequest) -> Image:
        if request.params.get("hangs"):
            self._loading("a file")
            time.sleep(3600)
        for _ in range(0 if self._opened else 16):
            self._loading("a file")
            time.sleep(0.15)
        self._opened = True
        return Image(np.full((8, 8, 4), 9, np.uint8), request.tick.index, request.tick.time)

    def close(self) -> None:
        pass


Generator = Patient
