"""What a model file is, told from its first bytes and its header: nothing is loaded, nothing in it is run.

Only safetensors is read. Layout: 8 bytes little-endian, the length of a JSON header; the header, tensor name ->
dtype, shape, offsets; the tensors. (Format: the safetensors README.)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vj.types import VjError

HEADER_LIMIT = 100_000_000
"""The format's own limit, in bytes."""
CONFIG_LIMIT = 4_000_000
_BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
          "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1, "BOOL": 1}
_PICKLED = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}
_MADE_OF = "vj opens only .safetensors: get the model's safetensors files"
FAMILIES = {"sd1": "SD 1.x", "sd2": "SD 2.x", "sdxl": "SDXL"}
"""Family -> how it is called."""
_HALF, _WHOLE = ".fp16.safetensors", ".safetensors"
_CROSS = {768: "sd1", 1024: "sd2", 2048: "sdxl"}
"""Width of the text a UNet of the family listens to."""


@dataclass(frozen=True, slots=True)
class Tensors:
    """A safetensors file's header. ``shapes``: name -> shape; ``size``: bytes of all tensors at 1 byte a number."""

    path: Path
    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, str]
    notes: Mapping[str, str]

    @property
    def numbers(self) -> int:
        """How many numbers the file holds."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def width(self, name: str, axis: int) -> int:
        """One side of a tensor, 0 if there is none."""
        shape = self.shapes.get(name, ())
        return shape[axis] if -len(shape) <= axis < len(shape) else 0


def read_header(path: Path) -> Tensors:
    """The header of one safetensors file, checked against the file's length.

    Raises VjError, one sentence with the cure, for a file that is missing, pickled, cut short, a web page or a
    pointer in place of the file, or damaged.
    """
    if path.suffix.lower() in _PICKLED:
        raise VjError(f"{path} may be pickled, which can run code: {_MADE_OF}")
    try:
        with path.open("rb") as file:
            size, start = path.stat().st_size, file.read(8)
            _refuse_others(path, start, file)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or not 2 <= length <= min(HEADER_LIMIT, max(size - 8, 0)):
                raise _broken(path, size)
            text = file.read(length)
    except OSError as error:
        raise VjError(f"{path} cannot be read ({error.strerror or error}): check the path, or fetch the model again"
                      ) from error
    return _parsed(path, text, size - 8 - length)


def read_config(path: Path) -> dict[str, Any]:
    """A model's JSON. Raises VjError for one that is missing, too large or no JSON object."""
    try:
        if path.stat().st_size > CONFIG_LIMIT:
            raise VjError(f"{path} is too large for a config: fetch the model again")
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise VjError(f"{path} is missing: the model is not complete, fetch it again") from error
    except (ValueError, RecursionError) as error:
        raise VjError(f"{path} is damaged (no JSON): fetch the model again") from error
    if not isinstance(content, dict):
        raise VjError(f"{path} is damaged (no JSON object): fetch the model again")
    return content


def family_of_config(unet: Mapping[str, Any], where: Path) -> str:
    """``sd1``, ``sd2`` or ``sdxl`` by the UNet's config. Raises VjError for another kind of model."""
    if unet.get("_class_name", "UNet2DConditionModel") != "UNet2DConditionModel":
        raise VjError(f"{where} is a {unet['_class_name']}: vj draws with {_known()}")
    if unet.get("in_channels", 4) != 4:
        raise VjError(f"{where} is made for inpainting or another picture as input (in_channels "
                      f"{unet['in_channels']}): take the family's text-to-image model")
    if unet.get("addition_embed_type") == "text_time":
        return "sdxl"
    return "sd2" if unet.get("use_linear_projection") or unet.get("cross_attention_dim") == 1024 else "sd1"


def family_of_file(tensors: Tensors) -> str:
    """The family of a single file in the original layout. Raises VjError for another kind of model."""
    if any(".lora_" in name or name.startswith("lora_") for name in tensors.shapes):
        raise VjError(f"{tensors.path} is a LoRA, not a model: give it with --lora NAME=PATH beside a model")
    if not any(name.startswith("model.diffusion_model.") for name in tensors.shapes):
        raise VjError(f"{tensors.path} holds no UNet in the original layout: give a whole checkpoint of {_known()}, "
                      "not a part of one")
    if tensors.width("model.diffusion_model.input_blocks.0.0.weight", 1) != 4:
        raise VjError(f"{tensors.path} is made for inpainting or another picture as input: take the family's "
                      "text-to-image model")
    if any(name.startswith("conditioner.embedders.1.model.") for name in tensors.shapes):
        return "sdxl"
    if any(name.startswith("cond_stage_model.model.") for name in tensors.shapes):
        return "sd2"
    if any(name.startswith("cond_stage_model.transformer.") for name in tensors.shapes):
        return "sd1"
    raise VjError(f"{tensors.path} has no text encoder of {_known()}: give a whole checkpoint of one of them")


def family_of_width(width: int) -> str | None:
    """The family whose text is ``width`` wide, None if no real one's is."""
    return _CROSS.get(width)


def check_model(folder: Path) -> str:
    """The family of a diffusers folder by its configs alone. Raises VjError for one that vj cannot draw with."""
    if not folder.is_dir():
        raise VjError(f"{folder} is not there: give the path of a diffusers folder or a .safetensors file")
    if not (folder / "unet").is_dir():
        other = next((name for name in ("transformer", "prior", "dit") if (folder / name).is_dir()), None)
        what = "is another kind of model" if other else "has no folder unet, so it is no diffusers model"
        raise VjError(f"{folder} {what}: vj draws with {_known()}")
    return family_of_config(read_config(folder / "unet" / "config.json"), folder)


def weight_files(folder: Path, prefer: str = "fp16") -> list[Path]:
    """The safetensors files of one component, all shards of it: fp16 first, or last if anything else is preferred.

    Raises VjError where there are none, and says so if all there is, is pickled.
    """
    for ending in ((_HALF, _WHOLE) if prefer == "fp16" else (_WHOLE, _HALF)):
        for stem in ("diffusion_pytorch_model", "model"):
            if (whole := folder / (stem + ending)).is_file():
                return [whole]
            index = folder / (stem + _index_ending(ending))
            if index.is_file():
                return _shards(index)
    if any(path.suffix in _PICKLED for path in folder.glob("*")):
        raise VjError(f"{folder} has only pickled weights, which can run code: {_MADE_OF}")
    raise VjError(f"{folder} has no weights (.safetensors): the model is not complete, fetch it again")


def _index_ending(ending: str) -> str:
    """``.fp16.safetensors`` -> ``.safetensors.index.fp16.json``, as the hub names the lists of shards."""
    variant = ending.removesuffix(".safetensors")
    return f".safetensors.index{variant}.json"


def _shards(index: Path) -> list[Path]:
    table = read_config(index).get("weight_map")
    names = sorted(set(table.values())) if isinstance(table, dict) else []
    if not names or not all(isinstance(name, str) and Path(name).name == name for name in names):
        raise VjError(f"{index} is damaged (no list of files): fetch the model again")
    return [index.parent / name for name in names]


def _refuse_others(path: Path, start: bytes, file: Any) -> None:
    head = start + file.read(24)
    file.seek(8)
    if head.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")) and head[8:9] != b"{":
        raise VjError(f"{path} is pickled, whatever its name says, and can run code: {_MADE_OF}")
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise VjError(f"{path} is a web page, not a model: download the file itself")
    if head.startswith(b"version https://git-lfs"):
        raise VjError(f"{path} is a pointer to the model, not the model: run `git lfs pull`, or download the file")
    if head.startswith(b"GGUF"):
        raise VjError(f"{path} is a GGUF file: {_MADE_OF}")


def _parsed(path: Path, text: bytes, space: int) -> Tensors:
    try:
        table = json.loads(text)
        notes = table.pop("__metadata__", {})
        shapes = {name: tuple(int(side) for side in entry["shape"]) for name, entry in table.items()}
        dtypes = {name: str(entry["dtype"]) for name, entry in table.items()}
        ends = [_checked(entry, shapes[name]) for name, entry in table.items()]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise VjError(f"{path} is damaged (its header makes no sense): fetch it again") from error
    if max(ends, default=0) != space:
        raise _broken(path, space + 8 + len(text), max(ends, default=0) + 8 + len(text))
    return Tensors(path, shapes, dtypes, {str(k): str(v) for k, v in notes.items()})


def _checked(entry: Mapping[str, Any], shape: tuple[int, ...]) -> int:
    """The tensor's end; ValueError for offsets that do not hold the shape."""
    begin, end = (int(offset) for offset in entry["data_offsets"])
    if min(shape, default=0) < 0 or begin < 0 or end - begin != math.prod(shape) * _BYTES[entry["dtype"]]:
        raise ValueError(entry)
    return end


def _broken(path: Path, size: int, wanted: int | None = None) -> VjError:
    if wanted is not None and size < wanted:
        return VjError(f"{path} is cut short ({size} of {wanted} bytes): fetch it again")
    return VjError(f"{path} is damaged or no safetensors file ({size} bytes): fetch it again")


def _known() -> str:
    return "models of " + ", ".join(list(FAMILIES.values())[:-1]) + " and " + FAMILIES["sdxl"]
