"""From files to a model that can draw: built without memory first, then filled straight from safetensors."""

from __future__ import annotations

import inspect as signatures
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vj.models.diffusion.text import Encoder, Reader
from vj.types import VjError

if TYPE_CHECKING:
    from torch import Tensor, dtype

Decoder = Literal["tiny", "full"]


@dataclass(frozen=True)
class Parts:
    """A model in its parts, on ``device``, in ``dtype``, eval, without gradients.

    ``family`` sd1, sd2 or sdxl. ``scheduler`` is the scheduler's config as it stands in the folder. ``vae`` may stay
    float32 where its config says that half precision overflows. ``sampler`` is euler or lcm.
    """

    family: str
    name: str
    unet: Any
    vae: Any
    encoder: Encoder
    scheduler: Mapping[str, Any]
    sampler: str
    device: str
    dtype: dtype


def open_parts(place: Path, device: str = "cpu", dtype: dtype | None = None, vae: Decoder = "tiny", *,
               tiny: Path | None = None) -> Parts:
    """The parts of the model in the diffusers folder ``place``; ``tiny`` is the folder of its tiny decoder."""
    kind = dtype or best_dtype(device)
    unet_config = _config(place / "unet")
    family = family_of(unet_config)
    scheduler = _read(place / "scheduler" / "scheduler_config.json")
    decoder = tiny if vae == "tiny" and tiny is not None else place / "vae"
    return Parts(
        family, place.name, _module(place / "unet", unet_config, device, kind),
        _module(decoder, _config(decoder), device, kind), _encoder(place, family, device, kind),
        scheduler, "lcm" if scheduler.get("_class_name") == "LCMScheduler" else "euler", device, kind)


def best_dtype(device: str) -> dtype:
    """Half precision on a GPU, float32 on a CPU."""
    import torch

    return torch.float32 if device.startswith("cpu") else torch.float16


def family_of(unet: Mapping[str, Any]) -> str:
    """``sd1``, ``sd2`` or ``sdxl`` by the UNet's config."""
    if unet.get("addition_embed_type") == "text_time":
        return "sdxl"
    return "sd2" if unet.get("use_linear_projection") or unet.get("cross_attention_dim") == 1024 else "sd1"


def _encoder(place: Path, family: str, device: str, kind: dtype) -> Encoder:
    if family != "sdxl":
        return Encoder([_reader(place, "", device, kind, None)])
    readers = [_reader(place, suffix, device, kind, -2) for suffix in ("", "_2")]
    blank = bool(_read(place / "model_index.json").get("force_zeros_for_empty_prompt", True))
    return Encoder(readers, blank_is_zero=blank)


def _reader(place: Path, suffix: str, device: str, kind: dtype, layer: int | None) -> Reader:
    import transformers

    folder = place / f"text_encoder{suffix}"
    config = _config(folder)
    projects = "CLIPTextModelWithProjection" in config.get("architectures", ())
    model_class = transformers.CLIPTextModelWithProjection if projects else transformers.CLIPTextModel
    settings = {name: value for name, value in config.items() if name != "model_type"}
    model = _built(lambda: model_class(transformers.CLIPTextConfig(**settings)))
    _fill(model, _weights(folder), folder, device, kind)
    tokenizer = transformers.CLIPTokenizer.from_pretrained(str(place / f"tokenizer{suffix}"), local_files_only=True)
    return Reader(tokenizer, model, layer)


def _module(folder: Path, config: Mapping[str, Any], device: str, kind: dtype) -> Any:
    import diffusers

    model_class = getattr(diffusers, config["_class_name"])
    known = signatures.signature(model_class.__init__).parameters
    model = _built(lambda: model_class(**{name: value for name, value in config.items() if name in known}))
    _fill(model, _weights(folder), folder, device, kind)
    return model


def _built(make: Any) -> Any:
    import torch

    with torch.device("meta"):
        return make()


def _fill(model: Any, path: Path, folder: Path, device: str, kind: dtype) -> None:
    from safetensors.torch import load_file

    wanted = {_plain(name): name for name in model.state_dict()}
    found = {wanted[_plain(name)]: _placed(value, device, kind)
             for name, value in load_file(path).items() if _plain(name) in wanted}
    missing = sorted(set(wanted.values()) - set(found))
    if missing:
        raise VjError(f"{path} has no tensor {missing[0]}: it is not the file that {folder.name}/config.json describes")
    model.load_state_dict(found, assign=True)
    _whole(model, device)
    model.eval().requires_grad_(False)


def _plain(name: str) -> str:
    """Published text encoders say ``text_model.`` before each name; newer code does not."""
    return name.removeprefix("text_model.")


def _placed(value: Tensor, device: str, kind: dtype) -> Tensor:
    return value.to(device, kind if value.is_floating_point() else None)


def _whole(model: Any, device: str) -> None:
    """Fill the buffers that no file holds: CLIP's position numbers."""
    import torch

    for module in model.modules():
        for name, buffer in module.named_buffers(recurse=False):
            if buffer.is_meta:
                count = buffer.shape[-1]
                module.register_buffer(name, torch.arange(count, device=device)[None], persistent=False)


def _weights(folder: Path) -> Path:
    for stem in ("diffusion_pytorch_model", "model"):
        for ending in (".fp16.safetensors", ".safetensors"):
            if (folder / (stem + ending)).is_file():
                return folder / (stem + ending)
    raise VjError(f"{folder} has no .safetensors weights")


def _config(folder: Path) -> dict[str, Any]:
    return _read(folder / "config.json")


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise VjError(f"{path} is missing or no JSON") from error
    return content
