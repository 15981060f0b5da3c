"""From files to a model that can draw: built without memory first, then filled straight from safetensors."""

from __future__ import annotations

import inspect as signatures
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.models.diffusion.blueprint import Blueprint, Component, Decoder, blueprint
from vj.models.diffusion.inspect import Tensors
from vj.models.diffusion.lora import Loras, merge_for_good, read_lora
from vj.models.diffusion.original import Source
from vj.models.diffusion.place import Place
from vj.models.diffusion.pulse import beat
from vj.models.diffusion.room import check_room, out_of_memory
from vj.models.diffusion.text import Encoder, Reader
from vj.models.diffusion.words import open_tokenizer
from vj.types import VjError

if TYPE_CHECKING:
    from torch import Tensor, dtype

_TEXT_CONFIG = ("vocab_size", "hidden_size", "intermediate_size", "projection_dim", "num_hidden_layers",
                "num_attention_heads", "max_position_embeddings", "hidden_act", "layer_norm_eps", "bos_token_id",
                "eos_token_id", "pad_token_id")
_OLD_ATTENTION = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}


@dataclass(frozen=True)
class Parts:
    """A model in its parts, on ``device``, in ``dtype``, eval, without gradients.

    ``family`` sd1, sd2 or sdxl. ``scheduler`` is the scheduler's config as it stands in the folder. ``vae`` stays
    float32 where its config says that half precision overflows (``vae.dtype`` tells). ``sampler`` is euler or lcm.
    ``loras`` changes the UNet's weights in place: loaded and scaled by whoever draws, between two pictures.
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
    loras: Loras


def open_parts(place: Place | Path, device: str = "cpu", dtype: dtype | None = None, vae: Decoder = "tiny", *,
               tiny: Path | None = None) -> Parts:
    """Open the model at ``place``; ``tiny`` is the folder of its tiny decoder where the place names none.

    Raises VjError, one sentence with the cure, for a model that is missing, damaged, pickled, of another family or
    too large for the memory that is free.
    """
    place = place if isinstance(place, Place) else Place.at(place)
    place = replace(place, decoder=place.decoder or tiny)
    kind = dtype or best_dtype(device)
    plan = blueprint(place, vae, "fp16" if kind.itemsize < 4 else "")
    check_room(plan.name, plan.numbers * kind.itemsize, device)
    with out_of_memory(plan.name, device):
        return _opened(plan, place, device, kind)


def best_dtype(device: str) -> dtype:
    """Half precision on a GPU, float32 on a CPU."""
    import torch

    return torch.float32 if device.startswith("cpu") else torch.float16


def _opened(plan: Blueprint, place: Place, device: str, kind: dtype) -> Parts:
    unet = _picture_network(plan.unet, device, kind)
    if place.lora is not None:
        merge_for_good(read_lora(place.lora, unet, plan.family), place.lora_scale)
    return Parts(plan.family, plan.name, unet, _picture_network(plan.vae, device, _vae_dtype(plan.vae, kind)),
                 _encoder(plan, device, kind), plan.scheduler, plan.sampler, device, kind, Loras(unet, plan.family))


def _vae_dtype(vae: Component, kind: dtype) -> dtype:
    """SDXL's full decoder overflows in float16; bfloat16 has the range."""
    import torch

    return torch.float32 if vae.config.get("force_upcast") and kind == torch.float16 else kind


def _encoder(plan: Blueprint, device: str, kind: dtype) -> Encoder:
    layer = -2 if plan.family == "sdxl" else None
    readers = []
    for part, (folder, pad) in zip(plan.texts, plan.tokenizers, strict=True):
        size = int(part.config.get("vocab_size", 0))
        readers.append(Reader(open_tokenizer(folder, pad, size=size), _text_network(part, device, kind), layer))
    return Encoder(readers, blank_is_zero=plan.family == "sdxl" and plan.blank_is_zero)


def _text_network(part: Component, device: str, kind: dtype) -> Any:
    import transformers

    projects = "CLIPTextModelWithProjection" in part.config.get("architectures", ())
    model_class: Any = transformers.CLIPTextModelWithProjection if projects else transformers.CLIPTextModel
    config_class: Any = transformers.CLIPTextConfig
    settings = {name: part.config[name] for name in _TEXT_CONFIG if name in part.config}
    return _filled(part, lambda: model_class(config_class(**settings)), device, kind)


def _picture_network(part: Component, device: str, kind: dtype) -> Any:
    """A UNet or a decoder; on CUDA in channels_last, which its convolutions want."""
    import diffusers
    import torch

    classes = {"UNet2DConditionModel": diffusers.UNet2DConditionModel, "AutoencoderKL": diffusers.AutoencoderKL,
               "AutoencoderTiny": diffusers.AutoencoderTiny}
    name = str(part.config.get("_class_name", "UNet2DConditionModel"))
    if name not in classes:
        raise VjError(f"the config beside {part.files[0].path} is for a {name}: take the config and the weights of "
                      "one model")
    model_class: Any = classes[name]
    known = signatures.signature(model_class.__init__).parameters
    settings = {name: value for name, value in part.config.items() if name in known}
    model = _filled(part, lambda: model_class(**settings), device, kind)
    return model.to(memory_format=torch.channels_last) if device.startswith("cuda") else model


def _filled(part: Component, make: Callable[[], Any], device: str, kind: dtype) -> Any:
    beat()
    model = _built(part, make)
    found = _read(part, model.state_dict(), device, kind)
    model.load_state_dict(found, assign=True)
    _number_positions(model, device)
    return model.eval().requires_grad_(False)


def _built(part: Component, make: Callable[[], Any]) -> Any:
    """The network without memory for its numbers."""
    import torch

    try:
        with torch.device("meta"):
            return make()
    except VjError:
        raise
    except Exception as error:  # a config is data from outside; the libraries raise all kinds for a bad one
        raise VjError(f"the config beside {part.files[0].path} describes no network that can be built "
                      f"({_brief(error)}): fetch the model again") from error


def _read(part: Component, wanted: Mapping[str, Tensor], device: str, kind: dtype) -> dict[str, Tensor]:
    """Every wanted tensor, from whichever of the files holds it; its shape is checked before anything is read."""
    from safetensors import safe_open

    held = {_plain(name) if part.naming is None else name: (tensors, name)
            for tensors in part.files for name in tensors.shapes}
    with ExitStack() as stack:
        files = {tensors.path: stack.enter_context(safe_open(tensors.path, framework="pt")) for tensors in part.files}
        found = {}
        for name, empty in wanted.items():
            beat()
            source = Source(_plain(name)) if part.naming is None else part.naming(name)
            if source.name not in held:
                raise VjError(f"{part.files[0].path} has no tensor {source.name}: it does not belong to its config, "
                              "fetch the model again")
            tensors, stored = held[source.name]
            loose = part.naming is not None and empty.ndim == 2
            _check_shape(tensors, stored, source, tuple(empty.shape), loose=loose)
            value = _cut(files[tensors.path].get_tensor(stored), source, empty)
            found[name] = value.to(device, kind if value.is_floating_point() else None, copy=True)
    return found


def _check_shape(tensors: Tensors, name: str, source: Source, wants: tuple[int, ...], *, loose: bool) -> None:
    """``loose``: the original file may keep a linear layer as a 1x1 convolution."""
    has = tensors.shapes[name]
    if source.third is not None:
        wants = (3 * wants[0], *wants[1:])
    if source.turned:
        wants = wants[::-1]
    if has != wants and not (loose and has == (*wants, 1, 1)):
        raise VjError(f"{tensors.path} has {name} in the shape {has} and not {wants}, so it does not belong to its "
                      "config: take the config and the weights of one model")


def _cut(value: Tensor, source: Source, empty: Tensor) -> Tensor:
    """The part of a stored tensor that is meant, in the shape that is wanted."""
    value = value if source.third is None else value.chunk(3)[source.third]
    return (value.t().contiguous() if source.turned else value).reshape(empty.shape)


def _plain(name: str) -> str:
    """The name that today's code gives a tensor: published text encoders say ``text_model.`` before each, and the
    full decoder of SD 1.x calls its attention as diffusers did in 2022.
    """
    name = name.removeprefix("text_model.")
    if ".attentions." in name:
        for old, new in _OLD_ATTENTION.items():
            name = name.replace(old, new)
    return name


def _number_positions(model: Any, device: str) -> None:
    """Fill the one buffer that no file holds: the numbers of CLIP's 77 places."""
    import torch

    for module in model.modules():
        for name, buffer in module.named_buffers(recurse=False):
            if buffer.is_meta:
                places = torch.arange(buffer.shape[-1], device=device)[None]
                module.register_buffer(name, places, persistent=False)


def _brief(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:120] if lines else type(error).__name__
