"""One turn of the show. The nine steps of ``advance`` and ``show`` are the only place that decides an order.

``advance`` hears, moves and asks; ``show`` draws what was answered. Live they follow each other; offline the images of
several moments are made side by side before they are shown in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from vj.clockface import Reading
from vj.latency import Ahead, Latency, offset_of
from vj.mailbox import Inbox
from vj.modulation.matrix import ModMatrix
from vj.params.crossfade import unseen
from vj.params.places import FIRST
from vj.params.quantize import Quantizer
from vj.params.readings import Holding
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


NO_MIX: Values = {}
"""The crossfader where there is but one deck."""


class Ears(Protocol):
    """What hears: samples in, features out, and the performer's tap and gain.

    ``time``: show seconds up to which it has heard; ``latency``: seconds from a hit to what it does to the features.
    ``catch_up`` does in spare time what the next ``process`` would do.
    """

    @property
    def time(self) -> float: ...

    @property
    def latency(self) -> float: ...

    def process(self, tick: Tick, samples: Samples) -> Features: ...

    def catch_up(self) -> None: ...

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
    """A compositor whose decks' effect chains can be changed."""

    def use(self, effects: Sequence[str], deck: str = "a") -> None: ...

    def rest(self, deck: str) -> None:
        """There is nothing on this deck any more."""
        ...

    def arrange(self, first: str) -> None:
        """This deck is the one that stands first, at the crossfader and with its parameters."""
        ...


class Hands(Protocol):
    """What carries out what events wish. ``say`` holds sentences for the performer."""

    say: list[str]

    def timed(self, event: ControlEvent) -> ControlEvent: ...

    def land(self, tick: Tick, event: ControlEvent) -> list[ControlEvent]: ...

    def step(self, tick: Tick, beat: Beat) -> None: ...


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything decided about one tick, before its picture is made. What is said of each deck, by its voice, leaves
    out one that sleeps. ``places``: where each stands.
    """

    tick: Tick
    features: Features
    params: Params
    chains: Mapping[str, tuple[str, ...]]
    points: Mapping[str, LatentPoint]
    requests: Mapping[str, GenRequest]
    places: Mapping[str, str]


@dataclass(slots=True)
class Parts:
    """What an engine is made of; only these differ between live, offline and tests. ``stage`` is the first deck's,
    ``second`` the other's, where there is one.
    """

    source: AudioSource
    ears: Ears
    tree: ParamTree
    matrix: ModMatrix
    stage: Stage
    prompter: Hands
    compositor: Picture
    second: Stage | None = None
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

    @property
    def awake(self) -> tuple[Stage, ...]:
        """The decks' stages that have a look on them."""
        return (self.stage,) if self.second is None or not self.second.awake else (self.stage, self.second)


class Engine:
    """Runs a show. ``strict`` (offline, tests): a bad event is an error. Live it is refused and told in ``message``.

    ``latency`` is what a live show has measured; offline nothing is late.
    """

    def __init__(self, parts: Parts, *, strict: bool) -> None:
        self.parts = parts
        self.latency = Latency()
        self.message = ""
        self._ahead = Ahead()
        self._holding = Holding()
        self._strict = strict
        self._params: Params = parts.tree.snapshot({})
        self._chains: Mapping[str, tuple[str, ...]] = {}
        self._places: Mapping[str, str] = {}

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
        for mount, values in self._holding.heard(features):
            p.tree.report(mount, values)
        self._let_land(tick, features.beat)
        features = self._foreseen(features)
        self._go_on(tick, features.beat)
        p.tree.advance(tick.dt)
        stages = p.awake
        params = self._params = p.tree.snapshot(self._pushes(tick, features, stages))
        for mind in p.minds:
            mind(features, params)
        for look in p.seen:
            look(tick, params)
        # A hand taps to the sound in the room, which will be heard a capture later.
        tapped = replace(tick, time=tick.time + self.latency.capture) if self.latency.capture else tick
        p.ears.control(tapped, params.get("audio", {}), params.get("beat", {}))
        mix = params.get("mix", {}) if len(stages) > 1 else NO_MIX
        steps = {deck.voice: deck.step(tick, features, params, rests=unseen(deck.name, mix))
                 for stage in stages for deck in stage.decks}
        return Moment(tick, features, params, {stage.voice: stage.chain for stage in stages},
                      {name: point for name, (point, _) in steps.items()},
                      {name: request for name, (_, request) in steps.items() if request},
                      {stage.voice: stage.place.deck for stage in stages})

    def _pushes(self, tick: Tick, features: Features, stages: Sequence[Stage]) -> Mapping[str, float]:
        """What modulation of every deck does at this tick."""
        pushes = self.parts.matrix.offsets(tick, features, self._params)
        for stage in stages[1:]:
            for path, push in stage.matrix.offsets(tick, features, self._params).items():
                pushes[path] = pushes.get(path, 0.0) + push
        return pushes

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
        if moment.chains != self._chains or moment.places != self._places:
            self.hang(moment)
        newest = {name: images.get(name) for name in moment.points}
        frame = p.compositor.render(moment.tick, moment.features, moment.params, newest, moment.points)
        for sink in p.sinks:
            sink.put(moment.tick, frame)
        return frame

    def hang(self, moment: Moment) -> None:
        """Put the decks where they stand, with their effect chains; a chain that does not compile is refused and the
        old one stays.
        """
        chains, before = moment.chains, self._chains
        self._chains, self._places = chains, moment.places
        self.parts.compositor.arrange(next(voice for voice, place in moment.places.items() if place == FIRST))
        for deck in before.keys() - chains.keys():
            self.parts.compositor.rest(deck)
        for deck, chain in chains.items():
            if before.get(deck) != chain:
                self._use(deck, chain)

    def _use(self, deck: str, chain: tuple[str, ...]) -> None:
        try:
            self.parts.compositor.use(chain, deck)
        except VjError as error:
            self._refuse(error)

    def _let_land(self, tick: Tick, beat: Beat) -> None:
        p = self.parts
        events = p.timeline.due(tick.time) + [p.prompter.timed(event) for event in p.inbox.drain()]
        lead, drawing = self.latency.lead(self.offset), self.latency.generation
        for event in p.quantizer.due(events, beat, lead, drawing=drawing, drawn=self._draws):
            self._land(tick, event)

    def _draws(self, event: ControlEvent) -> bool:
        return any(stage.draws(event) for stage in self.parts.awake)

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
