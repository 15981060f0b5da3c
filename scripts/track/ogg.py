"""Writing the record to Ogg Opus."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from .grid import RATE
from .oscillators import Sound, random

BITRATE = 116_000


def write_ogg(path: Path, sound: Sound, bitrate: int = BITRATE) -> None:
    """Encode stereo (n, 2) in -1..1 at RATE; the same sound gives the same bytes.

    The container tells players how many samples the encoder put in front, so the decoded file starts at sample 0.
    """
    dithered = sound + (random("dither left").random(sound.shape) - random("dither right").random(sound.shape)) / 32768
    pcm = np.ascontiguousarray(np.clip(np.rint(dithered * 32767), -32768, 32767).astype(np.int16).reshape(1, -1))
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact", "serial_offset": "1"}) as container:
        stream = container.add_stream("libopus", rate=RATE, layout="stereo", options={"application": "audio"})
        stream.codec_context.bit_rate = bitrate
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="stereo")
        frame.sample_rate = RATE
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
