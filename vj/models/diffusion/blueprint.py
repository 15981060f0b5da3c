"""What a model is made of, read from configs and headers alone: enough to say whether it can be opened, and how large
it is. Neither torch nor a tensor is touched here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from vj.models.diffusion.inspect import (
    FAMILIES,
    Tensors,
    check_model,
    family_of_file,
    read_config,
    read_header,
    weight_files,
)
from vj.models.diffusion.original import Naming, clip_naming, open_clip_naming, unet_naming, vae_naming
from vj.models.diffusion.place import Place
from vj.types import VjError

Decoder = Literal["tiny", "full"]
_FAMILIES = Path(__file__).with_name("families")
_LARGEST_SIDE, _MOST_ITEMS = 65_536, 32
_LARGEST = {"layers_per_block": 16, "num_hidden_layers": 96, "num_encoder_blocks": 32, "num_decoder_blocks": 32,
            "transformer_layers_per_block": 32}


@dataclass(frozen=True, slots=True)
class Component:
    """One network: its ``config``, the headers of its files, and how the files call its tensors (None: as we do)."""

    config: Mapping[str, Any]
    files: tuple[Tensors, ...]
    naming: Naming | None = None

    @property
    def numbers(self) -> int:
        """How many numbers its files hold."""
        return sum(tensors.numbers for tensors in self.files)


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A model before it is opened. ``tokenizers``: a folder or None for vj's own, and what fills up short texts."""

    family: str
    name: str
    unet: Component
    vae: Component
    texts: tuple[Component, ...]
    tokenizers: tuple[tuple[Path | None, str], ...]
    scheduler: Mapping[str, Any]
    sampler: str
    blank_is_zero: bool

    @property
    def numbers(self) -> int:
        """How many numbers have to find room; a single file counts once."""
        headers = {tensors.path: tensors for part in (self.unet, self.vae, *self.texts) for tensors in part.files}
        return sum(tensors.numbers for tensors in headers.values())


def blueprint(place: Place, vae: Decoder = "tiny", prefer: str = "fp16") -> Blueprint:
    """Read a model's configs and headers. Raises VjError, one sentence with the cure, for what cannot be opened."""
    if place.model.is_dir():
        return _of_folder(place, vae, prefer)
    if place.model.suffix == "" and not place.model.exists():
        raise VjError(f"{place.model} is not there: give the path of a diffusers folder or a .safetensors file")
    return _of_file(place, vae, prefer)


@lru_cache(maxsize=len(FAMILIES))
def family_configs(family: str) -> dict[str, Any]:
    """The configs of a family's full-size models, by component."""
    return read_config(_FAMILIES / f"{family}.json")


def _of_folder(place: Place, vae: Decoder, prefer: str) -> Blueprint:
    folder = place.model
    family = check_model(folder)
    suffixes = ("", "_2") if family == "sdxl" else ("",)
    pads = family_configs(family)["pads"]
    scheduler = read_config(folder / "scheduler" / "scheduler_config.json")
    index = read_config(folder / "model_index.json") if (folder / "model_index.json").is_file() else {}
    return Blueprint(
        family, place.name, _component(folder / "unet", prefer), _decoder(place, family, vae, prefer),
        tuple(_component(folder / f"text_encoder{suffix}", prefer) for suffix in suffixes),
        tuple((_existing(folder / f"tokenizer{suffix}"), pad) for suffix, pad in zip(suffixes, pads, strict=True)),
        scheduler, place.sampler or _sampler(scheduler), bool(index.get("force_zeros_for_empty_prompt", True)))


def _of_file(place: Place, vae: Decoder, prefer: str) -> Blueprint:
    """One file in the original layout; a folder of its name beside it may hold configs other than the family's."""
    tensors = read_header(place.model)
    family = family_of_file(tensors)
    beside = place.model.with_suffix("")
    configs = family_configs(family) | _own_configs(beside)
    full = Component(_sane(configs["vae"], place.model), (tensors,), vae_naming(configs["vae"]))
    scheduler = configs["scheduler"] | _prediction(tensors)
    suffixes = ("", "_2") if family == "sdxl" else ("",)
    return Blueprint(
        family, place.name,
        Component(_sane(configs["unet"], place.model), (tensors,), unet_naming(configs["unet"])),
        full if vae == "full" else _tiny(place, family, prefer),
        tuple(Component(_sane(configs[f"text_encoder{suffix}"], place.model), (tensors,), naming)
              for suffix, naming in zip(suffixes, _TEXTS[family], strict=True)),
        tuple((_existing(beside / f"tokenizer{suffix}"), pad)
              for suffix, pad in zip(suffixes, configs["pads"], strict=True)),
        scheduler, place.sampler or _sampler(scheduler), True)


_TEXTS: dict[str, tuple[Naming, ...]] = {
    "sd1": (clip_naming("cond_stage_model.transformer."),),
    "sd2": (open_clip_naming("cond_stage_model.model."),),
    "sdxl": (clip_naming("conditioner.embedders.0.transformer."), open_clip_naming("conditioner.embedders.1.model.")),
}


def decoder_for(place: Place, *, fine: bool = False) -> Decoder:
    """The decoder to draw a model with: the tiny one where there is one, or if ``fine`` the full one where there is."""
    kinds = {read_config(folder / "config.json").get("_class_name") for folder in _vae_folders(place)}
    has_full = place.model.is_file() or "AutoencoderKL" in kinds
    has_tiny = place.decoder is not None or "AutoencoderTiny" in kinds
    return "full" if has_full and (fine or not has_tiny) else "tiny"


def _vae_folders(place: Place) -> list[Path]:
    """Where a diffusers folder may have decoders."""
    return [folder for name in ("vae", "vae_large") if (folder := place.model / name).is_dir()]


def _decoder(place: Place, family: str, vae: Decoder, prefer: str) -> Component:
    """The tiny decoder or the full one. A model may bring both; its own tiny one was made for it."""
    wanted = "AutoencoderTiny" if vae == "tiny" else "AutoencoderKL"
    for folder in _vae_folders(place):
        if read_config(folder / "config.json").get("_class_name") == wanted:
            return _component(folder, prefer)
    if vae == "full":
        raise VjError(f"{place.name} has no full decoder (AutoencoderKL): take the tiny one")
    return _tiny(place, family, prefer)


def _tiny(place: Place, family: str, prefer: str) -> Component:
    if place.decoder is None:
        name = "taesdxl" if family == "sdxl" else "taesd"
        raise VjError(f"the tiny decoder for {place.name} is not here: run `vj models fetch {name}`, "
                      "or choose the full decoder")
    part = _component(place.decoder, prefer)
    if part.config.get("_class_name") != "AutoencoderTiny":
        raise VjError(f"{place.decoder} is no tiny decoder (AutoencoderTiny): run `vj models fetch taesd`")
    return part


def _component(folder: Path, prefer: str) -> Component:
    config = _sane(read_config(folder / "config.json"), folder / "config.json")
    return Component(config, tuple(read_header(path) for path in weight_files(folder, prefer)))


def _own_configs(folder: Path) -> dict[str, Any]:
    found = {name: read_config(path) for name in ("unet", "vae", "text_encoder", "text_encoder_2")
             if (path := folder / name / "config.json").is_file()}
    scheduler = folder / "scheduler" / "scheduler_config.json"
    return found | ({"scheduler": read_config(scheduler)} if scheduler.is_file() else {})


def _prediction(tensors: Tensors) -> dict[str, str]:
    """What the file itself says its network predicts (ModelSpec metadata, or the marker of v-prediction models)."""
    said = tensors.notes.get("modelspec.prediction_type", "")
    if said in ("v", "v_prediction") or "v_pred" in tensors.shapes:
        return {"prediction_type": "v_prediction"}
    return {"prediction_type": "epsilon"} if said == "epsilon" else {}


def _sampler(scheduler: Mapping[str, Any]) -> str:
    return "lcm" if scheduler.get("_class_name") == "LCMScheduler" else "euler"


def _existing(folder: Path) -> Path | None:
    return folder if folder.is_dir() else None


def _sane(config: Mapping[str, Any], where: Path) -> Mapping[str, Any]:
    """The config itself; VjError where it would build something beyond any model of these families."""
    for name, value in config.items():
        items = value if isinstance(value, list) else [value]
        sides = [item for item in items if isinstance(item, int | float)]
        if len(items) > _MOST_ITEMS or any(not 0 <= side <= _LARGEST.get(name, _LARGEST_SIDE) for side in sides):
            raise VjError(f"{where} says {name} = {value}, which no model has: fetch the model again")
    return config
