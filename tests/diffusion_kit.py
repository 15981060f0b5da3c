"""Tiny diffusion models in the file layouts of the real ones, made at run time: a few MB, under a second each.

A model's weights are random and depend on ``seed`` alone. Only the sizes differ from what the hub holds: the names of
files, configs and tensors are those of SD 1.5, SD-Turbo (2.x), SDXL-Turbo and TAESD.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

WIDTH = 32
"""Channels of one tiny text encoder."""

UNET: dict[str, Any] = {
    "_class_name": "UNet2DConditionModel", "sample_size": 8, "in_channels": 4, "out_channels": 4,
    "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
    "block_out_channels": [32, 64], "layers_per_block": 1, "cross_attention_dim": WIDTH, "attention_head_dim": 4,
    "act_fn": "silu", "norm_num_groups": 8, "norm_eps": 1e-5, "flip_sin_to_cos": True, "freq_shift": 0,
    "downsample_padding": 1, "mid_block_scale_factor": 1, "center_input_sample": False,
}
UNET_2: dict[str, Any] = UNET | {"attention_head_dim": [2, 4], "use_linear_projection": True,
                                 "dual_cross_attention": False, "upcast_attention": False}
UNET_XL: dict[str, Any] = UNET_2 | {
    "cross_attention_dim": 2 * WIDTH, "transformer_layers_per_block": [1, 2], "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8, "projection_class_embeddings_input_dim": 6 * 8 + WIDTH,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"], "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
}
KL: dict[str, Any] = {
    "_class_name": "AutoencoderKL", "in_channels": 3, "out_channels": 3, "latent_channels": 4,
    "block_out_channels": [8, 8, 16, 16], "layers_per_block": 1, "norm_num_groups": 4, "act_fn": "silu",
    "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4,
    "sample_size": 64, "scaling_factor": 0.18215,
}
TINY: dict[str, Any] = {
    "_class_name": "AutoencoderTiny", "in_channels": 3, "out_channels": 3, "encoder_block_out_channels": [16] * 4,
    "decoder_block_out_channels": [16] * 4, "num_encoder_blocks": [1] * 4, "num_decoder_blocks": [1] * 4,
    "latent_channels": 4, "act_fn": "relu", "latent_magnitude": 3, "latent_shift": 0.5, "scaling_factor": 1.0,
    "upsampling_scaling_factor": 2, "force_upcast": False,
}
TEXT: dict[str, Any] = {
    "architectures": ["CLIPTextModel"], "model_type": "clip_text_model", "hidden_size": WIDTH,
    "intermediate_size": 37, "num_attention_heads": 4, "num_hidden_layers": 3, "vocab_size": 514,
    "max_position_embeddings": 77, "projection_dim": WIDTH, "layer_norm_eps": 1e-5, "hidden_act": "quick_gelu",
    "bos_token_id": 512, "eos_token_id": 2, "pad_token_id": 1,
}
NOISE: dict[str, Any] = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
    "prediction_type": "epsilon", "steps_offset": 1, "trained_betas": None,
}
PNDM = NOISE | {"_class_name": "PNDMScheduler", "skip_prk_steps": True, "set_alpha_to_one": False}
EULER = NOISE | {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "trailing"}
ANCESTRAL = NOISE | {"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}


def sd1(folder: Path, *, seed: int = 0, variants: Iterable[str] = ("",), unet: Mapping[str, Any] = UNET) -> Path:
    """A folder as SD 1.5's: heads told by their number, convolutions around attention, a PNDM scheduler."""
    _index(folder, "StableDiffusionPipeline", vae="AutoencoderKL", text_encoder="CLIPTextModel", scheduler=PNDM)
    _module(folder / "unet", unet, seed, variants)
    _module(folder / "vae", KL, seed + 1, variants)
    _text(folder / "text_encoder", TEXT, seed + 2, variants, position_ids=True)
    tokenizer(folder / "tokenizer", pad="<|endoftext|>")
    return folder


def sd2(folder: Path, *, seed: int = 0, variants: Iterable[str] = ("",), unet: Mapping[str, Any] = UNET_2) -> Path:
    """A folder as SD-Turbo's: linear projections, OpenCLIP's text encoder less its last layer, trailing Euler."""
    _index(folder, "StableDiffusionPipeline", vae="AutoencoderKL", text_encoder="CLIPTextModel", scheduler=EULER)
    _module(folder / "unet", unet, seed, variants)
    _module(folder / "vae", KL, seed + 1, variants)
    _text(folder / "text_encoder", TEXT | {"hidden_act": "gelu"}, seed + 2, variants)
    tokenizer(folder / "tokenizer", pad="!")
    return folder


def sdxl(folder: Path, *, seed: int = 0, variants: Iterable[str] = ("",), unet: Mapping[str, Any] = UNET_XL) -> Path:
    """A folder as SDXL-Turbo's: two text encoders, the second with a projection, sizes told to the UNet."""
    _index(folder, "StableDiffusionXLPipeline", vae="AutoencoderKL", text_encoder="CLIPTextModel", scheduler=ANCESTRAL)
    _module(folder / "unet", unet, seed, variants)
    _module(folder / "vae", KL | {"scaling_factor": 0.13025, "force_upcast": True}, seed + 1, variants)
    _text(folder / "text_encoder", TEXT, seed + 2, variants)
    second = TEXT | {"architectures": ["CLIPTextModelWithProjection"], "hidden_act": "gelu"}
    _text(folder / "text_encoder_2", second, seed + 3, variants)
    tokenizer(folder / "tokenizer", pad="<|endoftext|>")
    tokenizer(folder / "tokenizer_2", pad="!")
    return folder


def taesd(folder: Path, *, seed: int = 9) -> Path:
    """A folder as madebyollin/taesd or taesdxl on the hub: config and weights at its top."""
    return _module(folder, TINY, seed, ("",))


def tokenizer(folder: Path, *, pad: str) -> Path:
    """CLIP's byte tokenizer without a merge: 514 tokens, the files and special tokens of the real one."""
    symbols = [chr(code) for code in byte_symbols()]
    vocabulary = [*symbols, *(symbol + "</w>" for symbol in symbols), "<|startoftext|>", "<|endoftext|>"]
    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
               "pad_token": pad}
    settings = special | {"add_prefix_space": False, "do_lower_case": True, "errors": "replace",
                          "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
    _json(folder / "vocab.json", {token: number for number, token in enumerate(vocabulary)})
    _json(folder / "special_tokens_map.json", special)
    _json(folder / "tokenizer_config.json", settings)
    (folder / "merges.txt").write_text("#version: 0.2\n", "utf-8")
    return folder


def byte_symbols() -> list[int]:
    """The code points that stand for the 256 bytes, in the vocabulary's order: printable bytes first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return printable + list(range(256, 256 + 256 - len(printable)))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """The tensors of one component as its file holds them."""
    (path,) = (path for path in folder.glob("*.safetensors") if ".fp16." not in path.name)
    return load_file(path)


def _index(folder: Path, pipeline: str, *, vae: str, text_encoder: str, scheduler: Mapping[str, Any]) -> None:
    index: dict[str, Any] = {
        "_class_name": pipeline, "_diffusers_version": "0.42.1", "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", vae], "scheduler": ["diffusers", scheduler["_class_name"]],
        "text_encoder": ["transformers", text_encoder], "tokenizer": ["transformers", "CLIPTokenizer"],
    }
    if "XL" in pipeline:
        index |= {"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
                  "tokenizer_2": ["transformers", "CLIPTokenizer"], "force_zeros_for_empty_prompt": True}
    else:
        index |= {"safety_checker": [None, None], "feature_extractor": [None, None], "requires_safety_checker": False}
    _json(folder / "model_index.json", index)
    _json(folder / "scheduler" / "scheduler_config.json", scheduler)


def _module(folder: Path, config: Mapping[str, Any], seed: int, variants: Iterable[str]) -> Path:
    import diffusers

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = getattr(diffusers, config["_class_name"])(**{k: v for k, v in config.items() if k[0] != "_"})
    _json(folder / "config.json", config)
    _save(folder, "diffusion_pytorch_model", module.state_dict(), variants)
    return folder


def _text(folder: Path, config: Mapping[str, Any], seed: int, variants: Iterable[str], *,
          position_ids: bool = False) -> None:
    import transformers

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        settings = transformers.CLIPTextConfig(**{k: v for k, v in config.items() if k != "model_type"})
        module = getattr(transformers, config["architectures"][0])(settings)
        state = {key: torch.randn_like(value) * 0.05 + (1.0 if "norm" in key and "weight" in key else 0.0)
                 for key, value in module.state_dict().items()}
    names = {key if key.startswith(("text_model.", "text_projection.")) else "text_model." + key: value
             for key, value in state.items()}
    if position_ids:
        names["text_model.embeddings.position_ids"] = torch.arange(77)[None]
    _json(folder / "config.json", config)
    _save(folder, "model", names, variants)


def _save(folder: Path, stem: str, state: Mapping[str, torch.Tensor], variants: Iterable[str]) -> None:
    for variant in variants:
        kept = {key: value.half() if variant == "fp16" and value.is_floating_point() else value
                for key, value in state.items()}
        save_file({key: value.contiguous() for key, value in kept.items()},
                  folder / ".".join(filter(None, (stem, variant, "safetensors"))), {"format": "pt"})


def _json(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2), "utf-8")
