"""The live loop: one turn per tick until the track ends, a hand says stop, or the machine is told to."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from vj.clock import now, short_turns
from vj.engine import Engine, Moment
from vj.latency import MOUNT, LatencyMeter
from vj.params.crossfade import unseen
from vj.status import Meter, Status
from vj.types import Clock, Image, Runner, Tick


@contextmanager
def on_stage() -> Iterator[None]:
    """How Python behaves while a show runs: threads take short turns, and the search for garbage passes over what was
    there at the beginning, for to look through all of it takes longer than a frame.
    """
    gc.collect()
    gc.freeze()
    try:
        with short_turns():
            yield
    finally:
        gc.unfreeze()


class Screen(Protocol):
    """Where frames are shown. ``present`` may wait for the vertical blank.

    ``glass``: seconds from then until the frame is lit, None where nobody sees it.
    """

    @property
    def glass(self) -> float | None: ...

    def present(self, frame: Any) -> None: ...


class Performance:
    """Drives an engine by a wall clock. ``hands`` is asked each tick and answers True to stop.

    ``kept`` tells dropped frames, seconds recorded and what is wrong with the recording; ``capture`` the latency of
    the sound's input; ``sound`` how often some of it was lost, and what is wrong with its device.
    """

    def __init__(self, engine: Engine, clock: Clock, runner: Runner, *, screen: Screen | None = None,
                 hands: Callable[[Tick], bool] = lambda _: False,
                 tell: Callable[[float, Status], None] = lambda _at, _status: None,
                 kept: Callable[[], tuple[int, float, str]] = lambda: (0, 0.0, ""),
                 capture: Callable[[], float] = lambda: 0.0,
                 sound: Callable[[], tuple[int, str]] = lambda: (0, "")) -> None:
        self.meter = Meter()
        self.status = Status()
        self.tick: Tick | None = None
        self._began = now()
        self._first_frame: float | None = None
        self._first_image: float | None = None
        self._engine, self._clock, self._runner = engine, clock, runner
        self._screen, self._hands, self._tell, self._kept = screen, hands, tell, kept
        self._sound = sound
        self._made: dict[str, float] = {}
        self._met: set[str] = set()
        self._late = LatencyMeter(capture)

    def run(self) -> Status:
        """Play until the clock ends or a hand stops the show; the last status."""
        with on_stage():
            for tick in self._clock:
                self.turn(tick)
                if self._hands(tick):
                    break
        return self.status

    def turn(self, tick: Tick) -> None:
        """One tick: hear, ask, draw, show, tell, and hear out what could wait for that."""
        began = now()
        moment = self._engine.advance(tick)
        images = self._newest(moment)
        frame = self._engine.show(moment, images)
        if self._screen is not None:
            self._screen.present(frame)
        self.tick = tick
        self.meter.frame(now())
        self._measure(tick, images)
        self._time(tick, now() - began)
        self._report(moment)
        self._engine.parts.ears.catch_up()

    def summary(self) -> dict[str, Any]:
        """How the show went: counts, and frame intervals in milliseconds. Times to first frame and image count from
        the start of the loop.
        """
        shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
        everything = len(self.meter.intervals)
        return {"frames": everything + 1 if self.tick else 0, "seconds": round(self.status.t, 3),
                "fps": self.meter.overall(), "images": self._runner.status.images,
                "images_per_s": self._runner.status.images / self.status.t if self.status.t > 0 else 0.0,
                "first_frame_s": self._first_frame, "first_image_s": self._first_image,
                "overruns": self.status.overruns,
                "restarts": self._runner.status.restarts, "latency_ms": self._engine.latency.generation * 1000,
                "latency": self._engine.latency.readings(self._engine.offset),
                "offset_ms": round(self._engine.offset * 1000, 1),
                **{name: self.meter.percentile(share, everything) * 1000 for name, share in shares.items()}}

    def _newest(self, moment: Moment) -> Mapping[str, Image | None]:
        """Of each deck its newest image. What still comes for a deck that has been put to sleep is let go."""
        self._met |= moment.points.keys()
        images = {name: self._runner.exchange(moment.requests.get(name), name) for name in self._met}
        return {name: images[name] for name in moment.points}

    def _measure(self, tick: Tick, images: Mapping[str, Image | None]) -> None:
        """The age of what is on screen, and of what is new there."""
        self._first_frame = now() - self._began if self._first_frame is None else self._first_frame
        for name, image in images.items():
            if image is not None:
                self._first_image = now() - self._began if self._first_image is None else self._first_image
                self._made[name] = image.time
                self._late.imaged(tick.time - image.time, tick.time)

    def _time(self, tick: Tick, spent: float) -> None:
        """What this turn says of the latencies; the engine looks ahead by them from the next one on."""
        ears = self._engine.parts.ears
        self._late.heard(ears.latency + tick.time - ears.time, tick.dt)
        if self._screen is not None and self._screen.glass is not None:
            self._late.shown(spent, self._screen.glass, tick.dt)
        self._engine.latency = self._late.now()

    def _age(self, moment: Moment) -> float:
        """Of the oldest image on screen, in seconds."""
        mix = moment.params.get("mix", {})
        alone = len(moment.points) == 1
        seen = [voice for voice, place in moment.places.items() if alone or not unseen(place, mix)]
        return max((moment.tick.time - self._made[voice] for voice in seen if voice in self._made), default=0.0)

    def _report(self, moment: Moment) -> None:
        status = self.meter.read(moment.features, self._runner.status)
        status.age_ms = self._age(moment) * 1000
        status.look = self._engine.parts.stage.look
        status.look_b = self._engine.parts.second.look if self._engine.parts.second is not None else ""
        status.drops, status.recorded_s, trouble = self._kept()
        status.overruns, silence = self._sound()
        status.message = trouble or silence or self._engine.message or status.message
        self.status = status
        status.latency = self._engine.latency.readings(self._engine.offset)
        status.offset_ms = 1000 * self._engine.offset
        self._engine.parts.tree.report("stats", status.readings())
        self._engine.parts.tree.report(MOUNT, status.latency)
        self._tell(now(), status)
