"""Few-step models with random weights: the speed of a network does not depend on what it has learnt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

from vj.models import diffusion
from vj.models.diffusion.loader import Parts
from vj.models.diffusion.lora import Loras
from vj.models.diffusion.text import Encoder, Reader
from vj.models.diffusion.words import open_tokenizer

FAMILIES = {"sd-turbo": "sd2", "sdxl-turbo": "sdxl"}
NOISE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
         "prediction_type": "epsilon", "timestep_spacing": "trailing", "steps_offset": 1}
SCHEDULERS = {"sd-turbo": "EulerDiscreteScheduler", "sdxl-turbo": "EulerAncestralDiscreteScheduler"}
SMALL_UNET = {"block_out_channels": [32, 64], "layers_per_block": 1, "attention_head_dim": [2, 4],
              "norm_num_groups": 8}
SMALL = {
    "sd2": SMALL_UNET | {"cross_attention_dim": 32, "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
                         "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"]},
    "sdxl": SMALL_UNET | {"cross_attention_dim": 64, "transformer_layers_per_block": [1, 2],
                          "addition_time_embed_dim": 8, "projection_class_embeddings_input_dim": 80,
                          "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
                          "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"]},
}
"""What a tiny UNet has instead."""
SMALL_TEXT = {"hidden_size": 32, "intermediate_size": 37, "num_attention_heads": 4, "num_hidden_layers": 3,
              "projection_dim": 32}
SMALL_TAESD = {"encoder_block_out_channels": [16] * 4, "decoder_block_out_channels": [16] * 4,
               "num_encoder_blocks": [1] * 4, "num_decoder_blocks": [1] * 4}
SMALL_KL = {"block_out_channels": [8, 8, 16, 16], "layers_per_block": 1, "norm_num_groups": 4}


def parts_of(name: str, device: str, tiny: bool) -> Parts:
    """The model with TAESD, as ``open_parts`` gives it."""
    torch.manual_seed(0)
    family, kind = FAMILIES[name], dtype_of(device)
    unet = _network("UNet2DConditionModel", plan(family)["unet"] | (SMALL[family] if tiny else {}), device, kind)
    taesd = _network("AutoencoderTiny", SMALL_TAESD if tiny else {}, device, kind)
    return Parts(family, name, unet, taesd, encoder_of(family, device, tiny), scheduler_of(name), "euler", device, kind,
                 Loras(unet, family))


def full_decoder(name: str, device: str, tiny: bool) -> Any:
    """The model's own VAE, which diffusers uses where nothing else is asked for."""
    config = plan(FAMILIES[name])["vae"] | (SMALL_KL if tiny else {})
    return _network("AutoencoderKL", config, device, dtype_of(device))


def dtype_of(device: str) -> torch.dtype:
    return torch.float16 if device.startswith("cuda") else torch.float32


def scheduler_of(name: str) -> dict[str, Any]:
    return NOISE | {"_class_name": SCHEDULERS[name]}


def plan(family: str) -> dict[str, Any]:
    """The configs of a family, as vj itself has them for single files."""
    folder = Path(str(diffusion.__file__)).parent / "families"
    found: dict[str, Any] = json.loads((folder / f"{family}.json").read_text("utf-8"))
    return found


def weight_bytes(parts: Parts) -> int:
    """What one picture reads of weights at least: UNet and decoder once."""
    modules = (parts.unet, parts.vae.decoder)
    return sum(p.numel() * p.element_size() for module in modules for p in module.parameters())


def encoder_of(family: str, device: str, tiny: bool) -> Encoder:
    """CLIP's, or two of them, with CLIP's own vocabulary."""
    configs, readers = plan(family), []
    for folder, pad in zip(("text_encoder", "text_encoder_2"), configs["pads"], strict=False):
        config = configs[folder] | (SMALL_TEXT if tiny else {})
        kind = getattr(transformers, config.pop("architectures")[0])
        with torch.device(device):
            model = kind(transformers.CLIPTextConfig(**config)).to(dtype_of(device)).eval().requires_grad_(False)
        readers.append(Reader(open_tokenizer(None, pad), model, -2 if family == "sdxl" else None))
    return Encoder(readers, blank_is_zero=family == "sdxl")


def _network(name: str, config: dict[str, Any], device: str, kind: torch.dtype) -> Any:
    settings = {key: value for key, value in config.items() if not key.startswith("_")}
    with torch.device(device):
        model = torch.nn.Module.to(getattr(diffusers, name)(**settings), kind).eval().requires_grad_(False)
    return model.to(memory_format=torch.channels_last) if device.startswith("cuda") else model
