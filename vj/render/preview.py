"""Small copies of what is shown, and of the deck that is not, for a page: made only while somebody looks, and never
waited for.
"""

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
OTHER_RATE = 0.5
"""Share of the rate at which the other deck is shown: nobody but the page has it drawn."""
PROGRAM, OTHER = "program", "other"


class Viewers(Protocol):
    """Who looks: the names that are wanted, and where pictures go."""

    @property
    def wanted(self) -> Collection[str]: ...

    def put(self, name: str, pixels: Pixels, look: str = "") -> None: ...


class Preview:
    """A sink: shrinks a frame now and then, and brings it home while the next ones are drawn.

    ``look`` names what is on the wall. ``other`` draws the deck that is not; None where there is none. The GL context
    must be current in the calling thread.
    """

    def __init__(self, context: Context, size: tuple[int, int], viewers: Viewers, *, look: Callable[[], str],
                 rate: float = RATE, other: Callable[[], Texture | None] = lambda: None) -> None:
        self._viewers, self._look, self._other = viewers, look, other
        self._periods = {PROGRAM: 1.0 / rate, OTHER: 1.0 / (rate * OTHER_RATE)}
        self._since = dict(self._periods)
        self._size = small(size)
        self._painter = Painter(context, "shrink")
        self._surface = Surface(context, self._size, "f1")
        self._reader = DelayedReader(context, self._size)
        self._coming: tuple[str, str] | None = None  # name, look

    def put(self, tick: Tick, frame: Frame) -> None:
        """Take a picture where it is time for one; hand over the one that was taken before."""
        for name in self._since:
            self._since[name] += tick.dt
        if self._coming is not None:
            name, look = self._coming
            pixels = self._reader.last()
            if pixels is not None:
                self._viewers.put(name, pixels, look)
            self._coming = None
        elif isinstance(frame, GLFrame) and (due := self._due()):
            self._since[due] = min(self._since[due] - self._periods[due], self._periods[due])
            texture = frame.texture if due == PROGRAM else self._other()
            if texture is not None:
                self._take(texture)
                self._coming = due, self._look() if due == PROGRAM else due

    def _due(self) -> str:
        """The picture that has waited longest, of those that somebody looks at and whose time it is; or nothing."""
        waits = {name: self._since[name] / period for name, period in self._periods.items()
                 if name in self._viewers.wanted and self._since[name] >= period}
        return max(waits, key=lambda name: waits[name], default="")

    def _take(self, texture: Texture) -> None:
        width, height = self._size
        self._painter.draw(self._surface.framebuffer, {"image": texture},
                           {"pixel": (1.0 / width, 1.0 / height)})
        self._reader.read(GLFrame(self._surface.texture))

    def close(self) -> None:
        """Give the GPU's memory back."""
        self._reader.close()
        self._surface.release()
        self._painter.release()


def small(size: tuple[int, int], height: int = HEIGHT) -> tuple[int, int]:
    """The preview's (width, height) for a picture of ``size``: its shape, even sides, never larger."""
    lines = min(height, size[1])
    return max(round(size[0] * lines / size[1] / 2) * 2, 2), max(lines // 2 * 2, 2)
