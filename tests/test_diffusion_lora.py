"""LoRA in place: equal to diffusers' merged weights by the formula, exactly reversible, and refused where it is not for
this model.
"""

from __future__ import annotations

import json
from pathlib import Path

import diffusion_kit as kit
import pytest
import torch
from safetensors.torch import load_file, save_file

from vj.models.diffusion import room
from vj.models.diffusion.lora import Loras, merge_for_good, read_lora
from vj.types import VjError

UNETS = {"sd1": kit.UNET, "sd2": kit.UNET_2, "sdxl": kit.UNET_XL}
LAYOUTS = ("peft", "diffusers", "kohya", "original")


@pytest.fixture(scope="module")
def networks() -> dict[str, torch.nn.Module]:
    from diffusers import UNet2DConditionModel

    torch.set_num_threads(1)
    return {family: UNet2DConditionModel(**{k: v for k, v in config.items() if k[0] != "_"}).eval()
            for family, config in UNETS.items()}


@pytest.fixture
def unet(networks: dict[str, torch.nn.Module]) -> torch.nn.Module:
    return networks["sd2"]


def state(unet: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in unet.state_dict().items()}


def differing(before: dict[str, torch.Tensor], unet: torch.nn.Module) -> set[str]:
    return {name for name, value in unet.state_dict().items() if not torch.equal(before[name], value)}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", UNETS)
def test_every_layout_means_the_same_change(networks: dict[str, torch.nn.Module], tmp_path: Path, family: str,
                                           layout: str) -> None:
    unet = networks[family]
    alpha = 2.0 if layout == "diffusers" else 1.0  # that layout has no alpha, so it is the rank
    path = kit.lora(tmp_path / "a.safetensors", unet, layout, alpha=alpha)
    before, pointers = state(unet), [p.data_ptr() for p in unet.parameters()]
    loras = Loras(unet, family)
    assert loras.load(path) == "a"
    assert differing(before, unet) == set()
    assert loras.set({"a": 0.75})
    try:
        expected = by_hand(path, unet, layout, 0.75 * alpha / 2)
        assert differing(before, unet) == {f"{name}.weight" for name in expected}
        for name, delta in expected.items():
            torch.testing.assert_close(unet.get_submodule(name).weight, before[f"{name}.weight"] + delta)
        assert pointers == [p.data_ptr() for p in unet.parameters()]
    finally:
        loras.set({"a": 0.0})
    assert differing(before, unet) == set()


def by_hand(path: Path, unet: torch.nn.Module, layout: str, scale: float) -> dict[str, torch.Tensor]:
    """scale * up @ down for every module the kit wrote, found by going over the kit's own naming once more."""
    held = load_file(path)
    found = {}
    for name, module in unet.named_modules():
        weight = getattr(module, "weight", None)
        keys = None if weight is None else list(kit._lora_keys(layout, name, unet.config, weight, weight, 1.0))
        if keys is not None and keys[0] in held:
            down, up = held[keys[0]], held[keys[1]]
            found[name] = scale * torch.einsum("or,ri->oi", up.flatten(1), down.flatten(1)).reshape(weight.shape)
    assert found
    return found


def test_the_scale_moves_live_and_two_add_up(unet: torch.nn.Module, tmp_path: Path) -> None:
    one = kit.lora(tmp_path / "one.safetensors", unet, "kohya", seed=1)
    two = kit.lora(tmp_path / "two.safetensors", unet, "peft", seed=2, modules=("to_q",))
    before, loras = state(unet), Loras(unet, "sd2")
    loras.load(one)
    loras.load(two, "second")
    assert loras.scales == {"one": 0.0, "second": 0.0}
    assert loras.set({"one": 0.5, "second": -1.0})
    assert not loras.set({"one": 0.5})
    name = next(name for name, _ in unet.named_modules() if name.endswith("to_q"))
    expected = (before[f"{name}.weight"] + by_hand(one, unet, "kohya", 0.25)[name]
                + by_hand(two, unet, "peft", -0.5)[name])
    torch.testing.assert_close(unet.get_submodule(name).weight.detach(), expected)
    for step in range(50):  # a fader that moves for long leaves nothing behind
        loras.set({"one": step / 50, "second": -step / 50})
    loras.drop("one")
    assert loras.scales == {"second": pytest.approx(-0.98)}
    assert len(differing(before, unet)) == len(by_hand(two, unet, "peft", 1.0))
    loras.drop("second")
    assert differing(before, unet) == set()
    assert not loras._bare
    loras.drop("never there")


def test_half_precision_comes_back_bit_by_bit(tmp_path: Path) -> None:
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel(**{k: v for k, v in kit.UNET.items() if k[0] != "_"}).half()
    unet = unet.to(memory_format=torch.channels_last)
    path = kit.lora(tmp_path / "a.safetensors", unet, "kohya")
    before, loras = state(unet), Loras(unet, "sd1")
    loras.load(path)
    loras.set({"a": 3.3})
    assert unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    resnet = unet.down_blocks[0].resnets[0].conv1.weight
    assert resnet.is_contiguous(memory_format=torch.channels_last)
    name = "down_blocks.0.resnets.0.conv1"
    wanted = before[f"{name}.weight"].float() + by_hand(path, unet, "kohya", 1.65)[name]
    assert torch.allclose(resnet.float(), wanted, rtol=2.0**-10, atol=1e-6)  # rounded once, to a half
    loras.set({"a": 0.0})
    assert differing(before, unet) == set()


def test_a_picture_hears_the_scale(networks: dict[str, torch.nn.Module], tmp_path: Path) -> None:
    unet = networks["sd1"]
    loras = Loras(unet, "sd1")
    loras.load(kit.lora(tmp_path / "a.safetensors", unet, "kohya"))
    x, t, text = torch.randn(1, 4, 8, 8), torch.tensor(500), torch.randn(1, 77, kit.WIDTH)
    pictures = []
    with torch.no_grad():
        for scale in (0.0, 1.0, 0.0):
            loras.set({"a": scale})
            pictures.append(unet(x, t, text).sample)
    assert torch.equal(pictures[0], pictures[2])
    assert not torch.allclose(pictures[0], pictures[1])


@pytest.mark.parametrize(("scale", "held"), [(9.0, 4.0), (-9.0, -4.0), (float("nan"), 0.0), (float("inf"), 0.0)])
def test_a_scale_stays_within_reason(unet: torch.nn.Module, tmp_path: Path, scale: float, held: float) -> None:
    loras = Loras(unet, "sd2")
    loras.load(kit.lora(tmp_path / "a.safetensors", unet, modules=("to_q",)))
    loras.set({"a": scale, "unknown": 1.0})
    assert loras.scales == {"a": held}
    loras.drop("a")


def test_one_that_belongs_to_the_model_is_merged_for_good(networks: dict[str, torch.nn.Module],
                                                          tmp_path: Path) -> None:
    import copy

    unet = copy.deepcopy(networks["sd1"])
    path = kit.lora(tmp_path / "a.safetensors", unet, "kohya")
    expected, before = by_hand(path, unet, "kohya", 0.5), state(unet)
    merge_for_good(read_lora(path, unet, "sd1"))
    for name, delta in expected.items():
        torch.testing.assert_close(unet.get_submodule(name).weight.detach(), before[f"{name}.weight"] + delta)


def test_alphas_in_the_notes_of_a_file_count(unet: torch.nn.Module, tmp_path: Path) -> None:
    path = kit.lora(tmp_path / "a.safetensors", unet, modules=("to_q",))
    tensors = {name: value for name, value in load_file(path).items() if not name.endswith(".alpha")}
    first = sorted(name for name in tensors if "lora_A" in name)[0].removeprefix("unet.").removesuffix(".lora_A.weight")
    notes = {"unet.lora_alpha": 8, "unet.alpha_pattern": {first: 4}}
    save_file(tensors, path, {"lora_adapter_metadata": json.dumps(notes)})
    factors = {name: change.factor for name, change in read_lora(path, unet, "sd2").changes.items()}
    assert factors.pop(first) == 2.0
    assert set(factors.values()) == {4.0}
    save_file(tensors, path, {"lora_adapter_metadata": "[[["})
    assert {change.factor for change in read_lora(path, unet, "sd2").changes.values()} == {1.0}


# --------------------------------------------------------------------------------------------- bad input


def refused(path: Path, unet: torch.nn.Module, family: str) -> str:
    before, loras = state(unet), Loras(unet, family)
    with pytest.raises(VjError) as caught:
        loras.load(path)
    assert differing(before, unet) == set()
    assert loras.scales == {}
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_lora_for_another_family(unet: torch.nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "xl.safetensors"
    stem = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
    save_file({f"{stem}.lora_down.weight": torch.zeros(4, 2048), f"{stem}.lora_up.weight": torch.zeros(640, 4)}, path)
    message = refused(path, unet, "sd2")
    assert "is a LoRA for SDXL and the model is SD 2.x: take one for SD 2.x, or a model of SDXL" in message


def test_a_lora_for_another_model_of_the_family(networks: dict[str, torch.nn.Module], tmp_path: Path) -> None:
    path = kit.lora(tmp_path / "a.safetensors", networks["sdxl"], "peft")
    assert "is a LoRA for another model: it changes unet." in refused(path, networks["sd1"], "sd1")


@pytest.mark.parametrize(("key", "said"), [
    ("lora_unet_mid_block_attentions_0_proj_in.hada_w1_a", "is a LyCORIS or DoRA file (hada)"),
    ("lora_unet_mid_block_attentions_0_proj_in.lokr_w1", "is a LyCORIS or DoRA file (lokr)"),
    ("lora_unet_mid_block_attentions_0_proj_in.dora_scale", "is a LyCORIS or DoRA file (dora_scale)"),
    ("lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", "is no LoRA for a UNet"),
    ("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", "is no LoRA for a UNet"),
    ("something.else", "is no LoRA for a UNet")])
def test_a_file_of_another_kind(unet: torch.nn.Module, tmp_path: Path, key: str, said: str) -> None:
    path = tmp_path / "a.safetensors"
    save_file({key: torch.zeros(4, 4)}, path)
    assert said in refused(path, unet, "sd2")


def test_a_damaged_or_pickled_file(unet: torch.nn.Module, tmp_path: Path) -> None:
    path = kit.lora(tmp_path / "a.safetensors", unet)
    path.write_bytes(path.read_bytes()[:-7])
    assert "is cut short" in refused(path, unet, "sd2")
    torch.save({"a": 1}, tmp_path / "b.safetensors")
    assert "is pickled" in refused(tmp_path / "b.safetensors", unet, "sd2")
    assert "may be pickled" in refused(tmp_path / "c.pt", unet, "sd2")
    assert "cannot be read" in refused(tmp_path / "d.safetensors", unet, "sd2")


def test_no_room_for_the_weights_as_they_were(unet: torch.nn.Module, tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    path = kit.lora(tmp_path / "a.safetensors", unet)
    monkeypatch.setattr(room, "free_memory", lambda device: 1000)
    assert "the LoRA a needs" in refused(path, unet, "sd2")
