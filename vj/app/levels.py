"""``vj devices --levels``: what every sound input hears just now, with a clip light, for choosing one."""

from __future__ import annotations

import json
import sys
from contextlib import closing, suppress
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from vj.audio.meters import FLOOR, Reading, Readings, decibels, heard_in, listen

BRIEFLY = 1.0
"""Seconds to listen where nobody watches."""
BAR = 20
"""Characters of a full meter."""
BOTTOM = -60.0
"""dBFS at which a meter is empty."""
AUDIBLE = -50.0
"""dBFS from which a channel counts as one that something is plugged into."""
FALL = 18.0
"""dB a second by which a meter falls."""
HOLD = 2.0
"""Seconds that a clip light stays on."""


def levels(seconds: float, as_json: bool) -> None:
    """Listen ``seconds`` to each input and tell; 0 on a terminal goes on until Ctrl-C. Raises VjError."""
    if seconds <= 0.0 and sys.stdout.isatty() and not as_json:
        _watch(listen())
        return
    heard = heard_in(seconds or BRIEFLY)
    if as_json:
        print(json.dumps({"levels": [_told(reading) for reading in heard]}, indent=1))  # noqa: T201
    else:
        Console(highlight=False).print(table([(reading, reading.db, reading.clipped) for reading in heard]))


def _told(reading: Reading) -> dict[str, Any]:
    return {"name": reading.name, "host_api": reading.host_api, "peak_db": round(reading.db, 1),
            "clipped": reading.clipped, "channels_db": [round(decibels(peak), 1) for peak in reading.peaks],
            "trouble": reading.trouble}


def _watch(lines: Readings) -> None:
    needles: list[Needle] = []
    with suppress(KeyboardInterrupt), closing(lines) as told, \
            Live(console=Console(highlight=False), auto_refresh=False) as screen:
        for readings in told:
            needles = needles or [Needle() for _ in readings]
            rows = [(reading, *needle.show(reading)) for reading, needle in zip(readings, needles, strict=True)]
            screen.update(table(rows), refresh=True)


class Needle:
    """A meter's needle: up at once, down slowly; its clip light stays on for a while."""

    def __init__(self, dt: float = 0.1) -> None:
        self._dt = dt
        self._db = FLOOR
        self._clip = 0.0

    def show(self, reading: Reading) -> tuple[float, bool]:
        """Where it stands with this reading, in dBFS, and whether the light is on."""
        self._db = max(reading.db, self._db - FALL * self._dt)
        self._clip = HOLD if reading.clipped else max(self._clip - self._dt, 0.0)
        return self._db, self._clip > 0.0


def table(rows: list[tuple[Reading, float, bool]]) -> Table:
    """Inputs with their meters: (reading, dBFS, clip light)."""
    drawn = Table(title="audio inputs" if rows else "audio inputs: none", title_justify="left", title_style="bold",
                  box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=bool(rows))
    for column in ("name", "host API", "level", "dBFS", "", "on channels"):
        drawn.add_column(column, no_wrap=column == "level", min_width=BAR if column == "level" else None)
    for reading, db, clip in rows:
        drawn.add_row(Text(reading.name), Text(reading.host_api, "dim"), _bar(db),
                      f"{db:5.1f}" if reading.peaks else "", Text("CLIP", "bold red") if clip else "",
                      Text(_where(reading), "dim"))
    return drawn


def _bar(db: float) -> Text:
    full = round(BAR * min(max(1.0 - db / BOTTOM, 0.0), 1.0))
    colour = "red" if db > -3.0 else "yellow" if db > -12.0 else "green"
    return Text("█" * full, colour) + Text("·" * (BAR - full), "dim")


def _where(reading: Reading) -> str:
    """The channels that bring something, or why there is nothing."""
    if reading.trouble or not reading.peaks:
        return reading.trouble or "brings nothing"
    loud = [str(number) for number, peak in enumerate(reading.peaks, 1) if decibels(peak) > AUDIBLE]
    return ", ".join(loud) or "silence"

