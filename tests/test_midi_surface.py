"""MIDI in a show: boxes are plugged in, moved, lit, learnt, flooded and pulled out."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest

from vj.app.boxes import open_midi
from vj.app.surfaces import declare_surfaces
from vj.config import data_dir
from vj.control.desk import Desk
from vj.control.midi.controls import Control
from vj.control.midi.double import FakeBoxes
from vj.control.midi.lights import BURST, RATE, Address, Lights
from vj.control.midi.ports import RtPorts
from vj.control.midi.shelf import Shelf
from vj.control.midi.surface import MidiSurface
from vj.control.midi.wire import WAITING, Delivery, Wire
from vj.control.mirror import Mirror
from vj.options import Options
from vj.params.spec import choice, number, switch, text, trigger
from vj.params.tree import ParamTree
from vj.types import ControlEvent, Tick, Value, VjError

PORT = "Box:Box MIDI 1 20:0"
APC = "APC MINI:APC MINI MIDI 1 24:0"
BINDINGS = """
match = ["Box"]
only = true
[[controls]]
control = "cc 1"
target = "/a/x"
[[controls]]
control = "cc 2"
target = "/a/x"
[[controls]]
control = "cc 3"
target = "/a/y"
bank = 2
[[controls]]
control = "cc 3"
target = "/a/x"
[[controls]]
control = "cc14 4"
target = "/a/y"
takeover = "jump"
[[controls]]
control = "cc 5"
target = "/a/y"
relative = "twos"
[[controls]]
control = "note 1"
target = "/a/on"
light = { on = 5, off = 1 }
[[controls]]
control = "note 2..3"
target = ["@bank/1", "@bank/2"]
[[controls]]
control = "note 4"
target = "@shift/2"
[[controls]]
control = "note 5..8"
target = "@look/{n}"
light = { on = 3, off = 1, absent = 0 }
[[controls]]
control = "note 9"
target = "/a/on"
bank = 2
"""


class Show:
    """A tree, its mirror, boxes and the surface between them; ``go`` is one frame."""

    def __init__(self, folder: Path, *ports: str, given: Path | None = None, limit: int = 10_000) -> None:
        self.tree = ParamTree()
        declare_surfaces(self.tree)
        self.tree.declare("a", (number("x", 0.5, smooth=0.0), number("y", 0.5, smooth=0.0), switch("on"), text("said"),
                                trigger("go")))
        self.tree.declare("show", (choice("look", "one", ("one", "two", "three")),))
        self.mirror = Mirror(self.tree)
        self.now, self.limit = 100.0, limit
        self.events: list[ControlEvent] = []
        self.landed: list[ControlEvent] = []
        self.desk = Desk(self.mirror, self.take, lambda: self.now)
        self.boxes = FakeBoxes(*ports)
        self.surface = MidiSurface(self.desk, self.boxes, Shelf(folder, given or folder / "none"))

    def take(self, event: ControlEvent) -> bool:
        if len(self.events) >= self.limit:
            return False
        self.events.append(event)
        return True

    def go(self, seconds: float = 1 / 60) -> list[ControlEvent]:
        """One frame: the surface's turn, then the engine's; what landed that the show did not ask for itself."""
        self.now += seconds
        self.surface.turn(self.now, self.surface._wire.take(100_000))
        events, self.events = self.events, []
        for event in events:
            self.tree.apply(event)
        self.tree.advance(1 / 60)
        self.mirror.publish(Tick(0, 0.0, 1 / 60), self.tree.snapshot({}))
        self.landed += events
        return [event for event in events if event.path not in ("/midi/learn", "/midi/forget")]

    def say(self, *data: int, port: str = PORT) -> list[ControlEvent]:
        self.boxes.say(port, *data)
        return self.go()

    def hand(self, path: str, value: Value, source: str = "page") -> None:
        self.tree.apply(ControlEvent(path, value, source))
        self.go()
        self.go()

    def learn(self, path: str) -> None:
        self.hand("/midi/learn", path)

    def lit(self, port: str = PORT, frames: int = 40) -> list[tuple[int, ...]]:
        """Everything that the box is told within ``frames``."""
        for _ in range(frames):
            self.go()
        return self.boxes.sent(port)

    @property
    def said(self) -> str:
        return " | ".join(self.desk.notes.drain())

    @property
    def reading(self) -> dict[str, Value]:
        return dict(self.surface.readings())


@pytest.fixture
def show(tmp_path):
    (tmp_path / "box.toml").write_text(BINDINGS)
    made = Show(tmp_path, PORT)
    made.go()
    made.go(1.0)
    made.lit(frames=120)
    return made


# --------------------------------------------------------------------------------------------- moving


def test_a_fader_meets_its_value_and_then_turns_it(show):
    assert [show.say(0xB0, 1, value) for value in (20, 30, 40)] == [[], [], []]
    show.say(0xB0, 1, 63)
    (event,) = show.say(0xB0, 1, 66)
    assert event == ControlEvent("/a/x", 66 / 127, "midi Box", unit=True)
    assert show.reading["last"] == "CC 1 of Box: 66, /a/x"


def test_another_hand_takes_the_value_away_from_the_fader(show):
    for value in (60, 64, 70):
        show.say(0xB0, 1, value)
    show.hand("/a/x", 0.1)
    assert [show.say(0xB0, 1, value) for value in (71, 72, 60)] == [[], [], []]
    assert show.tree.base("/a/x") == 0.1
    show.hand("/a/x", 0.45, source="look")
    show.say(0xB0, 1, 59)
    assert show.say(0xB0, 1, 58)[0].value == pytest.approx(58 / 127)


def test_another_control_of_the_same_box_takes_it_away_too(show):
    for value in (60, 64, 20):
        show.say(0xB0, 1, value)
    for value in (20, 21, 100):
        show.say(0xB0, 2, value)
    assert show.say(0xB0, 1, 30) == []
    assert show.tree.base("/a/x") == pytest.approx(100 / 127)


def test_one_frame_takes_only_where_a_fader_ends(show):
    for value in (60, 64, 64):
        show.say(0xB0, 1, value)
    for value in range(64, 120):
        show.boxes.say(PORT, 0xB0, 1, value)
    assert [event.value for event in show.go()] == [119 / 127]


def test_clicks_of_an_encoder_all_count(show):
    for _ in range(10):
        show.boxes.say(PORT, 0xB0, 5, 1)
    events = show.go()
    assert len(events) == 10
    assert show.tree.base("/a/y") == pytest.approx(0.5 + 10 / 128)


def test_a_fine_fader_lands_as_one_value_even_when_its_second_half_is_missing(show):
    show.boxes.say(PORT, 0xB0, 4, 100)
    show.boxes.say(PORT, 0xB0, 36, 3)
    assert show.go()[-1].value == pytest.approx((100 << 7 | 3) / 16383)
    show.boxes.say(PORT, 0xB0, 4, 50)
    assert show.go()[-1].value == pytest.approx((50 << 7 | 3) / 16383)


def test_a_program_change_calls_a_look(show):
    assert show.say(0xC0, 1) == [ControlEvent("/show/look", "two", "midi Box")]
    assert show.say(0xC3, 99) == []


def test_pads_toggle_and_call_looks(show):
    show.say(0x90, 1, 100)
    assert show.tree.base("/a/on") is True
    show.say(0x80, 1, 0)
    show.say(0x90, 1, 100)
    assert show.tree.base("/a/on") is False
    show.say(0x90, 7, 1)
    assert show.tree.base("/show/look") == "three"
    assert show.say(0x90, 8, 1) == []  # there is no fourth look


def test_banks_and_a_bank_that_is_held(show):
    for value in (62, 64, 66):
        show.say(0xB0, 3, value)
    assert show.tree.base("/a/x") == pytest.approx(66 / 127)
    show.say(0x90, 3, 100)
    assert [show.say(0xB0, 3, value) for value in (67, 68)] == [[], []]  # armed: y stands at a half
    assert [event.path for event in show.say(0xB0, 3, 20)] == ["/a/y"]
    show.say(0x90, 2, 100)
    show.say(0xB0, 3, 20)
    show.say(0xB0, 3, 70)
    show.say(0x90, 4, 100)
    show.say(0xB0, 3, 70)
    assert {event.path for event in show.say(0xB0, 3, 10)} == {"/a/y"}
    show.say(0x80, 4, 0)
    show.say(0xB0, 3, 10)
    assert {event.path for event in show.say(0xB0, 3, 80)} == {"/a/x"}


def test_a_look_with_other_parameters_leaves_the_rest_at_work(show):
    show.tree.remove("a")
    show.go()
    show.go()
    assert show.say(0xB0, 1, 64) == []
    show.tree.declare("a", (number("x", 0.5, smooth=0.0),))
    show.go()
    show.go()
    show.say(0xB0, 1, 64)
    assert show.say(0xB0, 1, 65)[0].path == "/a/x"


# --------------------------------------------------------------------------------------------- lights


def test_everything_is_shown_on_connecting_at_a_pace_that_a_cable_takes(tmp_path):
    (tmp_path / "box.toml").write_text(BINDINGS)
    show = Show(tmp_path, PORT)
    assert show.lit(frames=18) == []  # a cable does not carry at once
    assert 0 < len(show.lit(frames=2)) <= BURST + RATE / 30 + 2
    show = Show(tmp_path, PORT)
    sent = show.lit()
    assert (0x90, 1, 1) in sent  # off has a colour of its own
    assert {(0x90, 5, 3), (0x90, 6, 1), (0x90, 7, 1), (0x90, 8, 0)} <= set(sent)
    assert {(0xB0, 1, 64), (0xB0, 4, 64), (0xB0, 36, 0)} <= set(sent)
    assert show.lit() == []
    assert sorted(show.lit(frames=120)) == sorted(sent)  # once more, for a box that plays with its lights at first
    assert show.lit(frames=200) == []


def test_lights_follow_other_hands_and_only_what_changed(show):
    show.lit()
    show.hand("/a/on", True)
    assert show.lit() == [(0x90, 1, 5)]
    show.hand("/show/look", "two")
    assert sorted(show.lit()) == [(0x90, 5, 1), (0x90, 6, 3)]
    show.hand("/a/x", 1.0)
    assert sorted(show.lit()) == [(0xB0, 1, 127), (0xB0, 2, 127), (0xB0, 3, 127)]


def test_the_fader_in_the_hand_is_never_moved_but_its_neighbours_are(show):
    show.lit()
    for value in (60, 64, 90):
        show.say(0xB0, 1, value)
    sent = show.lit(frames=8)
    assert (0xB0, 2, 90) in sent
    assert not [message for message in sent if message[1] == 1]
    show.lit()
    show.hand("/a/x", 0.0)
    assert (0xB0, 1, 0) in show.lit()


def test_a_motor_fader_that_was_not_taken_goes_back_when_it_is_let_go(show):
    show.lit()
    show.say(0xB0, 1, 10)
    assert (0xB0, 1, 64) not in show.lit(frames=15)
    assert (0xB0, 1, 64) in show.lit()


def test_a_pad_is_lit_again_after_it_was_pressed(show):
    """Many boxes put out a pad's light by themselves when it is let go."""
    show.hand("/show/look", "two")
    show.lit()
    show.say(0x90, 6, 100)
    show.say(0x80, 6, 0)
    assert (0x90, 6, 3) in show.lit()


def test_another_bank_shows_its_own(show):
    show.hand("/a/y", 1.0)
    show.lit()
    show.say(0x90, 3, 100)
    sent = show.lit()
    assert {(0xB0, 3, 127), (0x90, 3, 127), (0x90, 2, 0), (0x90, 9, 0)} <= set(sent)
    show.say(0x90, 2, 100)
    assert (0xB0, 3, 64) in show.lit()


def test_a_box_with_templates_is_shown_anew_on_each(tmp_path):
    port = "Launch Control XL"
    show = Show(tmp_path, port, given=data_dir("presets") / "bindings")
    sent = show.lit(port)
    assert (0x98, 41, 60) in sent  # the look on stage, on the channel of the first factory template
    show.say(0xB0, 13, 5, port=port)
    assert (0x90, 41, 60) in show.lit(port)


def test_the_apc_mini_has_its_colours(tmp_path):
    for port, on, off in ((APC, (0x90, 56, 1), (0x90, 57, 5)), ("APC mini mk2 Control", (0x96, 56, 3), (0x96, 57, 49))):
        show = Show(tmp_path, port, given=data_dir("presets") / "bindings")
        assert {on, off} <= set(show.lit(port, frames=60))


def test_lights_are_paced_and_the_newest_value_wins():
    lights = Lights()
    for value in range(100):
        for n in range(100):
            lights.show(Address(Control("cc", n), 1), value)
    sent = lights.due(10.0)
    assert len(sent) == BURST
    seconds = 0
    while lights.waiting:
        seconds += 1
        sent += lights.due(10.0 + seconds * 0.01)
    assert len(sent) == 100
    assert {message[2] for message in sent} == {99}
    assert seconds * 0.01 == pytest.approx((100 - BURST) / RATE, rel=0.2)


@pytest.mark.parametrize(("control", "value", "messages"), [
    (Control("note", 5), 3, [(0x91, 5, 3)]), (Control("cc", 5), 3, [(0xB1, 5, 3)]),
    (Control("bend"), 8192, [(0xE1, 0, 64)]), (Control("cc14", 5), 8193, [(0xB1, 5, 64), (0xB1, 37, 1)]),
    (Control("nrpn", 300), 8193, [(0xB1, 99, 2), (0xB1, 98, 44), (0xB1, 6, 64), (0xB1, 38, 1)]),
    (Control("program", 3), 3, []),
])
def test_how_a_light_is_told(control, value, messages):
    assert list(Address(control, 2).messages(value)) == messages


# ------------------------------------------------------------------------------------------- plugging


def test_pulled_out_and_plugged_in_again(show):
    show.lit()
    for value in (60, 64):
        show.say(0xB0, 1, value)
    show.said  # noqa: B018
    show.boxes.names.clear()
    show.go(1.1)
    assert "Box is unplugged" in show.said
    assert show.reading["devices"] == ""
    assert show.boxes.inputs_open[-1].closed
    show.boxes.names.append("Box:Box MIDI 1 28:0")
    show.go(1.1)
    assert "Box is back" in show.said
    assert (0x90, 1, 1) in show.lit("Box:Box MIDI 1 28:0")
    assert show.say(0xB0, 1, 65, port="Box:Box MIDI 1 28:0") == []  # it may have been moved meanwhile
    assert show.say(0xB0, 1, 66, port="Box:Box MIDI 1 28:0")[0].value == pytest.approx(66 / 127)


def test_a_cable_that_breaks_while_lights_are_sent(show):
    show.lit()
    show.boxes.outputs_open[-1].fails = True
    show.hand("/a/on", True)
    assert "unplugged" in show.said
    show.go(1.1)
    assert "back" in show.said
    assert (0x90, 1, 5) in show.lit()


def test_a_box_whose_port_another_program_holds(tmp_path):
    show = Show(tmp_path, PORT)
    show.boxes.refuses.add(PORT)
    show.go()
    assert "cannot be opened" in show.said
    for _ in range(5):
        show.go(1.1)
    assert show.said == ""
    show.boxes.refuses.clear()
    show.go(1.1)
    assert "Box is here" in show.said


def test_two_boxes_of_a_kind_have_names_of_their_own(tmp_path):
    (tmp_path / "box.toml").write_text(BINDINGS)
    second = "Box:Box MIDI 1 32:0"
    show = Show(tmp_path, PORT, second)
    show.go()
    assert show.reading["devices"] == "Box, Box 2"
    for value in (60, 64, 70):
        show.say(0xB0, 1, value)
    assert show.say(0xB0, 1, 64, port=second) == []
    assert show.lit(second)


def test_ports_behind_which_there_is_no_box_are_left_alone(tmp_path):
    show = Show(tmp_path, "Midi Through:Midi Through Port-0 14:0", "vj:out", "RtMidiOut Client:midi_out", PORT)
    show.go()
    assert [port.name for port in show.boxes.inputs_open] == [PORT]


def test_only_the_inputs_that_were_asked_for(tmp_path):
    show = Show(tmp_path, PORT, APC)
    show.surface = MidiSurface(show.desk, show.boxes, Shelf(tmp_path, tmp_path), ("APC", "Piano"))
    show.go()
    assert show.reading["devices"] == "APC MINI"
    assert "no MIDI input called 'Piano'" in show.said


def test_a_machine_without_midi_is_told_once_and_not_asked_again(tmp_path):
    show = Show(tmp_path, PORT)
    show.boxes.fails = True
    show.go()
    assert show.said == "this system offers no MIDI (it is asleep): the show goes on without MIDI"
    show.boxes.fails = False
    show.go(1.1)
    assert show.boxes.inputs_open == []
    show.learn("/a/x")
    assert "no MIDI box is plugged in" in show.said


def test_a_system_that_fails_later_is_asked_again(show):
    show.said  # noqa: B018
    show.boxes.fails = True
    show.go(1.1)
    show.go(1.1)
    assert show.said == "this system offers no MIDI (it is asleep)"
    show.boxes.fails = False
    show.go(1.1)
    show.say(0xB0, 1, 64)
    assert show.say(0xB0, 1, 65)


def test_a_path_that_is_misspelt_is_told_when_the_box_comes(tmp_path):
    (tmp_path / "box.toml").write_text('match = ["Box"]\n\n[[controls]]\ncontrol = "cc 1"\ntarget = "/shwo/look"\n')
    show = Show(tmp_path, PORT)
    show.go()
    assert "box.toml, line 3: control 1 (cc 1): 'target': there is no parameter '/shwo/look'" in show.said


def test_a_file_that_a_hand_edits_works_from_the_next_second_on(show, tmp_path):
    (tmp_path / "box.toml").write_text(BINDINGS.replace('"/a/x"', '"/a/y"'))
    show.go(1.1)
    show.say(0xB0, 1, 64)
    assert show.say(0xB0, 1, 65)[0].path == "/a/y"


# ------------------------------------------------------------------------------------------- learning


def test_touch_a_parameter_move_a_control_done(tmp_path):
    show = Show(tmp_path, PORT)
    show.go()
    show.learn("/a/y")
    assert show.reading["learning"] == "/a/y"
    assert "learning /a/y" in show.said
    for value in (62, 63, 64, 65):
        show.say(0xB2, 21, value)
    assert show.said == "CC 21 of Box turns /a/y"
    assert show.reading["learning"] == ""
    assert show.tree.base("/midi/learn") == ""
    show.say(0xB2, 21, 65)
    assert show.say(0xB2, 21, 66)[0].path == "/a/y"
    assert (tmp_path / "box.toml").is_file()


def test_undo_takes_it_back_and_forget_silences(tmp_path):
    show = Show(tmp_path, PORT)
    show.go()
    for path in ("/a/x", "/a/y"):
        show.learn(path)
        for value in (62, 63, 64, 65):
            show.say(0xB2, 21, value)
    show.say(0xB2, 21, 65)
    assert {event.path for event in show.say(0xB2, 21, 66)} == {"/a/x", "/a/y"}
    show.hand("/midi/undo", True)
    show.hand("/midi/undo", False)  # a hand off the button is no second wish
    assert "CC 21 of Box does again what it did" in show.said
    show.say(0xB2, 21, 66)
    assert {event.path for event in show.say(0xB2, 21, 67)} == {"/a/x"}
    show.hand("/midi/forget", "/a/x")
    assert "/a/x is turned by no control any more" in show.said
    assert show.say(0xB2, 21, 70) == []
    show.hand("/midi/forget", "/a/x")
    assert "no control turns /a/x" in show.said
    for _ in range(3):
        show.hand("/midi/undo", True)
    assert "nothing was learnt" in show.said


def test_learning_can_be_given_up_and_gives_up_by_itself(show):
    show.learn("/a/x")
    show.hand("/midi/learn", "")
    assert "nothing learnt for /a/x" in show.said
    show.learn("/a/x")
    show.go(31.0)
    show.go()
    assert show.reading["learning"] == ""
    assert "no control was moved" in show.said
    assert show.tree.base("/midi/learn") == ""


@pytest.mark.parametrize(("path", "told"), [("/a/said", "it takes a text"), ("/a/z", "there is no such parameter"),
                                            ("nonsense", "there is no such parameter"), ("@fx/9/9", "no such"),
                                            ("@/x/", "no such"), ("@look/x", "no such"), ("/" + "x" * 1999, "no such")])
def test_what_cannot_be_learnt_is_told(show, path, told):
    show.learn(path)
    assert told in show.said
    assert show.reading["learning"] == ""


def test_a_pad_and_an_encoder_learnt_in_a_row(tmp_path):
    show = Show(tmp_path, PORT)
    show.go()
    show.learn("/a/on")
    show.say(0x99, 36, 100)
    assert "note 36 of Box turns /a/on" in show.said
    show.learn("/a/x")
    for _ in range(4):
        show.say(0xB0, 16, 65)
    assert "CC 16 (signed) of Box turns /a/x" in show.said
    show.say(0xB0, 16, 65)
    assert show.tree.base("/a/x") == pytest.approx(0.5 - 1 / 128)
    show.say(0x99, 36, 100)
    assert show.tree.base("/a/on") is True


def test_a_disk_that_cannot_be_written_is_told_and_the_show_goes_on(tmp_path):
    (tmp_path / "file").write_text("")
    show = Show(tmp_path / "file" / "bindings", PORT)
    show.go()
    show.learn("/a/on")
    show.say(0x90, 36, 100)
    assert "cannot be written" in show.said
    assert show.say(0x90, 36, 100) == []


# ----------------------------------------------------------------------------------------------- harm


def test_ten_thousand_random_strings_change_nothing_out_of_range_and_stop_nothing(tmp_path):
    rng = random.Random(11)
    show = Show(tmp_path, PORT, APC, given=data_dir("presets") / "bindings")
    (tmp_path / "box.toml").write_text(BINDINGS)
    show.go()
    slowest = 0.0
    for n in range(10_000):
        data = bytes(rng.choice((0x90, 0xB0, 0xC0, 0xE0, 0xF0, rng.randrange(256))) if rng.random() < 0.3
                     else rng.randrange(256) for _ in range(rng.randrange(1, 24)))
        show.boxes.say(rng.choice((PORT, APC)), *data)
        if n % 500 == 250:
            show.tree.apply(ControlEvent("/midi/learn", rng.choice(("/a/x", "/a/on", "")), "page"))
        if n % 100 == 99:
            began = time.process_time()
            show.go()
            slowest = max(slowest, time.process_time() - began)
            for path, spec, value in show.tree.items():
                if spec.kind == "number":
                    assert spec.lo <= value <= spec.hi, path
    assert slowest < 0.5
    assert show.reading["bad"] > 0
    assert "Error" not in show.said
    show.hand("/midi/learn", "")
    show.hand("/midi/learn", "/a/y")
    for value in (30, 31, 32, 33):
        show.say(0xB0, 90, value)
    assert "CC 90 of" in show.said


def test_a_flood_waits_in_a_bounded_place_and_is_told_once(show):
    show.said  # noqa: B018
    for n in range(3 * WAITING):
        show.boxes.say(PORT, 0xB0, 1, n % 128)
    assert len(show.surface._wire._items) == WAITING
    show.go()
    assert "more than can be understood" in show.said
    assert show.reading["bad"] == 2 * WAITING
    for n in range(3 * WAITING):
        show.boxes.say(PORT, 0xB0, 1, n % 128)
    show.go()
    assert show.said == ""


def test_an_engine_that_takes_no_more_is_no_harm(tmp_path):
    (tmp_path / "box.toml").write_text(BINDINGS)
    show = Show(tmp_path, PORT, limit=0)
    show.go()
    show.say(0x90, 1, 100)
    assert show.reading["bad"] >= 1


def test_a_mirror_that_has_forgotten_makes_every_hand_meet_its_value_again(show):
    for value in (60, 64):
        show.say(0xB0, 1, value)
    for n in range(5000):
        show.tree.apply(ControlEvent("/a/y", (n % 100) / 100, "page"))
        show.mirror.publish(Tick(0, 0.0, 0.0), {})
    show.tree.apply(ControlEvent("/a/x", 0.9, "page"))
    show.mirror.publish(Tick(0, 0.0, 0.0), {})
    assert [show.say(0xB0, 1, value) for value in (65, 66, 67)] == [[], [], []]
    assert (0xB0, 1, 114) in show.lit(frames=60)


def test_an_error_of_our_own_is_told_and_the_thread_goes_on(show, monkeypatch):
    """Whatever is wrong in one turn, the next ones are made."""
    failing = [True]
    real = show.surface._follow

    def follow(now):
        if failing[0]:
            raise RuntimeError("unthought of")
        real(now)

    monkeypatch.setattr(show.surface, "_follow", follow)
    show.surface.start()
    deadline = time.monotonic() + 10
    while "unthought of" not in show.said and time.monotonic() < deadline:
        time.sleep(0.01)
    failing[0] = False
    show.boxes.say(PORT, 0x90, 1, 100)
    while not show.events and time.monotonic() < deadline:
        time.sleep(0.01)
    show.surface.close()
    assert show.events
    assert not any(thread.name == "midi" for thread in threading.enumerate())


# --------------------------------------------------------------------------------------------- opening


def test_a_show_without_midi_and_one_on_a_machine_without_any(monkeypatch, tmp_path):
    monkeypatch.setenv("VJ_HOME", str(tmp_path))
    show = Show(tmp_path)
    assert open_midi(show.desk, Options(no_midi=True)) is None
    assert open_midi(show.desk, Options(control=False)) is None

    def asleep(_self):
        raise VjError("this machine offers no MIDI (it is a test)")

    monkeypatch.setattr(RtPorts, "inputs", asleep)
    surface = open_midi(show.desk, Options())
    deadline = time.monotonic() + 10
    said = ""
    while not said and time.monotonic() < deadline:
        time.sleep(0.01)
        said = show.said
    surface.close()
    surface.close()
    assert said == "this machine offers no MIDI (it is a test): the show goes on without MIDI"


def test_the_wire_gives_what_came_in_order_and_rings():
    wire = Wire()
    assert wire.take(10) == []
    for n in range(5):
        wire.put(Delivery("a", [n], 0.0))
    assert [d.data for d in wire.take(3)] == [[0], [1], [2]]
    assert [d.data for d in wire.take(3, timeout=1.0)] == [[3], [4]]
    threading.Timer(0.02, lambda: wire.put(Delivery("a", [9], 0.0))).start()
    got = []
    while not got:
        got = wire.take(3, timeout=5.0)
    assert got[0].data == [9]
