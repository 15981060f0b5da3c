"""What other threads see of the tree."""

from __future__ import annotations

import pytest

from vj.control.mirror import KEPT, Mirror
from vj.params.spec import choice, integer, number, switch, text
from vj.params.tree import ParamTree
from vj.types import ControlEvent, Tick, Value


def tree() -> ParamTree:
    made = ParamTree()
    made.declare("a", (number("x", 0.5, smooth=0.0), switch("on"), choice("way", "up", ("up", "down", "left")),
                       integer("n", 3, 0, 8), text("said"), number("f", 100.0, 10.0, 1000.0, curve="log", smooth=0.0)))
    made.declare_readings("m", (number("level", 0.0),))
    return made


def turn(made: ParamTree, mirror: Mirror, *events: ControlEvent) -> None:
    for event in events:
        made.apply(event)
    made.advance(1 / 60)
    mirror.publish(Tick(0, 0.0, 1 / 60), made.snapshot({"/a/x": 0.25}))


def test_it_shows_what_is_declared_before_the_first_tick() -> None:
    mirror = Mirror(tree())
    assert set(mirror.specs) == {"/a/x", "/a/on", "/a/way", "/a/n", "/a/said", "/a/f"}
    assert set(mirror.readable) == {"/m/level"}
    assert mirror.bases["/a/x"] == 0.5


def test_a_change_tells_who_made_it_and_each_is_numbered() -> None:
    made = tree()
    mirror = Mirror(made)
    turn(made, mirror, ControlEvent("/a/x", 0.75, "midi one"), ControlEvent("/a/on", True, "page"))
    changes = mirror.since(0)
    assert changes is not None
    assert [(c.path, c.value, c.source) for c in changes] == [("/a/x", 0.75, "midi one"), ("/a/on", True, "page")]
    assert mirror.since(changes[0].number) == changes[1:]
    assert mirror.since(mirror.newest) == []
    assert mirror.bases["/a/x"] == 0.75


def test_modulation_shows_beside_the_base() -> None:
    made = tree()
    mirror = Mirror(made)
    turn(made, mirror)
    assert (mirror.bases["/a/x"], mirror.modulated("/a/x")) == (0.5, 0.75)
    assert mirror.modulated("/a/nothing") is None


def test_a_reading_is_read_as_it_is_now() -> None:
    made = tree()
    mirror = Mirror(made)
    made.report("m", {"level": 0.4})
    assert mirror.reading("/m/level") == 0.4
    assert mirror.reading("/a/x") is None


def test_what_comes_and_goes_is_another_revision() -> None:
    made = tree()
    mirror = Mirror(made)
    before = mirror.revision
    turn(made, mirror)
    assert mirror.revision == before
    made.declare("b", (number("y", 0.0),))
    made.remove("a")
    turn(made, mirror)
    assert mirror.revision != before
    assert set(mirror.specs) == set(mirror.bases) == {"/b/y"}


def test_who_comes_too_late_is_told_to_read_everything() -> None:
    made = tree()
    mirror = Mirror(made)
    for number_ in range(KEPT + 2):
        turn(made, mirror, ControlEvent("/a/x", number_ / (KEPT + 2), "hand"))
    assert mirror.since(0) is None
    latest = mirror.since(mirror.newest - 3)
    assert latest is not None
    assert [change.number for change in latest] == [mirror.newest - 2, mirror.newest - 1, mirror.newest]


def test_a_mount_that_is_reset_tells_its_parameters() -> None:
    made = tree()
    mirror = Mirror(made)
    turn(made, mirror, ControlEvent("/a/x", 0.9, "hand"))
    seen = mirror.newest
    made.reset("a")
    turn(made, mirror)
    assert {(c.path, c.value) for c in mirror.since(seen) or []} >= {("/a/x", 0.5), ("/a/n", 3)}


def test_relative_wishes_move_and_stop_at_the_ends() -> None:
    made = tree()

    def wish(path: str, value: float, unit: bool = False) -> Value:
        return made.apply(ControlEvent(path, value, "encoder", unit, relative=True))

    assert wish("/a/x", 0.2) == 0.7
    assert wish("/a/x", 9.0) == 1.0
    assert wish("/a/x", -3.0) == 0.0
    assert wish("/a/n", 2) == 5
    assert wish("/a/n", -0.5, unit=True) == 1
    assert wish("/a/f", 0.25, unit=True) == pytest.approx(100.0 * 100.0 ** 0.25)
    assert wish("/a/on", 1) is True
    assert wish("/a/on", 1) is False
    assert wish("/a/way", 1) == "down"
    assert wish("/a/way", 7) == "left"
    assert wish("/a/way", -1) == "down"
