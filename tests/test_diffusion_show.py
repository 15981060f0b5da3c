"""``vj render --model`` as a user runs it: tiny models in files, the product's own way from there to a film."""

from __future__ import annotations

import hashlib
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import diffusion_kit as kit
import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from sound import add, drum, write_wav

from vj.cli import cli
from vj.generators import _models
from vj.models.diffusion import loader
from vj.types import VjError

SMALL = ("--size", "96x64", "--fps", "8", "--duration", "0.5", "--set", "/a/deck/lines=64", "--device", "cpu",
         "--quiet")
RATE = 44100


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of kicks at 120 bpm."""
    samples = np.zeros(2 * RATE)
    for beat in range(4):
        add(samples, drum(), 0.25 + beat / 2)
    return write_wav(tmp_path_factory.mktemp("music") / "kicks.wav", samples)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of the performer's own: a folder of each family, a single file, LoRAs."""
    from diffusers import UNet2DConditionModel

    folder = tmp_path_factory.mktemp("own")
    for name, make in (("one", kit.sd1), ("two", kit.sd2), ("xl", kit.sdxl)):
        kit.colourful(make(folder / name) / "vae")
    kit.single_file(folder / "single.safetensors", folder / "two")
    for name, config in (("two", kit.UNET_2), ("xl", kit.UNET_XL)):
        kit.lora(folder / f"lora_{name}.safetensors",
                 UNet2DConditionModel(**{key: value for key, value in config.items() if key[0] != "_"}))
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine whose cache holds the two tiny decoders and nothing else."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    cache = tmp_path / "hub"
    for name in ("taesd", "taesdxl"):
        place = cache / f"models--madebyollin--{name}"
        (place / "refs").mkdir(parents=True)
        (place / "refs" / "main").write_text("abc", "ascii")
        kit.colourful(kit.taesd(place / "snapshots" / "abc"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setenv("VJ_HOME", str(tmp_path / "home"))
    yield tmp_path
    torch.set_num_threads(threads)


@pytest.fixture
def decoders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What kind of decoder each model was opened with."""
    opened: list[str] = []
    plain = loader.open_parts

    def noted(*args: Any, vae: loader.Decoder = "tiny", **more: Any) -> loader.Parts:
        opened.append(vae)
        return plain(*args, vae=vae, **more)

    monkeypatch.setattr(loader, "open_parts", noted)
    return opened


def vj(*args: object) -> Result:
    return CliRunner().invoke(cli, [str(arg) for arg in args])


def render(what: Path, film: Path, *args: object) -> np.ndarray:
    """The film's pictures (N, H, W, 3)."""
    done = vj("render", what, *SMALL, *args, "-o", film)
    assert done.exit_code == 0, done.exception
    with av.open(str(film)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def digest(pictures: np.ndarray) -> str:
    return hashlib.sha256(pictures.tobytes()).hexdigest()


def refused(*args: object) -> str:
    """The one sentence with which a command ends."""
    done = vj(*args)
    assert isinstance(done.exception, VjError), done.exception
    return str(done.exception)


# ------------------------------------------------------------------------------------------- films


def test_a_film_is_the_same_twice_and_a_take_gives_it_again(music: Path, shelf: Path, tmp_path: Path,
                                                            decoders: list[str]) -> None:
    model = ("--model", shelf / "two")
    first = render(music, tmp_path / "1.mp4", *model, "--take", tmp_path / "x.take", "--set", "/a/prompt/text=a reef")
    assert first.shape == (4, 64, 96, 3)
    assert first.std() > 20.0, "a picture, not grey"
    assert np.abs(np.diff(first.astype(int), axis=0)).mean() > 1.0, "and it moves"
    assert digest(render(music, tmp_path / "2.mp4", *model, "--set", "/a/prompt/text=a reef")) == digest(first)
    assert digest(render(tmp_path / "x.take", tmp_path / "3.mp4", *model)) == digest(first)
    assert set(decoders) == {"tiny"}


def test_full_quality_decodes_with_the_full_vae_and_takes_its_steps(music: Path, shelf: Path, tmp_path: Path,
                                                                    decoders: list[str]) -> None:
    full = ("--model", shelf / "two", "--quality", "full")
    one, four = (render(music, tmp_path / f"{steps}.mp4", *full, "--set", f"/a/gen/steps={steps}") for steps in (1, 4))
    assert decoders == ["full"] * 2
    assert min(one.std(), four.std()) > 5.0
    assert digest(one) != digest(four)


@pytest.mark.parametrize("model", ["one", "xl", "single.safetensors"])
def test_every_family_and_a_single_file_make_a_film(model: str, music: Path, shelf: Path, tmp_path: Path) -> None:
    film = render(music, tmp_path / "x.mp4", "--model", shelf / model, "--duration", "0.25")
    assert film.shape == (2, 64, 96, 3)
    assert film[-1].std() > 5.0


@pytest.mark.parametrize("text", ["🌊🌸" * 40, "x" * 10_000], ids=["emoji", "long"])
def test_any_prompt_from_the_command_line(text: str, music: Path, shelf: Path, tmp_path: Path) -> None:
    """A text longer than a parameter takes is one sentence."""
    args = ("--model", shelf / "two", "--duration", "0.25", "--set", f"/a/prompt/text={text}")
    if len(text) > 2000:
        assert "/a/prompt/text" in refused("render", music, *SMALL, *args, "-o", tmp_path / "x.mp4")
    else:
        assert len(render(music, tmp_path / "x.mp4", *args)) == 2


def test_a_size_that_is_no_multiple_of_eight_is_drawn(music: Path, shelf: Path, tmp_path: Path) -> None:
    film = render(music, tmp_path / "x.mp4", "--model", shelf / "two", "--size", "130x74", "--duration", "0.25",
                  "--set", "/a/deck/lines=71")
    assert film.shape == (2, 74, 130, 3)


# -------------------------------------------------------------------------------------- bad input


def cut(folder: Path, path: str) -> None:
    with (folder / path).open("r+b") as file:
        file.truncate((folder / path).stat().st_size // 2)


def pickled(folder: Path, path: str) -> None:
    (folder / path).unlink()
    (folder / path).with_suffix(".bin").write_bytes(b"PK\x03\x04 pickled")


def gone(folder: Path, path: str) -> None:
    (folder / path).unlink()


UNET_FILE = "unet/diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize(("spoil", "path", "said"), [
    (cut, UNET_FILE, "is cut short .*: fetch it again"), (pickled, UNET_FILE, "pickled weights.*safetensors"),
    (gone, UNET_FILE, "no .*safetensors"), (gone, "unet/config.json", "is missing.*fetch it again"),
    (cut, "text_encoder/config.json", r"is damaged \(no JSON\)"), (cut, "text_encoder/model.safetensors", "cut short")])
@pytest.mark.parametrize("command", ["render", "play"])
def test_a_model_that_cannot_be_opened_ends_before_the_show(command: str, spoil: Any, path: str, said: str, music: Path,
                                                            shelf: Path, tmp_path: Path) -> None:
    model = shutil.copytree(shelf / "two", tmp_path / "model")
    spoil(model, path)
    more = ("-o", tmp_path / "x.mp4") if command == "render" else ("--headless",)
    sentence = refused(command, music, "--model", model, *more)
    assert re.search(said, sentence), sentence
    assert "\n" not in sentence
    assert not (tmp_path / "x.mp4").exists()


def test_names_that_are_not_here_are_told_with_the_cure(music: Path, shelf: Path, tmp_path: Path) -> None:
    film = ("-o", tmp_path / "x.mp4")
    assert "vj models fetch sdxs" in refused("render", music, *film, "--model", "sdxs")
    assert "is not there: give the path of a diffusers folder" in refused("render", music, *film, "--model",
                                                                         tmp_path / "nothing")
    assert "give it with --lora NAME=PATH" in refused("render", music, *film, "--model",
                                                      shelf / "lora_two.safetensors")


def test_a_lora_for_another_base_ends_a_render(music: Path, shelf: Path, tmp_path: Path) -> None:
    said = refused("render", music, *SMALL, "--model", shelf / "two", "-o", tmp_path / "x.mp4", "--lora",
                   f"ink={shelf}/lora_xl.safetensors", "--set", "/a/gen/lora=ink")
    assert "is a LoRA for another model" in said
    assert "take a LoRA made for it" in said


def test_too_little_memory_ends_a_render(music: Path, shelf: Path, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.models.diffusion.room.free_memory", lambda _: 1000)
    said = refused("render", music, *SMALL, "--model", shelf / "two", "-o", tmp_path / "x.mp4")
    assert "of memory on cpu" in said
    assert "take a smaller model" in said


def test_without_a_network_a_model_that_is_here_is_drawn(music: Path, shelf: Path, tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    def unplugged(*_: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unplugged)
    assert len(render(music, tmp_path / "x.mp4", "--model", shelf / "two", "--duration", "0.25")) == 2
    assert _models.open_engine("two", {"model/two": str(shelf / "two")}, "cpu", print).parts.name == "two"
