"""A long show: frame intervals, images, drops, memory."""

from __future__ import annotations

from pathlib import Path

from benches.show import Run, run
from benches.sound import long_track
from benches.table import Row, at_least, percentile, under

TITLE = "A long performance"
HOW = ("`vj play --headless --size 640x360 --fps 30 --record FILE` on the bundled track, repeated, with the default "
       "look. Intervals are between frames; memory is of the show and its generator process together.")
FPS = 30.0


def measure(folder: Path, seconds: float) -> list[Row]:
    """One show of ``seconds``."""
    track = long_track(folder / "long.wav", seconds + 5)
    done = run(["play", str(track), "--headless", "--size", "640x360", "--fps", f"{FPS:g}",
                "--duration", f"{seconds:g}", "--record", str(folder / "long.mkv")])
    told = done.result
    dropped = told["dropped_frames"]
    statuses = [line["status"] for _, line in done.lines if "status" in line]
    return [
        Row("length", f"{told['seconds']:.0f} s, {told['frames']} frames, encoder {told.get('encoder', 'none')}"),
        at_least("frames shown a second", told["fps"], 29.7, "fps"),
        *(Row(f"frame interval {name}", f"{told[f'{name}_ms']:.1f} ms") for name in ("p50", "p95", "max")),
        under("frame interval p99", told["p99_ms"], 1.5 * 1000 / FPS, "ms"),
        Row("images generated a second", f"{told['images_per_s']:.1f}"),
        Row("age of the image, median and p99", f"{percentile([s['age_ms'] for s in statuses], 0.5):.0f} and "
                                                f"{percentile([s['age_ms'] for s in statuses], 0.99):.0f} ms"),
        Row("frames dropped by the recorder", str(dropped), "0", dropped == 0),
        Row("generator restarts", str(told["restarts"]), "0", told["restarts"] == 0),
        *_memory(done, seconds),
    ]


def _memory(done: Run, seconds: float) -> list[Row]:
    """Growth from a fifth of the show to its end: minute 2 to minute 10 of ten minutes. Means over a tenth each."""
    def mean(begin: float, end: float) -> float:
        span = [mb for at, mb in done.memory if begin * seconds <= at <= end * seconds]
        return sum(span) / len(span)

    early, late = mean(0.15, 0.25), mean(0.88, 0.98)
    return [Row("memory", f"{early:.0f} MB after {seconds * 0.2:.0f} s, {late:.0f} MB at the end"),
            under("memory growth", (late / early - 1) * 100, 5.0, "%")]
