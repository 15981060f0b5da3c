"""Tracks for measuring: the bundled one as long as it takes, and clicks."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

from vj.audio.source import TrackSource
from vj.config import bundled_track


def long_track(path: Path, seconds: float) -> Path:
    """The bundled track, repeated to ``seconds``, as 16-bit WAV."""
    source = TrackSource.open(bundled_track())
    samples = source.read(source.duration)
    pcm = np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2")
    wanted = round(seconds * source.rate)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(pcm.shape[1])
        out.setsampwidth(2)
        out.setframerate(source.rate)
        while wanted > 0:
            out.writeframes(pcm[:wanted].tobytes())
            wanted -= len(pcm)
    source.close()
    return path


def click_track(path: Path, seconds: float) -> list[float]:
    """113 clicks a minute; the times they begin."""
    script = Path(__file__).resolve().parent.parent / "make_click"
    subprocess.run([sys.executable, script, "-o", path, "--bpm", "113", "--duration", str(seconds)], check=True,
                   capture_output=True)
    return [float(time) for time in json.loads(path.with_suffix(".json").read_text("utf-8"))["clicks"]]
