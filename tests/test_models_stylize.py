"""The painting network: the shipped weights, equality with the original, and its fast arrangement."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from vj.models import stylize
from vj.models.stylize import PARAMETERS, STYLES, WEIGHTS, Stylizer, expected_shapes, read_weights
from vj.types import VjError

DATA = Path(__file__).parent / "data"

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return read_weights()


@pytest.fixture(scope="module")
def stylizer(weights: dict[str, Tensor]) -> Stylizer:
    return Stylizer(weights)


def textbook(weights: dict[str, Tensor], picture: Tensor, styles: Tensor) -> Tensor:
    """The network as the paper draws it, in float64."""
    def layer(x: Tensor, name: str, stride: int = 1) -> Tensor:
        kernel = weights[f"{name}.w"].double()
        pad = kernel.shape[-1] // 2
        x = functional.conv2d(functional.pad(x, (pad,) * 4, mode="reflect"), kernel, stride=stride)
        x = x - x.mean((2, 3), keepdim=True)
        x = x / ((x * x).mean((2, 3), keepdim=True) + 1e-5).sqrt()
        gamma, beta = (styles @ weights[f"{name}.{part}"].double() for part in ("gamma", "beta"))
        return x * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)

    x = picture
    for index, stride in enumerate((1, 2, 2)):
        x = layer(x, f"contract.{index}", stride).relu()
    for block in range(6):
        x = x + layer(layer(x, f"res.{block}.0").relu(), f"res.{block}.1")
    for index in range(2):
        x = layer(functional.interpolate(x, scale_factor=2), f"expand.{index}").relu()
    return layer(x, "expand.2").sigmoid()


def test_the_weights_are_the_whole_network_and_small(weights: dict[str, Tensor]) -> None:
    assert sum(tensor.numel() for tensor in weights.values()) == PARAMETERS == 166_104
    assert {name: tuple(tensor.shape) for name, tensor in weights.items()} == expected_shapes()
    assert WEIGHTS.stat().st_size < 1_000_000


def test_it_paints_what_the_original_paints(stylizer: Stylizer) -> None:
    pair = load_file(DATA / "painter26.safetensors")
    for styles, expected in zip(pair["styles"], pair["painted"], strict=True):
        assert (stylizer.paint(pair["picture"], styles)[0] - expected).abs().max() < 1e-5


@pytest.mark.parametrize("size", [(16, 16), (36, 100), (64, 48)])
@pytest.mark.parametrize("blend", [0, 1, 2])
def test_the_fast_arrangement_is_the_textbook_network(weights: dict[str, Tensor], stylizer: Stylizer,
                                                      size: tuple[int, int], blend: int) -> None:
    draw = torch.Generator().manual_seed(blend)
    picture = torch.rand(1, 3, *size, generator=draw)
    styles = torch.rand(STYLES, generator=draw) ** (1 + 4 * blend)
    styles /= styles.sum()
    expected = textbook(weights, picture.double(), styles.double())
    assert (stylizer.paint(picture, styles) - expected).abs().max() < 2e-5


def test_a_flat_picture_is_painted_without_a_nan(stylizer: Stylizer) -> None:
    painted = stylizer.paint(torch.full((1, 3, 32, 32), 0.5), torch.eye(STYLES)[7])
    assert torch.isfinite(painted).all()
    assert 0 <= painted.min() <= painted.max() <= 1


def test_half_precision_paints_the_same_picture_to_the_eye(weights: dict[str, Tensor], stylizer: Stylizer) -> None:
    picture = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    picture = functional.interpolate(picture, size=(64, 64), mode="bicubic").clamp(0, 1)
    styles = torch.eye(STYLES)[[3, 21]].mean(0)
    exact = stylizer.paint(picture, styles)
    assert (Stylizer(weights, precision=torch.bfloat16).paint(picture, styles) - exact).abs().mean() < 0.03


def test_precision_on_a_plain_processor_is_single(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True}, raising=False)
    assert stylize.best_precision("cpu") is torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True}, raising=False)
    assert stylize.best_precision("cpu") is torch.bfloat16
    assert stylize.best_precision("cuda") is torch.float16


def test_a_missing_file_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(VjError, match=r"nothing\.safetensors"):
        read_weights(tmp_path / "nothing.safetensors")


def test_a_broken_file_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"\xff" * 64)
    with pytest.raises(VjError, match=r"broken\.safetensors"):
        read_weights(path)


def test_another_network_is_refused_by_its_first_wrong_tensor(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    path = tmp_path / "other.safetensors"
    save_file({**weights, "res.3.0.w": torch.zeros(32, 16, 3, 3)}, path)
    with pytest.raises(VjError, match=r"res\.3\.0\.w"):
        read_weights(path)
