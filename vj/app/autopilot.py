"""The autopilot: changes looks or worlds with the music, until a hand touches something."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from random import Random

from vj.hands.morphs import MORPH
from vj.params.spec import choice, integer, number, switch, text, trigger
from vj.params.tree import ParamTree
from vj.stage import LOOK, Stage
from vj.types import ControlEvent, Features, Params, ParamSpec, Tick, Value

MOUNT, SOURCE = "autopilot", "autopilot"
WORLD = "/a/gen/world"
PARAMS = (
    switch("on", help="Change looks or worlds with the music by itself."),
    integer("bars", 16, 1, 256, unit="bars", help="How long a picture stays, at least."),
    choice("what", "both", ("looks", "worlds", "both"), help="What is changed."),
    choice("how", "cut", ("cut", "morph"), help="A look is recalled, or morphed to in the time of the show's morphs."),
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
NO_HANDS = (SOURCE, "look", "stage", "morph", "pad", "start", "resume", "command line")
"""Sources that are no hands."""
NOT_TOUCHED = (f"/{MOUNT}/", "/beat/", "/audio/", "/latency/", "/midi/", "/machine/", "/record/", "/master/")
"""What a hand may do without taking the show over."""


class Autopilot:
    """One for a live show. ``hear`` is called each tick, ``landed`` with every change; ``emit`` takes its wishes."""

    def __init__(self, tree: ParamTree, stage: Stage, emit: Callable[[ControlEvent], object]) -> None:
        self._tree, self._stage, self._emit = tree, stage, emit
        self._lot = Random(stage.seed)  # noqa: S311 - what comes next is no secret
        self._recent: dict[str, deque[str]] = {LOOK: deque(maxlen=RECENT), WORLD: deque(maxlen=RECENT)}
        self._since: int | None = None  # the bar in which the picture changed
        self._touched: int | None = None  # the bar of a hand's last touch
        self._bar = 0
        self._on = False

    def landed(self, _: Tick, event: ControlEvent) -> None:
        """A hand has done something, or a picture has changed."""
        if event.path in (LOOK, "/show/recall", MORPH, WORLD):
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
        event = self._wish(what, how)
        self._since = self._bar
        if event is not None:
            self._emit(event)

    def _wish(self, what: str, how: str) -> ControlEvent | None:
        worlds = self._worlds()
        if worlds and (what == "worlds" or (what == "both" and self._lot.random() < 0.5)):
            return ControlEvent(WORLD, self._other(WORLD, worlds, str(self._tree.base(WORLD))), SOURCE)
        if what == "worlds":
            return None  # this generator has but one
        looks = self._stage.shelf.names
        if len(looks) < 2:
            return None
        return ControlEvent(MORPH if how == "morph" else LOOK, self._other(LOOK, looks, self._stage.look),
                            SOURCE)

    def _worlds(self) -> Sequence[str]:
        spec: ParamSpec | None = next((spec for path, spec, _ in self._tree.items() if path == WORLD), None)
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
