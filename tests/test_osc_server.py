"""The whole surface: on a network in memory turn by turn, and over real sockets."""

from __future__ import annotations

import random
import socket
import time
from itertools import pairwise
from typing import Any

import pytest
from osc_kit import EPOCH, NTP, Show, bundle, message, mutated, said

from vj.clock import now, unix
from vj.control.desk import Desk
from vj.control.osc.gate import AT_ONCE, AllowList, Endpoint
from vj.control.osc.packet import LONGEST, messages
from vj.control.osc.params import READINGS
from vj.control.osc.server import AT_A_STRETCH, IDLE, OscServer, open_osc
from vj.control.osc.wire import AT_ONCE as DONT_WAIT
from vj.control.osc.wire import FakeWire, UdpWire
from vj.types import ControlEvent, VjError

HERE, ALSO_HERE, STRANGER = ("127.0.0.1", 50000), ("127.0.0.1", 50001), ("203.0.113.9", 7)


class Stage:
    """A server on a network in memory."""

    def __init__(self) -> None:
        self.show, self.wire = Show(), FakeWire()
        self.server = OscServer(self.show.desk, self.wire, AllowList(()), own_port=7700)

    def hear(self, *packets: bytes, sender: Endpoint = HERE) -> int:
        self.wire.sent.clear()
        self.wire.incoming.extend((packet, sender) for packet in packets)
        return self.server.step()

    def told(self, to: Endpoint) -> list[tuple[str, tuple[Any, ...]]]:
        return said([packet for packet, receiver in self.wire.sent if receiver == to])

    def counts(self) -> Any:
        self.show.time += 1.0
        self.server.step()
        return self.server.readings()


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_value_arrives(stage: Stage) -> None:
    assert stage.hear(message("/a/walk/speed", 1.5)) == 1
    assert stage.show.events == [ControlEvent("/a/walk/speed", 1.5, "osc 127.0.0.1:50000")]


def test_what_came_meanwhile_lands_together_and_the_last_value_wins(stage: Stage) -> None:
    stage.hear(*(message("/a/walk/speed", k / 20) for k in range(20)), bundle(message("/mix/crossfade", 1),
                                                                             message("/a/walk/speed", 0.75)))
    first, rest = stage.show.emitted
    assert [(event.path, event.value) for event in first] == [("/a/walk/speed", 0.0)]
    assert [(event.path, event.value) for event in rest] == [("/mix/crossfade", 1.0), ("/a/walk/speed", 0.75)]


def test_a_packet_is_handed_over_before_anybody_looks_for_another(stage: Stage,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr(stage.wire, "wait", lambda _: (message("/a/walk/speed", 1.5), HERE))
    monkeypatch.setattr(stage.wire, "next", lambda: looked.append(len(stage.show.events)))
    stage.server.step()
    assert looked == [1]


def test_an_answer_goes_to_who_asked_at_the_port_it_hears_at(stage: Stage) -> None:
    stage.hear(message("/a/walk/speed", "?"))
    assert stage.told(HERE) == [("/a/walk/speed", (0.5,))]
    stage.hear(message("/subscribe", 9000))
    stage.hear(message("/a/walk/speed", "?"))
    assert ("/a/walk/speed", (0.5,)) in stage.told(("127.0.0.1", 9000))


def test_changes_are_told_to_the_others(stage: Stage) -> None:
    stage.hear(message("/subscribe"), sender=HERE)
    stage.hear(message("/subscribe"), sender=ALSO_HERE)
    for _ in range(4):
        stage.show.time += 0.02
        stage.server.step()
    stage.hear(message("/a/walk/speed", 1.5), sender=HERE)
    stage.show.tick()
    stage.show.time += 0.02
    stage.hear()
    assert stage.told(HERE) == []
    assert stage.told(ALSO_HERE) == [("/a/walk/speed", (1.5,))]
    stage.hear(message("/unsubscribe"), sender=ALSO_HERE)
    assert stage.counts()["subscribers"] == 1


def test_readings_on_request(stage: Stage) -> None:
    stage.hear(message("/listen", "/beat", 60))
    assert ("/beat/bpm", (120.0,)) in stage.told(HERE)
    stage.hear(message("/ignore", "/beat"))
    stage.show.tree.report("beat", {"bpm": 99.0})
    stage.show.time += 1.0
    stage.hear()
    assert stage.told(HERE) == []


def test_the_thread_sleeps_until_something_is_due(stage: Stage) -> None:
    stage.server.step()
    assert stage.wire.waited[-1] == IDLE
    # the desk's clock shows 100 s when it is EPOCH; the server asks the real time of day
    ahead = unix() + 0.2
    stage.hear(bundle(message("/a/walk/speed", 1.5), at=ahead))
    assert not stage.show.events
    stage.server.step()
    assert 0.0 < stage.wire.waited[-1] <= 0.2
    stage.show.time += 0.3
    stage.server.step()
    assert len(stage.show.events) == 1
    assert NTP + EPOCH > 2**31  # these are dates that need all 32 bits


def test_strangers_are_not_heard_and_told_of_once(stage: Stage) -> None:
    for _ in range(5):
        stage.hear(message("/a/walk/speed", 1.5), message("/subscribe"), message("/a/walk/speed", "?"), sender=STRANGER)
    assert not stage.show.events
    assert not stage.wire.sent
    assert stage.show.desk.notes.drain() == ["OSC from 203.0.113.9 is not heard: --allow 203.0.113.9 lets it in"]
    assert stage.counts()["strangers"] == 15


def test_a_stranger_s_flood_is_a_stranger_s(stage: Stage) -> None:
    stage.hear(*[message("/a/walk/speed", k % 2) for k in range(20)], sender=STRANGER)
    assert not stage.show.events
    assert (stage.counts()["strangers"], stage.counts()["messages"]) == (20, 0)


def test_a_flood_is_taken_in_slices_and_rationed(stage: Stage) -> None:
    packets = [message("/a/walk/speed", "+", 0.001)] * (4 * round(AT_ONCE))
    slices = [stage.hear(*packets)]
    while stage.wire.incoming:
        slices.append(stage.server.step())
    assert max(slices) == AT_A_STRETCH
    assert len(stage.show.events) == AT_ONCE
    counts = stage.counts()
    assert counts["messages"] == AT_ONCE
    assert counts["lost"] == 3 * AT_ONCE


def test_of_a_flood_of_values_for_one_number_the_first_and_the_last_of_each_slice_are_opened(stage: Stage) -> None:
    packets = [message("/a/walk/speed", k % 2) for k in range(4 * round(AT_ONCE))]
    slices = [stage.hear(*packets)]
    while stage.wire.incoming:
        slices.append(stage.server.step())
    ends = [sum(slices[:k]) for k in range(len(slices) + 1)]
    opened = [place for first, behind in pairwise(ends) for place in (first, behind - 1)]
    assert [event.value for event in stage.show.events] == [place % 2 for place in opened]
    counts = stage.counts()
    assert (counts["messages"], counts["lost"]) == (len(packets), 0)


def test_who_cannot_be_reached_is_no_trouble(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage.wire, "send", lambda *_: False)
    stage.hear(message("/a/walk/speed", "?"), message("/subscribe"))
    assert stage.counts()["subscribers"] == 1


def test_what_it_tells_of_itself_is_declared(stage: Stage) -> None:
    stage.hear(b"nonsense", message("/a/walk/speed", 1))
    counts = stage.counts()
    assert set(counts) == {spec.name for spec in READINGS}
    assert (counts["messages"], counts["refused"]) == (1, 1)
    assert counts["trouble"].startswith("osc 127.0.0.1:50000: ")


def test_mutated_packets_leave_it_standing(stage: Stage) -> None:
    chance = random.Random(4)
    seeds = [message("/subscribe", 9000, 60.0, "unit"), message("/listen", "/beat", 60.0), message("/ignore", "/beat"),
             message("/unsubscribe"), message("/a/walk/speed", 1.0), bundle(message("/a/walk/prompt", "words")),
             bundle(message("/show/look", 1), at=unix() + 1.0)]
    for k in range(3000):
        stage.hear(mutated(chance, chance.choice(seeds)))
        stage.show.time += 0.004
        if k % 20 == 0:
            stage.show.tick()
    stage.hear(message("/a/walk/speed", "?"))
    assert stage.wire.sent


# ------------------------------------------------------------------------------------- real sockets


def bound(host: str = "127.0.0.1") -> socket.socket:
    place = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    place.bind((host, 0))
    place.settimeout(5.0)
    return place


def real_desk(show: Show) -> Desk:
    return Desk(show.mirror, lambda event: show.take([event]), now, together=show.take)


def test_over_the_wire_both_ways() -> None:
    show = Show()
    place, target, client = bound(), bound(), bound()
    server = open_osc(real_desk(show), place, out=[f"127.0.0.1:{target.getsockname()[1]}"])
    try:
        at = place.getsockname()
        client.sendto(b"\xff" * 9000, at)
        client.sendto(message("/a/walk/speed", 1.25), at)
        client.sendto(message("/show/look", "?"), at)
        assert messages(client.recv(LONGEST)) == [("/show/look", ("one",))]
        until = time.perf_counter() + 5.0
        while not show.events and time.perf_counter() < until:
            time.sleep(0.01)
        assert [event.value for event in show.events] == [1.25]
        source = show.events[0].source
        assert source == f"osc 127.0.0.1:{client.getsockname()[1]}"
        told: dict[str, Any] = {}
        while "/show/look" not in told:
            told |= dict(messages(target.recv(LONGEST)))
        show.tick()
        while told.get("/a/walk/speed") != (1.25,):
            told |= dict(messages(target.recv(LONGEST)))
    finally:
        server.close()
        for each in (place, target, client):
            each.close()


def test_closing_is_quick_and_final() -> None:
    place = bound()
    server = open_osc(real_desk(Show()), place)
    began = time.perf_counter()
    server.close()
    assert time.perf_counter() - began < 4.0
    server.close()
    assert place.fileno() == -1


@pytest.mark.parametrize(("allow", "out", "words"), [(["club"], [], "--allow takes a network"),
                                                     ([], ["nowhere"], "--osc-out takes HOST:PORT"),
                                                     ([], ["no host:9000"], "--osc-out: there is no 'no host'")])
def test_what_cannot_be_is_one_sentence(allow: list[str], out: list[str], words: str) -> None:
    with bound() as place, pytest.raises(VjError, match=words):
        open_osc(real_desk(Show()), place, allow, out)


def test_vj_is_not_told_its_own_changes() -> None:
    with bound() as place, pytest.raises(VjError, match="where vj itself listens"):
        open_osc(real_desk(Show()), place, out=[f"localhost:{place.getsockname()[1]}"])


@pytest.mark.parametrize("whole", sorted({False, bool(DONT_WAIT)}))
def test_a_wire_of_its_own(whole: bool) -> None:
    first, second = UdpWire(place := bound(), whole=whole), UdpWire(other := bound(), whole=whole)
    assert first.next() is None
    assert second.send(b"hello", place.getsockname())
    assert first.wait(5.0) == (b"hello", other.getsockname())
    assert first.wait(0.02) is None
    assert first.next() is None
    assert first.wait(0.002) is None
    assert second.send(b"again", place.getsockname())
    assert first.wait(0.002) == (b"again", other.getsockname())
    assert not second.send(b"x" * 70_000, place.getsockname())
    second.close()
    assert not second.send(b"late", place.getsockname())
    assert second.wait(0.01) is None
    first.close()
