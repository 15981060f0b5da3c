"""Surfaces of a show: opened or left out with a word, what they tell stands in the tree."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from types import SimpleNamespace

from vj.app.surfaces import DECLARED, declare_surfaces, open_surfaces, report_surfaces
from vj.control.desk import Desk
from vj.control.mirror import Mirror
from vj.options import Options
from vj.params.spec import number, trigger
from vj.params.tree import ParamTree
from vj.types import ControlEvent, Tick, Value, VjError


class Box:
    """A surface that tells."""

    mount = "midi"

    def __init__(self) -> None:
        self.told: dict[str, Value] = {"devices": "a box"}
        self.closed = False

    def readings(self) -> Mapping[str, Value]:
        return self.told

    def close(self) -> None:
        self.closed = True


def tree() -> ParamTree:
    made = ParamTree()
    declare_surfaces(made)
    return made


def desk(made: ParamTree) -> Desk:
    return Desk(Mirror(made), lambda _: True, lambda: 0.0)


def test_everything_a_surface_brings_is_declared_without_one():
    made = tree()
    paths = {path for path, _, _ in (*made.items(), *made.readings())}
    for mount, (params, readings) in DECLARED.items():
        assert {f"/{mount}/{spec.name}" for spec in (*params, *readings)} <= paths


def test_a_surface_that_cannot_be_opened_is_told_and_left_out():
    def refuses(_desk: Desk, _options: Options) -> None:
        raise VjError("port 7700 is taken")

    box, at = Box(), desk(tree())
    with ExitStack() as stack:
        opened = open_surfaces(at, Options(), stack, (refuses, lambda _desk, _options: None, lambda _d, _o: box))
        assert opened == [box]
        assert not box.closed
    assert box.closed
    assert at.notes.drain() == ["port 7700 is taken"]


def test_what_a_surface_tells_can_be_read_after_the_next_tick():
    made, box = tree(), Box()
    engine = SimpleNamespace(parts=SimpleNamespace(tree=made, seen=[]))
    report_surfaces(engine, [box, SimpleNamespace(close=lambda: None)])
    (report,) = engine.parts.seen
    assert made.reading("/midi/devices") == ""
    report(Tick(0, 0.0, 0.0), {})
    assert made.reading("/midi/devices") == "a box"
    box.told = {"devices": "another"}
    report(Tick(1, 0.1, 0.1), {})
    assert made.reading("/midi/devices") == "another"


def test_a_show_whose_surfaces_tell_nothing_pays_nothing():
    engine = SimpleNamespace(parts=SimpleNamespace(tree=tree(), seen=[]))
    report_surfaces(engine, [SimpleNamespace(close=lambda: None)])
    assert engine.parts.seen == []


def test_a_trigger_is_a_change_when_it_is_pulled_and_only_then():
    made = ParamTree()
    made.declare("a", (trigger("go"),))
    made.apply(ControlEvent("/a/go", True, "page"))
    made.snapshot({})
    assert [(path, source) for path, _, source in made.changes()] == [("/a/go", "page")]
    made.apply(ControlEvent("/a/go", False, "page"))
    assert made.changes() == []


def test_effects_stand_in_the_order_in_which_they_were_declared_last():
    made = ParamTree()
    for mount in ("fx/a", "fx/b", "fx/c", "fx/a"):
        made.declare(mount, (number("x", 0.5),))
    assert made.mounts() == ["fx/b", "fx/c", "fx/a"]
