"""The live loop: one turn per tick until the track ends, a hand says stop, or the machine is told to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from vj.clock import now
from vj.engine import Engine, Moment
from vj.status import Meter, Status
from vj.types import Clock, Frame, GenRequest, Image, RunnerStatus, Tick

LATENCY_TAU = 2.0
"""Seconds over which the measured age of the picture is averaged for the quantiser's look-ahead."""


class LiveRunner(Protocol):
    """A runner that never waits."""

    @property
    def status(self) -> RunnerStatus: ...

    def exchange(self, request: GenRequest | None) -> Image | None: ...


class Screen(Protocol):
    """Where frames are shown, and where keys come from. ``present`` may wait for the vertical blank."""

    def present(self, frame: Frame) -> None: ...


class Performance:
    """Drives an engine by a wall clock. ``hands`` is asked each tick and answers True to stop."""

    def __init__(self, engine: Engine, clock: Clock, runner: LiveRunner, *, screen: Screen | None,
                 hands: Callable[[Tick], bool], tell: Callable[[float, Status], None],
                 dropped: Callable[[], tuple[int, float]] = lambda: (0, 0.0)) -> None:
        self.meter = Meter()
        self.status = Status()
        self.started = now()
        self.first_image: float | None = None
        self._engine, self._clock, self._runner = engine, clock, runner
        self._screen, self._hands, self._tell, self._dropped = screen, hands, tell, dropped
        self._ages: dict[str, float] = {}

    def run(self) -> Status:
        """Play until the clock ends or a hand stops the show; the last status."""
        for tick in self._clock:
            self.turn(tick)
            if self._hands(tick):
                break
        return self.status

    def turn(self, tick: Tick) -> None:
        """One tick: hear, ask, draw, show, tell."""
        moment = self._engine.advance(tick)
        images = self._newest(moment)
        frame = self._engine.show(moment, images)
        if self._screen is not None:
            self._screen.present(frame)
        self.meter.frame(now())
        self._measure(tick, images)
        self._report(moment)

    def _newest(self, moment: Moment) -> Mapping[str, Image | None]:
        return {name: self._runner.exchange(moment.requests.get(name)) for name in moment.points}

    def _measure(self, tick: Tick, images: Mapping[str, Image | None]) -> None:
        """The age of what is on screen, and the look-ahead that quantised changes need to land on the beat."""
        for name, image in images.items():
            if image is not None:
                self.first_image = self.first_image if self.first_image is not None else now() - self.started
                self._ages[name] = image.time
                share = 1.0 - math.exp(-1.0 / (LATENCY_TAU * max(self._runner.status.fps, 1.0)))
                self._engine.latency += (tick.time - image.time + tick.dt - self._engine.latency) * share

    def _report(self, moment: Moment) -> None:
        status = self.meter.read(moment.features, self._runner.status)
        status.age_ms = max((moment.tick.time - made for made in self._ages.values()), default=0.0) * 1000
        status.look = self._engine.parts.stage.look
        status.drops, status.recorded_s = self._dropped()
        status.message = self._engine.message or status.message
        self.status = status
        self._tell(now(), status)


def chosen(names: Sequence[str], current: str, step: int) -> str:
    """The look ``step`` places after ``current``, round the list."""
    place = names.index(current) if current in names else 0
    return names[(place + step) % len(names)]
