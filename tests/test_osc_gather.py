"""Of many values for one parameter the last matters."""

from __future__ import annotations

import random

from osc_kit import show_tree

from vj.app.common import declared_tree
from vj.control.osc.gather import A_SECOND, AT_ONCE, Gather, settled
from vj.options import DEFAULT_LOOK
from vj.params.spec import text
from vj.types import ControlEvent

SPECS = {path: spec for path, spec, _ in show_tree().items()}


def event(path: str, value: float, *, relative: bool = False) -> ControlEvent:
    return ControlEvent(path, value, "me", relative=relative)


def test_the_last_value_wins_in_its_place() -> None:
    first, second, third = event("/a/walk/speed", 0.1), event("/mix/crossfade", 0.2), event("/a/walk/speed", 0.3)
    assert settled([first, second, third], SPECS) == [second, third]


def test_a_trigger_is_pulled_once_a_tick() -> None:
    tap = event("/beat/tap", 1)
    assert settled([tap, tap, event("/a/walk/speed", 1.0), tap], SPECS) == [event("/a/walk/speed", 1.0), tap]


def test_a_button_that_is_pressed_and_let_go_at_once_was_pressed() -> None:
    press, release = (ControlEvent("/beat/tap", value, "pad") for value in (True, False))
    assert settled([press, release], SPECS) == [press, release]
    assert settled([press, release, press], SPECS) == [press]


def test_everything_that_is_put_into_a_queue_comes_there() -> None:
    queue = {"/a/queue/put": text("put", each=True)}
    first, second = (ControlEvent("/a/queue/put", words, "me") for words in ("a rose", "the sea"))
    assert settled([first, second, first], queue) == [second, first]
    assert settled([first, second, first], {"/a/queue/put": text("put")}) == [first]


def test_what_counts_each_time_says_so() -> None:
    assert {path for path, spec, _ in declared_tree(DEFAULT_LOOK).items() if spec.each} == {
        *(f"{deck}/sources/{verb}" for deck in ("", "/b") for verb in ("add", "remove")),
        *(f"/{deck}/queue/{verb}" for deck in "ab" for verb in ("add", "drop")),
        "/show/save", "/show/rename", "/show/delete", "/b/show/save", "/midi/forget"}


def test_values_for_other_moments_stay() -> None:
    both = [ControlEvent("/a/walk/speed", 0.5, "me", when="bar"), event("/a/walk/speed", 0.1)]
    assert settled(both, SPECS) == both


def test_it_ends_where_all_of_it_would_have_ended() -> None:
    chance = random.Random(3)
    paths = ("/a/walk/speed", "/mix/crossfade", "/beat/nudge")
    shorter = 0
    for _ in range(200):
        events = [event(chance.choice(paths), chance.choice((1.0, 0.25, 0.5)), relative=chance.random() < 0.5)
                  for _ in range(chance.randrange(12))]
        whole, short = show_tree(), show_tree()
        for one in events:
            whole.apply(one)
        kept = settled(events, SPECS)
        for one in kept:
            short.apply(one)
        assert [value for _, _, value in whole.items()] == [value for _, _, value in short.items()]
        shorter += len(kept) < len(events)
    assert shorter > 50


def test_what_came_in_one_turn_is_handed_over_together() -> None:
    gather = Gather()
    gather.add([event("/a/walk/speed", 0.1), event("/show/look", 1)])
    gather.add([event("/a/walk/speed", 0.2)])
    assert gather.take(SPECS, 0.0) == [event("/show/look", 1), event("/a/walk/speed", 0.2)]
    assert gather.take(SPECS, 0.0) == []


def test_what_is_dear_is_rationed_and_the_last_wish_comes_in_the_end() -> None:
    gather = Gather()
    asked = 0
    for k in range(3000):
        gather.add([event("/show/look", k % 3), event("/a/walk/speed", k / 3000)])
        asked += sum(one.path == "/show/look" for one in gather.take(SPECS, k / 1000))
    assert asked <= AT_ONCE + 3 * A_SECOND
    assert asked > 0.9 * (AT_ONCE + 3 * A_SECOND)
    gather.add([event("/show/look", 2)])
    last = [one for k in range(100) for one in gather.take(SPECS, 3.0 + k / 100)]
    assert last == [event("/show/look", 2)]
    assert (gather.waiting, gather.lost) == (0, 0)


def test_triggers_and_steps_beyond_the_ration_are_lost_and_counted() -> None:
    gather = Gather()
    handed = 0
    for _ in range(1000):
        gather.add([event("/beat/tap", 1), event("/show/look", 1, relative=True)])
        handed += len(gather.take(SPECS, 0.0))
    assert handed == AT_ONCE
    assert gather.lost == 2000 - AT_ONCE


def test_numbers_are_never_late() -> None:
    gather = Gather()
    for k in range(1000):
        gather.add([event("/a/walk/speed", k / 1000)])
        assert len(gather.take(SPECS, 0.0)) == 1
