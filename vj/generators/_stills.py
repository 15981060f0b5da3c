"""Images from files, one of them or a folder in time with the beat. Read by PyAV, no larger than they are shown."""

from __future__ import annotations

import math
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from vj.types import VjError

if TYPE_CHECKING:
    import numpy as np
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    from vj.generators._pictures import Moment

    Picture = NDArray[np.uint8]

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
MOST_FILES = 10_000
LARGEST = 120_000_000
"""Pixels of an image that is still read."""
KEPT = 6
"""Pictures kept as they are shown."""
LOCAL = {"protocol_whitelist": "file"}
"""A file that names others may not lead out of this machine."""


def is_still(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() in ENDINGS


def read_still(path: Path, size: tuple[int, int]) -> Picture:
    """(H, W, 3) uint8, the whole image, just covering ``size``. Raises VjError where the file is no image."""
    import av

    try:
        with av.open(str(path), options=LOCAL) as container:
            if not container.streams.video:
                raise VjError(f"the picture {path} has no image in it")
            context = container.streams.video[0].codec_context
            if context.width * context.height > LARGEST:
                raise VjError(f"the picture {path} has {context.width}x{context.height} pixels: "
                              f"{LARGEST // 1_000_000} million are the most")
            return covering(next(container.decode(video=0)), size)
    except (av.error.FFmpegError, StopIteration, OSError, ValueError) as error:
        raise VjError(f"the picture {path} cannot be read: it is damaged or no image") from error


def covering(frame: VideoFrame, size: tuple[int, int]) -> Picture:
    """A frame as (H, W, 3) uint8, its shape kept, just as large as covers ``size`` (width, height), never enlarged."""
    scale = min(max(size[0] / frame.width, size[1] / frame.height), 1.0)
    width, height = max(math.ceil(frame.width * scale), 1), max(math.ceil(frame.height * scale), 1)
    return plain(frame.reformat(width, height, "rgb24", interpolation="AREA"))


def plain(frame: VideoFrame) -> Picture:
    """(H, W, 3) uint8 of a frame that is RGB."""
    import numpy as np

    return np.asarray(frame.to_ndarray(), np.uint8)


def middle(picture: Picture, size: tuple[int, int]) -> Picture:
    """The middle of a picture in the shape of ``size``, so that two of different shapes can be mixed."""
    height, width = picture.shape[:2]
    wide, high = min(width, round(height * size[0] / size[1])), min(height, round(width * size[1] / size[0]))
    left, top = (width - wide) // 2, (height - high) // 2
    return picture[top:top + max(high, 1), left:left + max(wide, 1)]


class Still:
    """One image that stands."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._shown: tuple[tuple[int, int], Picture] | None = None

    def at(self, moment: Moment, size: tuple[int, int]) -> Picture:
        """The image."""
        if self._shown is None or self._shown[0] != size:
            self._shown = size, read_still(self._path, size)
        return self._shown[1]

    def close(self) -> None:
        """Nothing to give back."""


class Folder:
    """The images of a folder by name, each for some beats, the next one mixed in at the end of its time.

    A thread reads the one that comes next. An image that cannot be read is passed over for good.
    """

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._bad: set[Path] = set()
        self._kept: OrderedDict[tuple[Path, tuple[int, int]], Future[Picture]] = OrderedDict()
        self._reader = ThreadPoolExecutor(1, "pictures")

    @classmethod
    def open(cls, folder: Path) -> Folder:
        """Raises VjError where there is no image in it."""
        paths = sorted(path for path in folder.iterdir() if is_still(path) and not path.name.startswith("."))
        if not paths:
            raise VjError(f"there is no image in {folder}: it may hold {', '.join(ENDINGS)} files")
        return cls(paths[:MOST_FILES])

    def at(self, moment: Moment, size: tuple[int, int]) -> Picture:
        """The picture of this beat. Raises VjError when none can be read."""
        place = moment.beats / max(moment.beats_each, 1e-3)
        turn = math.floor(place)
        share = mixed(place - turn, moment.fade)
        here = self._picture(turn, size)
        if share <= 0.0:
            self._begin(self._paths[(turn + 1) % len(self._paths)], size)
            return here
        return faded(here, self._picture(turn + 1, size), share, size)

    def close(self) -> None:
        """End the reading thread."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    def _picture(self, turn: int, size: tuple[int, int]) -> Picture:
        """The image whose turn it is, or the next one that can be read."""
        why: VjError | None = None
        for step in range(len(self._paths)):
            path = self._paths[(turn + step) % len(self._paths)]
            if path in self._bad:
                continue
            try:
                return self._begin(path, size).result()
            except VjError as error:
                why = error
                self._bad.add(path)
        raise why or VjError(f"no image in {self._paths[0].parent} can be read")

    def _begin(self, path: Path, size: tuple[int, int]) -> Future[Picture]:
        key = path, size
        if key not in self._kept:
            self._kept[key] = self._reader.submit(read_still, path, size)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def mixed(place: float, fade: float) -> float:
    """How much of the next picture there is at ``place`` 0..1 of a picture's time: it comes in over the last ``fade``.
    """
    if fade <= 0.0:
        return 0.0
    x = min(max((place - (1.0 - fade)) / fade, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


def faded(here: Picture, there: Picture, share: float, size: tuple[int, int]) -> Picture:
    """Two pictures mixed, as (H, W, 3) uint8 of exactly ``size``."""
    import numpy as np
    from av.video.frame import VideoFrame

    def fitted(picture: Picture) -> NDArray[np.float32]:
        part = np.ascontiguousarray(middle(picture, size))
        return plain(VideoFrame.from_ndarray(part, "rgb24").reformat(*size, "rgb24")).astype(np.float32)

    mixture: Picture = (fitted(here) * (1.0 - share) + fitted(there) * share + 0.5).astype(np.uint8)
    return mixture
