"""Which control was that? Learning from messages as boxes send them."""

from __future__ import annotations

import random

import pytest

from vj.control.midi.binding import Binding
from vj.control.midi.controls import Control
from vj.control.midi.learning import PATIENCE, QUIET, QUIET_TURNED, Learning
from vj.control.midi.messages import Message
from vj.params.spec import choice, number, switch, trigger

NUMBER = number("x", 0.5)


def learn(messages, spec=NUMBER, gap: float = 0.02) -> Binding | None:
    learning, heard = Learning("/a/x", spec, 0.0), None
    for n, message in enumerate(messages):
        heard = heard or learning.hear("box", message, n * gap)
    heard = heard or learning.due(len(messages) * gap + QUIET_TURNED)
    return heard.binding if heard else None


def cc(number: int, *values: int, channel: int = 1) -> list[Message]:
    return [Message("cc", channel, number, value) for value in values]


def test_a_fader_moved_either_way():
    for values in ((10, 11, 12, 13), (127, 126, 125, 124, 123), (64, 63, 62, 61, 60), (3, 2, 1, 0), (1, 2, 3, 4)):
        binding = learn(cc(21, *values, channel=5))
        assert binding is not None
        assert (binding.control, binding.channel, binding.coding, binding.press) == (Control("cc", 21), 5, None, None)


@pytest.mark.parametrize(("values", "coding"), [((127,) * 4, "twos"), ((65, 65, 66, 65), "signed"),
                                                ((1, 1, 1, 2), "signed2"), ((63, 63, 63, 62), "offset")])
def test_an_encoder_turned_left(values, coding):
    binding = learn(cc(7, *values))
    assert binding is not None
    assert (binding.control, binding.coding) == (Control("cc", 7), coding)


def test_a_fine_fader_in_either_order():
    for first, second in ((1, 33), (33, 1)):
        messages = [message for value in range(3000, 3900, 77)
                    for message in (*cc(first, (value >> 7) if first == 1 else value & 127),
                                    *cc(second, (value >> 7) if second == 1 else value & 127))]
        assert learn(messages, gap=0.001).control == Control("cc14", 1)


def test_a_fader_and_a_button_32_above_it_are_two_controls():
    messages = [*cc(0, 10, 11), *cc(32, 127), *cc(0, 12, 13, 14, 15), *cc(32, 0), *cc(0, 16, 17)]
    assert learn(messages).control == Control("cc", 0)


def test_nrpn():
    messages = [message for value in (10, 11, 12, 13)
                for message in (*cc(99, 2), *cc(98, 44), *cc(6, value), *cc(38, 3))]
    assert learn(messages, gap=0.001).control == Control("nrpn", 300)


def test_faders_6_and_38_without_a_number_are_faders():
    assert learn(cc(6, 10, 11, 12, 13)).control == Control("cc", 6)
    assert learn(cc(38, 10, 11, 12, 13)).control == Control("cc", 38)


def test_a_pitch_bend():
    assert learn([Message("bend", 9, 0, value) for value in (8200, 8300, 8400)]).control == Control("bend")


def test_a_pad_is_known_at_once_and_its_release_is_not_it():
    binding = learn([Message("note", 10, 60, 0), Message("note", 10, 36, 99)])
    assert (binding.control, binding.channel, binding.press) == (Control("note", 36), 10, "toggle")


def test_what_a_button_does_depends_on_what_it_is_learnt_for():
    pad = [Message("note", 1, 36, 99)]
    assert learn(pad, switch("on")).press == "toggle"
    assert learn(pad, trigger("go")).press == "toggle"
    assert learn(pad, choice("way", "a", ("a", "b"))).step == 1.0
    assert learn([Message("program", 1, 5, 127)], trigger("go")).control == Control("program", 5)


def test_a_button_that_sends_ccs():
    assert learn(cc(41, 127, 0)).press == "toggle"


def test_a_button_that_says_nothing_when_it_is_let_go_is_known_when_it_is_quiet():
    learning = Learning("/a/on", switch("on"), 0.0)
    assert learning.hear("box", Message("cc", 1, 41, 127), 1.0) is None
    assert learning.due(1.0 + QUIET / 2) is None
    assert learning.due(1.0 + QUIET).binding.control == Control("cc", 41)
    slow = Learning("/a/x", NUMBER, 0.0)
    slow.hear("box", Message("cc", 1, 41, 127), 1.0)
    assert slow.due(1.0 + QUIET) is None  # it may be an encoder, turned slowly


def test_a_fader_that_trembles_is_not_taken_for_the_one_that_is_moved():
    rng = random.Random(3)
    messages = []
    for value in range(20, 40):
        messages += cc(9, 63 + rng.randrange(2)) + cc(21, value)
    assert learn(messages).control == Control("cc", 21)


def test_nobody_moves_anything():
    learning = Learning("/a/x", NUMBER, 10.0)
    assert not learning.over(10.0 + PATIENCE)
    assert learning.over(10.1 + PATIENCE)
    assert learning.due(1e6) is None


def test_a_flood_of_controls_is_bounded():
    rng = random.Random(5)
    learning = Learning("/a/x", NUMBER, 0.0)
    for n in range(20_000):
        learning.hear("box", Message("cc", rng.randrange(1, 17), rng.randrange(128), 64), n * 1e-4)
    assert len(learning._records) <= 64
    assert all(len(record.values) <= 64 for record in learning._records.values())
