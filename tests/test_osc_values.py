"""What values wish of each kind of parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from osc_kit import show_tree

from vj.control.osc.values import RefusedError, Wish, place
from vj.types import ControlEvent, Value


def wished(path: str, *values: Any, unit: bool = False) -> ControlEvent | None:
    tree = show_tree()
    return Wish(path, tree.spec(path), unit).event(values, tree.base(path), "me")


def landed(path: str, *values: Any, unit: bool = False) -> Value:
    """Where the parameter stands afterwards."""
    tree = show_tree()
    event = Wish(path, tree.spec(path), unit).event(values, tree.base(path), "me")
    return tree.apply(event) if event else tree.base(path)


@pytest.mark.parametrize(("path", "values", "value"), [
    ("/a/walk/speed", (1.25,), 1.25), ("/a/walk/speed", (1,), 1.0), ("/a/walk/speed", (True,), 1.0),
    ("/a/walk/speed", (False,), 0.0), ("/a/walk/speed", ("a", 1.5), 1.5),
    ("/a/walk/speed", (9.0,), 2.0), ("/a/walk/speed", (-9,), 0.0), ("/a/walk/steps", (3.4,), 3),
    ("/a/walk/steps", (900,), 8), ("/a/walk/prompt", ("Café",), "Café"), ("/a/walk/prompt", ("a", "?"), "?"),
    ("/a/walk/tint", ("#102030",), "#102030"), ("/a/walk/tint", (1.0, 0.5, 0), "#ff8000"),
    ("/a/walk/tint", (2, 0, -1, 0.5), "#ff000080"),
    ("/master/blackout", (1,), True), ("/master/blackout", (0.0,), False), ("/master/blackout", (True,), True),
    ("/master/blackout", (127,), True), ("/master/blackout", (0.4,), False), ("/master/blackout", (0.6,), True),
    ("/show/look", ("two",), "two"), ("/show/look", ("THREE DROPS",), "Three Drops"), ("/show/look", (1,), "two"),
    ("/show/look", (2.0,), "Three Drops"), ("/show/look", (99,), "Three Drops"), ("/show/look", (-1,), "one"),
    ("/beat/tap", (), True), ("/beat/tap", (1,), True), ("/beat/tap", (0.01,), True), ("/beat/tap", (True,), True),
    ("/beat/tap", (0,), False), ("/beat/tap", (0.0,), False), ("/beat/tap", (False,), False),
])
def test_a_value_lands(path: str, values: Sequence[Any], value: Value) -> None:
    assert landed(path, *values) == value


@pytest.mark.parametrize(("path", "values", "value"), [
    ("/fx/tone/cutoff", (0.5,), 100.0), ("/fx/tone/cutoff", (7,), 1000.0), ("/a/walk/speed", (0.25,), 0.5),
    ("/a/walk/speed", (True,), 2.0), ("/a/walk/steps", (1.0,), 8), ("/a/walk/steps", (0.0,), 1),
    ("/show/look", (0.5,), "two"), ("/show/look", (1.0,), "Three Drops"), ("/show/look", ("one",), "one"),
    ("/master/blackout", (0.7,), True), ("/a/walk/prompt", ("words",), "words"), ("/beat/tap", (1.0,), True),
    ("/fx/tone/cutoff", ("+", 0.25), 10 ** 2.5), ("/a/walk/speed", ("*", 2.0), 1.0),
])
def test_knob_space_is_a_fader_from_0_to_1(path: str, values: Sequence[Any], value: Value) -> None:
    assert landed(path, *values, unit=True) == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize(("path", "values", "value"), [
    ("/a/walk/speed", ("+", 0.25), 0.75), ("/a/walk/speed", ("-", 0.25), 0.25), ("/a/walk/speed", ("+", 99), 2.0),
    ("/a/walk/speed", ("*", 3), 1.5), ("/a/walk/speed", ("*", -3), 0.0), ("/a/walk/steps", ("+", 2), 6),
    ("/a/walk/steps", ("*", 2), 8), ("/show/look", ("+", 1), "two"), ("/show/look", ("-", 5), "one"),
    ("/master/blackout", ("+", 1), True), ("/master/blackout", ("+", 0), False), ("/beat/tap", ("+", 1), True),
])
def test_a_step_starts_where_the_parameter_stands(path: str, values: Sequence[Any], value: Value) -> None:
    assert landed(path, *values) == value


def test_steps_of_several_hands_add_up() -> None:
    tree = show_tree()
    for _ in range(3):
        tree.apply(Wish("/a/walk/speed", tree.spec("/a/walk/speed")).event(("+", 0.1), 0.5, "me"))
    assert tree.base("/a/walk/speed") == pytest.approx(0.8)


@pytest.mark.parametrize(("path", "values"), [
    ("/a/walk/speed", ("0.5",)), ("/a/walk/speed", (None,)), ("/a/walk/speed", ()), ("/a/walk/speed", (1.0, 2.0)),
    ("/a/walk/speed", ("+",)), ("/a/walk/speed", ("+", "much")), ("/a/walk/speed", ("+", 1, 2)),
    ("/a/walk/speed", ("/", 2)), ("/a/walk/prompt", (1.0,)), ("/a/walk/prompt", ("x" * 2001,)),
    ("/a/walk/prompt", ("+", 1.0)), ("/a/walk/tint", ("red",)), ("/a/walk/tint", (1, 2)), ("/a/walk/tint", (1, 2, "3")),
    ("/show/look", ("nothing",)), ("/show/look", ("*", 2)), ("/master/blackout", ("on",)), ("/beat/tap", ("hard",)),
    ("/beat/tap", (None,)),
])
def test_nonsense_is_refused(path: str, values: Sequence[Any]) -> None:
    with pytest.raises(RefusedError, match=path):
        wished(path, *values)


def test_an_event_says_where_from_and_when() -> None:
    event = Wish("/a/walk/speed", show_tree().spec("/a/walk/speed"), when="bar").event((1.0,), 0.5, "osc 10.0.0.1:9")
    assert event == ControlEvent("/a/walk/speed", 1.0, "osc 10.0.0.1:9", when="bar")


def test_a_place_on_a_fader_leads_back_to_the_value() -> None:
    tree = show_tree()
    for look in tree.spec("/show/look").choices:
        unit = place(tree.spec("/show/look"), look)
        assert landed("/show/look", unit, unit=True) == look
    assert place(tree.spec("/fx/tone/cutoff"), 100.0) == pytest.approx(0.5)
    assert place(tree.spec("/master/blackout"), True) == 1.0
    with pytest.raises(RefusedError, match="no place"):
        place(tree.spec("/a/walk/prompt"), "words")
