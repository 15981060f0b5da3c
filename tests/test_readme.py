"""What the README says is true: its files are there, its examples work."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from vj.app.common import chosen_look, declare
from vj.app.lookfiles import open_shelf
from vj.cli import cli
from vj.control.keyboard import BINDINGS
from vj.params.looks import parse_look
from vj.params.spec import checked
from vj.render.effects import EffectLibrary
from vj.types import Features, GenRequest, LatentPoint, Tick

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def block(language: str) -> str:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return str(text)


def test_it_opens_with_the_two_commands() -> None:
    commands = r"    \./scripts/demo .*\n    \./scripts/test .*\n"
    assert re.match(rf"# vj\n\n{commands}\n!\[.*\]\(docs/first_light\.jpg\)", README)


@pytest.mark.parametrize("name", ["README.md", "scripts/README.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert link.startswith("https://") or (ROOT / name).parent.joinpath(link).exists(), link


def test_every_script_is_listed() -> None:
    listed = set(re.findall(r"^\| `([\w/]+)`", (ROOT / "scripts" / "README.md").read_text("utf-8"), re.MULTILINE))
    there = {path.name for path in (ROOT / "scripts").iterdir() if path.is_file() and path.suffix != ".md"}
    assert listed == there


def test_every_command_and_flag_it_names_is_there() -> None:
    told = " ".join(CliRunner().invoke(cli, [name, "--help"]).output for name in cli.commands)
    assert set(re.findall(r"^    vj (\w+)", README, re.MULTILINE)) == set(cli.commands)
    flags = set(re.findall(r"`(--[a-z-]+)", README.partition("### Keys")[0]))
    assert len(flags) > 8
    assert {flag for flag in flags if flag not in told} == {"--help"} - set(re.findall(r"--help", told))


def test_the_keys_are_those_of_the_keyboard() -> None:
    table = README.partition("### Keys")[2].partition("\n## ")[0]
    told = {tuple(keys.upper().split(" OR ")) for keys in re.findall(r"^\| (\w[^|]*?) \|", table, re.MULTILINE)}
    assert told - {("KEY",)} == {binding.keys for binding in BINDINGS}


def test_the_look_goes_on_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "looks").mkdir()
    (tmp_path / "looks" / "velvet.toml").write_text(block("toml"), encoding="utf-8")
    monkeypatch.setenv("VJ_HOME", str(tmp_path))
    declared = declare(EffectLibrary.open(), 0, (640, 360), chosen_look("velvet"), open_shelf())
    tree, stage = declared.tree, declared.stage
    assert stage.look == "velvet"
    (route,) = parse_look("velvet", tomllib.loads(block("toml")), "README.md").routes
    assert route.target in {path for path, _, _ in tree.items()}
    assert tree.base("/a/walk/speed") == 0.05


@pytest.fixture
def plasma(tmp_path: Path) -> Any:
    path = tmp_path / "plasma.py"
    path.write_text(block("python"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("plasma", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Generator()


def test_the_generator_generates(plasma: Any) -> None:
    plasma.load("cpu")
    params = {spec.name: checked(spec, spec.default, spec.name) for spec in plasma.PARAMS}

    def render(*weights: float) -> np.ndarray:
        point = LatentPoint(weights)
        image = plasma.render(GenRequest("plasma", Tick(4, 0.1, 0.03), Features(), params, point, 1, (96, 64)))
        assert image.tick_index == 4
        return np.asarray(image.pixels)

    picture = render(0.8, 0.6, 0.0)
    assert picture.shape == (64, 96, 4)
    assert picture[..., :3].std() > 20
    assert (picture != render(0.0, 0.6, 0.8)).any()
    plasma.close()
