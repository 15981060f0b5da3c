"""The autopilot: changes looks or worlds with the music, until a hand touches something."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from random import Random

from vj.hands.mixing import FADE, LOAD, seen
from vj.hands.morphs import MORPH
from vj.params.places import across
from vj.params.spec import choice, integer, number, switch, text, trigger
from vj.params.tree import ParamTree
from vj.stage import LOOK, Stage
from vj.types import ControlEvent, Features, Params, ParamSpec, Tick, Value

MOUNT, SOURCE = "autopilot", "autopilot"
WORLD = "/a/gen/world"
PICTURES = tuple(path for own in (LOOK, "/show/recall", MORPH, WORLD) for path in (own, across(own)))
"""What changes a deck's picture."""
PARAMS = (
    switch("on", help="Change looks or worlds with the music by itself."),
    integer("bars", 16, 1, 256, unit="bars", help="How long a picture stays, at least."),
    choice("what", "both", ("looks", "worlds", "both"), help="What is changed."),
    choice("how", "cut", ("cut", "morph", "fade"),
           help="A look is recalled, morphed to in the time of morphs, or faded to on the other deck."),
    number("strength", 0.5, smooth=0.0, help="How strong an onset must be to change on it."),
    integer("rest", 16, 0, 256, unit="bars", help="Bars after a hand's last touch until it goes on; 0: when resumed."),
    trigger("resume", help="Go on although a hand has touched something."),
)
READINGS = (
    text("state", "off", help="off, waiting, ready for the next strong onset, or resting after a hand."),
    integer("bars_left", 0, 0, 256, unit="bars", help="Bars until it is ready, or rested."),
)
NEAR = 0.125
"""How near to the bar's one an onset must be, in bars; a drop is right wherever it comes."""
RECENT = 4
"""Looks that are not shown again so soon."""
NO_HANDS = (SOURCE, "look", "stage", "morph", "fade", "pad", "start", "resume", "command line")
"""Sources that are no hands."""
NOT_TOUCHED = (f"/{MOUNT}/", "/beat/", "/audio/", "/latency/", "/midi/", "/machine/", "/record/", "/master/")
"""What a hand may do without taking the show over."""


class Autopilot:
    """One for a live show. ``hear`` is called each tick, ``landed`` with every change; ``emit`` takes its wishes. It
    changes the picture of the deck that is seen; ``second`` is the other one, where there is one.
    """

    def __init__(self, tree: ParamTree, stage: Stage, emit: Callable[[ControlEvent], object],
                 second: Stage | None = None) -> None:
        self._tree, self._stage, self._second, self._emit = tree, stage, second, emit
        self._lot = Random(stage.seed)  # noqa: S311 - what comes next is no secret
        self._recent: dict[str, deque[str]] = {LOOK: deque(maxlen=RECENT), WORLD: deque(maxlen=RECENT)}
        self._since: int | None = None  # the bar in which the picture changed
        self._touched: int | None = None  # the bar of a hand's last touch
        self._bar = 0
        self._on = False

    def landed(self, _: Tick, event: ControlEvent) -> None:
        """A hand has done something, or a picture has changed."""
        if event.path in PICTURES:
            self._since = self._bar
        if event.path == f"/{MOUNT}/resume":
            self._touched = None
        elif event.source not in NO_HANDS and not event.path.startswith(NOT_TOUCHED):
            self._touched = self._bar

    def hear(self, features: Features, params: Params) -> None:
        """What is heard at this tick; change the picture if it is time."""
        values = params[MOUNT]
        on = bool(values["on"])
        if on != self._on:
            self._on, self._since, self._touched = on, features.beat.bars, None
        self._bar = features.beat.bars
        state, left = self._state(int(values["bars"]), int(values["rest"])) if on else ("off", 0)
        if state == "ready" and struck(features, float(values["strength"])):
            self._change(str(values["what"]), str(values["how"]))
        self._tree.report(MOUNT, {"state": state, "bars_left": left})

    def _state(self, bars: int, rest: int) -> tuple[str, int]:
        if self._touched is not None:
            rested = self._bar - self._touched
            if not rest or 0 <= rested < rest:
                return "resting", max(rest - rested, 0)
            self._touched = None
        since = self._bar if self._since is None or self._since > self._bar else self._since
        self._since = since
        left = bars - (self._bar - since)
        return ("waiting", left) if left > 0 else ("ready", 0)

    def _change(self, what: str, how: str) -> None:
        self._since = self._bar
        for event in self._wishes(seen(self._tree, self._stage, self._second), what, how):
            self._emit(event)

    def _wishes(self, stage: Stage, what: str, how: str) -> Iterator[ControlEvent]:
        world = stage.place.here(WORLD)
        worlds = self._worlds(world)
        if worlds and (what == "worlds" or (what == "both" and self._lot.random() < 0.5)):
            yield ControlEvent(world, self._other(WORLD, worlds, str(self._tree.base(world))), SOURCE)
            return
        looks = stage.handy()
        if what == "worlds" or len(looks) < 2:
            return  # there is but one
        look = self._other(LOOK, looks, stage.look)
        if how == "fade" and self._second is not None:
            yield ControlEvent(LOAD, look, SOURCE)
            yield ControlEvent(FADE, True, SOURCE)
        else:
            yield ControlEvent(stage.place.here(MORPH if how == "morph" else LOOK), look, SOURCE)

    def _worlds(self, path: str) -> Sequence[str]:
        spec: ParamSpec | None = next((spec for at, spec, _ in self._tree.items() if at == path), None)
        return spec.choices if spec is not None and len(spec.choices) > 1 else ()

    def _other(self, kind: str, names: Sequence[str], now: str) -> Value:
        """One by lot that was not there lately."""
        recent = self._recent[kind]
        recent.append(now)
        late = {now, *list(recent)[-(len(names) - 1):]}
        return self._lot.choice([name for name in names if name not in late] or
                                [name for name in names if name != now])


def struck(features: Features, strength: float) -> bool:
    """Is this the moment? A drop is; else a strong onset near the bar's one."""
    if features.drop > 0.0:
        return True
    near = min(features.beat.bar_phase, 1.0 - features.beat.bar_phase) <= NEAR
    return near and max(features.onset, features.kick) >= strength > 0.0
