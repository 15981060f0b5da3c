"""A few thousand of the bench's hundred thousand hostile packets, against the default look's tree."""

from __future__ import annotations

import random
import socket
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from benches import osc_fuzz
from benches.osc_fuzz import Attacked, out_of_range
from benches.osc_packets import message, strange

from vj.clock import now
from vj.control.desk import Desk
from vj.control.osc.packet import messages
from vj.control.osc.server import open_osc


def test_the_bench_finds_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(osc_fuzz, "COUNT", 4000)
    rows = {row.what: row for row in osc_fuzz.measure(tmp_path, 1.0)}
    rows.pop("a packet, the longest")  # a busy machine's own pauses count there
    assert [row.what for row in rows.values() if row.reached is False] == []
    assert sum(row.reached is True for row in rows.values()) == 5


def test_the_bench_would_find_something() -> None:
    place = Attacked()
    place.tree._find("/a/walk/speed")[2].base = 99.0
    place.tree._find("/show/look")[2].base = "nothing"
    assert set(out_of_range(place.tree)) == {"/a/walk/speed", "/show/look"}


def test_over_a_real_socket_it_still_answers() -> None:
    attacked = Attacked()
    place, client = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    place.bind(("127.0.0.1", 0))
    client.settimeout(5.0)
    at = place.getsockname()
    server = open_osc(Desk(attacked.mirror, attacked.inbox.put, now, together=attacked.inbox.put_all), place)
    try:
        for packet in strange(random.Random(9), list(attacked.mirror.specs), 1000):
            client.sendto(packet[:9000], at)
        heard: list[str] = []
        until = time.perf_counter() + 10.0
        while "/a/walk/speed" not in heard and time.perf_counter() < until:
            client.sendto(message("/unsubscribe"), at)
            client.sendto(message("/a/walk/speed", "?"), at)
            heard = [address for address, _ in messages(client.recv(8193))]
        assert "/a/walk/speed" in heard
        attacked.turn(1)
        assert out_of_range(attacked.tree) == []
    finally:
        server.close()
        client.close()
