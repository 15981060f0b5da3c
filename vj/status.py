"""What the performer sees of the machine: rates, ages, drops, one line."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field

from vj.latency import words
from vj.params.spec import integer, number, text
from vj.types import Features, RunnerStatus, Value

WINDOW = 300
"""Frame intervals kept for the percentile: ten seconds at 30 fps."""

MANY = 1_000_000_000
"""Upper end of what is only counted."""
STATS = (
    number("t", 0.0, 0.0, float(MANY), unit="s", help="How long the show has run."),
    number("fps", 0.0, 0.0, 1000.0, unit="fps", help="Frames shown a second."),
    number("gen_fps", 0.0, 0.0, 1000.0, unit="fps", help="Images generated a second."),
    number("age_ms", 0.0, 0.0, 60_000.0, unit="ms", help="How old the image on screen is."),
    number("p99_ms", 0.0, 0.0, 60_000.0, unit="ms", help="The interval that 99 of 100 frames stay under."),
    number("rss_mb", 0.0, 0.0, float(MANY), unit="MB", help="The program's memory, the generator's not counted."),
    integer("images", 0, 0, MANY, help="Images generated so far."),
    integer("drops", 0, 0, MANY, help="Frames that the recording had to leave out."),
    integer("overruns", 0, 0, MANY, help="Times that sound was lost on its way from the card, or to it."),
    integer("restarts", 0, 0, MANY, help="Times that the generator had to be started again."),
    number("recorded_s", 0.0, 0.0, float(MANY), unit="s", help="How much of the show is on disk."),
    text("generator", "starting", help="The generator's state: starting, loading, ready, restarting or failed."),
    text("look", "", help="The look on stage."),
    text("look_b", "", help="The look on deck b; nothing while it sleeps."),
    text("message", "", help="What went wrong last."),
)
"""What a ``Status`` says under ``/stats``."""
_NAMES = tuple(spec.name for spec in STATS)


@dataclass(slots=True)
class Status:
    """One moment of the show; ``t`` seconds, ages and intervals in milliseconds. ``latency``: ``Latency.readings``."""

    t: float = 0.0
    fps: float = 0.0
    gen_fps: float = 0.0
    bpm: float = 0.0
    beat: int = 0
    confidence: float = 0.0
    age_ms: float = 0.0
    drops: int = 0
    overruns: int = 0
    p99_ms: float = 0.0
    rss_mb: float = 0.0
    look: str = ""
    look_b: str = ""
    generator: str = ""
    images: int = 0
    restarts: int = 0
    recorded_s: float = 0.0
    message: str = ""
    offset_ms: float = 0.0
    latency: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For a JSON line; floats rounded."""
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items()}

    def readings(self) -> dict[str, Value]:
        """The values of ``STATS``."""
        return {name: getattr(self, name) for name in _NAMES}

    def line(self, duration: float = 0.0) -> str:
        """For a terminal."""
        where = f"{_clock(self.t)}/{_clock(duration)}" if duration else _clock(self.t)
        pulse = ["●○○○", "○●○○", "○○●○", "○○○●"][self.beat % 4] if self.confidence > 0.1 else "····"
        parts = [where, f"{self.fps:4.1f} fps", f"{self.gen_fps:4.1f} images/s", f"{self.bpm:5.1f} bpm {pulse}",
                 f"image {self.age_ms:3.0f} ms old" if self.images else "waiting for the first image",
                 f"{self.drops} dropped", self.look]
        if self.overruns:
            parts.append(f"{self.overruns} overruns")
        if self.recorded_s:
            parts.append(f"● rec {_clock(self.recorded_s)}")
        if self.generator != "ready":
            parts.append(self.generator)
        return "  ".join(parts) + (f"  {self.message}" if self.message else "")

    def latency_line(self) -> str:
        """How late everything is, or nothing before it is known."""
        return words(self.latency, self.offset_ms / 1000) if self.latency else ""


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Meter:
    """Collects frame intervals and turns the parts' own counters into a Status."""

    def __init__(self) -> None:
        self._stamps: deque[float] = deque(maxlen=WINDOW)
        self.intervals: list[float] = []

    def frame(self, now: float) -> None:
        """A frame was shown at wall time ``now``."""
        if self._stamps:
            self.intervals.append(now - self._stamps[-1])
            del self.intervals[:-100_000]
        self._stamps.append(now)

    def fps(self) -> float:
        """Frames a second over the window."""
        span = self._stamps[-1] - self._stamps[0] if len(self._stamps) > 1 else 0.0
        return (len(self._stamps) - 1) / span if span > 0 else 0.0

    def overall(self) -> float:
        """Frames a second over everything that was kept."""
        span = sum(self.intervals)
        return len(self.intervals) / span if span > 0 else 0.0

    def percentile(self, share: float, last: int = WINDOW) -> float:
        """Seconds that ``share`` (0..1) of the last intervals stay under; 0 before there are any."""
        recent = sorted(self.intervals[-last:])
        return recent[min(int(share * len(recent)), len(recent) - 1)] if recent else 0.0

    def read(self, features: Features, runner: RunnerStatus) -> Status:
        """The numbers that come from the ears, the generator and the frame times."""
        return Status(t=features.time, fps=self.fps(), gen_fps=runner.fps, bpm=features.beat.bpm,
                      beat=features.beat.count, confidence=features.beat.confidence, images=runner.images,
                      restarts=runner.restarts, generator=runner.state, p99_ms=self.percentile(0.99) * 1000,
                      rss_mb=resident_mb(), message=runner.message)


def resident_mb() -> float:
    """This process's resident memory in MB, 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * 4096 / 1e6
    except OSError:
        return 0.0
