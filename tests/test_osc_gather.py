"""Of many values for one parameter the last matters."""

from __future__ import annotations

import random

from osc_kit import show_tree

from vj.control.osc.gather import settled
from vj.types import ControlEvent

SPECS = {path: spec for path, spec, _ in show_tree().items()}


def event(path: str, value: float, *, relative: bool = False) -> ControlEvent:
    return ControlEvent(path, value, "me", relative=relative)


def test_the_last_value_wins_in_its_place() -> None:
    first, second, third = event("/a/walk/speed", 0.1), event("/mix/crossfade", 0.2), event("/a/walk/speed", 0.3)
    assert settled([first, second, third], SPECS) == [second, third]


def test_taps_all_count() -> None:
    taps = [event("/beat/tap", 1)] * 4
    assert settled(taps, SPECS) == taps


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
