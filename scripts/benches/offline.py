"""Rendering: how much faster than real time."""

from __future__ import annotations

from pathlib import Path

from benches.show import run
from benches.sound import long_track
from benches.table import Row, at_least, under

TITLE = "Offline render"
HOW = "`vj render` of the bundled track, repeated to the length named, at 640x360, 30 fps, with the default look."


def measure(folder: Path, seconds: float) -> list[Row]:
    """One render of ``seconds``, at most three minutes."""
    length = min(seconds, 180.0)
    done = run(["render", str(long_track(folder / "offline.wav", length)), "--size", "640x360", "--fps", "30", "-o",
                str(folder / "offline.mp4")])
    return [Row("length", f"{length:.0f} s, {done.result['frames']} frames"),
            under("from the command to the finished file", done.wall, length, "s"),
            at_least("times real time", length / done.wall, 1.0, "x"),
            Row("frames a second", f"{done.result['frames'] / done.wall:.1f}")]
