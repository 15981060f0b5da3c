"""Which encoder this machine really has, and how a picture becomes what it eats.

A wheel of FFmpeg lists nvenc, qsv and amf even where no such chip is: only encoding a frame tells.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from vj.types import VjError

if TYPE_CHECKING:
    import av
    from av.video.codeccontext import VideoCodecContext

    from vj.types import Pixels

Quality = Literal["live", "render"]

BT709 = 1
"""FFmpeg's number for BT.709, alike for matrix, primaries and transfer (libavutil/pixfmt.h)."""
LIMITED = 1
"""FFmpeg's number for the 16..235 range."""
LARGEST = 16384
"""Longest side H.264 encoders take, pixels."""

HARDWARE: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("h264_nvenc", "yuv420p", {"preset": "p4", "rc": "vbr", "cq": "20", "delay": "0", "forced-idr": "1", "bf": "0"}),
    ("h264_videotoolbox", "yuv420p", {"realtime": "1", "allow_sw": "0", "bf": "0"}),
    ("h264_qsv", "nv12", {"preset": "veryfast", "async_depth": "1", "forced_idr": "1", "bf": "0"}),
    ("h264_amf", "nv12", {"quality": "balanced", "forced_idr": "1", "bf": "0"}),
)
"""Chips in the order of their reliability: codec, pixel format, options. No B-frames: a kill loses fewer frames."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """All that makes an H.264 encoder: two of the same are the same. ``size`` is even; ``bit_rate`` 0: by quality."""

    codec: str
    size: tuple[int, int]
    fps: Fraction
    pixel_format: str = "yuv420p"
    bit_rate: int = 0
    options: Mapping[str, str] = field(default_factory=dict)

    def apply(self, context: VideoCodecContext, time_base: Fraction) -> None:
        """Set up an encoder that is not open yet, its colours tagged BT.709, limited range."""
        context.width, context.height = self.size
        context.pix_fmt = self.pixel_format
        context.framerate = self.fps
        context.time_base = time_base
        context.gop_size = max(1, round(self.fps))
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED
        if self.bit_rate:
            context.bit_rate = self.bit_rate
        context.options = dict(self.options)

    def describe(self) -> str:
        """One line for the status: ``libx264 ultrafast``."""
        return f"{self.codec} {self.options.get('preset', '')}".strip()


def even_size(size: tuple[int, int]) -> tuple[int, int]:
    """The size as H.264 can hold it (4:2:0 halves the colour): an odd side grows by one pixel, nothing is cut off."""
    width, height = size
    if not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
        raise VjError(f"a video of {width}x{height} cannot be recorded: each side must be 1 to {LARGEST} pixels")
    return width + width % 2, height + height % 2


def frame_rate(fps: float) -> Fraction:
    """The rate as the exact fraction that a video means: 29.97 is 30000/1001."""
    if not (math.isfinite(fps) and 0.1 <= fps <= 1000):
        raise VjError(f"{fps} frames a second cannot be recorded: expected 0.1 to 1000")
    film = Fraction(round(fps * 1.001) * 1000, 1001)
    if fps != round(fps) and abs(float(film) - fps) < 0.005:
        return film
    return Fraction(fps).limit_denominator(1000)


def choose_encoder(size: tuple[int, int], fps: float, quality: Quality = "live", hardware: bool = True) -> Encoding:
    """The first encoder that really encodes a picture of this size here; ``render`` is always libx264.

    A chip's bits differ with driver and temperament; an offline render must be reproducible.
    """
    fitted, rate = even_size(size), frame_rate(fps)
    candidates = _chips(fitted, rate) if hardware and quality == "live" else []
    candidates.append(_software(fitted, rate, quality))
    for encoding in candidates:
        if _encodes(encoding):
            return encoding
    raise VjError(f"no H.264 encoder of this machine takes {size[0]}x{size[1]} at {fps:g} frames a second")


def _chips(size: tuple[int, int], fps: Fraction) -> list[Encoding]:
    bits = int(max(4e6, size[0] * size[1] * float(fps) * 0.15))
    return [Encoding(codec, size, fps, pixels, bits, options) for codec, pixels, options in HARDWARE]


def _software(size: tuple[int, int], fps: Fraction, quality: Quality) -> Encoding:
    if quality == "render":
        # x264's bits depend on the number of threads, so it is the same on every machine.
        # veryfast: a third of medium's time at the same quality (crf), for a file somewhat larger.
        # With AVX-512 its macroblock tree gives other bits each time, so films do without.
        options = {"preset": "veryfast", "crf": "16", "threads": "4", "mbtree": "0"}
        return Encoding("libx264", size, fps, options=options)
    cores = os.cpu_count() or 1
    load = size[0] * size[1] * float(fps) / 60e6  # what one core does at ultrafast, pixels/s, with room to spare
    options = {"preset": "ultrafast" if cores <= 4 or load > cores / 4 else "superfast", "crf": "20",
               "tune": "zerolatency", "threads": str(min(cores, 1 + int(load))), "forced-idr": "1"}
    return Encoding("libx264", size, fps, options=options)


def _encodes(encoding: Encoding) -> bool:
    """Whether a grey picture comes out as a packet."""
    import av
    from av.error import FFmpegError

    try:
        context = cast("VideoCodecContext", av.CodecContext.create(encoding.codec, "w"))
        encoding.apply(context, 1 / encoding.fps)
        packets = list(context.encode(_grey(encoding)))
        packets += context.encode(None)
        return any(packet.size for packet in packets)
    except (FFmpegError, ValueError, OSError, NotImplementedError):
        return False


def _grey(encoding: Encoding) -> av.VideoFrame:
    import av

    frame = av.VideoFrame(*encoding.size, encoding.pixel_format)
    for plane in frame.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    frame.pts, frame.time_base = 0, 1 / encoding.fps
    return frame


class Converter:
    """RGBA pixels to the encoder's YUV. Holds the scaler, so one for each encoder thread."""

    def __init__(self, encoding: Encoding) -> None:
        from av.video.reformatter import VideoReformatter

        self._encoding = encoding
        self._reformatter = VideoReformatter()

    def convert(self, pixels: Pixels) -> av.VideoFrame:
        """(H, W, 4) uint8 RGBA to a tagged frame. An odd side repeats its last line; another size is scaled."""
        import av

        rgba = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(_padded(pixels)), "rgba")
        width, height = self._encoding.size
        frame = self._reformatter.reformat(
            rgba, width, height, self._encoding.pixel_format, dst_colorspace=BT709,
            interpolation="FAST_BILINEAR", src_color_range="JPEG", dst_color_range="MPEG")
        frame.color_primaries = frame.color_trc = BT709
        return frame


def _padded(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return pixels
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
