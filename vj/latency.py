"""How late everything is, part by part, and how far ahead the picture looks so that its beats are seen on the beat.

Sound is late before it is heard (capture, analysis), light is late before it is seen (generation, display). What
follows the beat clock is drawn for the moment it will be seen; what answers a hit cannot be: nobody knows a hit
before it comes. ``docs/latency.md`` tells the whole of it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import median_low

from vj.params.spec import number
from vj.types import Beat, Values

MOUNT = "latency"
OFFSET = f"/{MOUNT}/offset"
LATENCY_PARAMS = (
    number("offset", 0.0, -500.0, 500.0, unit="ms", smooth=0.1,
           help="The room: the picture's beats later (+) or earlier (-). `vj calibrate` finds it."),
)
READINGS = (
    number("capture_ms", 0.0, 0.0, 1000.0, unit="ms", help="From the sound at the input to vj; 0 for a track."),
    number("analysis_ms", 0.0, 0.0, 1000.0, unit="ms", help="From a hit's first sample to what it does."),
    number("generation_ms", 0.0, 0.0, 1000.0, unit="ms", help="How old a generated image is when it is first drawn."),
    number("display_ms", 0.0, 0.0, 1000.0, unit="ms", help="From a turn's beginning to the picture on the glass."),
    number("total_ms", 0.0, 0.0, 4000.0, unit="ms", help="From a hit to the generated image that answers it."),
    number("lead_ms", 0.0, -1000.0, 1000.0, unit="ms", help="How far ahead of the sound its beats are drawn."),
)
"""What ``Latency.readings`` says under ``/latency``."""

MOST = 1.0
"""Seconds beyond which a latency is an accident: nothing looks further ahead."""
TAU = 2.0
"""Seconds over which a latency is averaged."""
BEATS_PER_BAR = 4


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds, each the mean of the last few. All zero offline, where nothing is late."""

    capture: float = 0.0
    analysis: float = 0.0
    generation: float = 0.0
    display: float = 0.0

    @property
    def total(self) -> float:
        """From a hit at the input to the light of the generated image that answers it."""
        return self.capture + self.analysis + self.generation + self.display

    def lead(self, offset: float) -> float:
        """Seconds to look ahead of the newest sound: it is ``capture`` old, and the picture needs ``display``.

        ``offset`` (seconds) is the room's: positive shows the picture later. Where nobody looks, ``display`` is 0, and
        a recording's sound is as old as what the picture follows.
        """
        behind = self.capture + self.display if self.display else 0.0
        return min(max(behind - offset, -MOST), MOST)

    def readings(self, offset: float) -> dict[str, float]:
        """The values of ``READINGS``, milliseconds."""
        seconds = {"capture": self.capture, "analysis": self.analysis, "generation": self.generation,
                   "display": self.display, "total": self.total, "lead": self.lead(offset)}
        return {f"{name}_ms": round(1000.0 * value, 1) for name, value in seconds.items()}


def offset_of(params: Mapping[str, Values]) -> float:
    """The room's offset in seconds, as this tick's parameters have it."""
    return 1e-3 * float(params.get(MOUNT, {}).get("offset", 0.0))


def words(readings: Mapping[str, float], offset: float) -> str:
    """One line for the performer; ``offset`` in seconds."""
    ms = {name.removesuffix("_ms"): round(value) for name, value in readings.items()}
    return (f"hit to light {ms['total']} ms: capture {ms['capture']}, ears {ms['analysis']}, image {ms['generation']}, "
            f"display {ms['display']}; beats {ms['lead']:+d} ahead, offset {1000 * offset:+.0f}")


class Smoothed:
    """A mean that forgets: plain over the first ``tau`` seconds, then by the time constant ``tau``.

    It is the mean of medians of five: a single stall is an accident, and says nothing of the next frame.
    """

    def __init__(self, tau: float = TAU) -> None:
        self.value = 0.0
        self._tau = tau
        self._heard = 0.0
        self._last: deque[float] = deque(maxlen=5)

    def toward(self, seconds: float, dt: float) -> None:
        """One measurement, 0..1 s, that stands for the last ``dt`` seconds."""
        if dt <= 0.0 or not math.isfinite(seconds):
            return
        self._heard = min(self._heard + dt, self._tau)
        share = max(1.0 - math.exp(-dt / self._tau), dt / self._heard if self._heard < self._tau else 0.0)
        self._last.append(min(max(seconds, 0.0), MOST))
        self.value += share * (median_low(self._last) - self.value)


class LatencyMeter:
    """Collects what a live show measures. ``capture`` gives the input's own latency in seconds, as it is now."""

    def __init__(self, capture: Callable[[], float] = lambda: 0.0) -> None:
        self._input = capture
        self._capture, self._analysis = Smoothed(), Smoothed()
        self._generation, self._display = Smoothed(), Smoothed()
        self._imaged = 0.0

    def heard(self, lag: float, dt: float) -> None:
        """What is heard at this tick began ``lag`` seconds ago."""
        self._capture.toward(self._input(), dt)
        self._analysis.toward(lag, dt)

    def imaged(self, age: float, time: float) -> None:
        """A new image, ``age`` seconds old, is drawn at ``time``."""
        self._generation.toward(age, time - self._imaged)
        self._imaged = time

    def shown(self, spent: float, glass: float, dt: float) -> None:
        """A turn took ``spent`` seconds until its frame was given away; ``glass`` more until it is lit.

        A frame stands for ``dt``: the moment it shows best is the middle of that.
        """
        self._display.toward(spent + glass + 0.5 * dt, dt)

    def now(self) -> Latency:
        """As measured by now."""
        return Latency(self._capture.value, self._analysis.value, self._generation.value, self._display.value)


class Ahead:
    """The beat as it will be when the picture is seen. It may stand still, it never runs backwards."""

    def __init__(self) -> None:
        self._place = -math.inf

    def beat(self, beat: Beat, seconds: float) -> Beat:
        """Where ``beat`` will be in ``seconds``, or where it was. Zero gives ``beat`` itself."""
        here = beat.count + beat.phase
        self._place = place = max(here + seconds * beat.bpm / 60.0, self._place)
        if place == here:
            return beat
        bars = beat.bars + beat.bar_phase + (place - here) / BEATS_PER_BAR
        count, bar = math.floor(place), math.floor(bars)
        return replace(beat, count=count, phase=place - count, bars=bar, bar_phase=bars - bar)
