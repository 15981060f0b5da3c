"""Click in, flash out: measured in the recorded file, between its own sound and its own pictures."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from benches.show import look, run
from benches.sound import click_track
from benches.table import Row, percentile, under

TITLE = "Click to flash"
HOW = ("A track of clicks, 113 a minute so that they fall anywhere between two frames; a look that brightens on each "
       "onset. In the recorded file: from the click in its sound to the first picture that is brighter than half "
       "way, in frames of 1/30 s. *Effect*: the brightness follows in the display; *image*: the generator draws it, "
       "so the image's own age, which the show reports, is allowed on top.")
FPS = 30.0
EFFECT = """
mood = "bench"
generator = "test_pattern"
[sources.hit]
kind = "audio_band"
[[routes]]
source = "hit"
target = "/master/brightness"
depth = 0.6
[values]
"/a/gen/flash" = 0.0
"/master/brightness" = 0.5
"/master/flash_limit" = false
"/mod/hit/band" = "onset"
"/mod/hit/signal" = "hits"
"/mod/hit/attack" = 0.001
"/mod/hit/release" = 0.05
"""
IMAGE = """
mood = "bench"
generator = "test_pattern"
[values]
"/master/flash_limit" = false
"""
STILL = '"/a/walk/speed" = 0.0\n"/a/walk/energy" = 0.0\n"/a/walk/kick" = 0.0\n'


def measure(folder: Path, seconds: float) -> list[Row]:
    """Live and offline, by the effect and by the image."""
    home, track = folder / "home", folder / "clicks.wav"
    click_track(track, min(max(seconds, 12.0), 60.0))
    rows = []
    for path, text in (("effect", EFFECT), ("image", IMAGE)):
        name = look(home, f"bench_{path}", text + STILL)
        for how in ("live", "offline"):
            video = folder / f"{path}_{how}.mkv"
            told = run(_command(how, track, video, name), home).result
            rows += judged(f"{path}, {how}", answers(video), told.get("latency_ms", 0.0) if path == "image" else 0.0,
                           how == "live")
    return rows


def judged(what: str, found: Sequence[tuple[float, float]], reported_ms: float, live: bool) -> list[Row]:
    """Live, the time from click to flash counts; offline, how many frames after the first that could show it."""
    late = [(flash - click) * FPS for click, flash in found]
    frames = [round(flash * FPS) - math.ceil(click * FPS - 1e-3) for click, flash in found]
    rows = [Row(f"{what}: clicks answered", f"{len(found)}"),
            Row(f"{what}: median and p95", f"{statistics.median(late):.2f} and {percentile(late, 0.95):.2f} frames")]
    if not live:
        worst = max(frames)
        return [*rows, Row(f"{what}: frames after the first that could show it, at most", str(worst), "1", worst <= 1)]
    allowed = 1.5 + reported_ms / 1000 * FPS
    share = 0.5 if reported_ms else 0.95  # the reported latency is a mean
    name = "median" if reported_ms else "p95"
    return [*rows, under(f"{what}: {name} against 1.5 frames and {reported_ms:.0f} ms reported",
                         percentile(late, share), round(allowed, 2), "frames")]


def _command(how: str, track: Path, video: Path, name: str) -> list[str]:
    common = [str(track), "--look", name, "--size", "640x360", "--fps", f"{FPS:g}"]
    if how == "live":
        return ["play", *common, "--headless", "--record", str(video)]
    return ["render", *common, "-o", str(video), "--quality", "full"]  # an image of its own for every frame


def answers(video: Path) -> list[tuple[float, float]]:
    """When each click begins in the file's sound and when the flash that answers it is seen, seconds."""
    times, light = brightness(video)
    found = []
    for click in clicks(video)[4:]:  # the first few teach the ears how loud it is
        window = (times > click - 0.1) & (times < click + 0.35)
        before, peak = light[(times > click - 0.2) & (times <= click)], light[window]
        if len(before) and len(peak) and peak.max() - np.median(before) > 10:
            half = (np.median(before) + peak.max()) / 2
            found.append((click, float(times[window][np.argmax(peak > half)])))
    return found


def brightness(video: Path) -> tuple[np.ndarray, np.ndarray]:
    """Time and mean luma of every frame. The top eighth, where the pattern counts, is left out."""
    with av.open(str(video)) as file:
        shown = [(frame.time, frame.to_ndarray(format="gray")[frame.height // 4 :].mean())
                 for frame in file.decode(video=0)]
    times, light = zip(*shown, strict=True)
    return np.array(times), np.array(light)


def clicks(video: Path) -> list[float]:
    """When the clicks begin in the file's sound, seconds."""
    with av.open(str(video)) as file:
        stream = file.streams.audio[0]
        blocks = [(frame.time, frame.to_ndarray()) for frame in file.decode(stream)]
        rate = stream.rate
    loud = np.abs(np.concatenate([block.mean(axis=0) for _, block in blocks]))
    over = np.flatnonzero(loud > 0.3 * loud.max())
    first = over[np.insert(np.diff(over) > rate // 4, 0, True)]
    return [float(blocks[0][0] + index / rate) for index in first]
