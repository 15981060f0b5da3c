"""What a live show opens to the network: nothing, this machine, or what was asked for; and never a traceback."""

from __future__ import annotations

import socket
import time
from types import SimpleNamespace

import pytest
from osc_kit import Show, message

from vj.app import network, page
from vj.app.network import Network, open_network
from vj.control.osc.packet import messages
from vj.control.ports import open_ports
from vj.options import Options
from vj.types import VjError


@pytest.fixture(autouse=True)
def a_page(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A page that serves nothing."""
    made = SimpleNamespace(addresses=["http://127.0.0.1/"], closed=False)
    made.close = lambda: setattr(made, "closed", True)
    monkeypatch.setattr(page, "open_page", lambda *_: made)
    return made


def free_port() -> int:
    ports = open_ports(None, 0)
    ports.close()
    return ports.number


def opened(show: Show, **more: object) -> Network:
    surface = open_network(show.desk, Options(**{"port": free_port(), **more}))  # type: ignore[arg-type]
    assert surface is not None
    return surface


def test_nothing_is_opened_where_nothing_is_wanted() -> None:
    assert open_network(Show().desk, Options(control=False)) is None


def test_osc_is_heard_at_the_port_and_the_page_is_told(a_page: SimpleNamespace) -> None:
    show = Show()
    surface = opened(show)
    try:
        assert surface.pages == a_page.addresses
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5.0)
            client.sendto(message("/show/look", "?"), ("127.0.0.1", surface.ports.number))
            assert messages(client.recv(8193)) == [("/show/look", ("one",))]
    finally:
        surface.close()
    assert a_page.closed
    assert show.desk.notes.drain() == []
    again = open_ports(None, surface.ports.number, tries=1)  # the port is free again
    again.close()


def test_a_taken_port_is_passed_over_and_told() -> None:
    taken = open_ports(None, 0)
    taken.tcp.listen()
    show = Show()
    surface = opened(show, port=taken.number)
    try:
        assert surface.ports.number > taken.number
        (said,) = show.desk.notes.drain()
        assert said == f"port {taken.number} is taken: OSC and the page are at {surface.ports.number}"
    finally:
        surface.close()
        taken.close()


def test_an_open_address_without_an_allow_list_is_told() -> None:
    show = Show()
    opened(show, listen="0.0.0.0").close()
    (said,) = show.desk.notes.drain()
    assert said == "OSC at 0.0.0.0 is heard from this machine only: --allow 192.168.1.0/24 lets a network in"
    opened(show, listen="0.0.0.0", allow=("192.168.1.0/24",)).close()
    assert show.desk.notes.drain() == []


@pytest.mark.parametrize(("more", "words"), [({"allow": ("club",)}, "--allow"),
                                             ({"osc_out": ("nowhere",)}, "--osc-out"),
                                             ({"listen": "the club"}, "--listen")])
def test_what_cannot_be_is_one_sentence_and_leaves_no_port_behind(more: dict[str, object], words: str) -> None:
    port = free_port()
    with pytest.raises(VjError, match=words):
        opened(Show(), port=port, **more)
    again = open_ports(None, port, tries=1)
    again.close()


def test_osc_goes_on_without_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise VjError("the page cannot be served")

    monkeypatch.setattr(page, "open_page", refuses)
    show = Show()
    surface = opened(show)
    try:
        assert show.desk.notes.drain() == ["the page cannot be served"]
        assert surface.pages == []
        until = time.perf_counter() + 5.0
        while not surface.readings() and time.perf_counter() < until:
            time.sleep(0.01)
        assert surface.readings()["refused"] == 0
    finally:
        surface.close()


def test_it_is_the_first_surface_of_a_live_show() -> None:
    from vj.app.live import OPENERS

    assert network.open_network in OPENERS
