"""Draws the tick's number, or over another deck's picture one more than that; says what it loads and what is wrong."""

import numpy as np

from vj.types import GenRequest, Image, VjError


class Overlay:
    NAME = "overlay"
    HELP = "A picture over another one."
    PARAMS = ()
    PURE = False

    def __init__(self) -> None:
        self._loading = self._say = lambda text: None

    def live(self, loading, say) -> None:
        self._loading, self._say = loading, say

    def load(self, device: str) -> None:
        self._say(f"on {device}")

    def render(self, request: GenRequest) -> Image:
        if request.params.get("fail"):
            raise VjError("the file is gone: bring it back")
        self._loading("a file")
        below = None if request.image_in is None else int(request.image_in[0, 0, 0])
        value = request.tick.index if below is None else below + 1
        return Image(np.full((8, 8, 4), value, np.uint8), request.tick.index, request.tick.time)

    def close(self) -> None:
        pass


Generator = Overlay
