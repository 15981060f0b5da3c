"""A show without picture or sound, for what hands ask of it."""

from __future__ import annotations

from vj.hands.pair import Pair
from vj.hands.prompter import Prompter
from vj.modulation.matrix import ModMatrix
from vj.params.looks import parse_look
from vj.params.places import PLACES
from vj.params.shelf import Shelf
from vj.params.spec import choice, colour, integer, number, switch, trigger
from vj.params.tree import ParamTree
from vj.stage import Stage
from vj.types import Beat, ControlEvent, Features, Tick, VjError

CALM = {"mood": "calm", "generator": "test_pattern", "effects": ["glow", "tint"],
        "sources": {"slow": {"kind": "lfo"}, "pump": {"kind": "beat_wave"}},
        "routes": [{"source": "slow", "target": "/fx/glow/amount", "depth": 0.2},
                   {"source": "pump", "target": "/a/walk/speed", "depth": 0.4, "curve": "square"}],
        "values": {"/a/walk/speed": 0.5, "/fx/glow/amount": 0.2, "/fx/tint/ink": "#ff0000"}}
WILD = {"mood": "wild", "generator": "test_pattern", "drive": "bands", "effects": ["tint", "mirror"],
        "sources": {"slow": {"kind": "lfo"}, "hit": {"kind": "envelope"}},
        "routes": [{"source": "hit", "target": "/fx/mirror/mix", "depth": 0.6},
                   {"source": "slow", "target": "/fx/tint/amount", "depth": -0.3}],
        "values": {"/a/walk/speed": 2.0, "/a/walk/listen": "high", "/fx/tint/ink": "#0000ff", "/fx/tint/count": 9,
                   "/fx/mirror/mix": 0.8, "/fx/mirror/angle": 350.0, "/mix/time": 2.0}}
BROKEN = {"mood": "x", "generator": "test_pattern", "values": {"/fx/glow/amount": 0.1}}

EFFECTS = {
    "glow": (switch("on", True), number("amount", 0.5), number("mix", 1.0, smooth=0.0)),
    "tint": (number("amount", 0.5, smooth=0.0), colour("ink", "#808080"), integer("count", 1, 1, 9),
             trigger("flash")),
    "mirror": (switch("on", True), number("mix", 1.0, smooth=0.0),
               number("angle", 10.0, 0.0, 360.0, unit="deg", smooth=0.0)),
}


class Effects:
    def names(self):
        return sorted(EFFECTS)

    def specs(self, name):
        if name not in EFFECTS:
            raise VjError(f"there is no effect called {name!r}")
        return EFFECTS[name]


class Files:
    """Keeps looks nowhere and remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.waiting = []

    def write(self, look):
        self.asked.append(("write", look.name, look))

    def remove(self, name):
        self.asked.append(("remove", name))

    def news(self):
        news, self.waiting = self.waiting, []
        return news


def look(name, table):
    return parse_look(name, table, f"{name}.toml")


class Show:
    """Turns at 120 bpm; ``log`` holds what landed."""

    def __init__(self, first="calm", *, fps=30.0, files=None, extra=()):
        self.tree, self.matrix, self.fps = ParamTree(), ModMatrix(), fps
        self.files = files or Files()
        looks = {"calm": look("calm", CALM), "wild": look("wild", WILD), "broken": look("broken", BROKEN),
                 **dict(extra)}
        self.shelf = Shelf(looks, {}, self.files)
        self.tree.declare("mix", (number("time", 0.3, 0.0, 4.0), choice("transition", "crossfade",
                                                                         ("crossfade", "wipe"))))
        self.tree.declare("master", (number("fade", 1.0), switch("blackout")))
        self.stage = Stage(self.tree, self.matrix, Effects(), self.shelf, seed=3, size=(64, 36))
        self.stage.recall(first)
        self.prompter = Prompter(self.tree, self.stage)
        self.tree.settle()
        self.log, self.index, self.params = [], 0, self.tree.snapshot({})

    @property
    def time(self):
        return self.index / self.fps

    @property
    def tick(self):
        return Tick(self.index, self.time, 1.0 / self.fps)

    def beat(self):
        beats = 2.0 * self.time
        return Beat(120.0, int(beats), beats % 1.0, beats / 4 % 1.0, 1.0, int(beats / 4))

    def wish(self, path, value=True, source="hand", **more):
        told = self.prompter.land(self.tick, ControlEvent(path, value, source, **more))
        self.log += [(self.index, event) for event in told]
        return told

    def turn(self, seconds=None):
        """One tick, or so many seconds of them."""
        for _ in range(1 if seconds is None else round(seconds * self.fps)):
            beat = self.beat()
            self.prompter.step(self.tick, beat)
            self.tree.advance(1.0 / self.fps)
            self.params = self.tree.snapshot(self.matrix.offsets(self.tick, Features(beat=beat), self.params))
            self.index += 1
        return self

    def base(self, path):
        return self.tree.base(path)

    def picture(self):
        """Everything that a look holds, as it is now."""
        return {path: value for path, spec, value in self.tree.items() if path.startswith(
            ("/a/gen", "/a/walk", "/a/drive", "/fx/", "/mod/", "/routes/", "/mix/")) and spec.kind != "trigger"}


class Decks(Show):
    """A show with both decks, as vj has it; the second sleeps until a look is loaded onto it."""

    def __init__(self, first="calm", **more):
        super().__init__(first, **more)
        self.tree.extend("mix", (number("crossfade", 0.0), choice("curve", "linear", ("linear", "smooth", "sharp"))))
        place = PLACES["b"]
        self.second = Stage(self.tree, ModMatrix(place.mod), Effects(), self.shelf, seed=3, size=(64, 36), place=place)
        self.hands = self.prompter
        self.prompter = Pair(self.hands, Prompter(self.tree, self.second, self.hands))
        self.tree.settle()
        self.params = self.tree.snapshot({})

    def of_second(self):
        """Everything that a look holds on the second deck, by a look's own paths."""
        here = PLACES["b"]
        return {here.home(path): here.value(path, value) for path, spec, value in self.tree.items()
                if path.startswith(here.of_a_look) and spec.kind != "trigger"}
