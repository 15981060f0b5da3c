"""The names of tensors in single files: the layout of the families' first authors, against diffusers' names.

Each function answers, for a tensor that diffusers or transformers wants, where the original file keeps it. The tables
follow from the config alone. (Layouts: the public code of latent diffusion, generative-models and OpenCLIP.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vj.types import VjError


@dataclass(frozen=True, slots=True)
class Source:
    """Where a tensor comes from: ``third`` is which third of its rows (q, k, v), ``turned``: it is transposed."""

    name: str
    third: int | None = None
    turned: bool = False


Naming = Callable[[str], Source]
"""A wanted tensor's name -> its source."""

UNET = "model.diffusion_model."
VAE = "first_stage_model."
_RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
           "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
_VAE_RESNET = {"conv_shortcut": "nin_shortcut"}
_VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
_OPEN_CLIP = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
              "self_attn.out_proj": "attn.out_proj"}
_OPEN_CLIP_TOP = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight", "final_layer_norm.bias": "ln_final.bias",
}


def unet_modules(config: Mapping[str, Any]) -> dict[str, str]:
    """UNet module -> the original's, without the prefix: ``down_blocks.0.resnets.1`` -> ``input_blocks.2.0``."""
    table = {"conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0",
             "time_embedding.linear_2": "time_embed.2", "add_embedding.linear_1": "label_emb.0.0",
             "add_embedding.linear_2": "label_emb.0.2", "conv_norm_out": "out.0", "conv_out": "out.2",
             "mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1",
             "mid_block.resnets.1": "middle_block.2"}
    layers = _layers(config)
    for block, kind in enumerate(config["down_block_types"]):
        table |= _down(block, layers, "CrossAttn" in kind, last=block == len(config["down_block_types"]) - 1)
    for block, kind in enumerate(config["up_block_types"]):
        table |= _up(block, layers + 1, "CrossAttn" in kind, last=block == len(config["up_block_types"]) - 1)
    return table


def unet_naming(config: Mapping[str, Any]) -> Naming:
    """Sources of a UNet's tensors."""
    table = unet_modules(config)
    return lambda name: Source(UNET + original(name, table))


def original(name: str, table: Mapping[str, str]) -> str:
    """The original's name of a UNet's tensor or module, without the prefix; ``table`` from ``unet_modules``."""
    stem, rest = _split(name, table)
    return f"{stem}.{_swap(rest, _RESNET)}" if ".resnets." in name else f"{stem}.{rest}".rstrip(".")


def vae_naming(config: Mapping[str, Any]) -> Naming:
    """Sources of an AutoencoderKL's tensors."""
    count, layers = len(config["block_out_channels"]), _layers(config)
    table = {name: name for name in ("quant_conv", "post_quant_conv")}
    for side in ("encoder", "decoder"):
        table |= {f"{side}.conv_in": f"{side}.conv_in", f"{side}.conv_out": f"{side}.conv_out",
                  f"{side}.conv_norm_out": f"{side}.norm_out", f"{side}.mid_block.attentions.0": f"{side}.mid.attn_1",
                  f"{side}.mid_block.resnets.0": f"{side}.mid.block_1",
                  f"{side}.mid_block.resnets.1": f"{side}.mid.block_2"}
    for block in range(count):
        down, up = f"encoder.down_blocks.{block}", f"decoder.up_blocks.{block}"
        table |= {f"{down}.resnets.{k}": f"encoder.down.{block}.block.{k}" for k in range(layers)}
        table |= {f"{up}.resnets.{k}": f"decoder.up.{count - 1 - block}.block.{k}" for k in range(layers + 1)}
        table[f"{down}.downsamplers.0.conv"] = f"encoder.down.{block}.downsample.conv"
        table[f"{up}.upsamplers.0.conv"] = f"decoder.up.{count - 1 - block}.upsample.conv"
    return lambda name: Source(VAE + _vae(name, table))


def clip_naming(prefix: str) -> Naming:
    """Sources of a CLIP text encoder that the original keeps under transformers' own names."""
    return lambda name: Source(f"{prefix}text_model.{name.removeprefix('text_model.')}")


def open_clip_naming(prefix: str) -> Naming:
    """Sources of a text encoder that the original keeps as OpenCLIP's: q, k and v in one, the projection turned."""
    def source(name: str) -> Source:
        plain = name.removeprefix("text_model.")
        if plain == "text_projection.weight":
            return Source(prefix + "text_projection", turned=True)
        if plain in _OPEN_CLIP_TOP:
            return Source(prefix + _OPEN_CLIP_TOP[plain])
        layer, rest = plain.removeprefix("encoder.layers.").split(".", 1)
        stem = f"{prefix}transformer.resblocks.{layer}."
        part, _, kind = rest.rpartition(".")
        if part.startswith("self_attn.") and part[-6:] in ("q_proj", "k_proj", "v_proj"):
            return Source(f"{stem}attn.in_proj_{kind}", third="qkv".index(part[-6]))
        return Source(stem + _swap(rest, _OPEN_CLIP))
    return source


def _down(block: int, layers: int, attends: bool, *, last: bool) -> dict[str, str]:
    stem, first = f"down_blocks.{block}", 1 + block * (layers + 1)
    table = {f"{stem}.resnets.{k}": f"input_blocks.{first + k}.0" for k in range(layers)}
    if attends:
        table |= {f"{stem}.attentions.{k}": f"input_blocks.{first + k}.1" for k in range(layers)}
    if not last:
        table[f"{stem}.downsamplers.0.conv"] = f"input_blocks.{first + layers}.0.op"
    return table


def _up(block: int, layers: int, attends: bool, *, last: bool) -> dict[str, str]:
    stem, first = f"up_blocks.{block}", block * layers
    table = {f"{stem}.resnets.{k}": f"output_blocks.{first + k}.0" for k in range(layers)}
    if attends:
        table |= {f"{stem}.attentions.{k}": f"output_blocks.{first + k}.1" for k in range(layers)}
    if not last:
        table[f"{stem}.upsamplers.0.conv"] = f"output_blocks.{first + layers - 1}.{2 if attends else 1}.conv"
    return table


def _layers(config: Mapping[str, Any]) -> int:
    layers = config.get("layers_per_block", 2)
    if not isinstance(layers, int):
        raise VjError(f"a single file cannot have layers_per_block {layers}: give the model as a diffusers folder")
    return layers


def _vae(name: str, table: Mapping[str, str]) -> str:
    stem, rest = _split(name, table)
    return f"{stem}.{_swap(rest, _VAE_ATTENTION if '.attentions.' in name else _VAE_RESNET)}"


def _split(name: str, table: Mapping[str, str]) -> tuple[str, str]:
    """The module of ``table`` that ``name`` lies in, as the original calls it, and what follows."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        stem = table.get(".".join(parts[:count]))
        if stem is not None:
            return stem, ".".join(parts[count:])
    raise VjError(f"single files of this family have no {name}: give the model as a diffusers folder")


def _swap(rest: str, words: Mapping[str, str]) -> str:
    """``norm1.weight`` -> ``in_layers.0.weight``; what has no other word stays."""
    for word, other in words.items():
        if rest == word or rest.startswith(word + "."):
            return other + rest[len(word):]
    return rest
