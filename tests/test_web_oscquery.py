"""An OSCQuery client that nobody here wrote finds vj, reads its tree and turns its knobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pythonosc.udp_client import SimpleUDPClient
from web_kit import TOKEN, Show

from vj.control.osc.server import OscServer, open_osc
from vj.control.ports import LOOPBACK, Ports, open_ports
from vj.control.web.announce import Announcer, own_addresses
from vj.control.web.doors import Doors
from vj.control.web.server import WebServer

browsing = pytest.importorskip("pythonoscquery.osc_query_browser")
querying = pytest.importorskip("pythonoscquery.osc_query_client")


class Stage:
    """A show with OSC, OSCQuery and the announcement on one port."""

    def __init__(self) -> None:
        self.show, self.said = Show(), list[str]()
        self.show.step()
        self.ports: Ports = open_ports(None, 0)
        self.osc: OscServer = open_osc(self.show.desk, self.ports.udp)
        self.web = WebServer.open(self.show.desk, self.ports, Doors(TOKEN, self.ports.number))
        self.announcer = Announcer.open([LOOPBACK], self.ports.number, self.said.append)

    def close(self) -> None:
        self.announcer.close()
        self.web.close()
        self.osc.close()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with stage.show.running():
        yield stage
    stage.close()


def wait_for(found: Callable[[], Any], seconds: float = 30.0) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError("it was not found")


@pytest.fixture
def client(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client for what was discovered; nothing leaves this machine."""
    from zeroconf import Zeroconf

    if not stage.announcer.wait(30.0):
        pytest.skip(f"no multicast here: {stage.said}")
    monkeypatch.setattr(browsing, "Zeroconf", lambda: Zeroconf(interfaces=[LOOPBACK]))
    browser = browsing.OSCQueryBrowser()
    service = wait_for(lambda: next((found for found in browser.get_discovered_oscquery()
                                     if found is not None and found.port == stage.ports.number), None))
    yield querying.OSCQueryClient(service)
    browser.zc.close()


def test_it_is_discovered_and_driven(stage: Stage, client: Any) -> None:
    info = client.get_host_info()
    assert (info.name, info.osc_ip, info.osc_port, info.osc_transport) == ("vj", LOOPBACK, stage.ports.number, "UDP")
    root = client.query_node("/")
    paths = {node.full_path for node in root}
    assert {"/a/walk/speed", "/a/gen/prompt", "/beat/tap", "/beat/bpm", "/now/a/walk/speed"} <= paths
    speed = root.find_subnode("/a/walk/speed")
    assert (speed.value, speed.access.name, speed.description) == ([0.5], "READWRITE_VALUE", "How fast.")
    sender = SimpleUDPClient(info.osc_ip, info.osc_port)
    sender.send_message(speed.full_path, 1.5)
    sender._sock.close()
    assert stage.show.wait_for("/a/walk/speed").value == 1.5
    assert wait_for(lambda: client.query_node("/a/walk/speed").value == [1.5])
    assert client.query_node("/nowhere") is None


def test_the_goodbye_is_heard(stage: Stage, client: Any) -> None:
    """Both services are announced, under a name that tells two shows on one machine apart."""
    from zeroconf import ServiceBrowser, Zeroconf

    with Zeroconf(interfaces=[LOOPBACK]) as listener:
        heard = browsing.OSCQueryListener()
        ServiceBrowser(listener, ["_oscjson._tcp.local.", "_osc._udp.local."], heard)
        another = Announcer.open([LOOPBACK], 65000, stage.said.append)
        assert another.wait(30.0)
        named = f"{another.name}._oscjson._tcp.local."
        assert wait_for(lambda: named in heard.oscjson_services)
        assert wait_for(lambda: f"{another.name}._osc._udp.local." in heard.osc_services)
        assert heard.osc_services[f"{another.name}._osc._udp.local."].port == 65000
        another.close()
        assert wait_for(lambda: named not in heard.oscjson_services)


def test_no_network_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(**_: Any) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr("zeroconf.Zeroconf", unreachable)
    said: list[str] = []
    announcer = Announcer.open(["192.0.2.1"], 7700, said.append)
    assert wait_for(lambda: said)
    announcer.close()
    assert len(said) == 1
    assert "give them its address and port" in said[0]


def test_where_it_is_reached() -> None:
    assert own_addresses("127.0.0.1") == ["127.0.0.1"]
    everywhere = own_addresses("0.0.0.0")
    assert everywhere
    assert "0.0.0.0" not in everywhere
