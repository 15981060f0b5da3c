from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vj.audio.source import ArraySource
from vj.clock import OfflineClock
from vj.deck import image_size
from vj.engine import Engine, Parts
from vj.hands.prompter import Prompter
from vj.modulation.matrix import ModMatrix, shaped
from vj.offline import fast_forward, render
from vj.params.looks import parse_look
from vj.params.shelf import Shelf
from vj.params.spec import number, switch
from vj.params.tree import ParamTree
from vj.record.doubles import HashSink
from vj.render.double import FakeCompositor
from vj.runner.double import FakeRunner
from vj.runner.inline import InlineRunner
from vj.stage import Stage
from vj.timeline.timeline import Timeline
from vj.types import Beat, ControlEvent, Features, Look, Route, SourceUse, Tick, VjError

LOOKS = {
    "one": parse_look("one", {
        "mood": "test", "generator": "test_pattern", "effects": ["glow"],
        "sources": {"pump": {"kind": "beat_wave"}},
        "routes": [{"source": "pump", "target": "/fx/glow/amount", "depth": 0.5}],
        "values": {"/a/walk/speed": 0.4, "/fx/glow/amount": 0.2},
    }, "one.toml"),
    "two": parse_look("two", {"mood": "test", "generator": "test_pattern", "drive": "bands",
                              "effects": ["blur", "glow"], "values": {"/fx/glow/amount": 0.9}}, "two.toml"),
    "broken": parse_look("broken", {"mood": "test", "generator": "test_pattern",
                                    "values": {"/fx/glow/amount": 0.9}}, "broken.toml"),
}


class Effects:
    def names(self):
        return ["blur", "glow"]

    def specs(self, name):
        return (switch("on", True), number("amount", 0.5))


class Ears:
    """Hears a beat at 120 bpm whatever is played, and remembers how much was."""

    def __init__(self):
        self.samples = 0
        self.taps = 0

    def process(self, tick, samples):
        self.samples += len(samples)
        beats = tick.time * 2
        kick = 1.0 if int(beats) != int((tick.time - tick.dt) * 2) else 0.0
        return Features(time=tick.time, kick=kick, beat=Beat(120.0, int(beats), beats % 1, beats / 4 % 1, 1.0))

    def catch_up(self):
        pass

    def control(self, tick, audio, beat):
        self.taps += bool(beat.get("tap", False))


def show(events=(), *, strict=True, seconds=4.0, first="one") -> tuple[Engine, HashSink]:
    tree, matrix = ParamTree(), ModMatrix()
    stage = Stage(tree, matrix, Effects(), Shelf(LOOKS), seed=3, size=(64, 36))
    stage.recall(first)
    sink = HashSink()
    noise = np.random.default_rng(0).standard_normal((int(seconds * 8000), 2)).astype(np.float32)
    parts = Parts(ArraySource(noise, 8000), Ears(), tree, matrix, stage, Prompter(tree, stage), FakeCompositor(),
                  timeline=Timeline(events), sinks=[sink])
    return Engine(parts, strict=strict), sink


def run(engine: Engine, fps: float = 30, seconds: float = 4.0, workers: int = 1, depth: int = 0) -> None:
    runner = InlineRunner(workers=workers)
    try:
        render(engine, OfflineClock(fps, round(fps * seconds)), runner, depth)
    finally:
        runner.close()


def test_the_same_show_twice_is_the_same_bit_for_bit_whatever_waits_beside_it():
    digests = set()
    for workers, depth in ((1, 0), (1, 0), (2, 5)):
        engine, sink = show([(1.0, ControlEvent("/show/look", "two", "hand"))])
        run(engine, workers=workers, depth=depth)
        digests.add(sink.digest)
        assert len(sink.digests) == 120
    assert len(digests) == 1


def test_every_sample_is_heard_once():
    engine, _ = show()
    run(engine)
    assert engine.parts.ears.samples == round(119 / 30 * 8000)


def test_a_look_is_recalled_on_its_tick_with_chain_values_and_sources():
    engine, _ = show([(1.0, ControlEvent("/show/look", "two", "hand"))])
    run(engine)
    assert engine.parts.stage.look == "two"
    assert engine.parts.compositor.chains == [("glow",), ("blur", "glow")]
    assert engine.parts.tree.base("/fx/glow/amount") == 0.9
    assert "mod/pump" not in engine.parts.tree.mounts()


def test_a_broken_look_leaves_the_old_one_on_stage_and_says_why():
    engine, _ = show([(1.0, ControlEvent("/show/look", "broken", "hand"))], strict=False)
    run(engine)
    assert engine.parts.stage.look == "one"
    assert engine.parts.tree.base("/show/look") == "one"
    assert "look 'broken'" in engine.message
    assert "/fx/glow/amount" in engine.message


def test_offline_a_bad_event_is_an_error():
    engine, _ = show([(1.0, ControlEvent("/a/walk/speed", 99.0, "hand"))])
    with pytest.raises(VjError, match="/a/walk/speed: expected a number from 0 to 2"):
        run(engine)


def test_a_quantised_look_waits_for_the_bar_and_is_logged_when_it_lands():
    engine, _ = show([(0.5, ControlEvent("/show/look", "two", "hand", when="bar"))])
    landed = []
    engine.parts.landed.append(lambda tick, event: landed.append((tick.time, event.path)))
    run(engine)
    assert landed == [(2.0, "/show/look")]


def test_modulation_reaches_the_snapshot_and_the_base_stays():
    engine, _ = show()
    values = [engine.advance(tick).params["fx/glow"]["amount"] for tick in OfflineClock(30, 60)]
    assert max(values) - min(values) > 0.2
    assert engine.parts.tree.base("/fx/glow/amount") == 0.2


def test_a_deck_asks_at_its_rate_without_drifting():
    engine, _ = show([(0.0, ControlEvent("/a/deck/rate", 12.0, "hand"))])
    asked = [tick.index for tick in OfflineClock(30, 300) if engine.advance(tick).requests]
    assert len(asked) == pytest.approx(120, abs=1)
    assert set(np.diff(asked)) == {2, 3}


def test_a_tick_without_a_new_image_keeps_the_last():
    engine, _ = show()
    runner = FakeRunner(latency=0.1, rate=10.0)
    seen = []
    for tick in OfflineClock(30, 60):
        moment = engine.advance(tick)
        engine.show(moment, {"a": runner.exchange(moment.requests["a"])})
        seen.append(engine.parts.compositor.images.get("a", -1))
    assert seen == sorted(seen)
    assert seen[0] == -1
    assert seen[-1] > 50
    assert 15 <= len(set(seen)) <= 22


def test_moving_fast_forward_arrives_where_playing_does():
    played, skipped = show()[0], show()[0]
    run(played, seconds=2.0)
    fast_forward(skipped, OfflineClock(30, 60))
    after = OfflineClock(30, 61, start=60)
    assert [m.points for m in map(played.advance, after)] == [m.points for m in map(skipped.advance, after)]


@pytest.mark.parametrize(("change", "message"), [
    ({"generator": "paintre"}, "there is no generator called 'paintre'; did you mean 'painter'"),
    ({"drive": "drfit"}, "did you mean 'drift'"),
    ({"sources": (SourceUse("x", "lof"),)}, "did you mean 'lfo'"),
    ({"routes": (Route("x", "/fx/glow/amount", 1.0),)}, "route's source 'x'"),
    ({"routes": (Route("pump", "/show/look", 1.0),)}, "/show/look cannot be modulated"),
    ({"routes": (Route("pump", "/fx/glow/amuont", 1.0),)}, "did you mean '/fx/glow/amount'"),
    ({"values": {"/a/walk/speed": 7.0}}, "/a/walk/speed: expected a number from 0 to 2"),
    ({"values": {"/a/walk/speed": "fast"}}, "/a/walk/speed: expected a number"),
])
def test_a_wrong_look_is_refused_with_one_clear_sentence(change, message):
    tree = ParamTree()
    look: Look = replace(LOOKS["one"], **change)
    stage = Stage(tree, ModMatrix(), Effects(), Shelf({"one": look}), seed=1, size=(64, 36))
    with pytest.raises(VjError, match="look 'one'") as error:
        stage.recall("one")
    assert message in str(error.value)
    assert tree.mounts() == ["a/deck", "a/queue", "show"]


def test_image_sizes_follow_the_output_in_steps_of_eight():
    assert image_size((640, 360), 216) == (384, 216)
    assert image_size((360, 640), 216) == (120, 216)
    assert image_size((8192, 16), 64)[0] % 8 == 0


def test_route_curves_keep_the_sign():
    assert shaped(-0.5, "square") == -0.25
    assert shaped(-0.25, "log") == -0.5
    assert shaped(0.3, "linear") == 0.3


class Loud:
    NAME, HELP, PARAMS = "loud", "", ()

    def value(self, tick, features, params):
        return float("nan")


def test_a_source_that_breaks_never_reaches_the_tree():
    matrix = ModMatrix()
    matrix.patch({"x": Loud()}, (Route("x", "/a/b", 1.0),))
    assert matrix.offsets(Tick(0, 0.0, 0.1), Features(), {}) == {"/a/b": 0.0}
