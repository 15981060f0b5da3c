"""Which files of a repository vj wants: safetensors and configs, half precision where there is a choice."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vj.models.diffusion.hub import Listing, Remote
from vj.models.diffusion.profile import Piece
from vj.types import VjError

NETWORKS = ("unet", "vae", "vae_large", "text_encoder", "text_encoder_2")
"""Folders of a model that hold weights vj may use."""
_WORDS = ("vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json")
_TABLES = ("model_index.json", "scheduler/scheduler_config.json",
           *(f"{folder}/{name}" for folder in ("tokenizer", "tokenizer_2") for name in _WORDS))
_WEIGHTS = re.compile(r"(?:diffusion_pytorch_model|model)(\.fp16)?(?:-\d+-of-\d+)?(\.fp16)?\.safetensors")
_INDEX = re.compile(r"(?:diffusion_pytorch_model|model)\.safetensors\.index(\.fp16)?\.json")
_PICKLED = (".bin", ".ckpt", ".pt", ".pth")


def wanted(listing: Listing, piece: Piece) -> list[Remote]:
    """The files to fetch, the licence first. Raises VjError where the repository has no safetensors for it."""
    if piece.kind == "lora":
        files = [file for file in listing.files if file.path == piece.file]
        if not files:
            raise VjError(f"{listing.repo} has no file {piece.file} any more: give another LoRA by its path")
        return licences(listing) + files
    if piece.kind == "decoder":
        return licences(listing) + _network(listing, "")
    tables = [file for file in listing.files if file.path in _TABLES]
    networks = [file for folder in NETWORKS if _in(listing, folder + "/") for file in _network(listing, folder + "/")]
    return licences(listing) + tables + networks


def licences(listing: Listing) -> list[Remote]:
    """The repository's licence files."""
    return [file for file in listing.files if re.fullmatch(r"LICEN[CS]E(\.\w+)?", file.path, re.IGNORECASE)]


def _network(listing: Listing, folder: str) -> list[Remote]:
    """One network's config and weights: half precision if it is there."""
    held = _in(listing, folder)
    names = {file: file.path.removeprefix(folder) for file in held}
    for half in (True, False):
        weights = [file for file, name in names.items() if (m := _WEIGHTS.fullmatch(name)) and any(m.groups()) == half]
        if weights:
            lists = [file for file, name in names.items() if (m := _INDEX.fullmatch(name)) and bool(m[1]) == half]
            return [file for file, name in names.items() if name == "config.json"] + _once(weights) + lists
    kind = "only pickled weights, which can run code" if any(name.endswith(_PICKLED) for name in names.values()) \
        else "no weights (.safetensors)"
    raise VjError(f"{listing.repo} has {kind} in {folder or 'it'}: give another copy of the model by its path")


def _once(weights: Sequence[Remote]) -> list[Remote]:
    """One whole file if there is one, else all shards."""
    whole = [file for file in weights if "-of-" not in file.path]
    return whole[:1] or list(weights)


def _in(listing: Listing, folder: str) -> list[Remote]:
    return [file for file in listing.files if file.path.startswith(folder)
            and "/" not in file.path.removeprefix(folder)]
