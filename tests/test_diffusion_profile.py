"""The models vj knows by name are whole: families, decoders, licences, and what the stage has to know."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vj.models.diffusion.blueprint import family_configs
from vj.models.diffusion.inspect import FAMILIES, family_of_config, family_of_width
from vj.models.diffusion.profile import DECODERS, PIECES, PROFILES, pieces_of
from vj.types import VjError


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_whole(name: str) -> None:
    profile = PROFILES[name]
    assert profile.name == name
    assert profile.family in FAMILIES
    assert profile.sampler in ("euler", "lcm")
    assert 1 <= profile.steps <= profile.most_steps
    assert profile.sizes
    assert all(side % 64 == 0 for side in profile.sizes)
    assert profile.decoder in (None, DECODERS[profile.family])
    assert profile.help.endswith(".")
    assert profile.pieces[0] is profile.model
    assert all(piece.repo.count("/") == 1 for piece in profile.pieces)


def test_the_profiles_of_the_stage_are_there() -> None:
    assert list(PROFILES) == ["sd-turbo", "sdxl-turbo", "lcm", "sdxs"]
    lora = PROFILES["lcm"].lora
    assert lora is not None
    assert lora.file.endswith(".safetensors")
    assert PROFILES["lcm"].sampler == "lcm"


def test_whatever_is_not_free_for_all_is_asked_about() -> None:
    assert {name for name, piece in PIECES.items() if not piece.licence.ask} == {"taesd", "taesdxl"}
    assert all(piece.licence.summary.endswith(".") for piece in PIECES.values())


def test_a_name_means_its_pieces_and_another_name_is_told_the_known_ones() -> None:
    assert [piece.name for piece in pieces_of("lcm")] == ["sd15", "taesd", "lcm-lora"]
    assert [piece.name for piece in pieces_of("taesdxl")] == ["taesdxl"]
    with pytest.raises(VjError, match=r"no model 'x': take one of sd-turbo, sdxl-turbo, lcm, sdxs, or give the path"):
        pieces_of("x")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_configs_of_a_family_are_of_that_family(family: str) -> None:
    from pathlib import Path

    configs = family_configs(family)
    assert family_of_config(configs["unet"], Path("x")) == family
    assert family_of_width(configs["unet"]["cross_attention_dim"]) == family
    assert len(configs["pads"]) == (2 if family == "sdxl" else 1)


def test_what_the_show_may_ask_for_needs_neither_torch_nor_the_hub() -> None:
    code = ("import sys; import vj.models.diffusion.profile, vj.models.diffusion.store, vj.models.diffusion.inspect, "
            "vj.app.models; print([m for m in ('torch', 'diffusers', 'transformers', 'huggingface_hub') "
            "if m in sys.modules])")
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True,
                          text=True).stdout.strip() == "[]"
