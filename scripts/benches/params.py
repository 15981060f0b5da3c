"""What the parameters cost: a tick's glide, modulation and snapshot, a recall, a state to keep."""

from __future__ import annotations

from pathlib import Path

from benches.table import Row, percentile, under
from vj.app.autosave import state_of
from vj.app.common import Declared, chosen_look, declare
from vj.app.lookfiles import open_shelf
from vj.clock import now
from vj.engine import Parts
from vj.render.effects import EffectLibrary
from vj.types import Beat, ControlEvent, Features, Tick, VjError

TITLE = "Parameters, routes and recalls"
HOW = ("A tree of 300 parameters and more with 60 routes from 12 sources, four hands moving at once, in one thread. "
       "*A tick*: what the engine does with parameters each turn: routes to offsets, glides, snapshot. *A recall*: "
       "everything between the wish and the next tick, over all looks that come with vj, twice round; what must load "
       "loads in the generator's process. *A state*: what an autosave takes of the show's own thread.")
PARAMS, ROUTES, SOURCES = 300, 60, 12
DT = 1.0 / 60.0


def measure(_: Path, seconds: float) -> list[Row]:
    """A tick, an event, a recall, a state."""
    show = crowded()
    count, routes = sum(1 for _ in show.tree.items()), len(show.stage.slots())
    ticks = turns(show, round(min(seconds, 20.0) / DT))
    recalls, again = recalled(bare())
    states = kept(show)
    return [
        Row("parameters and routes", f"{count} and {routes}", f"at least {PARAMS} and {ROUTES}",
            count >= PARAMS and routes >= ROUTES),
        under("a tick, median", 1e3 * percentile(ticks, 0.5), 0.3, "ms"),
        Row("a tick, p99", f"{1e3 * percentile(ticks, 0.99):.3g} ms"),
        Row("an event, median", f"{1e6 * percentile(events(show), 0.5):.3g} µs"),
        Row("a recall the first time, the slowest look", f"{1e3 * max(recalls):.3g} ms"),
        under("a recall after that, median", 1e3 * percentile(again, 0.5), 4.0, "ms"),
        under("a state to keep, median", 1e3 * percentile(states, 0.5), 1.0, "ms"),
    ]


def bare() -> Declared:
    """A show as it begins."""
    return declare(EffectLibrary.open(), 0, (640, 360), chosen_look(None), open_shelf())


def crowded() -> Declared:
    """A show with as many parameters and routes as the figure asks for."""
    show = bare()
    tick = Tick(0, 0.0, DT)

    def wish(path: str, value: object) -> None:
        show.prompter.land(tick, ControlEvent(path, value, "bench"))  # type: ignore[arg-type]

    kinds = ("lfo", "noise", "beat_wave", "audio_band", "envelope", "every_beat", "sample_hold")
    while len(show.stage.uses) < SOURCES:
        wish("/sources/add", kinds[len(show.stage.uses) % len(kinds)])
    targets = [path for path, spec, _ in show.tree.items()
               if spec.kind == "number" and path.startswith(("/fx/", "/a/", "/mod/", "/mix/"))]
    names = [use.name for use in show.stage.uses]
    for place in range(len(show.stage.slots()) + 1, ROUTES + 1):
        wish(f"/routes/{place}/source", names[place % len(names)])
        wish(f"/routes/{place}/target", targets[place % len(targets)])
        wish(f"/routes/{place}/depth", 0.1)
    return show


def turns(show: Declared, count: int) -> list[float]:
    """Seconds of each tick, with four knobs always on their way."""
    params, spent = show.tree.snapshot({}), []
    knobs = ("/a/walk/speed", "/a/walk/energy", "/fx/grade/gain", "/fx/bloom/amount")
    for index in range(count):
        beats = index * DT * 2.0
        features = Features(kick=float(index % 30 == 0), beat=Beat(120.0, int(beats), beats % 1.0, beats / 4 % 1.0))
        for place, knob in enumerate(knobs):
            show.tree.apply(ControlEvent(knob, (index + place) % 40 / 40, "bench", unit=True))
        tick = Tick(index, index * DT, DT)
        began = now()
        show.tree.advance(DT)
        params = show.tree.snapshot(show.matrix.offsets(tick, features, params))
        spent.append(now() - began)
    return spent


def events(show: Declared, count: int = 4000) -> list[float]:
    """Seconds of each event of a fader, from the inbox into the tree and the history."""
    spent = []
    for index in range(count):
        event = ControlEvent("/a/walk/speed", index % 100 / 100, "bench", unit=True)
        began = now()
        show.prompter.land(Tick(index, index * DT, DT), show.prompter.timed(event))
        spent.append(now() - began)
    return spent


def recalled(show: Declared, rounds: int = 8) -> tuple[list[float], list[float]]:
    """Seconds of each recall, the first of each look and those after it."""
    first: list[float] = []
    later: list[float] = []
    for turn in range(rounds):
        for name in show.stage.shelf.names:
            began = now()
            try:
                show.prompter.land(Tick(0, 0.0, DT), ControlEvent("/show/look", name, "bench"))
            except VjError:
                continue  # one of the performer's that is not right
            (later if turn else first).append(now() - began)
    return first, later


class _Half:
    """What an autosave looks at."""

    def __init__(self, show: Declared) -> None:
        self.tree, self.stage, self.second = show.tree, show.stage, None


def kept(show: Declared, count: int = 200) -> list[float]:
    """Seconds of each state."""
    parts: Parts = _Half(show)  # type: ignore[assignment]
    spent = []
    for index in range(count):
        began = now()
        state_of(parts, Tick(index, index * DT, DT))
        spent.append(now() - began)
    return spent
