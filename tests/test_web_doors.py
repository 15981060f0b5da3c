"""Who may come in: pairing, allow-lists, names that mean this machine, and pages of other sites."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest
from web_kit import TOKEN, message, open_rig
from websockets.exceptions import ConnectionClosed

from vj.control.osc.gate import networks
from vj.control.web.doors import Doors, Role, kept_token
from vj.types import VjError

LAN = "192.168.1.7"


@pytest.fixture
def doors() -> Doors:
    return Doors(TOKEN, 7700, networks(["10.0.0.0/8"]), frozenset({"localhost", "booth", "booth.local"}))


@pytest.mark.parametrize(("host", "ours"), [
    ("127.0.0.1:7700", True), ("localhost:7700", True), ("[::1]:7700", True), ("192.168.1.5:7700", True),
    ("booth.local:7700", True), ("BOOTH:7700", True), ("192.168.1.5", True), ("localhost.:7700", True),
    ("evil.example:7700", False), ("localhost.evil.example", False), ("127.0.0.1.evil.example:7700", False),
    ("", False), ("127.0.0.1:7700:1", False), ("a b", False), ("2130706433", False), ("0x7f.1", False), ("[", False),
    ("x" * 9000, False),
])
def test_the_name_it_was_called_by(doors: Doors, host: str, ours: bool) -> None:
    """A name that somebody makes point here is still somebody's name; an address cannot be lent."""
    assert doors.is_ours(host, None) is ours


@pytest.mark.parametrize(("origin", "ours"), [
    ("http://127.0.0.1:7700", True), (None, True), ("http://127.0.0.1:7701", False), ("https://127.0.0.1:7700", False),
    ("http://localhost:7700", False), ("http://evil.example", False), ("null", False), ("", False),
])
def test_whose_page_sent_it(doors: Doors, origin: str | None, ours: bool) -> None:
    assert doors.is_ours("127.0.0.1:7700", origin) is ours


@pytest.mark.parametrize(("client", "role"), [
    ("127.0.0.1", Role.HAND), ("::1", Role.HAND), ("::ffff:127.0.0.1", Role.HAND), ("127.8.8.8", Role.HAND),
    ("10.1.2.3", Role.GUEST), ("::ffff:10.1.2.3", Role.GUEST), (LAN, Role.STRANGER), ("8.8.8.8", Role.STRANGER),
    ("", Role.STRANGER), ("localhost", Role.STRANGER),
])
def test_where_it_came_from(doors: Doors, client: str, role: Role) -> None:
    assert doors.role(client, {}) is role
    assert doors.may_connect(client) is (role is not Role.STRANGER)


def test_a_cookie_makes_a_hand(doors: Doors) -> None:
    assert doors.role(LAN, {"vj-7700": doors.cookie}) is Role.HAND
    for wrong in ("", "x", doors.cookie[:-1], doors.cookie + "a", doors.token, "ä" * 64):
        assert doors.role(LAN, {"vj-7700": wrong}) is Role.STRANGER
    assert doors.role(LAN, {"vj-7701": doors.cookie}) is Role.STRANGER
    assert Doors("u" * 32, 7700).cookie != doors.cookie


def test_without_a_list_everybody_may_ask() -> None:
    assert Doors(TOKEN, 7700).may_connect(LAN)
    assert Doors(TOKEN, 7700).role(LAN, {}) is Role.STRANGER


# --------------------------------------------------------------------------------------------- the token


def test_the_token_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "vj" / "pairing"
    token = kept_token(path)
    assert kept_token(path) == token
    assert len(token) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert kept_token(tmp_path / "other") != token


@pytest.mark.parametrize("spoilt", ["", "short", "t" * 31 + "!", "t" * 33, "\x00" * 32])
def test_a_spoilt_token_is_made_anew(tmp_path: Path, spoilt: str) -> None:
    path = tmp_path / "pairing"
    path.write_text(spoilt)
    path.chmod(0o644)
    token = kept_token(path)
    assert token != spoilt
    assert kept_token(path) == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_token_that_cannot_be_kept_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VjError, match="cannot be kept"):
        kept_token(tmp_path / "file" / "pairing")


# ----------------------------------------------------------------------------------------- on the network


class Elsewhere(Doors):
    """Doors to which this machine looks like one in the room."""

    def role(self, client: str, cookies: object) -> Role:
        return super().role(LAN, cookies)

    def may_connect(self, client: str) -> bool:
        return super().may_connect(LAN)


def test_pairing() -> None:
    """A stranger sees the page and nothing else; the token turns it into a hand."""
    with open_rig(Elsewhere(TOKEN, 7700)) as rig:
        assert rig.get("/", accept="text/html")[0] == 200
        assert rig.get("/-/page.css")[0] == 200
        for target in ("/", "/a/walk/speed?VALUE", "/?HOST_INFO", "/-/thumb/velvet"):
            assert rig.get(target)[0] == 401
        began = time.monotonic()
        for wrong in ("", "u" * 32, TOKEN[:-1], TOKEN + "t", "\xff" * 32):
            assert rig.get("/-/pair", "POST", wrong.encode("latin-1"))[0] == 403
        assert time.monotonic() - began > 2.0, "who guesses waits"
        assert rig.get("/-/pair", "POST", "x" * 5000)[0] == 413
        assert rig.get("/-/pair", "POST", TOKEN, origin="http://evil.example")[0] == 421
        status, headers, _ = rig.get("/-/pair", "POST", TOKEN, origin=f"http://127.0.0.1:{rig.port}")
        assert status == 204
        cookie = headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert TOKEN not in cookie
        assert rig.get("/a/walk/speed?VALUE", cookie=cookie.partition(";")[0])[0] == 200
        with rig.connect(additional_headers={"Cookie": cookie.partition(";")[0]}) as socket:
            socket.send(message("/show/quit", "trigger", True))
            assert rig.show.wait_for("/show/quit").source.startswith("oscquery")


def test_a_guest_may_not_do_what_is_guarded() -> None:
    with open_rig(Elsewhere(TOKEN, 7700, networks(["192.168.0.0/16"]))) as rig, rig.connect() as socket:
        socket.send(message("/show/quit", "trigger", True))
        socket.send(message("/master/fade", "number", 0.5))
        rig.show.wait_for("/master/fade")
        assert [event.path for event in rig.show.landed] == ["/master/fade"]


def test_who_is_not_on_the_list_is_hung_up_on() -> None:
    with open_rig(Elsewhere(TOKEN, 7700, networks(["10.0.0.0/8"]))) as rig, pytest.raises(ConnectionError):
        rig.get("/", accept="text/html")


def test_a_stranger_is_told_to_pair() -> None:
    with open_rig(Elsewhere(TOKEN, 7700)) as rig, rig.connect() as socket, \
            pytest.raises(ConnectionClosed, match="4403"):
        socket.recv(20)


def test_a_name_that_is_not_ours() -> None:
    with open_rig() as rig:
        assert rig.get("/", host="evil.example")[0] == 421
        assert rig.get("/", host=f"localhost:{rig.port}")[0] == 200
        assert rig.get("/", origin="http://evil.example")[0] == 421
        status, headers, _ = rig.get("/", accept="text/html")
        assert status == 200
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert f"ws://127.0.0.1:{rig.port}" in policy
        assert "unsafe" not in policy



def test_too_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.control.web.site.REQUESTS_AT_ONCE", 5.0)
    monkeypatch.setattr("vj.control.web.site.REQUESTS", 0.0)
    with open_rig() as rig:
        assert [rig.get("/beat?TYPE")[0] for _ in range(7)] == [204] * 5 + [429] * 2
