"""What a file is, by its first bytes: safetensors are read, everything else is refused in one sentence."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from vj.models.diffusion.inspect import (
    check_model,
    family_of_config,
    family_of_file,
    read_config,
    read_header,
    weight_files,
)
from vj.types import VjError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.safetensors"
    save_file({"x": np.zeros((2, 3), np.float32), "y": np.ones(5, np.float16)}, path, {"made_by": "a test"})
    return path


def test_a_header_is_read(file: Path) -> None:
    tensors = read_header(file)
    assert tensors.shapes == {"x": (2, 3), "y": (5,)}
    assert tensors.dtypes == {"x": "F32", "y": "F16"}
    assert tensors.notes == {"made_by": "a test"}
    assert tensors.numbers == 11
    assert tensors.width("x", 1) == 3
    assert tensors.width("x", 2) == tensors.width("z", 0) == 0


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def header(table: dict[str, Any], space: int = 0) -> bytes:
    text = json.dumps(table).encode()
    return struct.pack("<Q", len(text)) + text + bytes(space)


ZIP = b"PK\x03\x04\x00\x00\x08\x08\x00\x00archive/data.pkl"


@pytest.mark.parametrize(("name", "content", "said"), [
    ("m.ckpt", b"anything", "may be pickled, which can run code"),
    ("m.bin", b"anything", "may be pickled"),
    ("m.safetensors", ZIP, "is pickled, whatever its name says"),
    ("m.safetensors", pickle.dumps({"a": 1}, protocol=4), "is pickled"),
    ("m.safetensors", pickle.dumps({"a": 1}, protocol=2), "is pickled"),
    ("m.safetensors", b"<!DOCTYPE html><html>sign in", "is a web page"),
    ("m.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "is a pointer to the model"),
    ("m.safetensors", b"GGUF\x03\x00\x00\x00\x00\x00\x00\x00", "is a GGUF file"),
    ("m.safetensors", b"", "is damaged or no safetensors file"),
    ("m.safetensors", b"\x10", "is damaged or no safetensors file"),
    ("m.safetensors", struct.pack("<Q", 1 << 60) + b"{}", "is damaged or no safetensors file"),
    ("m.safetensors", struct.pack("<Q", 4) + b"{no}", "header makes no sense"),
    ("m.safetensors", struct.pack("<Q", 2) + b"[]", "header makes no sense"),
    ("m.safetensors", struct.pack("<Q", 60_000) + b"[" * 60_000, "header makes no sense"),
    ("m.safetensors", header({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, 4), "makes no sense"),
    ("m.safetensors", header({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, 4), "makes no sense"),
    ("m.safetensors", header({"a": {"dtype": "Q7", "shape": [1], "data_offsets": [0, 4]}}, 4), "makes no sense"),
    ("m.safetensors", header({"a": {"shape": [1]}}), "makes no sense"),
    ("m.safetensors", header({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 9), "is damaged"),
])
def test_what_is_no_whole_safetensors_file_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(VjError) as caught:
        read_header(written(tmp_path / name, content))
    message = str(caught.value)
    assert said in message
    assert name in message
    assert "\n" not in message
    assert "safetensors" in message or "again" in message or "download" in message


def test_a_file_that_is_cut_short_says_by_how_much(file: Path) -> None:
    whole = file.read_bytes()
    with pytest.raises(VjError, match=rf"is cut short \({len(whole) - 3} of {len(whole)} bytes\): fetch it again"):
        read_header(written(file, whole[:-3]))


def test_a_header_that_begins_like_a_pickle_is_still_read(tmp_path: Path) -> None:
    padding = 0x0280 - len(header({"__metadata__": {"k": ""}})) + 8
    path = written(tmp_path / "m.safetensors", header({"__metadata__": {"k": "x" * padding}}))
    assert path.read_bytes()[:2] == b"\x80\x02"
    assert read_header(path).shapes == {}


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(VjError, match=r"No such file or directory.: check the path"):
        read_header(tmp_path / "m.safetensors")


# ------------------------------------------------------------------------------------------- configs


@pytest.mark.parametrize(("content", "said"), [
    (b"{", "damaged .no JSON"), (b"[1]", "no JSON object"), (b"\xff\xfe", "no JSON"), (b"[" * 100_000, "no JSON"),
    (b" " * 5_000_000, "too large")])
def test_a_bad_config_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(VjError, match=said):
        read_config(written(tmp_path / "config.json", content))


def test_a_missing_config_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(VjError, match=r"config\.json is missing: the model is not complete, fetch it again"):
        read_config(tmp_path / "config.json")


@pytest.mark.parametrize(("config", "family"), [
    ({"cross_attention_dim": 768}, "sd1"), ({"cross_attention_dim": 1024, "use_linear_projection": True}, "sd2"),
    ({"cross_attention_dim": 2048, "use_linear_projection": True, "addition_embed_type": "text_time"}, "sdxl")])
def test_the_family_stands_in_the_config(config: dict[str, Any], family: str) -> None:
    assert family_of_config(config, Path("m")) == family


@pytest.mark.parametrize(("config", "said"), [
    ({"_class_name": "FluxTransformer2DModel"}, "is a FluxTransformer2DModel: vj draws with models of SD 1.x"),
    ({"in_channels": 9}, "made for inpainting or another picture")])
def test_another_kind_of_model_is_refused(config: dict[str, Any], said: str) -> None:
    with pytest.raises(VjError, match=said):
        family_of_config(config, Path("m"))


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VjError, match="has no folder unet"):
        check_model(tmp_path)
    (tmp_path / "transformer").mkdir()
    with pytest.raises(VjError, match=r"is another kind of model: vj draws with models of SD 1.x, SD 2.x and SDXL"):
        check_model(tmp_path)
    with pytest.raises(VjError, match="is not there"):
        check_model(tmp_path / "nowhere")


@pytest.mark.parametrize(("names", "said"), [
    (["model.diffusion_model.input_blocks.0.0.weight", "x"], "no text encoder"),
    (["first_stage_model.encoder.conv_in.weight"], "holds no UNet")])
def test_a_part_of_a_model_is_no_model(tmp_path: Path, names: list[str], said: str) -> None:
    path = tmp_path / "part.safetensors"
    save_file({name: np.zeros((1, 4, 1, 1), np.float32) for name in names}, path)
    with pytest.raises(VjError, match=said):
        family_of_file(read_header(path))


def test_an_inpainting_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "inpaint.safetensors"
    save_file({"model.diffusion_model.input_blocks.0.0.weight": np.zeros((1, 9, 1, 1), np.float32)}, path)
    with pytest.raises(VjError, match="made for inpainting"):
        family_of_file(read_header(path))


# ------------------------------------------------------------------------------------- files of one network


def test_half_precision_is_taken_where_it_is_preferred(tmp_path: Path) -> None:
    both = [tmp_path / "diffusion_pytorch_model.fp16.safetensors", tmp_path / "diffusion_pytorch_model.safetensors"]
    for path in both:
        path.touch()
    assert weight_files(tmp_path) == both[:1]
    assert weight_files(tmp_path, "") == both[1:]
    both[1].unlink()
    assert weight_files(tmp_path, "") == both[:1]


def test_shards_are_found_by_their_list_and_stay_in_their_folder(tmp_path: Path) -> None:
    index = tmp_path / "diffusion_pytorch_model.safetensors.index.fp16.json"
    table = {"a": "m-2.safetensors", "b": "m-1.safetensors", "c": "m-1.safetensors"}
    index.write_text(json.dumps({"weight_map": table}))
    assert [path.name for path in weight_files(tmp_path)] == ["m-1.safetensors", "m-2.safetensors"]
    for bad in ({"weight_map": {"a": "../m.safetensors"}}, {"weight_map": []}, {}):
        index.write_text(json.dumps(bad))
        with pytest.raises(VjError, match="is damaged"):
            weight_files(tmp_path)


def test_pickled_weights_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VjError, match="has no weights"):
        weight_files(tmp_path)
    (tmp_path / "diffusion_pytorch_model.bin").touch()
    with pytest.raises(VjError, match="has only pickled weights, which can run code"):
        weight_files(tmp_path)
