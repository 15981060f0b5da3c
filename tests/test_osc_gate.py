"""Who is heard, and how much of it."""

from __future__ import annotations

import pytest

from vj.control.osc.gate import A_SECOND, ALL_A_SECOND, ALL_AT_ONCE, AT_ONCE, KNOWN, AllowList, Gate, networks
from vj.types import VjError

FRIEND = ("192.168.1.5", 9001)


def gate() -> Gate:
    return Gate(AllowList(networks(["192.168.1.0/24"])))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1", "192.168.1.77",
                                  "::ffff:192.168.1.77", "10.0.0.7", "fe80::1%eth0"])
def test_friends(host: str) -> None:
    assert host in AllowList(networks(["192.168.1.0/24", "10.0.0.7", "fe80::/10"]))


@pytest.mark.parametrize("host", ["192.168.2.1", "10.0.0.8", "8.8.8.8", "::ffff:8.8.8.8", "2001:db8::1", "nobody", ""])
def test_strangers(host: str) -> None:
    assert host not in AllowList(networks(["192.168.1.0/24", "10.0.0.7", "fe80::/10"]))


def test_without_a_list_only_this_machine_is_heard() -> None:
    assert "127.0.0.1" in AllowList(())
    assert "192.168.1.5" not in AllowList(())


@pytest.mark.parametrize("text", ["the club", "192.168.1.0/99", "300.1.1.1", ""])
def test_no_network(text: str) -> None:
    with pytest.raises(VjError, match=r"--allow takes a network like 192\.168\.1\.0/24"):
        networks([text])


def test_a_forger_of_addresses_fills_no_memory() -> None:
    allowed, door = AllowList(()), gate()
    for k in range(100_000):
        assert f"10.{k >> 16}.{k >> 8 & 255}.{k & 255}" not in allowed
    assert len(allowed._known) <= 16 * KNOWN
    for port in range(5000):
        door.admits(("127.0.0.1", port), 0.0)
    assert len(door._each) == KNOWN


def admitted(door: Gate, seconds: float, rate: float, senders: int = 1, messages: int = 1) -> int:
    """How many messages come in of those that are sent."""
    count = 0
    for k in range(round(seconds * rate)):
        sender = ("127.0.0.1", 9000 + k % senders)
        if door.admits(sender, k / rate):
            door.took(sender, messages, k / rate)
            count += messages
    return count


def test_a_flood_is_rationed() -> None:
    door = gate()
    assert admitted(door, 2.0, 20_000) == pytest.approx(2 * A_SECOND + AT_ONCE, rel=0.01)
    assert door.spared == pytest.approx(40_000 - 2 * A_SECOND - AT_ONCE, rel=0.01)


def test_a_flood_from_many_ports_is_rationed_too() -> None:
    assert admitted(gate(), 2.0, 20_000, senders=1000) == pytest.approx(2 * ALL_A_SECOND + ALL_AT_ONCE, rel=0.01)


def test_what_counts_is_messages_not_packets() -> None:
    assert admitted(gate(), 2.0, 200, messages=100) == pytest.approx(2 * A_SECOND + AT_ONCE, rel=0.05)


def test_who_is_modest_is_heard_beside_a_flood() -> None:
    door = gate()
    heard = 0
    for k in range(40_000):
        time = k / 20_000
        if door.admits(("127.0.0.1", 666), time):
            door.took(("127.0.0.1", 666), 1, time)
        if k % 300 == 0 and door.admits(FRIEND, time):
            door.took(FRIEND, 1, time)
            heard += 1
    assert heard == len(range(0, 40_000, 300))


def test_strangers_are_counted_and_cost_no_ration() -> None:
    door = gate()
    assert not any(door.admits(("8.8.8.8", 1), 0.0) for _ in range(10_000))
    assert door.strangers == 10_000
    assert door.admits(FRIEND, 0.0)
