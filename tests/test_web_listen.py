"""The websocket: listening, being told, asking, and what happens to those who talk too much or listen too slowly."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
import struct
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from web_kit import Rig, Show, command, message, open_rig, silent, told
from websockets.exceptions import ConnectionClosed

from vj.control.osc.packet import messages
from vj.control.web.client import BURST, LISTENS, NEWS, RATE, Bucket, Client
from vj.control.web.doors import Role
from vj.control.web.hall import CLIENTS, Hall
from vj.control.web.packets import blob, bundles
from vj.control.web.site import FULL
from vj.params.spec import number
from vj.types import ControlEvent


@pytest.fixture
def rig() -> Iterator[Rig]:
    with open_rig() as rig:
        yield rig


# ------------------------------------------------------------------------------------------ the words


@pytest.mark.parametrize(("kind", "value", "said"), [
    ("number", 0.5, 0.5), ("integer", 7, 7), ("integer", 2**40, 2**40), ("switch", True, True),
    ("switch", False, False), ("text", "straße", "straße"), ("choice", "reef", "reef"),
    ("colour", "#ff8800", "#ff8800ff"), ("colour", "#ff880010", "#ff880010"), ("trigger", True, True),
    ("number", None, None),
])
def test_values_survive_the_wire(kind: str, value: object, said: object) -> None:
    assert messages(message("/a/b", kind, value)) == [("/a/b", (said,))]


def test_a_picture_is_a_blob() -> None:
    packet = blob("/preview/program", b"12345")
    assert packet.endswith(struct.pack(">i", 5) + b"12345" + bytes(3))
    assert len(packet) % 4 == 0


def test_bundles_hold_everything_in_order() -> None:
    parts = [message(f"/a/n{n}", "text", "x" * 900) for n in range(100)]
    packets = bundles(parts)
    assert 2 < len(packets) < 5
    assert bundles(parts[:1]) == parts[:1]
    one = bundles(parts[:4])
    assert [m[0] for m in messages(one[0])] == ["/a/n0", "/a/n1", "/a/n2", "/a/n3"]


# ------------------------------------------------------------------------------------------- listening


def test_who_listens_is_told_at_once_and_of_every_change(rig: Rig) -> None:
    with rig.connect() as socket:
        command(socket, "LISTEN", "/a/walk/speed")
        assert told(socket, "/a/walk/speed") == pytest.approx(0.5)
        rig.show.set("/a/walk/speed", 1.25)
        assert told(socket, "/a/walk/speed") == 1.25
        rig.show.set("/a/walk/decay", 3.0)
        assert silent(socket, "/a/walk/decay")
        command(socket, "IGNORE", "/a/walk/speed")
        rig.show.set("/a/walk/speed", 0.75)
        assert silent(socket, "/a/walk/speed")


def test_a_wish_reaches_the_show_and_everybody_else(rig: Rig) -> None:
    with rig.connect() as mine, rig.connect() as other:
        for socket in (mine, other):
            command(socket, "LISTEN", "/a/walk/speed")
            told(socket, "/a/walk/speed")
        mine.send(message("/a/walk/speed", "number", 1.5))
        event = rig.show.wait_for("/a/walk/speed")
        assert event.value == 1.5
        assert told(other, "/a/walk/speed") == 1.5
        assert silent(mine, "/a/walk/speed"), "who moved the knob is not told that it moved"


def test_what_follows_from_a_wish_is_told() -> None:
    """A pad moves knobs in the name of who moved the pad; a look asked for the next bar lands later."""
    time = 10.0
    show = Show()
    show.step()
    hall = Hall(show.mirror, lambda: time)
    client = Client("page 1", Role.HAND, None, Bucket(RATE, BURST, 0.0))  # type: ignore[arg-type]
    hall.clients.add(client)
    for path in ("/a/walk/speed", "/master/fade"):
        client.listen(path)
    hall.look()
    hall.wished([ControlEvent("/a/walk/speed", 1.0, "page 1")])
    show.set("/a/walk/speed", 1.0, "page 1")
    show.step()
    hall.look()
    assert client.waiting == 0
    show.set("/master/fade", 0.5, "page 1")
    show.step()
    hall.look()
    assert client.waiting == 1
    time += 2.0
    show.set("/a/walk/speed", 1.5, "page 1")
    show.step()
    hall.look()
    assert client.waiting == 2


def test_modulation_and_readings_are_followed(rig: Rig) -> None:
    with rig.connect() as socket:
        command(socket, "LISTEN", "/now/a/walk/speed")
        command(socket, "LISTEN", "/beat/bpm")
        assert told(socket, "/now/a/walk/speed") == pytest.approx(0.5)
        rig.show.offsets = {"/a/walk/speed": 0.25}
        assert told(socket, "/now/a/walk/speed") == pytest.approx(1.0)
        assert rig.json("/a/walk/speed?VALUE") == {"VALUE": [0.5]}
        rig.show.tree.report("beat", {"bpm": 128.0, "phase": 0.5})
        assert 128.0 in (told(socket, "/beat/bpm") for _ in range(3))


def test_a_change_of_look_is_announced(rig: Rig) -> None:
    with rig.connect() as socket:
        command(socket, "LISTEN", "/a/walk/speed")
        told(socket, "/a/walk/speed")
        rig.show.declare("fx/glass", number("amount", 0.1))
        heard = [json.loads(str(socket.recv(20))) for _ in range(2)]
        assert heard == [{"COMMAND": "PATH_ADDED", "DATA": "/fx"},
                         {"COMMAND": "PATH_ADDED", "DATA": "/now/fx"}]


def test_bundles_for_who_asked(rig: Rig) -> None:
    with rig.connect() as socket:
        command(socket, "BUNDLE", True)
        for path in ("/a/walk/speed", "/a/walk/decay", "/a/walk/steps") * 20:
            command(socket, "LISTEN", path)
        heard: set[str] = set()
        while len(heard) < 3:
            packet = socket.recv(20)
            assert isinstance(packet, bytes)
            heard |= {address for address, _ in messages(packet)}
            assert packet.startswith(b"#bundle") or len(messages(packet)) == 1
        assert heard == {"/a/walk/speed", "/a/walk/decay", "/a/walk/steps"}


@pytest.mark.parametrize("words", [
    "", "{", "[" * 900, "null", "x" * 4000, '{"COMMAND": "LISTEN"}',
    '{"COMMAND": "LISTEN", "DATA": 5}', '{"COMMAND": "LISTEN", "DATA": ""}',
    '{"COMMAND": "LISTEN", "DATA": "/nowhere"}', '{"COMMAND": "QUIT", "DATA": "/"}',
])
def test_senseless_commands_do_nothing(rig: Rig, words: str) -> None:
    with rig.connect() as socket:
        socket.send(words)
        command(socket, "LISTEN", "/a/walk/speed")
        assert told(socket, "/a/walk/speed") == pytest.approx(0.5)
        assert rig.server.site.refused >= 1


@pytest.mark.parametrize("packet", [
    b"", b"/a", b"#bundle\0", message("/a/walk/speed", "text", "fast"), message("/a/walk/spee", "number", 1.0),
    struct.pack(">16s4sf", b"/a/walk/speed", b",f", float("nan")), bytes(64), b"\xff" * 100,
    message("/a/walk/*", "number", 1.0), message("/beat/bpm", "number", 99.0),
    message("/now/a/walk/speed", "number", 1.0),
])
def test_senseless_packets_do_nothing(rig: Rig, packet: bytes) -> None:
    with rig.connect() as socket:
        socket.send(packet)
        socket.send(message("/master/fade", "number", 0.5))
        rig.show.wait_for("/master/fade")
        assert [event.path for event in rig.show.landed] == ["/master/fade"]


def test_what_is_out_of_range_is_clipped(rig: Rig) -> None:
    with rig.connect() as socket:
        socket.send(message("/a/walk/speed", "number", 1e9))
        assert rig.show.wait_for("/a/walk/speed").value == 2.0
        assert not rig.show.refused


def test_a_message_that_is_too_long_ends_the_talk(rig: Rig) -> None:
    with rig.connect() as socket:
        socket.send(b"x" * 20_000)
        with pytest.raises(ConnectionClosed):
            socket.recv(20)
    assert rig.json("/a/walk/speed?VALUE") == {"VALUE": [0.5]}


# ----------------------------------------------------------------------------------------- many, slow


def test_there_is_room_for_so_many(rig: Rig) -> None:
    with ExitStack() as stack:
        for _ in range(CLIENTS):
            guest = stack.enter_context(rig.connect())
            command(guest, "LISTEN", "/a/walk/speed")
            told(guest, "/a/walk/speed")
        with rig.connect() as late, pytest.raises(ConnectionClosed) as refused:
            late.recv(20)
        assert refused.value.rcvd is not None
        assert refused.value.rcvd.code == FULL
    assert any(finds_room(rig) for _ in range(200)), "the places of those who left stay taken"


def finds_room(rig: Rig) -> bool:
    with rig.connect() as socket:
        try:
            command(socket, "LISTEN", "/a/walk/speed")
            return told(socket, "/a/walk/speed") == pytest.approx(0.5)
        except ConnectionClosed:
            return False


def test_who_does_not_read_gets_the_newest_and_no_backlog() -> None:
    """One value a path waits, however often it changes."""

    class Stuck:
        def __init__(self) -> None:
            self.sent: list[bytes] = []
            self.go = asyncio.Event()

        async def send_bytes(self, data: bytes) -> None:
            await self.go.wait()
            self.sent.append(data)

        async def send_text(self, data: str) -> None:
            await self.go.wait()

    async def scene() -> list[bytes]:
        stuck = Stuck()
        client = Client("page 1", Role.HAND, stuck, Bucket(RATE, BURST, 0.0))
        pump = asyncio.create_task(client.pump())
        for n in range(10_000):
            client.tell("/a/b", message("/a/b", "integer", n))
            client.announce("{}")
            if n % 1000 == 0:
                await asyncio.sleep(0)
        assert client.waiting <= 1 + NEWS
        stuck.go.set()
        for _ in range(2000):
            await asyncio.sleep(0)
        pump.cancel()
        return stuck.sent

    sent = asyncio.run(scene())
    assert sent[-1] == message("/a/b", "integer", 9999)
    assert len(sent) <= 3


def test_listening_has_a_limit() -> None:
    client = Client("page 1", Role.HAND, None, Bucket(RATE, BURST, 0.0))  # type: ignore[arg-type]
    assert all(client.listen(f"/a/n{n}") for n in range(LISTENS))
    assert not client.listen("/one/more")
    assert client.listen("/a/n1")


def test_a_bucket_holds_so_much() -> None:
    bucket = Bucket(10.0, 5.0, 0.0)
    assert [bucket.take(0.0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.take(0.1)
    assert not bucket.take(0.1)
    assert sum(bucket.take(1000.0) for _ in range(50)) == 5


def test_a_flood_is_slowed_and_the_show_goes_on(rig: Rig) -> None:
    """Twice the burst at once: every wish arrives, none is lost, the others are served meanwhile."""
    with rig.connect() as flood:
        packet = message("/master/fade", "number", 0.5)
        for _ in range(int(BURST) + 300):
            flood.send(packet)
        assert rig.json("/a/walk/speed?VALUE") == {"VALUE": [0.5]}
        flood.send(message("/master/fade", "number", 0.75))
        for _ in range(400):
            if rig.show.wait_for("/master/fade").value == 0.75:
                break
            asyncio.run(asyncio.sleep(0.05))
        assert rig.show.wait_for("/master/fade").value == 0.75


def test_others_are_served_between_the_messages_of_one_who_says_much_at_once(rig: Rig) -> None:
    """What came in one go is not read in one go: a question asked after it is answered before its end."""
    with rig.connect() as flood:
        packet = message("/master/fade", "number", 0.5)
        frame = bytes((0x82, 0x80 | len(packet), 0, 0, 0, 0)) + packet
        for _ in range(10):
            before = rig.server.site.performer.counts.messages
            flood.socket.sendall(350 * frame)
            rig.json("/a/walk/speed?VALUE")
            if before < rig.server.site.performer.counts.messages < before + 350:
                return
    raise AssertionError("nobody else was served")


def test_a_client_that_comes_late_reads_everything_anew() -> None:
    show = Show()
    show.step()
    hall = Hall(show.mirror, lambda: 10.0)
    client = Client("page 1", Role.HAND, None, Bucket(RATE, BURST, 0.0))  # type: ignore[arg-type]
    hall.clients.add(client)
    client.listen("/master/fade")
    for n in range(5000):
        show.set("/master/fade", n / 5000)
        show.step()
    hall.look()
    assert client.waiting == 1


def test_one_who_comes_while_a_knob_is_away_is_told_that_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two looks a newcomer is told where the knob is; for the others it then never was anywhere else."""
    path = "/now/a/walk/speed"
    show = Show()
    show.step()
    hall = Hall(show.mirror, lambda: 10.0)
    first, late = (Client(f"page {n}", Role.HAND, None, Bucket(RATE, BURST, 0.0))  # type: ignore[arg-type]
                   for n in (1, 2))
    hall.clients.add(first)
    first.listen(path)
    hall.look()
    show.offsets = {"/a/walk/speed": 0.25}
    show.step()
    heard: list[tuple[Client, bytes]] = []
    monkeypatch.setattr(Client, "tell", lambda client, _, packet: heard.append((client, packet)))
    hall.clients.add(late)
    late.listen(path)
    hall.greet(late, path)
    show.offsets = {}
    show.step()
    hall.look()
    away, back = (packet for client, packet in heard if client is late)
    assert away != back


# -------------------------------------------------------------------------------------------- the doors


def test_a_stranger_may_not_listen() -> None:
    """Through a forwarded connection the address is loopback; a foreign page still is turned away."""
    with open_rig() as rig:
        for origin in ("http://evil.example", f"http://127.0.0.1:{rig.port + 1}", "null"):
            with pytest.raises(Exception, match="403"):
                rig.connect(origin=origin)
        with rig.connect(origin=f"http://127.0.0.1:{rig.port}") as socket:
            command(socket, "LISTEN", "/a/walk/speed")
            assert told(socket, "/a/walk/speed") == pytest.approx(0.5)
        assert rig.server.site.refused == 3


def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.control.web.connection.LIFE", 0.2)
    with open_rig() as rig, sockets.create_connection(("127.0.0.1", rig.port), timeout=20) as silent_one:
        silent_one.sendall(b"GET / HTTP/1.1\r\nHost: x")
        assert silent_one.recv(100) == b""


def hung_up(socket: sockets.socket) -> bool:
    try:
        return socket.recv(100) == b""
    except ConnectionError:
        return True


def test_too_many_connections_are_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.control.web.connection.FROM_ONE", 3)
    with open_rig() as rig:
        held = [sockets.create_connection(("127.0.0.1", rig.port), timeout=20) for _ in range(3)]
        with sockets.create_connection(("127.0.0.1", rig.port), timeout=20) as one_more:
            assert hung_up(one_more)
        for one in held:
            one.close()

