"""Models in the real layouts through vj's loader, against diffusers' own loading of the same files."""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from pathlib import Path
from typing import Any

import diffusion_kit as kit
import pytest
import torch
from safetensors.torch import load_file, save_file

from vj.models.diffusion import original, room
from vj.models.diffusion.blueprint import blueprint, decoder_for, family_configs
from vj.models.diffusion.loader import Parts, best_dtype, open_parts
from vj.models.diffusion.place import Place
from vj.types import VjError

FAMILIES = ("sd1", "sd2", "sdxl")
UNETS = {"sd1": kit.UNET, "sd2": kit.UNET_2, "sdxl": kit.UNET_XL}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of each family, whose UNets have two layers a block, and the tiny decoder."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    for family in FAMILIES:
        getattr(kit, family)(folder / family, unet=UNETS[family] | {"layers_per_block": 2}, variants=("", "fp16"))
        kit.single_file(folder / "files" / f"{family}.safetensors", folder / family)
    kit.taesd(folder / "taesd")
    return folder


@pytest.fixture
def copy(shelf: Path, tmp_path: Path) -> Path:
    """A folder of SD 2.x to spoil."""
    return Path(shutil.copytree(shelf / "sd2", tmp_path / "sd2"))


def theirs(shelf: Path, family: str) -> Any:
    import diffusers

    kind = diffusers.StableDiffusionXLPipeline if family == "sdxl" else diffusers.StableDiffusionPipeline
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind.from_pretrained(shelf / family, local_files_only=True)


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    ours, others = a.state_dict(), b.state_dict()
    return ours.keys() == others.keys() and all(torch.equal(ours[name], others[name]) for name in ours)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_gives_what_diffusers_own_pipeline_loads(shelf: Path, family: str) -> None:
    parts, pipe = open_parts(shelf / family, vae="full"), theirs(shelf, family)
    assert (parts.family, parts.name, parts.device, parts.dtype) == (family, family, "cpu", torch.float32)
    assert same(parts.unet, pipe.unet)
    assert same(parts.vae, pipe.vae)
    assert parts.scheduler["_class_name"] == type(pipe.scheduler).__name__
    assert parts.sampler == "euler"
    assert not parts.unet.training
    assert not any(p.requires_grad for p in parts.unet.parameters())
    x, t, text = torch.randn(1, 4, 8, 8), torch.tensor(999), torch.randn(1, 77, parts.unet.config.cross_attention_dim)
    more = {"added_cond_kwargs": {"text_embeds": torch.randn(1, kit.WIDTH), "time_ids": torch.ones(1, 6)}}
    with torch.no_grad():
        ours, other = (unet(x, t, text, **(more if family == "sdxl" else {})).sample
                       for unet in (parts.unet, pipe.unet))
    assert torch.equal(ours, other)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_single_file_gives_what_its_folder_gives(shelf: Path, family: str) -> None:
    """The names are checked against diffusers' own conversion of the same file."""
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint

    file, whole = shelf / "files" / f"{family}.safetensors", open_parts(shelf / family, vae="full")
    parts = open_parts(file, vae="full")
    assert (parts.family, parts.name) == (family, family)
    for mine, folder in ((parts.unet, whole.unet), (parts.vae, whole.vae)):
        rounded = {name: value.half().float() for name, value in folder.state_dict().items()}
        assert all(torch.equal(value, rounded[name]) for name, value in mine.state_dict().items())
    config = json.loads((shelf / family / "unet" / "config.json").read_text())
    unet = convert_ldm_unet_checkpoint(load_file(file), config=config)
    assert all(torch.equal(unet[name].float(), value) for name, value in parts.unet.state_dict().items())
    vae = convert_ldm_vae_checkpoint(load_file(file), config=kit.KL)
    assert all(torch.equal(vae[name].float(), value) for name, value in parts.vae.state_dict().items())
    ours, theirs = parts.encoder.encode("a cat"), whole.encoder.encode("a cat")
    torch.testing.assert_close(ours.tokens, theirs.tokens, atol=5e-3, rtol=0.0)  # the file holds half precision
    if family == "sdxl":
        assert ours.pooled is not None
        torch.testing.assert_close(ours.pooled, theirs.pooled, atol=5e-3, rtol=0.0)


def test_the_tiny_decoder_is_taken_unless_the_full_one_is_asked_for(shelf: Path) -> None:
    parts = open_parts(Place("mine", shelf / "sd2", shelf / "taesd"))
    assert type(parts.vae).__name__ == "AutoencoderTiny"
    assert parts.name == "mine"
    with torch.no_grad():
        assert parts.vae.decode(torch.zeros(1, 4, 8, 8)).sample.shape == (1, 3, 64, 64)
    assert type(open_parts(Place("mine", shelf / "sd2", shelf / "taesd"), vae="full").vae).__name__ == "AutoencoderKL"
    assert decoder_for(Place("mine", shelf / "sd2")) == "full", "there is no other"
    assert decoder_for(Place("mine", shelf / "sd2", shelf / "taesd")) == "tiny"
    assert decoder_for(Place("mine", shelf / "sd2", shelf / "taesd"), fine=True) == "full"
    with pytest.raises(VjError, match="the tiny decoder for sd2 is not here: run `vj models fetch taesd`, or choose"):
        open_parts(shelf / "sd2")
    with pytest.raises(VjError, match="run `vj models fetch taesdxl`"):
        open_parts(shelf / "sdxl")


def test_a_model_with_a_tiny_decoder_of_its_own_uses_it(shelf: Path, copy: Path) -> None:
    (copy / "vae").rename(copy / "vae_large")
    kit.taesd(copy / "vae", seed=77)
    own = load_file(copy / "vae" / "diffusion_pytorch_model.safetensors")
    parts = open_parts(Place("sdxs", copy, shelf / "taesd"))
    assert all(torch.equal(value, own[name]) for name, value in parts.vae.state_dict().items())
    assert type(open_parts(copy, vae="full").vae).__name__ == "AutoencoderKL"
    assert (decoder_for(Place("sdxs", copy)), decoder_for(Place("sdxs", copy), fine=True)) == ("tiny", "full")
    shutil.rmtree(copy / "vae_large")
    assert decoder_for(Place("sdxs", copy), fine=True) == "tiny", "it has no finer one"
    with pytest.raises(VjError, match="has no full decoder"):
        open_parts(copy, vae="full")


def test_half_precision_is_read_where_it_is_drawn_in(shelf: Path) -> None:
    full, half = open_parts(shelf / "sdxl", vae="full"), open_parts(shelf / "sdxl", dtype=torch.float16, vae="full")
    assert {v.dtype for v in half.unet.state_dict().values()} == {torch.float16}
    assert half.vae.dtype == torch.float32  # its config says that half precision overflows
    assert open_parts(shelf / "sdxl", dtype=torch.bfloat16, vae="full").vae.dtype == torch.bfloat16
    assert torch.equal(half.unet.conv_in.weight, full.unet.conv_in.weight.half())
    assert half.encoder.encode("a").tokens.dtype == torch.float32
    plan = blueprint(Place.at(shelf / "sdxl"), "full", "fp16")
    assert all(".fp16." in part.files[0].path.name for part in (plan.unet, plan.vae, *plan.texts))
    assert [best_dtype(device) for device in ("cpu", "cuda", "mps")] == [torch.float32, torch.float16, torch.float16]


def test_the_weights_are_in_memory_and_not_in_the_file(shelf: Path, copy: Path) -> None:
    """A file that is replaced under a running show must not change it, or end it."""
    parts = open_parts(copy, vae="full")
    before = parts.unet.conv_in.weight.clone()
    for path in (copy / "unet").glob("*.safetensors"):
        path.write_bytes(bytes(path.stat().st_size))
    assert torch.equal(parts.unet.conv_in.weight, before)


def test_a_lora_that_belongs_to_the_model_is_merged_in(shelf: Path, tmp_path: Path) -> None:
    plain = open_parts(shelf / "sd1", vae="full")
    path = kit.lora(tmp_path / "lcm.safetensors", plain.unet, "kohya")
    parts = open_parts(Place("lcm", shelf / "sd1", lora=path, sampler="lcm"), vae="full")
    assert parts.sampler == "lcm"
    assert not torch.equal(parts.unet.time_embedding.linear_1.weight, plain.unet.time_embedding.linear_1.weight)
    assert torch.equal(parts.unet.time_embedding.linear_2.weight, plain.unet.time_embedding.linear_2.weight)
    assert parts.loras.scales == {}


def test_sharded_weights_are_one_model(shelf: Path, copy: Path) -> None:
    path = copy / "unet" / "diffusion_pytorch_model.safetensors"
    (copy / "unet" / "diffusion_pytorch_model.fp16.safetensors").unlink()
    state = load_file(path)
    path.unlink()
    names = sorted(state)
    halves = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for name, held in halves.items():
        save_file({key: state[key] for key in held}, copy / "unet" / name)
    table = {key: name for name, held in halves.items() for key in held}
    (copy / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps({"weight_map": table}))
    assert same(open_parts(copy, vae="full").unet, open_parts(shelf / "sd2", vae="full").unet)


# ----------------------------------------------------------------------------------------- full-size families


@pytest.mark.parametrize(("family", "unet", "texts", "vae"), [
    ("sd1", 859.52, [123.06], 83.65), ("sd2", 865.91, [340.39], 83.65), ("sdxl", 2567.46, [123.06, 694.66], 83.65)])
def test_the_configs_that_come_with_vj_are_the_real_sizes(family: str, unet: float, texts: list[float],
                                                         vae: float) -> None:
    """Millions of parameters, as published; built without memory."""
    import diffusers
    import transformers

    configs = family_configs(family)
    with torch.device("meta"):
        sizes = [millions(diffusers.UNet2DConditionModel(**bare(configs["unet"]))),
                 millions(diffusers.AutoencoderKL(**bare(configs["vae"])))]
        for name in ("text_encoder", "text_encoder_2")[:len(texts)]:
            settings = transformers.CLIPTextConfig(**configs[name])
            sizes.append(millions(getattr(transformers, configs[name]["architectures"][0])(settings)))
    assert sizes == pytest.approx([unet, vae, *texts], abs=0.006)


def bare(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name[0] != "_"}


def millions(module: torch.nn.Module) -> float:
    return sum(p.numel() for p in module.parameters()) / 1e6


def test_every_tensor_of_a_full_size_unet_has_a_place_in_a_single_file() -> None:
    """Each of them one of its own, and none beyond the counts of the original: 12 input and 12 output blocks."""
    import diffusers

    for family, blocks in (("sd1", 12), ("sd2", 12), ("sdxl", 9)):
        config = family_configs(family)["unet"]
        with torch.device("meta"):
            names = list(diffusers.UNet2DConditionModel(**bare(config)).state_dict())
        places = [original.unet_naming(config)(name).name for name in names]
        assert len(set(places)) == len(names)
        numbers = {int(place.split(".")[3]) for place in places if ".output_blocks." in place}
        assert numbers == set(range(blocks))


# ------------------------------------------------------------------------------------------------- bad input


def spoil(folder: Path, part: str, **changes: Any) -> None:
    kit.spoil(folder / part, changes)


def refused(folder: Path, **how: Any) -> str:
    with pytest.raises(VjError) as caught:
        open_parts(folder, vae="full", **how)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    assert "is not there: give the path of a diffusers folder or a .safetensors file" in refused(tmp_path / "m")
    assert "cannot be read" in refused(tmp_path / "m.safetensors")


def test_a_truncated_weight_file(copy: Path) -> None:
    path = copy / "unet" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    assert "is cut short" in refused(copy)


def test_a_pickle_under_another_name(copy: Path) -> None:
    torch.save({"a": torch.zeros(3)}, copy / "vae" / "diffusion_pytorch_model.safetensors")
    assert "is pickled, whatever its name says" in refused(copy)


def test_pickled_weights_alone(copy: Path) -> None:
    for path in (copy / "text_encoder").glob("*.safetensors"):
        path.rename(path.with_suffix(".bin"))
    assert "text_encoder has only pickled weights" in refused(copy)


def test_a_missing_part(copy: Path) -> None:
    shutil.rmtree(copy / "text_encoder")
    assert "text_encoder/config.json is missing: the model is not complete, fetch it again" in refused(copy)


def test_weights_of_another_model(shelf: Path, copy: Path) -> None:
    shutil.copy(shelf / "sd1" / "unet" / "diffusion_pytorch_model.safetensors", copy / "unet")
    assert "take the config and the weights of one model" in refused(copy)
    shutil.copy(shelf / "sd1" / "vae" / "diffusion_pytorch_model.safetensors", copy / "unet")
    assert "has no tensor" in refused(copy)


@pytest.mark.parametrize(("changes", "said"), [
    ({"block_out_channels": [32, 10**9]}, "which no model has"),
    ({"layers_per_block": 5000}, "which no model has"),
    ({"block_out_channels": [33, 65]}, "describes no network that can be built"),
    ({"block_out_channels": "many"}, "describes no network that can be built"),
    ({"down_block_types": ["Door", "Wall"]}, "describes no network that can be built"),
    ({"_class_name": "SD3Transformer2DModel"}, "is a SD3Transformer2DModel: vj draws with models of SD 1.x"),
    ({"in_channels": 9}, "made for inpainting")])
def test_a_config_that_makes_no_sense(copy: Path, changes: dict[str, Any], said: str) -> None:
    spoil(copy, "unet/config.json", **changes)
    assert said in refused(copy)


def test_a_vocabulary_that_does_not_belong(copy: Path) -> None:
    spoil(copy, "tokenizer/vocab.json", **{"more": 514})
    assert "does not belong to its text encoder of 514 tokens" in refused(copy)
    shutil.rmtree(copy / "tokenizer")
    assert "knows 514 tokens, not CLIP's 49408" in refused(copy)


def test_too_little_memory(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_memory", lambda device: 1_000_000)
    message = refused(shelf / "sdxl")
    assert "sdxl needs" in message
    assert "1.0 MB are free: close other programs, or take a smaller model" in message


@pytest.mark.parametrize("error", [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"), MemoryError(),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")])
def test_memory_that_is_out_while_loading(shelf: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def out(*_: Any) -> Any:
        raise error

    monkeypatch.setattr("vj.models.diffusion.loader._opened", out)
    assert "found no room in the memory of cpu" in refused(shelf / "sd1")


def test_other_errors_are_not_taken_for_memory(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("vj.models.diffusion.loader._opened", wrong)
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        open_parts(shelf / "sd1", vae="full")


def test_free_memory_is_known_on_linux(tmp_path: Path) -> None:
    told = tmp_path / "meminfo"
    told.write_text("MemTotal: 9 kB\nMemAvailable:   2048 kB\n")
    assert room._free_here(told) == 2048 * 1024
    assert (room.free_memory("cpu") or 10**9) > 10**6


def test_opening_says_nothing(shelf: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.INFO):
        parts: Parts = open_parts(shelf / "sdxl", vae="full")
        parts.encoder.encode("x " * 5000)
    out, err = capfd.readouterr()
    assert out == ""
    assert "bos_token_id" in err or err == ""  # transformers finds the tiny vocabulary too small, and says so
