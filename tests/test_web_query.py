"""OSCQuery over HTTP: the tree with its attributes, one attribute at a time, and the right words for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from web_kit import PARAMS, READINGS, Rig, Show, open_rig

from vj.control.web.nodes import Space, gone_and_new
from vj.params.spec import choice, number


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with open_rig(encode=lambda _: b"jpeg") as rig:
        yield rig


def test_the_root_holds_everything(rig: Rig) -> None:
    root = rig.json("/")
    assert (root["FULL_PATH"], root["ACCESS"]) == ("/", 0)
    assert "TYPE" not in root
    paths = []

    def walk(node: dict) -> None:
        if "TYPE" in node:
            paths.append(node["FULL_PATH"])
        for name, child in node.get("CONTENTS", {}).items():
            assert child["FULL_PATH"] == node["FULL_PATH"].rstrip("/") + "/" + name
            walk(child)

    walk(root)
    declared = {f"/{mount}/{spec.name}" for table in (PARAMS, READINGS) for mount, specs in table.items()
                for spec in specs}
    assert declared <= set(paths)
    assert set(paths) - declared == {
        "/preview/program", "/preview/other", "/now/a/walk/speed", "/now/a/walk/decay", "/now/a/walk/steps",
        "/now/master/fade", "/now/a/prompt/weight1", "/now/a/prompt/weight2", "/now/a/queue/bars",
        "/now/a/gen/world", "/now/master/freeze"}


def test_a_number(rig: Rig) -> None:
    assert rig.json("/a/walk/speed") == {
        "FULL_PATH": "/a/walk/speed", "TYPE": "f", "ACCESS": 3, "VALUE": [0.5], "RANGE": [{"MIN": 0.0, "MAX": 2.0}],
        "CLIPMODE": ["both"], "UNIT": ["rad/s"], "DESCRIPTION": "How fast.", "EXTENDED_TYPE": ["number"],
        "CURVE": ["linear"], "DEFAULT": [0.5], "TAGS": ["routable"]}


@pytest.mark.parametrize(("path", "type_", "access", "value"), [
    ("/a/walk/steps", "i", 3, 4), ("/a/gen/world", "s", 3, "reef"), ("/a/gen/prompt", "s", 3, "a quiet reef"),
    ("/a/gen/tint", "r", 3, "#FF8800FF"), ("/master/freeze", "T", 3, False), ("/beat/tap", "I", 3, None),
    ("/beat/bpm", "f", 1, 120.0), ("/now/a/walk/speed", "f", 1, 0.5), ("/preview/program", "b", 1, None),
])
def test_every_kind_has_its_type(rig: Rig, path: str, type_: str, access: int, value: object) -> None:
    node = rig.json(path)
    assert (node["TYPE"], node["ACCESS"], node["VALUE"]) == (type_, access, [value])
    assert rig.json(path + "/") == node


def test_choices_and_what_is_guarded(rig: Rig) -> None:
    assert rig.json("/a/gen/world?RANGE") == {"RANGE": [{"VALS": ["reef", "dunes", "glass"]}]}
    assert rig.json("/show/quit?CRITICAL") == {"CRITICAL": True}


@pytest.mark.parametrize(("target", "status"), [
    ("/a/walk/speed?VALUE", 200), ("/a/walk?CONTENTS", 200), ("/?HOST_INFO", 200), ("/a/walk/speed?HOST_INFO", 200),
    ("/a/walk?VALUE", 204), ("/a/walk/speed?CONTENTS", 204), ("/beat/tap?RANGE", 204),
    ("/a/walk/speed?SPEED", 400), ("/a/walk/speed?VALUE&RANGE", 400), ("/a/walk/speed?value", 400),
    ("/a/walk/fast", 404), ("/a/walk/fast?VALUE", 404), ("/-/nothing.js", 404), ("/-/thumb/../page.css", 204),
])
def test_the_right_status(rig: Rig, target: str, status: int) -> None:
    got, headers, body = rig.get(target)
    assert got == status
    assert (status == 204) == (not body)
    assert headers["x-content-type-options"] == "nosniff"


def test_one_attribute_comes_alone(rig: Rig) -> None:
    assert rig.json("/a/walk/speed?VALUE") == {"VALUE": [0.5]}
    assert rig.json("/a/walk/speed?TYPE") == {"TYPE": "f"}
    assert set(rig.json("/beat?CONTENTS")["CONTENTS"]) == {"tap", "resync", "phase", "bpm"}


def test_host_info(rig: Rig) -> None:
    info = rig.json("/?HOST_INFO")
    assert (info["OSC_PORT"], info["WS_PORT"], info["OSC_TRANSPORT"]) == (rig.port, rig.port, "UDP")
    assert (info["OSC_IP"], info["NAME"]) == ("127.0.0.1", "vj")
    assert info["EXTENSIONS"]["LISTEN"] is True
    assert info["EXTENSIONS"]["RANGE"] is True


def test_the_value_is_the_present_one(rig: Rig) -> None:
    rig.show.set("/master/fade", 0.25)
    rig.show.wait_for("/master/fade")
    assert rig.json("/master/fade?VALUE") == {"VALUE": [0.25]}


def test_only_reading_is_offered(rig: Rig) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert rig.get("/a/walk/speed", method)[0] == 405
    status, _, body = rig.get("/a/walk/speed", "HEAD")
    assert (status, body) == (200, b"")


def test_a_browser_gets_the_page_and_a_program_the_tree(rig: Rig) -> None:
    status, headers, body = rig.get("/", accept="text/html,application/xhtml+xml;q=0.9")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert rig.get("/?HTML")[2] == body
    assert json.loads(rig.get("/", accept="*/*")[2])["FULL_PATH"] == "/"
    assert rig.get("/", accept="text/html", if_none_match=headers["etag"])[0] == 304


def test_a_change_of_look_is_told_by_its_tops() -> None:
    show = Show()
    show.tree.declare("fx/bloom", (number("amount", 0.1), number("on", 0.0)))
    show.step()
    old = Space(show.mirror)
    show.tree.remove("fx/bloom")
    show.tree.declare("fx/glass/one", (number("amount", 0.1),))
    show.tree.declare("a/gen", (choice("world", "reef", ("reef", "sky")),))
    show.step()
    removed, added, changed = gone_and_new(old, Space(show.mirror))
    assert removed == ["/a/gen/prompt", "/a/gen/negative", "/a/gen/tint", "/fx/bloom", "/now/fx/bloom"]
    assert added == ["/fx/glass", "/now/fx/glass"]
    assert changed == ["/a/gen/world", "/now/a/gen/world"]
