"""Previews on their way to listeners, pictures of looks, and how a tablet finds the page."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from web_kit import TOKEN, command, open_rig

from vj.control.web.doors import Doors
from vj.control.web.invite import invitations, qr_code
from vj.control.web.thumbs import MOST, SETTLED, Thumbs

GREY = np.full((18, 32, 4), 128, np.uint8)


def shades(pixels: np.ndarray) -> bytes:
    """An encoder whose pictures say what was on them."""
    if pixels[0, 0, 0] == 66:
        raise ValueError("a picture that cannot be encoded")
    return b"jpeg %d" % pixels[0, 0, 0]


def next_picture(socket: object) -> bytes:
    while True:
        packet = socket.recv(20)  # type: ignore[attr-defined]
        if isinstance(packet, bytes) and packet.startswith(b"/preview/program\0"):
            return packet[28:].rstrip(b"\0")


def test_a_picture_goes_to_those_who_look() -> None:
    with open_rig(encode=shades) as rig, rig.connect() as socket, rig.connect() as other:
        views = rig.show.desk.views
        command(socket, "LISTEN", "/preview/program")
        command(other, "LISTEN", "/a/walk/speed")
        assert any(views.wanted or time.sleep(0.05) for _ in range(400))
        for shade in (10, 20):
            views.put("program", np.full_like(GREY, shade), "iron")
            assert next_picture(socket) == b"jpeg %d" % shade
        views.put("program", np.full_like(GREY, 66), "iron")
        rig.show.set("/a/walk/speed", 0.75)
        assert not any(b"/preview" in str(packet).encode() for packet in [other.recv(20), other.recv(20)])
        for _ in range(200):  # a bad picture costs a second and nothing else
            views.put("program", np.full_like(GREY, 30), "iron")
            try:
                if next_picture_within(socket, 0.1) == b"jpeg 30":
                    break
            except TimeoutError:
                continue
        else:
            pytest.fail("no picture after a bad one")


def next_picture_within(socket: object, seconds: float) -> bytes:
    packet = socket.recv(seconds)  # type: ignore[attr-defined]
    return packet[28:].rstrip(b"\0") if isinstance(packet, bytes) else b""


# ------------------------------------------------------------------------------------------ the looks


def test_a_look_is_taken_once_it_has_settled(tmp_path: Path) -> None:
    thumbs = Thumbs(tmp_path / "thumbs")
    assert not thumbs.missing("velvet", 10.0)
    assert not thumbs.missing("velvet", 10.0 + SETTLED - 0.1)
    assert thumbs.missing("velvet", 10.0 + SETTLED)
    assert not thumbs.missing("iron", 10.0 + SETTLED), "another look begins anew"
    assert not thumbs.missing("velvet", 11.0 + SETTLED)
    assert thumbs.missing("velvet", 11.0 + 2 * SETTLED)
    thumbs.keep("velvet", GREY, b"jpeg")
    assert not thumbs.missing("velvet", 99.0)
    assert (tmp_path / "thumbs" / "velvet.jpg").read_bytes() == b"jpeg"
    assert [path.name for path in (tmp_path / "thumbs").iterdir()] == ["velvet.jpg"]
    assert Thumbs(tmp_path / "thumbs").pictures == {"velvet": b"jpeg"}


def test_a_dark_picture_says_nothing(tmp_path: Path) -> None:
    thumbs = Thumbs(tmp_path)
    thumbs.keep("velvet", np.zeros_like(GREY), b"jpeg")
    assert thumbs.pictures == {}


@pytest.mark.parametrize("name", ["", "../velvet", "Velvet", "a" * 41, "_/x"])
def test_a_name_that_is_no_looks(tmp_path: Path, name: str) -> None:
    thumbs = Thumbs(tmp_path)
    assert not thumbs.missing(name, 0.0)
    assert not thumbs.missing(name, 100.0)
    thumbs.keep(name, GREY, b"jpeg")
    assert list(tmp_path.iterdir()) == []


def test_the_performers_own_pictures_count_more(tmp_path: Path) -> None:
    for folder, words in (("house", b"house"), ("own", b"own")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "velvet.jpg").write_bytes(words)
    (tmp_path / "house" / "iron.jpg").write_bytes(b"house")
    (tmp_path / "house" / "huge.jpg").write_bytes(bytes(300 * 1024))
    (tmp_path / "house" / "Other Name.jpg").write_bytes(b"x")
    thumbs = Thumbs(tmp_path / "own", [tmp_path / "house", tmp_path / "missing"])
    assert thumbs.pictures == {"velvet": b"own", "iron": b"house"}


def test_pictures_have_an_end_and_a_full_disk_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    thumbs = Thumbs(tmp_path / "file")
    for n in range(MOST):
        thumbs.keep(f"look_{n}", GREY, b"jpeg")
    assert len(thumbs.pictures) == MOST
    assert not thumbs.missing("one_more", 0.0)
    assert not thumbs.missing("one_more", 100.0)


def test_pads_have_pictures() -> None:
    thumbs = Thumbs(None)
    with open_rig(encode=shades, thumbs=thumbs) as rig:
        assert rig.get("/-/thumb/velvet")[0] == 204
        thumbs.keep("velvet", GREY, b"jpeg")
        status, headers, body = rig.get("/-/thumb/velvet")
        assert (status, headers["content-type"], body) == (200, "image/jpeg", b"jpeg")


# ------------------------------------------------------------------------------------- the invitation


def test_the_token_stands_behind_the_hash() -> None:
    doors = Doors(TOKEN, 7700)
    assert invitations(["127.0.0.1"], doors, local=True) == ["http://127.0.0.1:7700/"]
    assert invitations(["192.168.1.5", "fe80::1"], doors, local=False) == [
        f"http://192.168.1.5:7700/#{TOKEN}", f"http://[fe80::1]:7700/#{TOKEN}"]


def test_the_code_is_a_qr_code() -> None:
    """Read back from the half blocks: the three finders are where a camera looks for them."""
    lines = [line.removeprefix("\x1b[97;40m").removesuffix("\x1b[0m") for line in qr_code("http://x/").split("\n")]
    rows = []
    for line in lines:
        rows += [[sign in "▄ " for sign in line], [sign in "▀ " for sign in line]]
    finder = [[True] * 7, [True] + [False] * 5 + [True], *[[True, False, True, True, True, False, True]] * 3,
              [True] + [False] * 5 + [True], [True] * 7]
    side = len(lines[0]) - 4
    for top, left in ((2, 2), (2, 2 + side - 7), (2 + side - 7, 2)):
        assert [row[left:left + 7] for row in rows[top:top + 7]] == finder
