"""What PulseAudio, or PipeWire in its place, knows of its sources, asked through ``pactl``; nothing without it.

ALSA shows a sound server as one device called ``pulse``. The server's own sources, among them the monitors that hear
what the computer plays, are opened through it, by the source's name in ``PULSE_SOURCE``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from vj.audio.naming import Device

HOST_API = "PulseAudio"
PLUGIN = "pulse"
"""ALSA's name for the way to the sound server."""
PATIENCE = 2.0
"""Seconds for an answer."""
GUARD = 1.0
"""Seconds between two looks at where a stream is."""
MOST = 64
"""Sources listed at most."""


def inputs(found: Sequence[Device]) -> list[Device]:
    """The server's sources as inputs, where ``found`` has the way to them and PortAudio does not list them itself."""
    way = next((device for device in found if device.name == PLUGIN), None)
    if way is None or any(device.host_api == HOST_API for device in found):
        return []
    sources = list(_sources())[:MOST]
    names = Counter(title for _, title, _, _ in sources)
    return [Device(title if names[title] == 1 else name, HOST_API, channels, rate, False, way.index, source=name)
            for name, title, channels, rate in sources]


def place(pid: int) -> int | None:
    """The number of the source that process ``pid`` hears; None where it hears none or nobody knows."""
    for entry in _ask("source-outputs"):
        if str(entry.get("properties", {}).get("application.process.id")) == str(pid):
            number = entry.get("source")
            return number if isinstance(number, int) else None
    return None


def sources() -> dict[int, str]:
    """Number and name of each source there is now."""
    return {int(entry["index"]): str(entry["name"]) for entry in _ask("sources") if {"index", "name"} <= entry.keys()}


class Guard:
    """Watches that a process keeps hearing the source it was opened on.

    A sound server whose source goes away moves the stream to another one, most often the laptop's microphone, and
    says nothing. A hand that moves it in the mixer is different: then the old source is still there.
    """

    def __init__(self, source: str, pid: int) -> None:
        self.source = source
        self.moved = False
        self._pid = pid
        self._place: int | None = None

    def look(self) -> None:
        """Ask the server where the stream is. ``source`` is its name; ``moved`` once it is lost."""
        here = place(self._pid)
        if here is None or here == self._place:
            return
        names = sources()
        if here not in names:
            return
        if self.source and names[here] != self.source and self.source not in names.values():
            self.moved = True
        else:
            self._place, self.source = here, names[here]

    def watch(self, every: float = GUARD) -> None:
        """Look now and then, until it is lost. Belongs to a thread of its own."""
        while not self.moved:
            self.look()
            time.sleep(every)


@contextmanager
def listening_to(source: str) -> Iterator[None]:
    """Streams opened meanwhile hear ``source``; whatever was set before holds where it is empty."""
    before = os.environ.get("PULSE_SOURCE")
    if source:
        os.environ["PULSE_SOURCE"] = source
    try:
        yield
    finally:
        if source:
            os.environ.pop("PULSE_SOURCE", None)
            if before is not None:
                os.environ["PULSE_SOURCE"] = before


def _sources() -> Iterator[tuple[str, str, int, int]]:
    """Name, title, channels and rate of each source."""
    for entry in _ask("sources"):
        with suppress(KeyError, IndexError, ValueError):
            _, channels, rate = str(entry["sample_specification"]).split()[:3]
            yield (str(entry["name"]), str(entry.get("description") or entry["name"])[:200],
                   int(channels.removesuffix("ch")), int(rate.removesuffix("Hz")))


def _ask(what: str) -> list[dict[str, Any]]:
    pactl = shutil.which("pactl")
    if pactl is None:
        return []
    try:
        done = subprocess.run([pactl, "-f", "json", "list", what], capture_output=True, timeout=PATIENCE,  # noqa: S603
                              check=False, stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
        told = json.loads(done.stdout or b"[]")
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
    return [entry for entry in told if isinstance(entry, dict)] if isinstance(told, list) else []
