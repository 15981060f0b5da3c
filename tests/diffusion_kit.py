"""Tiny diffusion models in the file layouts of the real ones, made at run time: a few MB, under a second each.

A model's weights are random and depend on ``seed`` alone. Only the sizes differ from what the hub holds: the names of
files, configs and tensors are those of SD 1.5, SD-Turbo (2.x), SDXL-Turbo and TAESD.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
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
    _module(folder / "vae", KL, seed + 1, variants, names=_NAMES_OF_2022)
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


def colourful(folder: Path, *, seed: int = 5) -> Path:
    """The decoder in a ``folder`` spread over the whole range: a random one gives plain grey."""
    (path,) = folder.glob("*.safetensors")
    state, generator = load_file(path), torch.Generator().manual_seed(seed)
    for name, value in state.items():
        if name.startswith("decoder.") and value.ndim == 4:
            state[name] = torch.randn(value.shape, generator=generator) * (2.0 / value[0].numel()) ** 0.5
        elif name.startswith("decoder.") and name.endswith(".bias"):
            state[name] = torch.zeros_like(value)
    save_file(state, path, {"format": "pt"})
    return folder


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


def hub(folder: Path) -> Path:
    """What the hub holds of vj's profiles, tiny: ``folder/<owner>/<name>``, with licences and with files that vj must
    leave alone.
    """
    both = ("", "fp16")
    turbo = sd2(folder / "stabilityai" / "sd-turbo", variants=both)
    sdxl(folder / "stabilityai" / "sdxl-turbo", variants=both)
    base = sd1(folder / "stable-diffusion-v1-5" / "stable-diffusion-v1-5", variants=both)
    taesd(folder / "madebyollin" / "taesd")
    taesd(folder / "madebyollin" / "taesdxl", seed=10)
    small = sd1(folder / "IDKiro" / "sdxs-512-dreamshaper", seed=20)
    (small / "vae").rename(small / "vae_large")
    taesd(small / "vae", seed=21)
    for repo in (turbo, base):
        (repo / "LICENSE.md").write_text("Terms of a test: be kind.\n", "utf-8")
        (repo / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"PK\x03\x04 pickled")
        (repo / "README.md").write_text("# read me\n", "utf-8")
    from diffusers import UNet2DConditionModel

    adapter = folder / "latent-consistency" / "lcm-lora-sdv1-5" / "pytorch_lora_weights.safetensors"
    adapter.parent.mkdir(parents=True)
    lora(adapter, UNet2DConditionModel(**{k: v for k, v in UNET.items() if k[0] != "_"}), "kohya")
    return folder


def single_file(path: Path, folder: Path) -> Path:
    """The model of a diffusers ``folder`` as one file in the original layout, half precision, its configs and
    tokenizers in a folder of its name beside it (a full-size model needs none: vj knows the families' configs).
    """
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    config = json.loads((folder / "unet" / "config.json").read_text("utf-8"))
    state = {f"model.diffusion_model.{_original_unet(name, config)}": value
             for name, value in weights(folder / "unet").items()}
    for name, value in weights(folder / "vae").items():
        is_1x1 = ".attentions." in name and value.ndim == 2
        state[f"first_stage_model.{_original_vae(name)}"] = value[:, :, None, None] if is_1x1 else value
    if "XL" in index["_class_name"]:
        state |= _as_clip(weights(folder / "text_encoder"), "conditioner.embedders.0.transformer.")
        state |= _as_open_clip(weights(folder / "text_encoder_2"), "conditioner.embedders.1.model.")
    elif config.get("use_linear_projection"):
        state |= _as_open_clip(weights(folder / "text_encoder"), "cond_stage_model.model.")
    else:
        state |= _as_clip(weights(folder / "text_encoder"), "cond_stage_model.transformer.")
    state["alphas_cumprod"] = torch.linspace(1.0, 0.0, 1000)
    for name in ("unet", "vae", "text_encoder", "text_encoder_2"):
        if (folder / name).is_dir():
            _json(path.with_suffix("") / name / "config.json", json.loads((folder / name / "config.json").read_text()))
    for name in ("tokenizer", "tokenizer_2", "scheduler"):
        if (folder / name).is_dir():
            shutil.copytree(folder / name, path.with_suffix("") / name, dirs_exist_ok=True)
    save_file({name: value.half().contiguous() for name, value in state.items()}, path)
    return path


def lora(path: Path, unet: torch.nn.Module, layout: str = "peft", *, rank: int = 2, alpha: float = 1.0, seed: int = 4,
         modules: Iterable[str] = ("to_q", "to_k", "to_v", "to_out.0", "conv1", "proj_in", "linear_1")) -> Path:
    """A LoRA for ``unet``. Layouts: ``peft`` (diffusers today), ``diffusers`` (its attention processors of 2023),
    ``kohya`` (LCM-LoRA's), ``original`` (kohya's for SDXL).
    """
    generator = torch.Generator().manual_seed(seed)
    state: dict[str, torch.Tensor] = {}
    for name, module in unet.named_modules():
        weight = getattr(module, "weight", None)
        if name.endswith(tuple(modules)) and weight is not None and (layout != "diffusers" or "attn" in name):
            side, rest = weight.shape[0], weight.shape[1:]
            down = torch.randn(rank, *rest, generator=generator) * 0.1
            up = torch.randn(side, rank, *[1] * (weight.ndim - 2), generator=generator) * 0.1
            state |= _lora_keys(layout, name, unet.config, down, up, alpha)  # type: ignore[arg-type]
    save_file(state, path, {"format": "pt"})
    return path


def _lora_keys(layout: str, name: str, config: Mapping[str, Any], down: torch.Tensor, up: torch.Tensor,
               alpha: float) -> dict[str, torch.Tensor]:
    if layout == "peft":
        return {f"unet.{name}.lora_A.weight": down, f"unet.{name}.lora_B.weight": up,
                f"unet.{name}.alpha": torch.tensor(alpha)}
    if layout == "diffusers":
        stem, _, last = name.removesuffix(".0").rpartition(".")
        return {f"{stem}.processor.{last}_lora.down.weight": down, f"{stem}.processor.{last}_lora.up.weight": up}
    stem = name if layout == "kohya" else _original_unet(name + ".", config).removesuffix(".")
    stem = "lora_unet_" + stem.replace(".", "_")
    return {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up, f"{stem}.alpha": torch.tensor(alpha)}


_RESNET = {"norm1.": "in_layers.0.", "conv1.": "in_layers.2.", "time_emb_proj.": "emb_layers.1.",
           "norm2.": "out_layers.0.", "conv2.": "out_layers.3.", "conv_shortcut.": "skip_connection."}
_TOP = {"conv_in.": "input_blocks.0.0.", "time_embedding.linear_1.": "time_embed.0.",
        "time_embedding.linear_2.": "time_embed.2.", "add_embedding.linear_1.": "label_emb.0.0.",
        "add_embedding.linear_2.": "label_emb.0.2.", "conv_norm_out.": "out.0.", "conv_out.": "out.2.",
        "mid_block.resnets.0.": "middle_block.0.", "mid_block.attentions.0.": "middle_block.1.",
        "mid_block.resnets.1.": "middle_block.2."}


def _original_unet(name: str, config: Mapping[str, Any]) -> str:
    """Where the original UNet keeps a tensor: its input blocks count conv_in, layers and downsamplers in one row."""
    per = config["layers_per_block"] + 1
    if ".resnets." in name:
        name = _renamed(name, _RESNET)
    for new, old in _TOP.items():
        if name.startswith(new):
            return old + name[len(new):]
    side, block, part, layer, rest = name.split(".", 4)
    number = int(block) * per + int(layer)
    if side == "down_blocks":
        if part == "downsamplers":
            return f"input_blocks.{(int(block) + 1) * per}.0.op.{rest.removeprefix('conv.')}"
        return f"input_blocks.{number + 1}.{int(part == 'attentions')}.{rest}"
    if part == "upsamplers":
        attends = "CrossAttn" in config["up_block_types"][int(block)]
        return f"output_blocks.{(int(block) + 1) * per - 1}.{1 + attends}.{rest}"
    return f"output_blocks.{number}.{int(part == 'attentions')}.{rest}"


def _original_vae(name: str) -> str:
    """Where the original decoder keeps a tensor: its up blocks count from the picture inwards."""
    attention = {".group_norm.": ".norm.", ".to_q.": ".q.", ".to_k.": ".k.", ".to_v.": ".v.",
                 ".to_out.0.": ".proj_out.", ".query.": ".q.", ".key.": ".k.", ".value.": ".v.",
                 ".proj_attn.": ".proj_out."}
    name = _renamed(name, attention if ".attentions." in name else {"conv_shortcut": "nin_shortcut"})
    name = _renamed(name, {"mid_block.attentions.0": "mid.attn_1", "mid_block.resnets.0": "mid.block_1",
                           "mid_block.resnets.1": "mid.block_2", "conv_norm_out": "norm_out",
                           "downsamplers.0": "downsample", "upsamplers.0": "upsample"})
    parts = name.split(".")
    if parts[1] in ("down_blocks", "up_blocks"):
        block = int(parts[2]) if parts[1] == "down_blocks" else len(KL["block_out_channels"]) - 1 - int(parts[2])
        parts[1:3] = [parts[1].removesuffix("_blocks"), str(block)]
    return ".".join("block" if part == "resnets" else part for part in parts)


def _as_clip(state: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + name: value for name, value in state.items()}


def _as_open_clip(state: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """OpenCLIP keeps q, k and v in one tensor and its projection turned."""
    words = {"text_model.encoder.layers.": "transformer.resblocks.", "layer_norm1": "ln_1", "layer_norm2": "ln_2",
             "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj", "self_attn.out_proj": "attn.out_proj",
             "text_model.final_layer_norm": "ln_final", "text_model.embeddings.token_embedding": "token_embedding",
             "text_model.embeddings.position_embedding.weight": "positional_embedding"}
    found = {prefix + _renamed(name, words): value for name, value in state.items()
             if not name.endswith(("q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias", "v_proj.weight",
                                   "v_proj.bias", "text_projection.weight"))}
    for name in state:
        if "q_proj." in name:
            stem, _, kind = _renamed(name, words).partition("self_attn.q_proj.")
            found[f"{prefix}{stem}attn.in_proj_{kind}"] = torch.cat(
                [state[name.replace("q_proj", f"{letter}_proj")] for letter in "qkv"])
    if "text_projection.weight" in state:
        found[prefix + "text_projection"] = state["text_projection.weight"].t()
    return found


def spoil(path: Path, changes: Mapping[str, Any]) -> None:
    """Change a JSON file's entries."""
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | dict(changes)), "utf-8")


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


_NAMES_OF_2022 = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}
"""SD 1.5's full decoder is still published under these."""


def _module(folder: Path, config: Mapping[str, Any], seed: int, variants: Iterable[str],
            names: Mapping[str, str] = MappingProxyType({})) -> Path:
    import diffusers

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = getattr(diffusers, config["_class_name"])(**{k: v for k, v in config.items() if k[0] != "_"})
    _json(folder / "config.json", config)
    state = {}
    for name, value in module.state_dict().items():
        state[_renamed(name, names)] = value
    _save(folder, "diffusion_pytorch_model", state, variants)
    return folder


def _renamed(name: str, names: Mapping[str, str]) -> str:
    for new, old in names.items():
        name = name.replace(new, old)
    return name


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
