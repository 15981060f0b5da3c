"""A camera's newest picture. A thread reads it; whoever draws never waits for it after the first."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vj.generators._stills import covering
from vj.types import VjError

if TYPE_CHECKING:
    import numpy as np
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    from vj.generators._pictures import Moment

    Picture = NDArray[np.uint8]

CAMERA = "camera"
"""What stands in place of a path: ``camera``, ``camera:1``, ``camera:/dev/video2``, on Windows ``camera:NAME``."""
FIRST_S = 5.0
"""Longest wait for a camera's first picture."""
_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}


class Camera:
    """The newest of ``frames``, which are read on a thread until they end."""

    def __init__(self, frames: Iterator[VideoFrame], close: Callable[[], None], name: str = "") -> None:
        self._frames, self._close, self._name = frames, close, name
        self._newest: VideoFrame | None = None
        self._came, self._ending = threading.Event(), False
        self._why = ""
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, name: str) -> Camera:
        """Raises VjError where there is no such camera."""
        import av

        device, kind = device_of(name, sys.platform), _FORMATS.get(sys.platform, "v4l2")
        try:
            container = av.open(device, format=kind)
            return cls(container.decode(video=0), container.close, device)
        except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
            raise VjError(f"there is no camera {device}, or another program has it") from error

    def at(self, moment: Moment, size: tuple[int, int]) -> Picture:
        """The newest picture. Raises VjError when none comes."""
        self._came.wait(FIRST_S)
        frame = self._newest
        if frame is None or self._why:
            raise VjError(f"the camera {self._name} gives no picture{self._why}")
        return covering(frame, size)

    def close(self) -> None:
        """End the thread, then let go of the device."""
        self._ending = True
        self._thread.join(FIRST_S)
        self._close()

    def _read(self) -> None:
        try:
            for frame in self._frames:
                self._newest = frame
                self._came.set()
                if self._ending:
                    return
            self._why = " any more"
        except Exception as error:  # whatever a driver may say
            self._why = f": {' '.join(str(error).split())[:120]}"
        finally:
            self._came.set()


def device_of(name: str, platform: str) -> str:
    """A camera's name as the system has it; without one, the first."""
    if platform == "linux":
        return name if name.startswith("/dev/") else f"/dev/video{name or 0}"
    if platform == "win32":
        return f"video={name or 'Integrated Camera'}"
    return f"{name or 0}:none"
