"""The pattern network and the surface: endless in every direction, calm in small steps, colours without mud."""

import itertools
import math

import numpy as np
import pytest
import torch

from vj.camera import content_map
from vj.models import palette, surface
from vj.models.cppn import FIELDS, LATENT, MARGIN, SHAPES, Network
from vj.models.latent import normals
from vj.models.pattern import SHAPE_NAMES, Finish, Pattern
from vj.types import Camera, VjError

torch.set_num_threads(1)
Z = normals(9, 0, shape=(LATENT,))
HOME = Camera()


def see(network: Network, camera: Camera = HOME, z: np.ndarray = Z, size: tuple[int, int] = (32, 24)) -> torch.Tensor:
    return network.fields(z, content_map(camera), camera.zoom, size)


def inside(fields: torch.Tensor) -> torch.Tensor:
    return fields[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def test_the_fields_cover_the_view_and_its_margin() -> None:
    assert see(Network(Pattern(1))).shape == (1, FIELDS, 24 + 2 * MARGIN, 32 + 2 * MARGIN)


@pytest.mark.parametrize("fold", [0, 5, 8])
@pytest.mark.parametrize("camera", [Camera(), Camera(x=1e4, y=-3e5), Camera(zoom=30.0), Camera(zoom=-12.5, angle=40.0)])
def test_it_is_interesting_everywhere(camera: Camera, fold: int) -> None:
    fields = see(Network(Pattern(3, fold=fold, vortex=0.5)), camera)
    assert torch.isfinite(fields).all()
    assert fields.std((2, 3)).min() > 0.05


def test_a_zoom_never_jumps() -> None:
    network = Network(Pattern(4))
    zooms = np.linspace(-1.5, 2.5, 400)
    views = [see(network, Camera(zoom=zoom)) for zoom in zooms]
    steps = torch.tensor([(b - a).abs().mean() for a, b in itertools.pairwise(views)])
    assert steps.max() < 4.0 * steps.median()


def test_the_camera_moves_the_content_as_its_map_says() -> None:
    network = Network(Pattern(5))
    step = 2.0 / 24  # one cell
    here, there = see(network), see(network, Camera(x=3 * step))
    assert torch.allclose(here[..., 3:], there[..., :-3], atol=1e-3)


def test_a_far_camera_is_as_exact_as_a_near_one() -> None:
    network = Network(Pattern(5))
    step = 2.0 / 24
    here, there = see(network, Camera(x=5e5)), see(network, Camera(x=5e5 + 3 * step))
    assert torch.allclose(here[..., 3:], there[..., :-3], atol=2e-3)


def test_the_weights_are_those_of_the_seed() -> None:
    assert torch.equal(see(Network(Pattern(6))), see(Network(Pattern(6))))
    assert not torch.allclose(see(Network(Pattern(6))), see(Network(Pattern(7))), atol=0.1)


def test_a_small_step_of_the_latent_is_a_small_step_of_the_picture() -> None:
    network, towards = Network(Pattern(8)), normals(9, 1, shape=(LATENT,))
    home, angles = see(network), (0.01, 0.1, 1.0)
    moved = [float((see(network, z=math.cos(a) * Z + math.sin(a) * towards) - home).abs().mean()) for a in angles]
    assert moved[0] < 0.05 < moved[2]
    assert moved[0] < moved[1] < moved[2]


def test_every_shape_has_a_formula_that_stays_in_range() -> None:
    assert set(SHAPES) == set(SHAPE_NAMES)
    x = torch.linspace(-3, 3, 101)
    for shape in SHAPES.values():
        assert shape(x).abs().max() < 3.0


def test_the_margin_makes_slopes_right_up_to_the_border() -> None:
    fields = see(Network(Pattern(2)), size=(32, 24))
    wide = see(Network(Pattern(2)), size=(64, 24))
    table = torch.from_numpy(palette.gradient(["#000000", "#ff0000", "#ffffff"], surface.TABLE).astype(np.float32))
    small = surface.draw(surface.enlarge(fields, (64, 48), MARGIN), table, Finish())
    large = surface.draw(surface.enlarge(wide, (128, 48), MARGIN), table, Finish())
    assert torch.allclose(small.shade, large.shade[:, 32:96], atol=2e-3)


@pytest.mark.parametrize("finish", [Finish(), Finish(terraces=1.0, ink=1.0, ripple=2.0, glow=1.0, depth=1.0),
                                    Finish(relief=0.0, gloss=0.0, depth=0.0)])
def test_a_surface_is_light_that_can_be_shown(finish: Finish) -> None:
    table = torch.from_numpy(palette.gradient(["#102030", "#ff8800", "#ffffff"], surface.TABLE).astype(np.float32))
    lit = surface.draw(surface.enlarge(see(Network(Pattern(2))), (64, 48), MARGIN), table, finish).lit()
    assert lit.shape == (48, 64, 3)
    assert torch.isfinite(lit).all()
    assert lit.min() >= 0.0


def test_encoding_is_srgb() -> None:
    light = torch.linspace(0, 1, 1001, dtype=torch.float64)
    assert np.abs(surface.encode(light).numpy() - palette.encode(light.numpy())).max() < 0.02
    assert np.abs(surface.encode(light[5:]).numpy() - palette.encode(light[5:].numpy())).max() < 0.003


def test_a_gradient_is_a_ring_that_passes_its_colours() -> None:
    colours = ["#05141e", "#ff6f59", "#ffe3b8"]
    ring = palette.gradient(colours, 512)
    assert np.abs(ring[0] - ring[-1]).max() < 0.02
    for wanted in palette.linear(colours):
        assert np.abs(ring - wanted).max(1).min() < 0.01


def test_no_blend_turns_to_mud() -> None:
    """Between blue and yellow, mixed light goes grey; OKLab keeps its lightness."""
    ring = palette.to_oklab(palette.gradient(["#1040ff", "#ffd800"], 256))
    assert np.diff(ring[:128, 0]).min() > -1e-6


def test_oklab_comes_back() -> None:
    light = np.random.default_rng(0).random((50, 3))
    assert np.allclose(palette.from_oklab(palette.to_oklab(light)), light, atol=1e-6)


def test_a_wrong_colour_is_named() -> None:
    with pytest.raises(VjError, match="#zz0000"):
        palette.linear(["#zz0000"])
