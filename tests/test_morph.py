"""From one picture to another: what glides, what changes in the middle, and what a hand keeps."""

from __future__ import annotations

import itertools

import pytest
from hands import Show

from vj.params.morph import Side, between, goes_round, mixed, moves
from vj.params.spec import choice, colour, integer, number, switch, text
from vj.types import VjError


@pytest.mark.parametrize(("spec", "start", "end", "share", "value"), [
    (number("x", 0.0), 0.2, 0.8, 0.5, 0.5),
    (number("x", 1.0, 0.01, 100.0, curve="log"), 0.01, 100.0, 0.5, 1.0),
    (number("x", 0.0, 0.0, 2.0, curve="square"), 0.0, 2.0, 0.5, 0.5),
    (number("a", 0.0, 0.0, 360.0, unit="deg"), 350.0, 20.0, 0.5, 5.0),
    (number("a", 0.0, 0.0, 360.0, unit="deg"), 20.0, 350.0, 1 / 3, 10.0),
    (number("h", 0.0, 0.0, 1.0, unit="turns"), 0.9, 0.3, 0.25, 0.0),
    (number("h", 0.0, -0.5, 0.5, unit="turns"), -0.4, 0.4, 0.5, -0.5),
    (number("zoom", 0.0, -2.0, 2.0, unit="octaves"), -2.0, 2.0, 0.5, 0.0),
    (integer("n", 1, 1, 9), 1, 9, 0.5, 5), (integer("n", 1, 1, 9), 2, 3, 0.4, 2),
    (switch("s"), False, True, 0.49, False), (switch("s"), False, True, 0.5, True),
    (choice("c", "a", ("a", "b", "c")), "a", "c", 0.49, "a"), (choice("c", "a", ("a", "b", "c")), "a", "c", 0.6, "c"),
    (text("t"), "this", "that", 0.7, "that"),
])
def test_each_kind_goes_its_own_way(spec, start, end, share, value):
    assert between(spec, start, end, share) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("spec", [number("x", 0.3, 0.01, 7.0, curve="log"), integer("n", 1, 1, 99),
                                  number("h", 0.0, 0.0, 1.0, unit="turns")])
def test_both_ends_are_exact(spec):
    start, end = (3, 98) if spec.kind == "integer" else (0.123456789, 0.987654321)
    assert between(spec, start, end, 0.0) == start
    assert between(spec, start, end, 1.0) == end
    for share in range(101):
        assert spec.lo <= between(spec, start, end, share / 100) <= spec.hi


def test_a_knob_that_has_ends_does_not_go_round():
    assert not goes_round(number("hue", 0.0, -0.5, 0.5))
    assert not goes_round(number("spin", 0.0, -1.0, 1.0, unit="rad/s"))
    assert goes_round(number("angle", 0.0, -180.0, 180.0, unit="deg"))


def test_colours_go_through_oklab():
    """The grey half way between black and white is OKLab's L 0.5; blue to yellow is no grey."""
    assert mixed("#000000", "#ffffff", 0.5) == "#636363"
    assert between(colour("c", "#000000"), "#ff0000", "#0000ff", 0.5) == "#8c53a2"
    assert mixed("#ff8800", "#ff8800", 0.3) == "#ff8800"
    assert mixed("#00000000", "#000000", 0.5) == "#00000080"
    red, green, blue = (int(mixed("#0000ff", "#ffff00", 0.5)[place:place + 2], 16) for place in (1, 3, 5))
    assert max(red, green, blue) - min(red, green, blue) > 40


def test_an_effect_of_one_side_goes_before_the_middle_or_comes_after_it():
    here = Side({"/fx/a/mix": number("mix", 1.0), "/fx/a/amount": number("amount", 0.5)},
                {"/fx/a/mix": 0.8, "/fx/a/amount": 0.3})
    there = Side({"/fx/b/amount": number("amount", 0.5)}, {"/fx/b/amount": 0.6})
    before, after = moves(here, there)
    assert [(m.path, m.at(0.0), m.at(0.25), m.at(0.5)) for m in before] == [
        ("/fx/a/mix", 0.8, pytest.approx(0.4), 0.0)]
    assert [(m.path, m.at(0.5), m.at(0.75), m.at(1.0)) for m in after] == [
        ("/fx/b/amount", 0.0, pytest.approx(0.3), 0.6)]


# -------------------------------------------------------------------------------------- on stage


def test_a_morph_by_beats_arrives_where_the_look_is():
    straight = Show()
    straight.wish("/show/look", "wild")
    show = Show()
    show.wish("/show/morph_time", 8.0)
    show.wish("/show/morph", "wild")
    show.turn(3.9)  # 120 bpm: eight beats are four seconds
    assert show.stage.look == "calm"
    assert 0.9 < show.base("/show/morph_position") < 1.0
    show.turn(0.2)
    assert show.stage.look == "wild"
    assert (show.base("/show/look"), show.base("/show/morph"), show.base("/show/morph_position")) == ("wild", "none", 0)
    arrived = show.picture()
    assert {path: value for path, value in straight.picture().items() if arrived[path] != value} == {}


def test_the_picture_changes_in_the_middle_on_a_beat():
    show = Show()
    show.turn(0.3)
    show.wish("/show/morph", "wild")
    changed = None
    for _ in range(150):
        before = show.stage.chain
        count = show.beat().count
        show.turn()
        if show.stage.chain != before:
            changed = (show.index - 1, count, show.base("/show/morph_position"))
    assert changed is not None
    assert changed[0] % 15 == 0  # 120 bpm at 30 fps
    assert 0.43 <= changed[2] < 0.57


def test_shared_parameters_glide_the_rest_changes_in_the_middle():
    show = Show()
    show.wish("/show/morph_unit", "seconds")
    show.wish("/show/morph_time", 2.0)
    show.wish("/show/morph", "wild")
    speed, mixes, listens = [], [], []
    for _ in range(62):
        show.turn()
        speed.append(show.base("/a/walk/speed"))
        listens.append(show.base("/a/walk/listen"))
        mixes.append((show.params.get("fx/glow", {}).get("mix"), show.tree.bases("fx/mirror").get("mix")))
    assert speed == sorted(speed)
    assert max(b - a for a, b in itertools.pairwise(speed)) < 0.06
    assert set(listens) == {"bass", "high"}
    gone = [mix for mix, _ in mixes if mix is not None]
    came = [mix for _, mix in mixes if mix is not None]
    assert gone == sorted(gone, reverse=True)
    assert gone[-1] < 0.1
    assert came == sorted(came)
    assert came[0] < 0.1
    assert came[-1] == 0.8


def test_routes_fade_and_what_they_share_stays():
    show = Show(extra={"near": show_look("near", depth=-0.2)})
    show.wish("/show/morph_unit", "hand")
    show.wish("/show/morph", "near")
    show.wish("/show/morph_position", 0.25)
    assert show.base("/routes/1/depth") == pytest.approx(0.1)
    assert show.base("/routes/2/depth") == pytest.approx(0.2)
    show.wish("/show/morph_position", 0.6)
    assert [show.base(f"/routes/{n}/target") for n in (1, 2)] == ["/fx/glow/amount", ""]
    assert show.base("/routes/1/depth") == pytest.approx(-0.04)


def show_look(name, depth):
    from hands import CALM, look

    return look(name, {**CALM, "routes": [{**CALM["routes"][0], "depth": depth}]})


def test_a_wave_that_both_have_goes_on():
    show = Show()
    show.wish("/show/morph_unit", "hand")
    show.wish("/show/morph", "wild")
    show.turn(1.0)
    slow, pump = show.matrix.sources["slow"], show.matrix.sources["pump"]
    show.wish("/show/morph_position", 0.8)
    assert show.matrix.sources["slow"] is slow
    assert pump not in show.matrix.sources.values()


def test_a_hand_takes_a_parameter_out_of_the_morph():
    show = Show()
    show.wish("/show/morph", "wild")
    show.turn(1.0)
    show.wish("/fx/tint/count", 3)
    show.turn(4.0)
    assert show.stage.look == "wild"
    assert show.base("/fx/tint/count") == 3
    assert show.base("/a/walk/speed") == 2.0


def test_by_hand_it_goes_back_the_same_way():
    show = Show()
    show.wish("/show/morph_unit", "hand")
    before = show.picture()
    show.wish("/show/morph", "wild")
    show.turn(5.0)
    assert show.picture() == before
    show.wish("/show/morph_position", 0.9)
    assert "fx/mirror" in show.tree.mounts()
    show.wish("/show/morph_position", 0.0)
    after = show.picture()
    assert {p: v for p, v in after.items() if before[p] != v} == {}
    show.wish("/show/morph_position", 1.0)
    assert show.stage.look == "wild"
    assert show.base("/show/morph_position") == 1.0


def test_a_fader_at_its_end_goes_the_other_way_next():
    show = Show()
    show.wish("/show/morph_unit", "hand")
    show.wish("/show/morph", "wild")
    show.wish("/show/morph_position", 1.0)
    show.wish("/show/morph", "calm")
    show.wish("/show/morph_position", 0.6)
    assert show.stage.chain == ("tint", "mirror")
    show.wish("/show/morph_position", 0.2)
    assert show.stage.chain == ("glow", "tint")
    show.wish("/show/morph_position", 0.0)
    assert show.stage.look == "calm"
    assert show.base("/a/walk/speed") == 0.5


def test_a_trembling_fader_in_the_middle_changes_the_picture_once():
    show = Show()
    show.wish("/show/morph_unit", "hand")
    show.wish("/show/morph", "wild")
    chains = []
    for place in (0.49, 0.51, 0.49, 0.505, 0.53, 0.51, 0.49, 0.5, 0.49):
        show.wish("/show/morph_position", place)
        chains.append(show.stage.chain)
    assert sum(a != b for a, b in itertools.pairwise(chains)) == 1


@pytest.mark.parametrize("seconds", [1.0, 3.2])
def test_a_hand_on_the_position_takes_a_running_morph_over(seconds):
    show = Show()
    show.wish("/show/morph", "wild")
    show.turn(seconds)
    at = show.base("/show/morph_position")
    show.wish("/show/morph_position", at)
    show.turn(5.0)
    assert show.prompter.morphs.running.position == pytest.approx(at)
    show.wish("/show/morph_position", 1.0)
    assert show.stage.look == "wild"


def test_none_stops_it_where_it_is():
    show = Show()
    show.wish("/show/morph", "wild")
    show.turn(1.5)
    speed = show.base("/a/walk/speed")
    show.wish("/show/morph", "none")
    show.turn(3.0)
    assert 0.5 < speed == show.base("/a/walk/speed") < 2.0
    assert show.prompter.morphs.running is None


def test_a_morph_is_taken_back_whole_also_half_way():
    for seconds in (1.0, 3.0, 6.0):
        show = Show()
        before = show.picture()
        show.wish("/show/morph", "wild")
        show.turn(seconds)
        show.wish("/show/undo")
        assert show.picture() == before
        show.turn(6.0)
        assert show.picture() == before
        assert show.stage.look == "calm"


def test_a_recall_ends_a_morph():
    show = Show()
    show.wish("/show/morph", "wild")
    show.turn(1.0)
    show.wish("/show/look", "calm")
    show.turn(6.0)
    assert show.stage.look == "calm"
    assert show.base("/a/walk/speed") == 0.5


def test_a_look_saved_half_way_is_what_is_seen():
    show = Show()
    show.wish("/show/morph", "wild")
    show.turn(1.0)
    seen = show.base("/a/walk/speed")
    show.wish("/show/save", "between")
    show.turn(4.0)
    show.wish("/show/look", "between")
    assert show.base("/a/walk/speed") == seen


@pytest.mark.parametrize("fps", [24, 60, 144])
def test_a_morph_takes_its_time_at_every_frame_rate(fps):
    show = Show(fps=fps)
    show.wish("/show/morph", "wild")
    show.turn(1.0)
    assert show.base("/show/morph_position") == pytest.approx(0.25, abs=2.5 / fps)


def test_a_morph_to_nothing_is_refused():
    with pytest.raises(VjError, match="expected one of"):
        Show().wish("/show/morph", "nowhere")
