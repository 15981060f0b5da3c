"""From bytes to messages and moves: running status, garbage, halves of values in every order."""

from __future__ import annotations

import random
import time

import pytest

from vj.control.midi.controls import Control, Move, read_controls
from vj.control.midi.decoder import PAUSE, WAIT, Decoder, Pair
from vj.control.midi.messages import LONGEST, Message, Parser
from vj.types import VjError


@pytest.mark.parametrize(("data", "message"), [
    ((0x90, 36, 100), Message("note", 1, 36, 100)),
    ((0x9F, 36, 0), Message("note", 16, 36, 0)),
    ((0x80, 36, 64), Message("note", 1, 36, 0)),
    ((0xB4, 21, 127), Message("cc", 5, 21, 127)),
    ((0xC0, 5), Message("program", 1, 5, 127)),
    ((0xE2, 0, 64), Message("bend", 3, 0, 8192)),
    ((0xE0, 127, 127), Message("bend", 1, 0, 16383)),
])
def test_a_message(data, message):
    assert Parser().feed(data) == [message]


def test_running_status_goes_on_across_deliveries_and_clock_ticks():
    parser = Parser()
    assert parser.feed([0xB0, 1]) == []
    assert parser.feed([0xF8, 64, 0xFE, 2, 0xF8, 65]) == [Message("cc", 1, 1, 64), Message("cc", 1, 2, 65)]
    assert parser.bad == 0


def test_aftertouch_and_what_belongs_to_the_system_say_nothing_and_harm_nothing():
    parser = Parser()
    data = [0xA0, 1, 2, 0xD0, 3, 0xF1, 4, 0xF2, 5, 6, 0xF3, 7, 0xF6, 0xF0, 1, 2, 3, 0xF7, 0x90, 60, 1]
    assert parser.feed(data) == [Message("note", 1, 60, 1)]
    assert parser.bad == 0


def test_a_long_message_in_many_pieces_is_passed_over():
    parser = Parser()
    parser.feed([0xF0, *[1] * 500])
    for _ in range(100):
        assert parser.feed([64] * 1000) == []
    assert parser.feed([0xF7, 0xB0, 1, 2]) == [Message("cc", 1, 1, 2)]


def test_data_without_a_status_and_messages_cut_short_are_counted():
    parser = Parser()
    assert parser.feed([1, 2, 3]) == []
    assert parser.bad == 3
    assert parser.feed([0x90, 60, 0x90, 61, 5]) == [Message("note", 1, 61, 5)]
    assert parser.bad == 4


def test_a_common_message_ends_running_status():
    parser = Parser()
    parser.feed([0xB0, 1, 2, 0xF3, 1])
    assert parser.feed([5, 6]) == []
    assert parser.bad == 2


def test_a_megabyte_at_once_costs_nothing():
    parser = Parser()
    data = bytes([0xF0]) + bytes(1_000_000)
    began = time.perf_counter()
    assert parser.feed(data) == []
    assert time.perf_counter() - began < 0.01
    assert parser.bad == 1
    assert parser.feed([0x90, 1, 1]) == [Message("note", 1, 1, 1)]


def test_ten_thousand_random_strings_give_only_messages():
    rng = random.Random(7)
    parser, decoder = Parser(), Decoder(wide=(1, 7, 31))
    for n in range(10_000):
        for message in parser.feed(rng.randbytes(rng.randrange(0, 40))):
            assert 1 <= message.channel <= 16
            assert 0 <= message.number <= 127
            assert 0 <= message.value <= (16383 if message.kind == "bend" else 127)
            move = decoder.hear(message, n * 0.001)
            assert move is None or 0.0 <= move.position <= 1.0
        assert len(parser._data) < 3
    assert decoder.due(1e9) is not None
    assert len(parser.feed([0] * LONGEST)) <= LONGEST


# ----------------------------------------------------------------------------------------- controls


@pytest.mark.parametrize(("text", "controls"), [
    ("cc 21", [Control("cc", 21)]), ("CC 1..3", [Control("cc", n) for n in (1, 2, 3)]), ("bend", [Control("bend")]),
    ("nrpn 16383", [Control("nrpn", 16383)]), ("cc14 31", [Control("cc14", 31)]), ("note 0..0", [Control("note", 0)]),
])
def test_controls_are_read(text, controls):
    assert read_controls(text) == controls


@pytest.mark.parametrize("text", ["", "cc", "cc 128", "cc -1", "cc 3..1", "cc14 32", "bend 1", "knob 3", "cc 1..999999",
                                  "nrpn 16384", "cc ١", "nrpn 0..16383", "cc 1.5", "note 1...3"])
def test_what_is_no_control_is_refused_with_an_example(text):
    with pytest.raises(VjError, match=r"cc|nrpn"):
        read_controls(text)


def test_controls_have_words():
    assert [Control("cc", 21).words, Control("cc14", 1).words, Control("bend").words, Control("nrpn", 300).words,
            str(Control("note", 36)), str(Control("bend"))] == [
        "CC 21", "14-bit CC 1", "pitch bend", "NRPN 300", "note 36", "bend"]


# ------------------------------------------------------------------------------------------ decoder


def heard(decoder: Decoder, *said: tuple[int, int], at: float = 0.0, gap: float = 0.001) -> list[tuple[str, int, int]]:
    """What ``decoder`` makes of CCs (number, value) ``gap`` seconds apart."""
    moves = []
    for n, (number, value) in enumerate(said):
        move = decoder.hear(Message("cc", 1, number, value), at + n * gap)
        if move:
            moves.append((str(move.control), move.value, move.top))
    return moves


def test_a_cc_and_the_one_32_above_are_two_controls_unless_a_file_says_otherwise():
    assert heard(Decoder(), (0, 64), (32, 127)) == [("cc 0", 64, 127), ("cc 32", 127, 127)]


def test_a_fine_value_comes_coarse_half_first():
    decoder = Decoder(wide=[1])
    heard(decoder, (1, 0), (33, 0))
    assert heard(decoder, (1, 64), (33, 5), at=1.0) == [("cc14 1", 64 << 7 | 5, 16383)]


def test_or_fine_half_first_and_no_wrong_value_is_ever_said():
    decoder = Decoder(wide=[1])
    heard(decoder, (33, 0), (1, 10))
    said = []
    for value in range(1400, 1800, 7):
        said += heard(decoder, (33, value & 127), (1, value >> 7), at=value, gap=0.001)
    assert [value for _, value, _ in said] == list(range(1400, 1800, 7))


@pytest.mark.parametrize("fine_first", [False, True])
def test_a_sweep_without_a_pause_keeps_its_order(fine_first):
    decoder = Decoder(wide=[1])
    halves = [(33, 0), (1, 0)] if fine_first else [(1, 0), (33, 0)]
    heard(decoder, *halves, at=-1.0)
    said, time_ = [], 0.0
    for value in range(0, 16384, 97):
        halves = [(1, value >> 7), (33, value & 127)]
        said += heard(decoder, *(reversed(halves) if fine_first else halves), at=time_, gap=0.001)
        time_ += 0.002
    assert [value for _, value, _ in said] == list(range(0, 16384, 97))


def test_a_half_whose_other_does_not_come_is_said_a_little_later():
    decoder = Decoder(wide=[1])
    heard(decoder, (1, 10), (33, 7))
    assert heard(decoder, (1, 20), at=1.0) == []
    assert decoder.due(1.0 + WAIT / 2) == []
    assert decoder.due(1.0 + WAIT) == [Move(Control("cc14", 1), 1, 20 << 7 | 7, 16383)]
    assert decoder.due(2.0) == []


def test_a_fine_half_alone_moves_by_little():
    decoder = Decoder(wide=[1])
    heard(decoder, (1, 10), (33, 7))
    assert heard(decoder, (33, 8), at=1.0) == [("cc14 1", 10 << 7 | 8, 16383)]


def test_a_box_without_fine_halves_reaches_both_ends():
    assert heard(Decoder(wide=[1]), (1, 0), (1, 127)) == [("cc14 1", 0, 127), ("cc14 1", 127, 127)]


def test_nrpn_by_number_with_both_halves_with_one_and_again_without_its_number():
    decoder = Decoder()
    number = [(99, 2), (98, 44)]
    assert heard(decoder, *number, (6, 100)) == [("nrpn 300", 100, 127)]
    assert heard(decoder, (38, 3), at=0.01) == [("nrpn 300", 100 << 7 | 3, 16383)]
    assert heard(decoder, (6, 50), (38, 1), at=1.0) == [("nrpn 300", 50 << 7 | 1, 16383)]
    assert heard(decoder, (99, 127), (98, 127), (6, 9), at=2.0) == [("cc 6", 9, 127)]
    assert heard(decoder, (101, 0), (100, 1), (6, 9), at=3.0) == []  # a registered number is nobody's knob


def test_data_entry_without_a_number_is_a_fader_like_any_other():
    assert heard(Decoder(), (6, 64), (38, 127)) == [("cc 6", 64, 127), ("cc 38", 127, 127)]


def test_channels_do_not_mix():
    decoder = Decoder(wide=[1])
    decoder.hear(Message("cc", 1, 99, 0), 0.0)
    decoder.hear(Message("cc", 1, 98, 1), 0.0)
    move = decoder.hear(Message("cc", 2, 6, 5), 0.0)
    assert move is not None
    assert (str(move.control), move.channel) == ("cc 6", 2)


def test_the_order_of_a_pair_is_learnt_anew_after_a_pause():
    pair = Pair()
    for time_ in (0.0, PAUSE * 2):
        pair.hear(1, time_, fine=False)
        pair.hear(2, time_ + 0.001, fine=True)
    assert not pair.fine_first
    pair.hear(3, 1.0, fine=True)
    pair.hear(4, 1.001, fine=False)
    assert pair.fine_first
