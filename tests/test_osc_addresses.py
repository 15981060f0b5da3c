"""Addresses: vj's own, with prefixes, and those of other programs."""

from __future__ import annotations

from typing import Any

import pytest
from osc_kit import Show, said

from vj.app.common import declared_tree
from vj.control.mirror import Mirror
from vj.control.osc.addresses import Addresses
from vj.control.osc.aliases import ALIASES
from vj.control.osc.values import RefusedError
from vj.options import DEFAULT_LOOK
from vj.params.spec import number
from vj.types import ControlEvent, Value


def meant(address: str, *values: Any, show: Show | None = None) -> ControlEvent | None:
    show = show or Show()
    way = Addresses(show.mirror).find(address)
    assert way is not None, address
    return way.event(values, show.mirror.bases[way.path], "me")


def test_every_parameter_is_at_its_path() -> None:
    show = Show()
    addresses = Addresses(show.mirror)
    for path, spec in show.mirror.specs.items():
        way = addresses.find(path)
        assert way is not None
        assert (way.path, way.spec, way.wish.unit, way.wish.when) == (path, spec, False, "now")


@pytest.mark.parametrize(("address", "unit", "when"), [
    ("/unit/a/walk/speed", True, "now"), ("/next/bar/a/walk/speed", False, "bar"),
    ("/next/beat/unit/a/walk/speed", True, "beat")])
def test_prefixes(address: str, unit: bool, when: str) -> None:
    event = meant(address, 0.5)
    assert event is not None
    assert (event.path, event.value, event.unit, event.when) == ("/a/walk/speed", 0.5, unit, when)


@pytest.mark.parametrize("address", ["/a/walk", "/a/walk/speed/", "/A/walk/speed", "/nothing", "/unit",
                                     "/unit/beat/bpm", "/unit/unit/a/walk/speed", "/unit/next/bar/a/walk/speed",
                                     "/beat/bpm"])
def test_what_is_no_parameter_leads_nowhere(address: str) -> None:
    assert Addresses(Show().mirror).find(address) is None


def test_strangers_inventions_are_not_kept() -> None:
    addresses = Addresses(Show().mirror)
    for k in range(1000):
        addresses.find(f"/made/up/{k}")
    assert not addresses._found


def test_paths_come_and_go_with_the_look() -> None:
    show = Show()
    addresses = Addresses(show.mirror)
    assert addresses.find("/a/walk/energy")
    show.tree.declare("a/walk", (number("other", 0.0),))
    show.tick()
    assert addresses.find("/a/walk/energy") is None
    assert addresses.find("/a/walk/other")


@pytest.mark.parametrize(("address", "values", "path", "value"), [
    ("/composition/tempocontroller/tempotap", (1,), "/beat/tap", True),
    ("/composition/tempocontroller/resync", (1.0,), "/beat/resync", True),
    ("/composition/tempocontroller/tempopush", (1,), "/beat/nudge", -10.0),
    ("/composition/tempocontroller/tempopull", (1,), "/beat/nudge", 10.0),
    ("/composition/crossfader/phase", (0.25,), "/mix/crossfade", 0.25),
    ("/composition/layers/2/video/opacity", (0.75,), "/mix/crossfade", 0.75),
    ("/composition/master", (1.0,), "/master/fade", 0.0), ("/composition/master", (0.25,), "/master/fade", 0.75),
    ("/composition/layers/1/video/opacity", (0.0,), "/master/fade", 1.0),
    ("/composition/bypassed", (1,), "/master/blackout", True),
    ("/composition/bypassed", (0,), "/master/blackout", False),
    ("/composition/disconnectall", (1,), "/master/blackout", True),
    ("/composition/columns/2/connect", (1,), "/show/look", "two"),
    ("/composition/layers/1/clips/3/connect", (1,), "/show/look", "Three Drops"),
    ("/composition/connectnextcolumn", (1,), "/show/next", True),
    ("/composition/connectprevcolumn", (1,), "/show/previous", True),
    ("/composition/dashboard/link1", (0.5,), "/a/walk/speed", 1.0),
])
def test_a_page_made_for_resolume_does_something_sensible(address: str, values: Any, path: str, value: Value) -> None:
    show = Show()
    event = meant(address, *values, show=show)
    assert event is not None
    assert event.path == path
    assert show.tree.apply(event) == value


@pytest.mark.parametrize("address", ["/composition/tempocontroller/tempotap", "/composition/columns/2/connect",
                                     "/composition/disconnectall", "/composition/connectprevcolumn"])
def test_a_button_that_is_let_go_does_nothing(address: str) -> None:
    assert meant(address, 0) is None
    assert meant(address, 0.0) is None


def test_an_inverted_fader_moves_the_other_way() -> None:
    up, down = (meant("/composition/master", word, 0.25) for word in "+-")
    assert up is not None
    assert down is not None
    assert (up.value, down.value, up.relative) == (-0.25, 0.25, True)
    with pytest.raises(RefusedError, match="/composition/master"):
        meant("/composition/master", "*", 2.0)
    with pytest.raises(RefusedError, match="/composition/master"):
        meant("/composition/master", "full")


def test_a_column_without_a_look_leads_nowhere() -> None:
    assert Addresses(Show().mirror).find("/composition/columns/4/connect") is None


def told(address: str, show: Show) -> Any:
    way = Addresses(show.mirror).find(address)
    assert way is not None
    ((back, values),) = said([way.answer(show.mirror.bases[way.path])])
    assert back == address
    return values[0]


def test_an_answer_is_in_the_addresss_own_space() -> None:
    show = Show()
    assert told("/fx/tone/cutoff", show) == 100.0
    assert told("/unit/fx/tone/cutoff", show) == pytest.approx(0.5)
    assert told("/composition/master", show) == 1.0
    assert told("/composition/columns/1/connect", show) == 1.0
    assert told("/composition/columns/2/connect", show) == 0.0
    assert told("/show/look", show) == "one"
    assert told("/unit/show/look", show) == 0.0
    assert told("/master/blackout", show) == 0


def test_every_alias_is_plain_and_means_what_is_there() -> None:
    assert len({alias.address for alias in ALIASES}) == len(ALIASES)
    tree = declared_tree(DEFAULT_LOOK)
    paths = {path for path, _, _ in tree.items()}
    for alias in ALIASES:
        assert alias.path in paths, alias
        assert alias.address not in paths
        assert not tree.spec(alias.path).guarded


def test_the_second_layer_is_deck_b() -> None:
    tree = declared_tree(DEFAULT_LOOK)
    mirror = Mirror(tree)
    addresses = Addresses(mirror)

    def press(address: str) -> ControlEvent | None:
        way = addresses.find(address)
        assert way is not None, address
        return way.event((1,), mirror.bases[way.path], "page")

    looks = tree.spec("/show/look").choices
    for clip, look in enumerate(looks, 1):
        event = press(f"/composition/layers/2/clips/{clip}/connect")
        assert event is not None
        tree.apply(event)
        assert (event.path, tree.base("/b/show/look")) == ("/b/show/look", look)
    event = press("/composition/layers/2/clear")
    assert event is not None
    assert tree.apply(event) == "none"
    assert [press(address) and press(address).path for address in ("/fade", "/cut")] == [  # type: ignore[union-attr]
        "/mix/fade", "/mix/cut"]
