"""A small copy of what is shown, for a page: made only while somebody looks, and never waited for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Protocol

from vj.render.frame import DelayedReader, GLFrame
from vj.render.surface import Painter, Surface

if TYPE_CHECKING:
    from moderngl import Context, Texture

    from vj.types import Frame, Pixels, Tick

HEIGHT = 216
"""Lines of a preview."""
RATE = 15.0
"""Pictures a second, at most."""
PROGRAM = "program"


class Viewers(Protocol):
    """Who looks: the names that are wanted, and where pictures go."""

    @property
    def wanted(self) -> Collection[str]: ...

    def put(self, name: str, pixels: Pixels, look: str = "") -> None: ...


class Preview:
    """A sink: shrinks a frame now and then, and brings it home while the next ones are drawn.

    ``look`` names what is on stage. ``others``: textures to show beside the program, by name; None where one is not
    there. The GL context must be current in the calling thread.
    """

    def __init__(self, context: Context, size: tuple[int, int], viewers: Viewers, *, look: Callable[[], str],
                 rate: float = RATE) -> None:
        self._viewers, self._look, self._period = viewers, look, 1.0 / rate
        self._size = small(size)
        self._painter = Painter(context, "shrink")
        self._surface = Surface(context, self._size, "f1")
        self._reader = DelayedReader(context, self._size)
        self._since = self._period
        self._coming = ""

    def put(self, tick: Tick, frame: Frame) -> None:
        """Take a picture of ``frame`` where it is time for one; hand over the one that was taken before."""
        self._since += tick.dt
        if self._coming:
            pixels = self._reader.last()
            if pixels is not None:
                self._viewers.put(PROGRAM, pixels, self._coming)
            self._coming = ""
        elif self._since >= self._period and PROGRAM in self._viewers.wanted and isinstance(frame, GLFrame):
            self._since = min(self._since - self._period, self._period)
            self._take(frame.texture)

    def _take(self, texture: Texture) -> None:
        width, height = self._size
        self._painter.draw(self._surface.framebuffer, {"image": texture},
                           {"pixel": (1.0 / width, 1.0 / height)})
        self._reader.read(GLFrame(self._surface.texture))
        self._coming = self._look() or PROGRAM

    def close(self) -> None:
        """Give the GPU's memory back."""
        self._reader.close()
        self._surface.release()
        self._painter.release()


def small(size: tuple[int, int], height: int = HEIGHT) -> tuple[int, int]:
    """The preview's (width, height) for a picture of ``size``: its shape, even sides, never larger."""
    lines = min(height, size[1])
    return max(round(size[0] * lines / size[1] / 2) * 2, 2), max(lines // 2 * 2, 2)
