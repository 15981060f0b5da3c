"""Pictures from elsewhere to draw over: a still, a folder of stills, a video, a camera; by name, in time with the show.

What is shown at a moment depends on that moment alone (a camera's picture on the world), so a take is rendered with
the same pictures. Every file is read by PyAV; one that is none is told in one sentence and left alone for a while.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vj.clock import now
from vj.generators._camera import CAMERA, Camera
from vj.generators._stills import Folder, Still, is_still
from vj.generators._video import Video
from vj.types import VjError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

MOST_OPEN = 8
REST_S = 5.0
"""Before a picture that failed is tried again."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When: seconds and beats of the show. ``beats_each`` of a folder's pictures, ``fade`` the share they mix."""

    time: float
    beats: float
    beats_each: float = 8.0
    fade: float = 0.25


class Source(Protocol):
    """Gives (H, W, 3) uint8 of at least ``size`` (width, height) in one direction and not less in the other."""

    def at(self, moment: Moment, size: tuple[int, int]) -> Picture: ...

    def close(self) -> None: ...


def open_source(path: str) -> Source:
    """What lies at ``path``. Raises VjError where it is no picture."""
    from pathlib import Path

    if path.split(":", 1)[0] == CAMERA:
        return Camera.open(path.partition(":")[2])
    place = Path(path).expanduser()
    if place.is_dir():
        return Folder.open(place)
    if not place.is_file():
        raise VjError(f"there is no picture at {place}: give --picture an image, a video, a folder of images or camera")
    return Still(place) if is_still(place) else Video.open(place)


class Pictures:
    """The sources that are in use, opened when they are needed. ``opening`` is ``open_source``, or a double's."""

    def __init__(self, opening: Callable[[str], Source] = open_source) -> None:
        self._opening = opening
        self._open: OrderedDict[str, Source] = OrderedDict()
        self._failed: dict[str, tuple[float, str]] = {}

    def at(self, name: str, files: Mapping[str, str], moment: Moment, size: tuple[int, int]) -> Picture:
        """The picture ``name`` at a moment. Raises VjError, the same one for ``REST_S``, where there is none."""
        path = files.get(f"picture/{name}")
        if path is None:
            raise VjError(f"there is no picture {name!r}: start vj with --picture {name}=PATH")
        until, why = self._failed.get(path, (0.0, ""))
        if now() < until:
            raise VjError(why)
        try:
            return self._source(path).at(moment, size)
        except VjError as error:
            self._fail(path, str(error))
            raise
        except Exception as error:  # a decoder may fail in any way that a file may be broken
            why = f"the picture {path} cannot be read: {' '.join(str(error).split())[:120] or type(error).__name__}"
            self._fail(path, why)
            raise VjError(why) from error

    def close(self) -> None:
        """Let go of files and devices."""
        while self._open:
            self._open.popitem()[1].close()

    def _source(self, path: str) -> Source:
        if path not in self._open:
            while len(self._open) >= MOST_OPEN:
                self._open.popitem(last=False)[1].close()
            self._open[path] = self._opening(path)
        self._open.move_to_end(path)
        return self._open[path]

    def _fail(self, path: str, why: str) -> None:
        self._failed[path] = now() + REST_S, why
        source = self._open.pop(path, None)
        if source is not None:
            source.close()
