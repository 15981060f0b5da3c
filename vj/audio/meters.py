"""What every input hears just now: a level and a clip light beside each name, for choosing one.

``python -m vj.audio.meters`` opens all inputs at once and tells their peaks as JSON lines, in a process of its own that
can be ended however its drivers hang; ``listen`` reads it.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from vj.audio.card import open_input
from vj.audio.naming import Device, Wish
from vj.audio.portaudio import GO_ON, devices_of, start
from vj.types import VjError

CLIP = 0.999
"""Full scale, as far as whole numbers reach."""
MOST = 32
"""Inputs listened to at once."""
WIDEST = 24
"""Channels; what says it has more is a sound server, which has as many as it is asked for."""
EVERY = 0.1
"""Seconds between two lines."""
FLOOR = -90.0
"""dBFS of silence."""
STUCK = 20.0
"""Seconds for the first line: drivers may be slow to open."""


@dataclass(slots=True)
class Reading:
    """What one input brought since the last line: ``peaks`` of each channel, 1 is full scale, none where it brought
    nothing. ``trouble``: why it does not open.
    """

    name: str
    host_api: str
    peaks: list[float]
    trouble: str = ""

    @property
    def db(self) -> float:
        """The loudest channel in dBFS."""
        return decibels(max(self.peaks, default=0.0))

    @property
    def clipped(self) -> bool:
        return max(self.peaks, default=0.0) >= CLIP

    def add(self, other: Reading) -> None:
        """Take in a later reading of the same input: the larger counts."""
        pairs = zip(self.peaks or [0.0] * len(other.peaks), other.peaks, strict=False)
        self.peaks = [max(pair) for pair in pairs] or self.peaks
        self.trouble = other.trouble


Readings = Generator[list[Reading], None, None]
"""Readings of all inputs, line by line; close it to end the process that listens."""


def decibels(peak: float) -> float:
    """An amplitude in dBFS, not below ``FLOOR``."""
    return max(20.0 * math.log10(peak), FLOOR) if peak > 0.0 else FLOOR


def listen(command: tuple[str, ...] = ("-m", "vj.audio.meters")) -> Readings:
    """Readings of all inputs, ten times a second, until the iterator is closed. Raises VjError when there are none."""
    child = subprocess.Popen([sys.executable, *command], stdin=subprocess.DEVNULL,  # noqa: S603  our own module
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    watchdog = threading.Timer(STUCK, child.kill)
    watchdog.start()
    try:
        for line in child.stdout or ():
            if line.startswith("["):
                watchdog.cancel()
                yield [Reading(**told) for told in json.loads(line)]
        raise VjError("the sound drivers do not answer")
    finally:
        watchdog.cancel()
        child.kill()
        child.communicate()


def heard_in(seconds: float, lines: Callable[[], Readings] = listen) -> list[Reading]:
    """The largest of everything within ``seconds``."""
    found: list[Reading] = []
    with closing(lines()) as told:
        for count, readings in enumerate(told):
            if not found:
                found = readings
            for reading, new in zip(found, readings, strict=True):
                reading.add(new)
            if count * EVERY >= seconds:
                break
    return found


class Meter:
    """One open input: the peaks of its channels since they were last asked for."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._channels = 1
        self._peaks: list[float] = []
        self._trouble = ""

    def open(self, port: Any) -> None:
        """Open the input; one that does not open says why."""
        every = self._device.channels
        wish = Wish(channels=(1, every) if every <= WIDEST else None)
        try:
            _, _, self._channels = open_input(port, self._device, wish, self._receive)
        except VjError as error:
            self._trouble = str(error)

    def read(self) -> Reading:
        """The peaks since the last call."""
        peaks, self._peaks = self._peaks, []
        return Reading(self._device.name, self._device.host_api, peaks, self._trouble)

    def _receive(self, data: bytes, _frames: int, _times: Any, _flags: int) -> tuple[None, int]:
        samples = array("f", data)
        count = max(self._channels, 1)
        peaks = [_peak(samples[channel::count]) for channel in range(count)]
        before = self._peaks or [0.0] * count
        self._peaks = [max(pair) for pair in zip(before, peaks, strict=False)]
        return None, GO_ON


def _peak(samples: array[float]) -> float:
    peak = max(max(samples, default=0.0), -min(samples, default=0.0))
    return peak if math.isfinite(peak) else 0.0


def main() -> None:
    """Open all there are and tell their peaks until nobody reads."""
    port = start()
    meters = [Meter(device) for device in devices_of(port, "input")[:MOST]]
    for meter in meters:
        meter.open(port)
    while True:
        time.sleep(EVERY)
        sys.stdout.write("\n" + json.dumps([asdict(meter.read()) for meter in meters]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
