"""Single pictures as JPEG, by FFmpeg's own encoder: small ones, many a second, off the main thread."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

    from vj.types import Pixels

QUALITY = 5
"""FFmpeg's scale for JPEG: 2 is the best, 31 the smallest."""


class Stills:
    """Makes JPEGs. Keeps the encoder for as long as the size stays; not for two threads at once."""

    def __init__(self, quality: int = QUALITY) -> None:
        self._quality = quality
        self._codec: VideoCodecContext | None = None
        self._count = 0

    def jpeg(self, pixels: Pixels) -> bytes:
        """``pixels`` (H, W, 3 or 4) uint8, top row first, both sides even, as a JPEG file's bytes."""
        import av
        from av.video.reformatter import ColorRange, Colorspace

        height, width, depth = pixels.shape
        if self._codec is None or (self._codec.width, self._codec.height) != (width, height):
            self._codec = self._opened(width, height)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgba" if depth == 4 else "rgb24")
        frame = frame.reformat(format="yuvj420p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.JPEG)
        frame.pts = self._count
        self._count += 1
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))

    def _opened(self, width: int, height: int) -> VideoCodecContext:
        import av

        codec = av.CodecContext.create("mjpeg", "w")
        codec.width, codec.height, codec.pix_fmt = width, height, "yuvj420p"
        codec.time_base = Fraction(1, 15)
        codec.thread_count = 1
        codec.qmin = codec.qmax = self._quality
        return codec
