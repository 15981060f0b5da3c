"""Who is told what: everybody but the one who changed it, in bundles, and no more than was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from osc_kit import Show, said

from vj.control.mirror import KEPT
from vj.control.osc.audience import (
    A_TURN,
    AFRESH,
    CROWD,
    LEASE,
    LOWEST_PORT,
    OFTEN,
    Audience,
    name,
    parse_target,
)
from vj.control.osc.encode import FULL
from vj.control.osc.gate import Endpoint
from vj.control.osc.values import RefusedError
from vj.params.spec import number
from vj.types import ControlEvent, VjError

PHONE, TABLET = ("192.168.1.5", 53000), ("192.168.1.6", 9001)


class House:
    """An audience of a show, in which time passes turn by turn."""

    def __init__(self, own_port: int = 7700) -> None:
        self.show = Show()
        self.audience = Audience(self.show.mirror, own_port)
        self.packets: list[tuple[bytes, Endpoint]] = []

    def turn(self) -> None:
        self.packets = list(self.audience.turn(self.show.time))
        self.show.time += 1 / OFTEN

    def settle(self) -> None:
        """Until everybody knows everything."""
        for _ in range(10):
            self.turn()

    def change(self, path: str, value: Any, source: str) -> None:
        self.show.take([ControlEvent(path, value, source)])
        self.show.tick()

    def told(self, to: Endpoint) -> list[tuple[str, tuple[Any, ...]]]:
        """What was said to ``to`` in the last turn."""
        return said([packet for packet, receiver in self.packets if receiver == to])


@pytest.fixture
def house() -> House:
    made = House()
    made.audience.subscribe((), TABLET, made.show.time)
    made.audience.subscribe((9000,), PHONE, made.show.time)
    made.settle()
    return made


AT_PHONE = ("192.168.1.5", 9000)


def test_who_subscribes_is_told_everything_once() -> None:
    house = House()
    house.audience.subscribe((9000,), PHONE, house.show.time)
    told: dict[str, Any] = {}
    for _ in range(5):
        house.turn()
        told |= dict(house.told(AT_PHONE))
        assert all(len(packet) <= FULL for packet, _ in house.packets)
    values = {path for path, spec in house.show.mirror.specs.items() if spec.kind != "trigger"}
    assert set(told) == values
    assert told["/a/walk/speed"] == (0.5,)
    assert told["/show/look"] == ("one",)
    house.turn()
    assert house.packets == []


def test_a_change_is_told_to_all_but_its_source(house: House) -> None:
    house.change("/a/walk/speed", 1.5, name(PHONE))
    house.turn()
    assert house.told(AT_PHONE) == []
    assert house.told(TABLET) == [("/a/walk/speed", (1.5,))]
    house.change("/a/walk/speed", 0.25, "keyboard")
    house.turn()
    assert house.told(AT_PHONE) == house.told(TABLET) == [("/a/walk/speed", (0.25,))]
    house.turn()
    assert house.packets == []


def test_what_another_overrode_comes_back(house: House) -> None:
    house.show.take([ControlEvent("/a/walk/speed", 1.0, name(PHONE)),
                     ControlEvent("/a/walk/speed", 1.25, name(TABLET))])
    house.show.tick()
    house.turn()
    assert house.told(AT_PHONE) == [("/a/walk/speed", (1.25,))]
    assert house.told(TABLET) == []


def test_between_two_turns_only_the_newest_value_is_told(house: House) -> None:
    for k in range(20):
        house.change("/a/walk/speed", k / 20, "keyboard")
    house.turn()
    assert house.told(TABLET) == [("/a/walk/speed", (pytest.approx(0.95),))]


def test_there_are_only_so_many_turns_a_second(house: House) -> None:
    house.turn()
    house.change("/a/walk/speed", 1.5, "keyboard")
    assert list(house.audience.turn(house.audience.due - 0.001)) == []
    assert list(house.audience.turn(house.audience.due))


def test_who_missed_too_much_is_told_everything(house: House) -> None:
    for k in range(KEPT + 10):
        house.show.take([ControlEvent("/a/walk/speed", k % 2, "keyboard")])
        house.show.tick()
    house.turn()
    assert len(house.told(TABLET)) > 5


def test_a_subscription_ends_without_a_word(house: House) -> None:
    house.show.time += LEASE - 10.0
    house.audience.heard(PHONE, house.show.time)
    house.show.time += 11.0
    house.change("/a/walk/speed", 1.5, "keyboard")
    house.turn()
    assert house.told(AT_PHONE)
    assert not house.told(TABLET)
    assert len(house.audience) == 1


def test_a_lease_of_its_own_and_the_end_of_it(house: House) -> None:
    house.audience.subscribe((9000, 3600.0), PHONE, house.show.time)
    house.show.time += 3000.0
    house.turn()
    assert len(house.audience) == 1
    house.audience.unsubscribe(PHONE)
    assert len(house.audience) == 0
    assert house.audience.due is None


def test_subscribing_again_and_again_tells_everything_once(house: House) -> None:
    told = 0
    for _ in range(20):
        house.audience.subscribe((9000,), PHONE, house.show.time)
        house.turn()
        told += len(house.told(AT_PHONE))
    assert told == 0
    house.show.time += AFRESH
    house.audience.subscribe((9000,), PHONE, house.show.time)
    house.turn()
    assert len(house.told(AT_PHONE)) > 5


@pytest.mark.parametrize("values", [("loud",), (True,), (None,), (9000, 60, 1), (80,), (0,), (-1,), (70000,),
                                    (9000, "x")])
def test_no_subscription(values: Any) -> None:
    house = House()
    with pytest.raises(RefusedError, match=r"/subscribe takes|nothing is told to port"):
        house.audience.subscribe(values, PHONE, 0.0)
    assert len(house.audience) == 0


def test_nobody_has_vj_talk_to_itself() -> None:
    with pytest.raises(RefusedError, match="port 7700"):
        House().audience.subscribe((7700,), ("127.0.0.1", 50000), 0.0)


def test_there_are_only_so_many_seats() -> None:
    audience = House().audience
    for k in range(CROWD):
        audience.subscribe((), ("192.168.1.7", LOWEST_PORT + k), 0.0)
    with pytest.raises(RefusedError, match="subscribers"):
        audience.subscribe((), PHONE, 0.0)


# -------------------------------------------------------------------------------------- other forms


def test_a_page_of_faders_is_told_in_knob_space() -> None:
    house = House()
    house.audience.subscribe((9000, "unit"), PHONE, house.show.time)
    house.settle()
    house.change("/fx/tone/cutoff", 1000.0, "keyboard")
    house.change("/show/look", "two", "keyboard")
    house.change("/a/walk/prompt", "words", "keyboard")
    house.turn()
    assert dict(house.told(AT_PHONE)) == {"/unit/fx/tone/cutoff": (1.0,), "/unit/show/look": (0.5,),
                                          "/a/walk/prompt": ("words",)}


def test_a_page_made_for_resolume_is_told_in_its_words() -> None:
    house = House()
    house.audience.subscribe(("resolume",), PHONE, house.show.time)
    house.settle()
    house.change("/master/fade", 0.75, "keyboard")
    house.change("/a/walk/energy", 0.125, "keyboard")
    house.turn()
    told = dict(house.told(PHONE))
    assert told["/composition/master"] == told["/composition/layers/1/video/opacity"] == (0.25,)
    assert told["/composition/dashboard/link2"] == (0.125,)
    assert not any(address in told for address in house.show.mirror.specs)


# ------------------------------------------------------------------------------------ always told


@pytest.mark.parametrize(("text", "target"), [
    ("192.168.1.5:9000", ("192.168.1.5", 9000, "plain")), ("tablet.local:9001/unit", ("tablet.local", 9001, "unit")),
    ("[::1]:9000/resolume", ("::1", 9000, "resolume"))])
def test_a_target(text: str, target: Any) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["", "9000", ":9000", "host:", "host:0", "host:99999", "host:9000/loud", "host:9 0"])
def test_no_target(text: str) -> None:
    with pytest.raises(VjError, match="--osc-out takes HOST:PORT"):
        parse_target(text)


def test_a_fixed_target_is_told_for_ever_but_not_its_own_changes() -> None:
    house = House()
    house.audience.add(AT_PHONE)
    house.settle()
    house.show.time += 10 * LEASE
    house.change("/a/walk/speed", 1.5, name(PHONE))  # the same machine, from the port it happens to send from
    house.turn()
    assert house.told(AT_PHONE) == []
    house.change("/a/walk/speed", 1.0, name(TABLET))
    house.turn()
    assert house.told(AT_PHONE) == [("/a/walk/speed", (1.0,))]
    house.audience.unsubscribe(AT_PHONE)
    assert len(house.audience) == 1


def test_two_programs_on_this_machine_are_two() -> None:
    house = House()
    house.audience.add(("127.0.0.1", 9000))
    house.settle()
    house.change("/a/walk/speed", 1.5, "osc 127.0.0.1:50123")
    house.turn()
    assert house.told(("127.0.0.1", 9000)) == [("/a/walk/speed", (1.5,))]


# --------------------------------------------------------------------------------------- readings


def test_readings_come_as_often_as_asked_and_only_when_new(house: House) -> None:
    house.audience.listen(("/beat/*", 30), TABLET, house.show.time)
    told = []
    for k in range(60):
        house.show.tree.report("beat", {"bpm": 128.0, "phase": k / 60, "count": 3})
        house.turn()
        told += house.told(TABLET)
    assert [values for address, values in told if address == "/beat/bpm"] == [(128.0,)]
    assert sum(address == "/beat/phase" for address, _ in told) == pytest.approx(30, abs=2)
    assert not house.told(AT_PHONE)


def test_one_reading_or_all_below_a_path(house: House) -> None:
    house.audience.listen(("/audio/kick",), TABLET, house.show.time)
    house.turn()
    assert [address for address, _ in house.told(TABLET)] == ["/audio/kick"]
    house.audience.listen(("/", 20), TABLET, house.show.time)
    house.turn()
    assert {address for address, _ in house.told(TABLET)} >= {"/beat/bpm", "/audio/device"}
    house.audience.ignore(("/",), TABLET)
    house.audience.ignore(("/audio/kick",), TABLET)
    house.show.tree.report("audio", {"kick": 0.7})
    house.turn()
    assert not house.told(TABLET)


def test_who_only_listens_is_told_no_changes() -> None:
    house = House()
    house.audience.listen(("/beat/bpm", 10), PHONE, house.show.time)
    house.change("/a/walk/speed", 1.5, "keyboard")
    house.settle()
    assert not any(address == "/a/walk/speed" for address, _ in house.told(PHONE))
    assert len(house.audience) == 1


@pytest.mark.parametrize("values", [(), ("/nothing",), ("/beat", 0), ("/beat", -5.0), ("/beat", "often"), (30,),
                                    ("/beat", 30, 1), ("/be",), ("/a/walk/speed",)])
def test_nothing_to_listen_to(house: House, values: Any) -> None:
    with pytest.raises(RefusedError, match=r"/listen takes|nothing to read"):
        house.audience.listen(values, TABLET, 0.0)


def test_only_so_much_can_be_listened_to() -> None:
    house = House()
    house.show.tree.declare_readings("many", [number(f"r{k}", 0.0) for k in range(60)])
    house.show.tick()
    house.audience.listen(("/many", 60), PHONE, 0.0)
    house.audience.listen(("/many", 60), PHONE, 0.0)  # the same again is not more
    with pytest.raises(RefusedError, match="readings a second"):
        house.audience.listen(("/many", 60), TABLET, 0.0)


# ------------------------------------------------------------------------------------------ bounds


def test_a_big_change_is_spread_over_turns_and_nothing_is_lost() -> None:
    house = House()
    house.show.tree.declare("big", [number(f"p{k}", 0.0, smooth=0.0) for k in range(2 * A_TURN)])
    house.show.tick()
    house.audience.subscribe((), TABLET, house.show.time)
    told: dict[str, Any] = {}
    turns = 0
    while not told or house.packets:
        house.turn()
        new = house.told(TABLET)
        assert len(new) <= A_TURN
        told |= dict(new)
        turns += 1
    assert {f"/big/p{k}" for k in range(2 * A_TURN)} <= set(told)
    assert turns >= 3
