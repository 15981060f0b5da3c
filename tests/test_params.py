from __future__ import annotations

import math
import random

import pytest

from vj.params.pushes import pushable
from vj.params.quantize import Quantizer
from vj.params.spec import checked, choice, colour, from_unit, integer, number, switch, text, to_unit, trigger
from vj.params.tree import ParamTree
from vj.types import Beat, ControlEvent, VjError

SPECS = (
    number("speed", 0.5, 0.0, 2.0, smooth=0.1, help="how fast"),
    number("rate", 1.0, 0.01, 100.0, curve="log", smooth=0.0),
    integer("count", 3, 1, 9),
    switch("on", True),
    choice("band", "bass", ("sub", "bass", "high")),
    text("prompt", "ink"),
    colour("tint", "#ff8800"),
    trigger("go"),
)


def event(path: str, value: object, **more: object) -> ControlEvent:
    return ControlEvent(path, value, "test", **more)  # type: ignore[arg-type]


@pytest.fixture
def tree() -> ParamTree:
    tree = ParamTree()
    tree.declare("a/walk", SPECS)
    return tree


@pytest.mark.parametrize("spec", [s for s in SPECS if s.kind == "number"])
def test_knob_space_and_back_is_the_same_value(spec):
    for unit in (0.0, 0.1, 0.5, 0.99, 1.0):
        assert to_unit(spec, from_unit(spec, unit)) == pytest.approx(unit)
    assert from_unit(spec, -3) == pytest.approx(spec.lo)
    assert from_unit(spec, 7) == pytest.approx(spec.hi)


@pytest.mark.parametrize(("name", "value"), [
    ("speed", 2.1), ("speed", -0.1), ("speed", math.nan), ("speed", math.inf), ("speed", "fast"), ("speed", True),
    ("count", 0), ("band", "treble"), ("band", 3), ("band", -1), ("prompt", 4), ("prompt", "x" * 2001), ("tint", "red"),
    ("on", "yes"),
])
def test_a_wrong_value_is_refused_with_its_path_and_what_was_expected(name, value):
    spec = next(s for s in SPECS if s.name == name)
    with pytest.raises(VjError, match=rf"/a/walk/{name}: expected .*got"):
        checked(spec, value, f"/a/walk/{name}")


def test_a_refused_value_changes_nothing(tree):
    with pytest.raises(VjError):
        tree.apply(event("/a/walk/speed", 99.0))
    assert tree.base("/a/walk/speed") == 0.5


def test_an_unknown_path_suggests_the_nearest(tree):
    with pytest.raises(VjError, match="did you mean '/a/walk/speed'"):
        tree.apply(event("/a/walk/sped", 1.0))


@pytest.mark.parametrize("fps", [30, 60, 144])
def test_glide_is_the_same_at_every_frame_rate(tree, fps):
    tree.apply(event("/a/walk/speed", 2.0))
    for _ in range(fps // 10):
        tree.advance(1 / fps)
    value = tree.snapshot({})["a/walk"]["speed"]
    steps = fps // 10 / fps
    assert value == pytest.approx(2.0 - 1.5 * math.exp(-steps / 0.1), rel=1e-6)


def test_modulation_pushes_the_snapshot_and_never_the_base(tree):
    assert tree.snapshot({"/a/walk/speed": 0.25})["a/walk"]["speed"] == pytest.approx(1.0)
    assert tree.snapshot({"/a/walk/speed": 9.0})["a/walk"]["speed"] == pytest.approx(2.0)
    assert tree.snapshot({"/a/walk/speed": math.nan})["a/walk"]["speed"] == 0.5
    assert tree.snapshot({"/a/walk/count": 0.5})["a/walk"]["count"] == 7
    assert tree.base("/a/walk/speed") == 0.5
    assert tree.snapshot({})["a/walk"]["speed"] == 0.5


def test_a_settled_value_is_bit_exact(tree):
    tree.apply(event("/a/walk/rate", 0.3))
    tree.advance(0.01)
    assert tree.snapshot({})["a/walk"]["rate"] == 0.3


def test_knob_events_land_in_every_kind(tree):
    tree.apply(event("/a/walk/rate", 0.5, unit=True))
    assert tree.base("/a/walk/rate") == pytest.approx(1.0)
    tree.apply(event("/a/walk/band", 1.0, unit=True))
    assert tree.base("/a/walk/band") == "high"
    tree.apply(event("/a/walk/on", 0.2, unit=True))
    assert tree.base("/a/walk/on") is False


def test_a_trigger_fires_for_one_tick(tree):
    tree.apply(event("/a/walk/go", 1))
    assert tree.snapshot({})["a/walk"]["go"] is True
    assert tree.snapshot({})["a/walk"]["go"] is False


def test_declaring_again_keeps_what_the_hand_set_and_removing_forgets(tree):
    tree.apply(event("/a/walk/speed", 1.5))
    tree.declare("a/walk", SPECS[:2])
    assert tree.base("/a/walk/speed") == 1.5
    with pytest.raises(VjError):
        tree.base("/a/walk/count")
    tree.apply(event("/a/walk/speed", 1.0))
    tree.remove("a/walk")
    tree.advance(0.1)
    assert "a/walk" not in tree.snapshot({})


def at(place: float, bpm: float = 120.0) -> Beat:
    return Beat(bpm, int(place), place % 1.0, place / 4 % 1.0, 1.0)


def test_quantised_events_land_on_the_beat_and_the_bar():
    q = Quantizer()
    q.due([], at(0.9))
    assert [e.path for e in q.due([event("/now", 1), event("/beat", 1, when="beat"), event("/bar", 1, when="bar")],
                                  at(0.95))] == ["/now"]
    assert q.due([], at(0.99)) == []
    assert [e.path for e in q.due([], at(1.01))] == ["/beat"]
    assert q.due([], at(3.9)) == []
    assert [e.path for e in q.due([], at(4.02))] == ["/bar"]
    assert q.waiting == 0


def test_look_ahead_lands_early_by_the_latency():
    q = Quantizer()
    q.due([event("/x", 1, when="beat")], at(0.5), lookahead=0.1)
    assert q.due([], at(0.75), lookahead=0.1) == []
    assert len(q.due([], at(0.82), lookahead=0.1)) == 1  # 0.1 s at 120 bpm is 0.2 beats


def test_a_beat_that_is_crossed_once_is_not_crossed_again_when_the_latency_shrinks():
    q = Quantizer()
    q.due([], at(0.9), lookahead=0.1)  # stands at 1.1
    q.due([event("/x", 1, when="beat")], at(0.95), lookahead=0.0)  # back at 0.95
    assert q.due([], at(1.05), lookahead=0.0) == []
    assert len(q.due([], at(2.01), lookahead=0.0)) == 1


def plain(tree, offsets):
    """The snapshot as it would be if everything was made anew each time."""
    params = {mount: {name: node.value(0.0) for name, node in nodes.items() if node.spec.kind != "trigger"}
              for mount, nodes in tree._mounts.items()}
    for path, offset in offsets.items():
        mount, _, name = path.strip("/").rpartition("/")
        if name in params.get(mount, {}):
            params[mount][name] = tree._mounts[mount][name].value(offset)
    return params


def test_a_snapshot_is_the_same_as_one_made_anew_whatever_happened():
    lot = random.Random(4)
    tree = ParamTree()
    for mount in ("a/walk", "fx/glow", "mod/x"):
        tree.declare(mount, SPECS)
    before = None
    for turn in range(600):
        mount = lot.choice(("a/walk", "fx/glow", "mod/x"))
        match lot.randrange(8):
            case 0:
                tree.remove(mount) if lot.random() < 0.2 else tree.declare(mount, SPECS[:lot.randrange(3, 9)])
            case 1:
                tree.reset(mount)
            case 2:
                tree.settle(mount)
            case 3 if "speed" in tree.bases(mount):
                tree.put(f"/{mount}/speed", lot.uniform(0.0, 2.0), "test")
            case 4 | 5 if "count" in tree.bases(mount):
                tree.apply(event(f"/{mount}/count", lot.randrange(1, 10)))
            case _ if "speed" in tree.bases(mount):
                tree.apply(event(f"/{mount}/speed", lot.uniform(0.0, 2.0)))
        tree.advance(1 / 60)
        offsets = {f"/{lot.choice(('a/walk', 'fx/glow'))}/{lot.choice(('speed', 'rate', 'count'))}": lot.uniform(-1, 1)
                   for _ in range(lot.randrange(4))}
        wanted = plain(tree, offsets)
        shown = tree.snapshot(offsets)
        assert {mount: {name: value for name, value in values.items() if name != "go"}
                for mount, values in shown.items()} == wanted, turn
        if before is not None:
            assert before[0] == before[1], "an older snapshot was changed"
        before = shown, {mount: dict(values) for mount, values in shown.items()}


def test_a_push_pulls_a_trigger_once_until_it_falls_back(tree):
    pushes = (0.0, 0.49, 0.5, 0.9, 0.45, 0.55, 0.39, 0.5, 1.0)
    tree.apply(event("/a/walk/speed", 2.0))
    fired = []
    for push in pushes:
        tree.advance(0.01)  # another parameter beside it is on its way
        fired.append(tree.snapshot({"/a/walk/go": push})["a/walk"]["go"])
    assert fired == [False, False, True, False, False, False, False, True, False]
    assert tree.snapshot({})["a/walk"]["go"] is False


def test_a_trigger_that_a_route_pulls_is_told_as_pulled(tree):
    told = []
    for push in (0.0, 0.9, 0.9):
        tree.snapshot({"/a/walk/go": push})
        told.append(tree.changes())
    assert told == [[], [("/a/walk/go", False, "route")], []]


@pytest.mark.parametrize(("base", "pushes", "wanted"), [
    (False, (0.0, 0.49, 0.5, 0.45, 0.41, 0.39, 0.45, 1.0, -1.0), (0, 0, 1, 1, 1, 0, 0, 1, 0)),
    (True, (0.0, 1.0, -0.49, -0.5, -0.45, -0.39, -0.45, -1.0, 0.0), (1, 1, 1, 0, 0, 1, 1, 0, 1)),
])
def test_a_push_of_half_a_turn_turns_a_switch_over_until_it_falls_back(tree, base, pushes, wanted):
    tree.apply(event("/a/walk/on", base))
    assert [tree.snapshot({"/a/walk/on": push})["a/walk"]["on"] for push in pushes] == [bool(one) for one in wanted]
    assert tree.base("/a/walk/on") is base
    assert tree.snapshot({})["a/walk"]["on"] is base


def test_a_push_steps_through_choices_and_does_not_tremble_between_two(tree):
    pushes = (0.0, 0.24, 0.26, 0.31, 0.26, 0.24, 0.19, 1.0, -0.5, -1.0, 0.0)
    shown = [tree.snapshot({"/a/walk/band": push})["a/walk"]["band"] for push in pushes]
    assert shown == ["bass", "bass", "bass", "high", "high", "high", "bass", "high", "sub", "sub", "bass"]
    tree.apply(event("/a/walk/band", "sub"))
    again = [tree.snapshot({"/a/walk/band": push})["a/walk"]["band"] for push in (0.2, 0.5, 1.0)]
    assert again == ["sub", "bass", "high"]
    assert tree.base("/a/walk/band") == "sub"


@pytest.mark.parametrize(("path", "spec", "leads"), [
    ("/a/walk/speed", number("speed", 0.5), True), ("/fx/glow/on", switch("on"), True),
    ("/b/fx/glow/on", switch("on"), True), ("/mod/slow/shape", choice("shape", "a", ("a", "b")), True),
    ("/mix/blend", choice("blend", "a", ("a", "b")), True), ("/master/freeze", switch("freeze"), True),
    ("/fx/tint/flash", trigger("flash"), True), ("/routes/3/depth", number("depth", 1.0), True),
    ("/b/routes/3/depth", number("depth", 1.0), True),
    ("/master/flash_limit", switch("flash_limit"), False), ("/master/blackout", switch("blackout"), False),
    ("/show/look", choice("look", "a", ("a", "b")), False), ("/show/next", trigger("next"), False),
    ("/record/on", switch("on", guarded=True), False), ("/routes/3/on", switch("on"), False),
    ("/routes/3/source", choice("source", "a", ("a",)), False), ("/a/prompt/text", text("text"), False),
    ("/pad/x", number("x", 0.5), False), ("/b/show/morph_position", number("morph_position", 0.0), False),
    ("/a/gen/tint", colour("tint", "#000000"), False),
    ("/a/gen/model", choice("model", "a", ("a", "b"), live=False), False),
])
def test_where_a_route_can_lead(path, spec, leads):
    assert pushable(path, spec) is leads


def test_what_is_put_is_there_at_once_and_other_choices_keep_the_one_that_stands(tree):
    tree.put("/a/walk/speed", 1.75, "test")
    assert tree.snapshot({})["a/walk"]["speed"] == 1.75
    with pytest.raises(VjError):
        tree.put("/a/walk/speed", 3.0, "test")
    tree.put("/a/walk/band", "high", "test")
    tree.extend("a/walk", (choice("band", "sub", ("sub", "mid", "high")),))
    assert tree.base("/a/walk/band") == "high"
    assert tree.base("/a/walk/speed") == 1.75
    tree.extend("a/walk", (choice("band", "sub", ("sub", "mid")),))
    assert tree.base("/a/walk/band") == "sub"
