"""``vj models`` as a performer and a script use it, with a double of the hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import diffusion_kit as kit
import pytest

from vj.app import models
from vj.models.diffusion.double import HubDouble
from vj.models.diffusion.hub import Hub
from vj.models.diffusion.ledger import Ledger
from vj.models.diffusion.store import Store
from vj.types import VjError


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kit.hub(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def far(shelves: Path) -> Iterator[HubDouble]:
    with HubDouble(shelves) as double:
        yield double


@pytest.fixture
def store(far: HubDouble, tmp_path: Path) -> Store:
    return Store(Hub(far.address, tmp_path / "cache"), Ledger(tmp_path / "models.json"))


def test_the_licence_is_shown_asked_for_once_and_remembered(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []

    def yes(question: str) -> bool:
        asked.append(question)
        return True

    models.fetch("sd-turbo", False, yes, False, store)
    out = capsys.readouterr().out
    assert out.index("Terms of a test: be kind.") < out.index("comes under the licence sai-nc-community") \
        < out.index("sd-turbo is here and whole.")
    assert store.hub.page("stabilityai/sd-turbo") in out
    assert asked == ["Do you accept the licence of sd-turbo?"]  # the tiny decoder is free for all
    models.fetch("sd-turbo", False, lambda _: pytest.fail("asked again"), False, store)
    assert store.find("sd-turbo").decoder is not None


def test_a_no_fetches_nothing(store: Store, far: HubDouble) -> None:
    with pytest.raises(VjError, match="the licence of sd-turbo was not accepted, so nothing was fetched"):
        models.fetch("sd-turbo", False, lambda _: False, True, store)
    assert not [path for path in far.asked if "safetensors" in path]


def test_a_script_must_say_that_it_accepts(store: Store, far: HubDouble) -> None:
    with pytest.raises(VjError, match=r"read it at .*and give --accept-licence, or run this in a terminal"):
        models.fetch("lcm", False, None, True, store)
    assert not far.asked
    models.fetch("lcm", True, None, True, store)
    assert store.find("lcm").lora is not None


def test_a_damaged_model_is_fetched_again(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    models.fetch("taesd", False, None, True, store)
    folder = store.hub.cached("madebyollin/taesd")
    assert folder is not None
    weights = folder / "diffusion_pytorch_model.safetensors"
    content = weights.read_bytes()
    weights.resolve().write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    models.fetch("taesd", False, None, False, store)
    assert "its checksum is wrong" in capsys.readouterr().out
    assert weights.read_bytes() == content
    weights.resolve().write_bytes(content[:-9])
    models.fetch("taesd", False, None, True, store)
    assert weights.read_bytes() == content


def test_the_list_tells_what_is_ready_and_what_to_do(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    models.fetch("taesd", False, None, True, store)
    models.list_models(True, store)
    told = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in told["models"]] == ["sd-turbo", "sdxl-turbo", "lcm", "sdxs"]
    assert not any(row["ready"] for row in told["models"])
    assert told["models"][0]["trouble"] == "vj models fetch sd-turbo"
    models.fetch("sd-turbo", True, None, True, store)
    models.list_models(True, store)
    told = json.loads(capsys.readouterr().out)
    assert told["models"][0] | {"trouble": ""} == told["models"][0]
    assert told["models"][0]["ready"]
    models.list_models(False, store)
    assert "sdxl-turbo" in capsys.readouterr().out


def test_info_tells_a_known_model_and_one_of_ones_own(store: Store, shelves: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    models.info("sdxl-turbo", True, store)
    told = json.loads(capsys.readouterr().out)
    assert told["family"] == "SDXL"
    assert told["model"]["licence"] == "sai-nc-community"
    assert told["model"]["trouble"] == "not here"
    models.info(str(shelves / "stabilityai" / "sdxl-turbo"), True, store)
    told = json.loads(capsys.readouterr().out)
    assert told["family"] == "SDXL"
    assert told["scheduler"] == "EulerAncestralDiscreteScheduler"
    assert "vj models fetch taesdxl" in told["decoder"]
    assert len(told["files"]) == 4
    models.info("lcm", False, store)
    assert "OpenRAIL" not in capsys.readouterr().out.split("licence")[0]
    with pytest.raises(VjError, match="there is no model 'nothing'"):
        models.info("nothing", False, store)


def test_removing_says_what_is_free_again(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    models.fetch("taesd", False, None, True, store)
    models.remove("taesd", False, store)
    assert "taesd is removed, 0.3 MB are free again." in capsys.readouterr().out
    models.remove("taesd", False, store)
    assert "taesd was not here." in capsys.readouterr().out


def test_the_command_honours_the_environment(far: HubDouble, tmp_path: Path) -> None:
    """HF_ENDPOINT, HF_HOME, HF_HUB_OFFLINE and VJ_HOME, in a process of its own, with a bar."""
    environment = os.environ | {"HF_ENDPOINT": far.address, "HF_HOME": str(tmp_path / "hf"),
                                "VJ_HOME": str(tmp_path / "vj"), "COLUMNS": "100"}

    def vj(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "vj.cli", "models", *words], env=environment | more, text=True,
                              capture_output=True, timeout=120, check=False)

    refused = vj("fetch", "sd-turbo")
    assert refused.returncode == 1
    assert refused.stderr.startswith("vj: sd-turbo comes under the licence")
    assert refused.stderr.count("\n") == 1
    done = vj("fetch", "sd-turbo", "--accept-licence")
    assert done.returncode == 0, done.stderr
    assert "sd-turbo is here and whole." in done.stdout
    assert "MB" in done.stdout  # the bar
    assert (tmp_path / "hf" / "hub" / "models--stabilityai--sd-turbo").is_dir()
    assert json.loads((tmp_path / "vj" / "models.json").read_text())["accepted"] == {"sd-turbo": "sai-nc-community"}
    here = vj("list", "--json", HF_HUB_OFFLINE="1")
    assert json.loads(here.stdout)["models"][0]["ready"]
