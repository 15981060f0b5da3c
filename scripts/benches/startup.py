"""How soon something happens: the help, the moving picture, the first generated image."""

from __future__ import annotations

import math
import statistics
import subprocess
import time
from pathlib import Path

from benches.show import VJ, run
from benches.table import Row, under

TITLE = "Startup"
HOW = ("Medians over repeated commands on a warm file cache. Picture and image: `vj play --headless --size 640x360 "
       "--record FILE`, from the command to the first frame drawn and to the first generated image in it.")


def measure(folder: Path, _seconds: float) -> list[Row]:
    """``vj --help`` ten times, ``vj play`` three times."""
    helps = [_help() for _ in range(10)]
    begun = [_begin(folder / f"start{n}.mkv") for n in range(3)]
    return [under("`vj --help`", statistics.median(helps), 0.4, "s"),
            under("picture moving", statistics.median(frame for frame, _ in begun), 2.0, "s"),
            under("first generated image", statistics.median(image for _, image in begun), 6.0, "s")]


def _help() -> float:
    began = time.perf_counter()
    subprocess.run([VJ, "--help"], check=True, capture_output=True)
    return time.perf_counter() - began


def _begin(video: Path) -> tuple[float, float]:
    done = run(["play", "--headless", "--size", "640x360", "--duration", "12", "--record", str(video)])
    image = done.result["first_image_s"]
    return done.loop_began + done.result["first_frame_s"], done.loop_began + (math.inf if image is None else image)
