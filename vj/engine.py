"""One turn of the show. The nine steps of ``advance`` and ``show`` are the only place that decides an order.

``advance`` hears, moves and asks; ``show`` draws what was answered. Live they follow each other; offline the images of
several moments are made side by side before they are shown in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from vj.mailbox import Inbox
from vj.modulation.matrix import ModMatrix
from vj.params.quantize import Quantizer
from vj.params.readings import heard
from vj.params.tree import ParamTree
from vj.stage import LOOK, Stage
from vj.timeline.timeline import Timeline
from vj.types import (
    AudioSource,
    Compositor,
    ControlEvent,
    Features,
    Frame,
    GenRequest,
    Image,
    LatentPoint,
    Params,
    Sink,
    Tick,
    Values,
    VjError,
)

if TYPE_CHECKING:
    from vj.types import Samples


class Ears(Protocol):
    """What hears: samples in, features out, and the performer's tap and gain."""

    def process(self, tick: Tick, samples: Samples) -> Features: ...

    def control(self, tick: Tick, audio: Values, beat: Values) -> None: ...


class Picture(Compositor, Protocol):
    """A compositor whose effect chain can be changed."""

    def use(self, effects: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything decided about one tick, before its picture is made."""

    tick: Tick
    features: Features
    params: Params
    chain: tuple[str, ...]
    points: Mapping[str, LatentPoint]
    requests: Mapping[str, GenRequest]


@dataclass(slots=True)
class Parts:
    """What an engine is made of; only these differ between live, offline and tests."""

    source: AudioSource
    ears: Ears
    tree: ParamTree
    matrix: ModMatrix
    stage: Stage
    compositor: Picture
    inbox: Inbox[ControlEvent] = field(default_factory=Inbox)
    quantizer: Quantizer = field(default_factory=Quantizer)
    timeline: Timeline = field(default_factory=Timeline)
    sinks: list[Sink] = field(default_factory=list)
    heard: list[Callable[[Samples], None]] = field(default_factory=list)
    landed: list[Callable[[Tick, ControlEvent], None]] = field(default_factory=list)


class Engine:
    """Runs a show. ``strict`` (offline, tests): a bad event is an error. Live it is refused and told in ``message``."""

    def __init__(self, parts: Parts, *, strict: bool) -> None:
        self.parts = parts
        self.latency = 0.0
        self.message = ""
        self._strict = strict
        self._params: Params = parts.tree.snapshot({})
        self._chain: tuple[str, ...] | None = None

    def advance(self, tick: Tick) -> Moment:
        """Steps 1 to 7: hear, take events in, glide, modulate, walk, ask."""
        p = self.parts
        samples = p.source.read(tick.time)
        for tap in p.heard:
            tap(samples)
        features = p.ears.process(tick, samples)
        for mount, values in heard(features):
            p.tree.report(mount, values)
        events = p.timeline.due(tick.time) + p.inbox.drain()
        for event in p.quantizer.due(events, features.beat, self.latency):
            self._land(tick, event)
        p.tree.advance(tick.dt)
        params = self._params = p.tree.snapshot(p.matrix.offsets(tick, features, self._params))
        p.ears.control(tick, params.get("audio", {}), params.get("beat", {}))
        steps = {deck.name: deck.step(tick, features, params) for deck in p.stage.decks}
        return Moment(tick, features, params, p.stage.chain, {name: point for name, (point, _) in steps.items()},
                      {name: request for name, (_, request) in steps.items() if request})

    def show(self, moment: Moment, images: Mapping[str, Image | None]) -> Frame:
        """Steps 8 and 9: draw, and hand the frame to every sink. ``images`` are new ones; None keeps a deck's last."""
        p = self.parts
        if moment.chain != self._chain:
            self.hang(moment.chain)
        newest = {name: images.get(name) for name in moment.points}
        frame = p.compositor.render(moment.tick, moment.features, moment.params, newest, moment.points)
        for sink in p.sinks:
            sink.put(moment.tick, frame)
        return frame

    def hang(self, chain: tuple[str, ...]) -> None:
        """Make this the effect chain; one that does not compile is refused and the old one stays."""
        self._chain = chain
        try:
            self.parts.compositor.use(chain)
        except VjError as error:
            self._refuse(error)

    def _land(self, tick: Tick, event: ControlEvent) -> None:
        try:
            value = self.parts.tree.apply(event)
            if event.path == LOOK:
                self._recall(str(value))
        except VjError as error:
            self._refuse(error)
            return
        for tap in self.parts.landed:
            tap(tick, event)

    def _recall(self, name: str) -> None:
        stage = self.parts.stage
        try:
            stage.recall(name)
        except VjError:
            self.parts.tree.apply(ControlEvent(LOOK, stage.look, "stage"))
            raise

    def _refuse(self, error: VjError) -> None:
        if self._strict:
            raise error
        self.message = str(error)
