"""One turn of the show. The nine steps of ``advance`` and ``show`` are the only place that decides an order.

``advance`` hears, moves and asks; ``show`` draws what was answered. Live they follow each other; offline the images of
several moments are made side by side before they are shown in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from vj.clockface import Reading
from vj.hands.prompter import Prompter
from vj.latency import Ahead, Latency, offset_of
from vj.mailbox import Inbox
from vj.modulation.matrix import ModMatrix
from vj.params.quantize import Quantizer
from vj.params.readings import heard
from vj.params.tree import ParamTree
from vj.stage import Stage
from vj.timeline.timeline import Timeline
from vj.types import (
    AudioSource,
    Beat,
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
    """What hears: samples in, features out, and the performer's tap and gain.

    ``time``: show seconds up to which it has heard; ``latency``: seconds from a hit to what it does to the features.
    """

    @property
    def time(self) -> float: ...

    @property
    def latency(self) -> float: ...

    def process(self, tick: Tick, samples: Samples) -> Features: ...

    def control(self, tick: Tick, audio: Values, beat: Values) -> None: ...

    def follow(self, reading: Reading) -> None: ...


class Clocks(Protocol):
    """Other clocks: what they say at a tick (in show time, where the room is heard ``capture`` seconds late), who is
    told where the show's beats are, and a sentence for the performer now and then.
    """

    def read(self, tick: Tick, capture: float) -> Sequence[Reading]: ...

    def lead(self, tick: Tick, capture: float, beat: Beat) -> None: ...

    def news(self) -> str: ...


class NoClocks:
    """A show with no clock but its own."""

    def read(self, tick: Tick, capture: float) -> Sequence[Reading]:
        """Nothing."""
        return ()

    def lead(self, tick: Tick, capture: float, beat: Beat) -> None:
        """Nobody follows."""

    def news(self) -> str:
        """Nothing."""
        return ""


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
    prompter: Prompter
    compositor: Picture
    inbox: Inbox[ControlEvent] = field(default_factory=Inbox)
    quantizer: Quantizer = field(default_factory=Quantizer)
    timeline: Timeline = field(default_factory=Timeline)
    sinks: list[Sink] = field(default_factory=list)
    heard: list[Callable[[Samples], None]] = field(default_factory=list)
    landed: list[Callable[[Tick, ControlEvent], None]] = field(default_factory=list)
    clocks: Clocks = field(default_factory=NoClocks)
    told: list[Callable[[Tick, Reading], None]] = field(default_factory=list)
    seen: list[Callable[[Tick, Params], None]] = field(default_factory=list)
    minds: list[Callable[[Features, Params], None]] = field(default_factory=list)


class Engine:
    """Runs a show. ``strict`` (offline, tests): a bad event is an error. Live it is refused and told in ``message``.

    ``latency`` is what a live show has measured; offline nothing is late.
    """

    def __init__(self, parts: Parts, *, strict: bool) -> None:
        self.parts = parts
        self.latency = Latency()
        self.message = ""
        self._ahead = Ahead()
        self._strict = strict
        self._params: Params = parts.tree.snapshot({})
        self._chain: tuple[str, ...] | None = None

    @property
    def offset(self) -> float:
        """The room's, seconds: positive shows the picture later."""
        return offset_of(self._params)

    def advance(self, tick: Tick) -> Moment:
        """Steps 1 to 7: hear, take events in, glide, modulate, walk, ask.

        The moment's features have the beat as it will be when the picture is seen.
        """
        p = self.parts
        self._ask_clocks(tick)
        samples = p.source.read(tick.time)
        for tap in p.heard:
            tap(samples)
        features = p.ears.process(tick, samples)
        p.clocks.lead(tick, self.latency.capture, features.beat)
        for mount, values in heard(features):
            p.tree.report(mount, values)
        self._let_land(tick, features.beat)
        features = self._foreseen(features)
        self._go_on(tick, features.beat)
        p.tree.advance(tick.dt)
        params = self._params = p.tree.snapshot(p.matrix.offsets(tick, features, self._params))
        for mind in p.minds:
            mind(features, params)
        for look in p.seen:
            look(tick, params)
        # A hand taps to the sound in the room, which will be heard a capture later.
        tapped = replace(tick, time=tick.time + self.latency.capture) if self.latency.capture else tick
        p.ears.control(tapped, params.get("audio", {}), params.get("beat", {}))
        steps = {deck.name: deck.step(tick, features, params) for deck in p.stage.decks}
        return Moment(tick, features, params, p.stage.chain, {name: point for name, (point, _) in steps.items()},
                      {name: request for name, (_, request) in steps.items() if request})

    def _ask_clocks(self, tick: Tick) -> None:
        """What other clocks say, to the beat clock and to the take. First of all: their time is that of the tick."""
        p = self.parts
        for reading in p.clocks.read(tick, self.latency.capture):
            p.ears.follow(reading)
            for tap in p.told:
                tap(tick, reading)
        self.message = p.clocks.news() or self.message

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

    def _let_land(self, tick: Tick, beat: Beat) -> None:
        p = self.parts
        events = p.timeline.due(tick.time) + [p.prompter.timed(event) for event in p.inbox.drain()]
        lead, drawing = self.latency.lead(self.offset), self.latency.generation
        for event in p.quantizer.due(events, beat, lead, drawing=drawing, drawn=p.stage.draws):
            self._land(tick, event)

    def _foreseen(self, features: Features) -> Features:
        beat = self._ahead.beat(features.beat, self.latency.lead(self.offset))
        return features if beat is features.beat else replace(features, beat=beat)

    def _land(self, tick: Tick, event: ControlEvent) -> None:
        try:
            landed = self.parts.prompter.land(tick, event)
        except VjError as error:
            self._refuse(error)
            return
        for one in landed:
            for tap in self.parts.landed:
                tap(tick, one)

    def _go_on(self, tick: Tick, beat: Beat) -> None:
        """Morphs, and what the show says of itself."""
        prompter = self.parts.prompter
        try:
            prompter.step(tick, beat)
        except VjError as error:
            self._refuse(error)
        if prompter.say:
            self.message = prompter.say[-1]
            prompter.say.clear()

    def _refuse(self, error: VjError) -> None:
        if self._strict:
            raise error
        self.message = str(error)
