"""One grey, and it remembers how often it drew: not pure."""

import numpy as np

from vj.types import GenRequest, Image


class Plain:
    NAME = "plain"
    HELP = "for tests"
    PARAMS = ()
    PURE = False

    def load(self, device: str) -> None:
        self.drawn = 0

    def render(self, request: GenRequest) -> Image:
        self.drawn += 1
        pixels = np.full((request.size[1], request.size[0], 4), 200, np.uint8)
        pixels[0, 0] = self.drawn
        return Image(pixels, request.tick.index, request.tick.time, request.point.camera)

    def close(self) -> None:
        pass


Generator = Plain
