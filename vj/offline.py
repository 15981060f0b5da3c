"""The offline loop: the same engine, several images in the making at once, frames put down in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Protocol

from vj.engine import Engine, Moment
from vj.types import GenRequest, Image, Tick


class Maker(Protocol):
    """Makes images side by side: a request in, its image later."""

    def submit(self, request: GenRequest) -> Future[Image]: ...


Wait = tuple[Moment, Mapping[str, Future[Image]]]


def render(engine: Engine, ticks: Iterable[Tick], maker: Maker, depth: int,
           before: Callable[[Tick], None] = lambda _: None) -> int:
    """Render every tick into the engine's sinks; the number of frames. ``before`` is told each tick before it is drawn.

    At most ``depth`` moments wait for their images. The order of ``advance`` and of ``show`` is each that of the
    ticks, so the depth does not change a byte.
    """
    waiting: deque[Wait] = deque()
    done = 0

    def finish() -> None:
        moment, images = waiting.popleft()
        before(moment.tick)
        engine.show(moment, {name: image.result() for name, image in images.items()})

    for tick in ticks:
        moment = engine.advance(tick)
        waiting.append((moment, {name: maker.submit(r) for name, r in moment.requests.items()}))
        if len(waiting) > depth:
            finish()
            done += 1
    while waiting:
        finish()
        done += 1
    return done


def fast_forward(engine: Engine, ticks: Iterable[Tick]) -> Moment | None:
    """Hear and move through ``ticks`` without making a picture; the last moment. Seconds for a whole show."""
    moment = None
    for tick in ticks:
        moment = engine.advance(tick)
    return moment
