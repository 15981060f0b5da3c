"""What the command line brings: names for hands, paths for nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hands import CALM, Effects, look

from vj import registry
from vj.app.props import LOOK, equipped, props_of
from vj.cli import cli
from vj.modulation.matrix import ModMatrix
from vj.options import Options
from vj.params.props import NO_PROPS, NONE, OTHER, Props, named
from vj.params.shelf import Shelf
from vj.params.tree import ParamTree
from vj.stage import Stage, needs
from vj.types import ControlEvent, Features, Tick, VjError

DREAM = {"mood": "dream", "generator": "diffusion", "values": {"/a/prompt/text": "a rose"}}


def staged(props: Props = NO_PROPS, **values: Any) -> Stage:
    tree = ParamTree()
    looks = {"calm": look("calm", CALM | {"effects": [], "routes": [], "values": {}, "sources": {}}),
             "dream": look("dream", {**DREAM, "values": {**DREAM["values"], **values}})}
    stage = Stage(tree, ModMatrix(), Effects(), Shelf(looks), seed=3, size=(64, 36), props=props)
    stage.recall("dream")
    return stage


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("roses", "my Model.v2"):
        (tmp_path / name).mkdir()
    (tmp_path / "glow.safetensors").write_bytes(b"")
    return tmp_path


def test_names_and_paths(files: Path) -> None:
    options = Options(model=(str(files / "my Model.v2"), "sdxl-turbo"), lora=(f"glow={files}/glow.safetensors",),
                      picture=(f"roses={files}/roses", "me=camera:1"))
    props = props_of(options)
    assert props.model == "my_model"
    assert props.files == {"model/my_model": str(files / "my Model.v2"), "lora/glow": f"{files}/glow.safetensors",
                           "picture/roses": f"{files}/roses", "picture/me": "camera:1"}
    assert props.names("picture") == ["roses", "me"]


def test_a_folder_behind_a_dot_is_as_good(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    assert props_of(Options(picture=("r=roses",))).files == {"picture/r": str(files / "roses")}


@pytest.mark.parametrize(("option", "said"), [
    ({"picture": ("roses",)}, "takes NAME=PATH"), ({"picture": ("Ros es=/tmp",)}, "takes NAME=PATH"),
    ({"picture": ("x=/tmp", "x=/tmp")}, "the name 'x' is taken"), ({"picture": ("none=/tmp",)}, "'none' is taken"),
    ({"picture": ("x=/no/such/place",)}, "nothing at /no/such/place"), ({"lora": ("../x=/tmp",)}, "takes NAME=PATH"),
    ({"lora": ("x=/no.safetensors",)}, "nothing at /no.safetensors"),
    ({"model": ("sd-trubo",)}, "take one of sd-turbo"),
    ({"picture": tuple(f"p{n}=/tmp" for n in range(65))}, "at most 64")])
def test_what_is_wrong_is_said_before_the_show(option: dict[str, Any], said: str) -> None:
    with pytest.raises(VjError, match=said.replace("(", r"\(")):
        props_of(Options(**option))


def test_who_brings_a_model_sees_it() -> None:
    assert equipped(Options(model=("sd-turbo",))).look == LOOK
    assert equipped(Options(model=("sd-turbo",), look="velvet_hour")).look == "velvet_hour"
    assert equipped(Options(model=("sd-turbo",), resume=True)).look is None
    assert equipped(Options()).look is None


def test_hands_choose_among_the_names_and_the_request_carries_the_paths() -> None:
    props = Props({"picture/roses": "/r", "lora/glow": "/g", "model/mine": "/m"}, "mine")
    stage = staged(props)
    tree = stage._tree
    assert tree.spec("/a/gen/picture").choices == (NONE, OTHER, "roses")
    assert tree.spec("/a/gen/lora2").choices == (NONE, "glow")
    assert tree.base("/a/gen/model") == "mine"
    assert tree.spec("/a/gen/model").guarded
    tree.apply(ControlEvent("/a/gen/picture", "roses", "hand"))
    point, request = stage.decks[0].step(Tick(0, 0.0, 1 / 30), Features(), tree.snapshot({}))
    assert request is not None
    assert (request.picture, dict(request.files)) == ("roses", dict(props.files))
    assert request.point.prompts == point.prompts == (("a rose", 1.0),)
    with pytest.raises(VjError, match="expected one of none, other deck, roses"):
        tree.apply(ControlEvent("/a/gen/picture", "/etc/passwd", "hand"))


def test_a_look_of_another_show_says_what_it_misses() -> None:
    with pytest.raises(VjError, match=r"start vj with --picture moon=PATH"):
        staged(**{"/a/gen/picture": "moon"})
    with pytest.raises(VjError, match=r"start vj with --lora glow=PATH"):
        staged(Props({"lora/other": "/x"}), **{"/a/gen/lora": "glow"})


def test_a_generator_without_a_view_is_not_slid_about() -> None:
    stage = staged()
    tree = stage._tree
    for path, value in (("/a/walk/pan", 1.0), ("/a/walk/spin", 1.0), ("/a/walk/zoom", 0.5)):
        tree.apply(ControlEvent(path, value, "hand"))
    tree.settle()
    for index in range(30):
        seen, request = stage.decks[0].step(Tick(index, index / 30, 1 / 30), Features(), tree.snapshot({}))
    assert (seen.camera.x, seen.camera.y, seen.camera.angle) == (0.0, 0.0, 0.0)
    assert seen.camera.zoom == pytest.approx(0.5)
    assert request is not None
    assert abs(request.point.camera.x) + abs(request.point.camera.y) > 0.1, "the generator may use it"
    assert request.point.camera.angle > 0.1


def test_nobody_comes_by_chance_to_a_look_that_needs_a_model() -> None:
    assert "vj models fetch" in needs("diffusion")
    assert needs("painter") == needs("no such generator") == ""
    bare, brought = staged(), staged(Props(model="sd-turbo"))
    assert bare.handy() == ("calm",)
    assert bare.beside(1) == bare.beside(-1) == "calm"
    assert brought.handy() == ("calm", "dream")
    assert brought.beside(1) == "calm"


def test_offered_changes_no_other_parameter() -> None:
    specs = registry.load("vj.generators", "painter", "Generator").PARAMS
    assert Props({"picture/x": "/x"}).offered(specs) == specs
    assert NO_PROPS.offered(registry.load("vj.generators", "diffusion", "Generator").PARAMS) == registry.load(
        "vj.generators", "diffusion", "Generator").PARAMS


def test_a_name_is_small_and_plain() -> None:
    assert named("a_1.x-y=/p=q", "picture", {}) == ("picture/a_1.x-y", "/p=q")
    for text in ("", "=", "x=", "=/p", "A=/p", "a b=/p", ".x=/p", "x" * 41 + "=/p", "other deck=/p"):
        with pytest.raises(VjError):
            named(text, "picture", {})


def test_the_command_line_takes_them() -> None:
    for command in ("play", "live", "render"):
        text = CliRunner().invoke(cli, [command, "--help"]).output
        assert all(option in text for option in ("--model", "--lora", "--picture")), command
