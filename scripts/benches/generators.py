"""Images a second of every generator: alone, and under a recorded show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benches.show import look, run
from benches.table import Row, at_least
from vj import registry

TITLE = "Generators"
HOW = ("Alone: 256x256 along a calm walk, in a process of its own with as many threads as a show gives it, the show's "
       "other work absent. In a show: images a second while `vj play --headless --size 640x360 --record` runs at "
       "30 fps with images of 344x192, as many pixels as 256x256; a show asks for one image a frame at most.")
GOALS = {"painter": 12.0, "cppn": 30.0}
GOALS_IN_SHOW = {"painter": 12.0, "cppn": 29.7}

ALONE = """
import math, sys
from vj import registry
from vj.clock import now
from vj.runner.device import default_threads, limit_threads, pick_device
from vj.types import Camera, Features, GenRequest, LatentPoint, Tick
name, seconds = sys.argv[1], float(sys.argv[2])
made = registry.load("vj.generators", name, "Generator")()
made.load(pick_device())
limit_threads(default_threads())
params = {spec.name: spec.default for spec in made.PARAMS}

def render(n):
    turn = [math.cos(0.01 * n * (k + 1)) for k in range(16)]
    length = math.sqrt(sum(w * w for w in turn))
    point = LatentPoint(tuple(w / length for w in turn), journey=0.01 * n, camera=Camera(zoom=0.001 * n))
    made.render(GenRequest(name, Tick(n, n / 30, 1 / 30), Features(), params, point, 1, (256, 256)))

for n in range(5):
    render(n)
costs, began = [], now()
while now() - began < seconds:
    start = now()
    render(len(costs))
    costs.append(now() - start)
costs.sort()
print(len(costs) / sum(costs), 1000 * costs[len(costs) // 2], 1000 * costs[int(0.99 * len(costs))])
"""


def measure(folder: Path, seconds: float) -> list[Row]:
    """Every generator there is."""
    rows = []
    for name in registry.names("vj.generators"):
        rate, median, late = _alone(name, min(seconds, 20.0))
        goal = GOALS.get(name)
        text = f"{name} alone ({median:.1f} ms median, {late:.1f} ms p99)"
        rows.append(at_least(text, rate, goal, "images/s") if goal else Row(text, f"{rate:.3g} images/s"))
        shown = _shown(folder, name, min(seconds, 30.0))
        goal = GOALS_IN_SHOW.get(name)
        rows.append(at_least(f"{name} in a show", shown, goal, "images/s") if goal
                    else Row(f"{name} in a show", f"{shown:.3g} images/s"))
    return rows


def _alone(name: str, seconds: float) -> tuple[float, ...]:
    done = subprocess.run([sys.executable, "-c", ALONE, name, str(seconds)], check=True, capture_output=True, text=True,
                          env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"})
    return tuple(float(word) for word in done.stdout.split()[-3:])


def _shown(folder: Path, name: str, seconds: float) -> float:
    """Images a second once the generator runs, from the first status with ten images to the last."""
    home = folder / "home"
    look(home, f"bench_{name}", f'mood = "bench"\ngenerator = "{name}"\ndrive = "drift"\n')
    done = run(["play", "--headless", "--size", "640x360", "--fps", "30", "--look", f"bench_{name}", "--duration",
                f"{seconds + 6:g}", "--set", "/a/deck/lines=192", "--record", str(folder / f"{name}.mkv")], home)
    counted = [(line["status"]["t"], line["status"]["images"]) for _, line in done.lines if "status" in line]
    counted = [pair for pair in counted if pair[1] >= 10]
    if len(counted) < 2:
        return 0.0
    (began, before), (ended, after) = counted[0], counted[-1]
    return (after - before) / (ended - began)
