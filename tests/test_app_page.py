"""The page of a live show: opened with OSC on one port, told in the terminal only, closed with it."""

from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from web_kit import Show

from vj.app.network import Network, open_network
from vj.app.page import invite
from vj.config import looks_dirs
from vj.console import Console
from vj.control.ports import open_ports
from vj.options import Options
from vj.params.looks import find_look, look_names
from vj.stage import needs
from vj.types import VjError


def free_port() -> int:
    ports = open_ports(None, 0)
    ports.close()
    return ports.number


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    monkeypatch.setenv("VJ_HOME", str(tmp_path))
    show = Show()
    show.step()
    with show.running():
        yield show


def opened(show: Show, options: Options) -> Network:
    network = open_network(show.desk, options)
    assert network is not None
    return network


def test_page_and_osc_share_a_number(show: Show) -> None:
    port = free_port()
    network = opened(show, Options(port=port))
    try:
        assert network.pages == [f"http://127.0.0.1:{network.ports.number}/"]
        with urllib.request.urlopen(network.pages[0] + "?HOST_INFO", timeout=20) as answer:
            assert json.load(answer)["OSC_PORT"] == network.ports.number
        for look in look_names(looks_dirs()):
            if needs(find_look(look, looks_dirs()).generator):
                continue  # nobody has drawn it yet
            with urllib.request.urlopen(f"{network.pages[0]}-/thumb/{look}", timeout=20) as answer:
                assert answer.read(3) == b"\xff\xd8\xff", f"{look} comes with a picture"
        assert show.desk.notes.drain() == []
    finally:
        network.close()
    again = open_ports(None, network.ports.number, tries=1)  # given back
    again.close()


def test_a_taken_port_is_told_and_the_next_one_used(show: Show) -> None:
    first = opened(show, Options(port=free_port()))
    second = opened(show, Options(port=first.ports.number))
    try:
        assert second.ports.number > first.ports.number
        assert any("is taken" in note for note in show.desk.notes.drain())
    finally:
        second.close()
        first.close()


def test_where_the_token_cannot_be_kept_osc_goes_on(show: Show, tmp_path: Path) -> None:
    (tmp_path / "pairing").mkdir()
    network = opened(show, Options(port=free_port()))
    try:
        assert network.pages == []
        notes = show.desk.notes.drain()
        assert len(notes) == 1
        assert "pairing token cannot be kept" in notes[0]
    finally:
        network.close()


def test_nothing_is_opened_when_nothing_is_asked_for(show: Show) -> None:
    assert open_network(show.desk, Options(control=False)) is None


def test_a_bad_allow_list_leaves_the_port_free(show: Show) -> None:
    port = free_port()
    with pytest.raises(VjError, match="--allow"):
        open_network(show.desk, replace(Options(port=port), allow=("the club",)))
    open_ports(None, port, tries=1).close()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("err", "code"), [(Terminal(), True), (io.StringIO(), False)])
def test_the_terminal_shows_the_way(err: io.StringIO, code: bool) -> None:
    """With a token as a QR code too, where it can be drawn."""
    console = Console(err=err, out=io.StringIO())
    invite(["http://127.0.0.1:7700/"], console)
    assert "the page is at http://127.0.0.1:7700/" in err.getvalue()
    assert "█" not in err.getvalue()
    invite(["http://192.168.1.5:7700/#" + "t" * 32], console)
    assert "http://192.168.1.5:7700/#tttt" in err.getvalue()
    assert ("█" in err.getvalue()) is code
