"""Encoders' codings, soft takeover and grips: what a hand on a control asks of a parameter."""

from __future__ import annotations

import pytest

from vj.control.midi.binding import Binding
from vj.control.midi.controls import Control, Move
from vj.control.midi.grip import CLICKS, Grip
from vj.control.midi.places import Places, check_target
from vj.control.midi.relative import CODINGS, coding_turned_left, steps
from vj.control.midi.takeover import HOLDING, NEAR, Takeover
from vj.params.spec import choice, integer, number, switch, text, trigger
from vj.types import ControlEvent, Value, VjError

# ------------------------------------------------------------------------------------------ codings


@pytest.mark.parametrize(("coding", "right", "left"), [
    ("twos", {1: 1, 2: 2, 64: 64}, {127: -1, 126: -2, 65: -63}),
    ("signed", {1: 1, 2: 2, 64: 64}, {65: -1, 66: -2, 127: -63}),
    ("signed2", {65: 1, 66: 2, 127: 63}, {1: -1, 2: -2, 64: -64}),
    ("offset", {65: 1, 66: 2, 127: 63}, {63: -1, 62: -2, 1: -63}),
])
def test_the_table_of_codings(coding, right, left):
    for value, clicks in {**right, **left, 0: 0}.items():
        assert steps(coding, value) == clicks


@pytest.mark.parametrize("coding", CODINGS)
def test_every_value_of_every_coding_goes_one_way_and_never_further_than_64(coding):
    assert all(abs(steps(coding, value)) <= 64 for value in range(128))
    assert sum(steps(coding, value) > 0 for value in range(1, 128)) in (63, 64)


@pytest.mark.parametrize(("values", "coding"), [
    ([127, 127, 127, 127], "twos"), ([127, 127, 126, 127, 127], "twos"), ([65, 65, 65, 66], "signed"),
    ([1, 1, 1, 1, 2], "signed2"), ([63, 63, 62, 62, 63], "offset"), ([63, 63, 63, 63], "offset"),
    ([127, 127, 127], None),  # too few
    ([127, 126, 125, 124], None),  # a fader that comes down from its end
    ([63, 62, 61, 60], None), ([66, 65, 64, 63], None), ([63, 64, 63, 64, 63], None), ([4, 3, 2, 1], None),
    ([127, 0, 127, 0], None), ([], None),
])
def test_an_encoder_is_known_by_turning_it_left(values, coding):
    assert coding_turned_left(values) == coding


# ----------------------------------------------------------------------------------------- takeover


def test_the_first_position_is_ignored_even_where_it_fits():
    takeover = Takeover()
    assert takeover.take(0.5, 0.5, 1.0) is None
    assert takeover.take(0.51, 0.5, 1.01) == 0.51


def test_far_away_on_one_side_nothing_happens_until_the_value_is_passed():
    takeover = Takeover()
    taken = [takeover.take(position, 0.5, n * 0.2) for n, position in enumerate((0.1, 0.2, 0.3, 0.4, 0.6))]
    assert taken == [None, None, None, None, 0.6]
    assert takeover.take(0.7, 0.6, 5.0) == 0.7  # it stood there: however late, it goes on


def test_a_hand_that_has_the_value_keeps_it_while_it_moves():
    takeover = Takeover()
    takeover.take(0.48, 0.5, 0.0)
    assert takeover.take(0.5, 0.5, 0.01) == 0.5
    assert takeover.take(0.9, 0.5, 0.01 + HOLDING) == 0.9  # the tree has not heard of 0.5 yet, and it leaps
    takeover.take(0.2, 0.9, 5.0)
    assert takeover.take(0.1, 0.9, 5.2) is None  # it had it from near before; now it is far, and late


def test_a_look_that_moves_the_value_away_makes_the_hand_meet_it_again():
    takeover = Takeover()
    for n, position in enumerate((0.45, 0.5, 0.55)):
        takeover.take(position, 0.5, n * 0.01)
    takeover.arm()
    assert [takeover.take(position, 0.9, 0.04 + n * 0.01) for n, position in enumerate((0.56, 0.58, 0.6))] == [None] * 3
    assert takeover.take(0.9 - NEAR, 0.9, 1.0) == 0.9 - NEAR


def test_jump_jumps():
    takeover = Takeover("jump")
    assert takeover.take(0.1, 0.9, 0.0) == 0.1


def test_scaled_moves_at_once_reaches_both_ends_and_never_leaps():
    takeover = Takeover("scaled")
    value, time_ = 0.8, 0.0
    assert takeover.take(0.2, value, time_) is None
    for position in [0.2 + n / 100 for n in range(1, 81)]:
        time_ += 0.1
        taken = takeover.take(position, value, time_)
        assert taken is not None
        assert 0 <= taken - value < 0.05
        value = taken
    assert value == pytest.approx(1.0)
    takeover.arm()
    value = 0.3
    for n in range(99, -1, -1):
        time_ += 0.1
        value = takeover.take(n / 100, value, time_)
    assert value == pytest.approx(0.0)


def test_scaled_counts_moves_that_the_tree_has_not_heard_of():
    takeover = Takeover("scaled")
    takeover.take(0.0, 0.5, 0.0)
    for n in range(1, 6):
        taken = takeover.take(n * 0.1, 0.5, n * 0.001)  # the value told stays that of the last tick
    assert taken == pytest.approx(0.75)


# -------------------------------------------------------------------------------------------- grips

SPECS = {
    "/m/x": number("x", 0.5), "/m/log": number("log", 100.0, 10.0, 1000.0, curve="log"), "/m/n": integer("n", 3, 0, 8),
    "/m/way": choice("way", "up", ("up", "down", "left", "right")), "/m/on": switch("on"), "/m/go": trigger("go"),
    "/m/said": text("said"), "/show/look": choice("look", "one", ("one", "two", "three")),
}


def grip(control: str, target: str, **how) -> Grip:
    kind, _, n = control.partition(" ")
    made = Grip(Binding(Control(kind, int(n or 0)), target, **how))
    made.reach(Places(SPECS))
    return made


def said(made: Grip, base: Value, *values: int, at: float = 0.0, gap: float = 0.2) -> list[ControlEvent | None]:
    control = made.binding.control
    return [made.move(Move(control, 1, value, control.top), base, at + n * gap, "midi box")
            for n, value in enumerate(values)]


def test_a_fader_turns_a_number_in_knob_space_in_its_own_range():
    made = grip("cc 1", "/m/x", takeover="jump", low=0.2, high=0.6)
    (event,) = said(made, 0.5, 127)
    assert event == ControlEvent("/m/x", 0.6, "midi box", unit=True)
    assert said(made, 0.5, 0)[0].value == pytest.approx(0.2)
    inverted = grip("cc 1", "/m/x", takeover="jump", low=1.0, high=0.0)
    assert said(inverted, 0.5, 127)[0].value == 0.0


def test_a_value_outside_the_range_is_met_at_its_end():
    made = grip("cc 1", "/m/x", low=0.0, high=0.5)
    assert said(made, 0.9, 100, 110, 120, 127)[-1] is not None


def test_fine_controls_say_fine_values():
    made = grip("bend", "/m/x", takeover="jump")
    assert said(made, 0.5, 8193)[0].value == pytest.approx(8193 / 16383)


def test_a_fader_on_a_choice_says_only_what_is_new():
    made = grip("cc 1", "/m/way", takeover="jump")
    told = said(made, "up", 0, 10, 40, 41, 42, 70, gap=0.001)
    assert [event.value if event else None for event in told] == [None, None, "down", None, None, "left"]


def test_a_fader_on_a_whole_number():
    made = grip("cc 1", "/m/n", takeover="jump")
    assert [event and event.value for event in said(made, 3, 127, 127, 0)] == [8, None, 0]


def test_a_fader_on_a_switch_or_trigger_acts_where_it_passes_the_middle():
    made = grip("cc 1", "/m/on")
    assert [event and event.value for event in said(made, True, 20, 10, 100, 110, 20)] == [
        None, None, True, None, False]
    made = grip("cc 1", "/m/go")
    assert [event and event.value for event in said(made, False, 20, 100, 20, 90)] == [None, True, None, True]


def test_a_pad_toggles_a_switch_and_a_number():
    made = grip("note 1", "/m/on")
    assert said(made, False, 100, 0) == [ControlEvent("/m/on", True, "midi box", relative=True), None]
    made = grip("note 1", "/m/x", low=0.1, high=0.9)
    assert said(made, 0.2, 100, 0)[0] == ControlEvent("/m/x", 0.9, "midi box", unit=True)
    assert said(made, 0.8, 100)[0].value == 0.1


def test_a_momentary_pad_holds():
    made = grip("note 1", "/m/on", press="momentary")
    assert [event.value for event in said(made, False, 100, 0)] == [True, False]
    made = grip("note 1", "/m/on", press="momentary", low=1.0, high=0.0)
    assert [event.value for event in said(made, False, 100, 0)] == [False, True]
    made = grip("cc 1", "/m/x", press="momentary", high=0.7)
    assert [event.value for event in said(made, 0.5, 127, 0)] == [0.7, 0.0]


def test_a_pad_pulls_sets_and_goes_on():
    assert said(grip("note 1", "/m/go"), False, 90, 0) == [ControlEvent("/m/go", True, "midi box"), None]
    assert said(grip("note 1", "/m/way", set="left"), "up", 90, 0)[0].value == "left"
    assert said(grip("note 1", "/m/x", set=0.25, when="bar"), 0.5, 9)[0] == ControlEvent(
        "/m/x", 0.25, "midi box", when="bar")
    assert said(grip("note 1", "/m/way"), "right", 90)[0].value == "up"  # round the list
    assert said(grip("note 1", "/m/n", step=-2.0), 3, 90)[0] == ControlEvent("/m/n", -2.0, "midi box", relative=True)
    assert said(grip("note 1", "@look/3"), "one", 1)[0] == ControlEvent("/show/look", "three", "midi box")
    assert said(grip("note 1", "@look/previous"), "one", 1)[0].value == "three"
    assert said(grip("program 3", "/m/go"), False, 127)[0].value is True


def test_an_encoder_is_relative_in_knob_space():
    made = grip("cc 1", "/m/log", coding="twos")
    assert said(made, 100.0, 1, 126) == [
        ControlEvent("/m/log", 1 / CLICKS, "midi box", unit=True, relative=True),
        ControlEvent("/m/log", -2 / CLICKS, "midi box", unit=True, relative=True)]
    quick = grip("cc 1", "/m/x", coding="offset", speed=4.0)
    assert said(quick, 0.5, 65)[0].value == 4 / CLICKS


def test_an_accelerated_encoder_goes_further_when_it_is_turned_fast():
    made = grip("cc 1", "/m/x", coding="twos", accelerate=True)
    slow, fast = said(made, 0.5, 1, 1)[1], said(made, 0.5, 1, 1, at=9.0, gap=0.01)[1]
    assert slow.value == 1 / CLICKS
    assert fast.value == 4 / CLICKS


def test_an_encoder_stays_in_its_range():
    made = grip("cc 1", "/m/x", coding="twos", low=0.4, high=0.5, speed=20.0)
    assert said(made, 0.5, 1) == [None]
    assert said(made, 0.495, 1)[0].value == pytest.approx(0.005)


def test_an_encoder_adds_its_clicks_up_for_what_has_steps():
    made = grip("cc 1", "/m/way", coding="twos")
    told = said(made, "up", *[1] * 9)
    assert [event and event.value for event in told] == [None, None, None, 1] * 2 + [None]
    assert said(made, "up", *[127] * 4)[-1].value == -1  # turned back: at once, not after what was left
    assert all(event is None or event.relative for event in told)
    made = grip("cc 1", "/m/n", coding="signed")
    assert sum(event.value for event in said(made, 3, *[65] * 40) if event) == -10


def test_an_encoder_turns_switches_on_to_the_right_and_off_to_the_left():
    made = grip("cc 1", "/m/on", coding="twos")
    assert said(made, False, 127, 1)[0] is None
    assert said(made, False, 1)[0].value is True
    assert said(made, True, 127)[0].value is False


def test_what_cannot_be_turned_is_no_place():
    assert grip("cc 1", "/m/said").place is None
    assert said(grip("cc 1", "/m/nothing"), 0.0, 5) == [None]


@pytest.mark.parametrize(("control", "target", "how", "base", "shown"), [
    ("cc 1", "/m/x", {}, 0.25, 0.25), ("cc 1", "/m/x", {"low": 0.5, "high": 1.0}, 0.75, 0.5),
    ("cc 1", "/m/x", {"low": 0.5, "high": 1.0}, 0.2, 0.0), ("cc 1", "/m/log", {}, 100.0, 0.5),
    ("note 1", "/m/on", {}, True, 1.0), ("note 1", "/m/on", {}, False, 0.0), ("note 1", "@look/2", {}, "two", 1.0),
    ("note 1", "@look/2", {}, "one", 0.0), ("note 1", "/m/way", {"set": 1}, "down", 1.0),
    ("note 1", "/m/x", {"set": 0.5}, 0.5, 1.0), ("note 1", "/m/x", {}, 0.9, 1.0), ("note 1", "/m/go", {}, False, 0.0),
])
def test_what_a_control_shows(control, target, how, base, shown):
    assert grip(control, target, **how).shows(base) == pytest.approx(shown)


# ------------------------------------------------------------------------------------------- places


def test_places_on_the_stage():
    specs = {"/fx/a/on": switch("on"), "/fx/a/mix": number("mix", 1.0), "/fx/a/tint": text("tint"),
             "/fx/a/x": number("x", 0.5), "/fx/a/y": integer("y", 1, 0, 3), "/fx/b/on": switch("on"),
             "/fx/b/z": number("z", 0.5), "/a/gen/hue": number("hue", 0.0), "/mod/k/decay": number("decay", 0.1),
             "/b/fx/c/mix": number("mix", 1.0), "/b/fx/c/x": number("x", 0.5)}
    places = Places(specs)
    found = {target: place.path if (place := places.find(target)) else None for target in (
        "@fx/1/1", "@fx/1/2", "@fx/1/3", "@fx/1/on", "@fx/1/mix", "@fx/2/1", "@fx/2/mix", "@fx/3/1", "@a/gen/1",
        "@mod/k/1", "/fx/a/y", "@look/1", "@look/next", "@b/fx/1/1", "@b/fx/1/mix", "@b/fx/2/1", "@b/look/1")}
    assert found == {
        "@fx/1/1": "/fx/a/x", "@fx/1/2": "/fx/a/y", "@fx/1/3": None, "@fx/1/on": "/fx/a/on", "@fx/1/mix": "/fx/a/mix",
        "@fx/2/1": "/fx/b/z", "@fx/2/mix": None, "@fx/3/1": None, "@a/gen/1": "/a/gen/hue", "@mod/k/1": "/mod/k/decay",
        "/fx/a/y": "/fx/a/y", "@look/1": None, "@look/next": None, "@b/fx/1/1": "/b/fx/c/x",
        "@b/fx/1/mix": "/b/fx/c/mix", "@b/fx/2/1": None, "@b/look/1": None}


def test_looks_for_the_second_deck_leave_out_that_it_sleeps():
    specs = {"/show/look": choice("look", "x", ("x", "y")), "/b/show/look": choice("look", "none", ("none", "x", "y"))}
    places = Places(specs)
    found = {target: places.find(target)
             for target in ("@look/2", "@b/look/1", "@b/look/2", "@b/look/3", "@b/look/next")}
    assert {target: place and (place.path, place.value, place.step) for target, place in found.items()} == {
        "@look/2": ("/show/look", "y", None), "@b/look/1": ("/b/show/look", "x", None),
        "@b/look/2": ("/b/show/look", "y", None), "@b/look/3": None, "@b/look/next": ("/b/show/look", None, 1.0)}


@pytest.mark.parametrize("target", ["", "/a/b", "@fx/1/2", "@fx/12/on", "@a/gen/3", "@look/5", "@look/next", "@bank/2",
                                    "@bank/previous", "@shift/3", "@mod/kick/2"])
def test_targets_that_can_be(target):
    check_target(target)


@pytest.mark.parametrize("target", ["a/b", "/", "@", "@fx/1", "@fx/a/1", "@fx/1/what", "@look/0", "@look/first",
                                    "@shift/next", "@a/gen/x", "@/1", "fx/1/1", "@fx/1/-1", "@look/999999999999"])
def test_targets_that_cannot(target):
    with pytest.raises(VjError, match="a target is"):
        check_target(target)


def test_a_path_that_no_look_has_is_told_with_the_nearest():
    places = Places(SPECS | {"/master/fade": number("fade", 0.0)})
    assert "did you mean" in places.lacks("/mastr/fade") or "/master/fade" in places.lacks("/mastr/fade")
    assert places.lacks("/fx/bloom/amount") == places.lacks("/a/gen/hue") == places.lacks("@fx/1/1") == ""
    assert places.lacks("/m/x") == ""
