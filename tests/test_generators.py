"""Every generator keeps the contract; every world is a picture worth showing; every knob looks good to its ends."""

import ast
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from vj import registry
from vj.generators import _worlds, painter, test_pattern
from vj.generators._base import about
from vj.generators._worlds import STYLES, worlds
from vj.params.spec import checked, from_unit
from vj.types import Band, Camera, Features, Generator, GenRequest, LatentPoint, Tick, Value, VjError

NAMES = [name for name in registry.names("vj.generators")
         if not getattr(registry.load("vj.generators", name, "Generator"), "NEEDS", "")]
"""Those that draw without a file of the performer's; the others are tried on tiny models in tests of their own."""
WEIGHTS = tuple(np.linalg.qr(np.random.default_rng(0).standard_normal((12, 2)))[0].T[0].tolist())
ELSEWHERE = tuple(np.linalg.qr(np.random.default_rng(0).standard_normal((12, 2)))[0].T[1].tolist())
HOME = LatentPoint(WEIGHTS, journey=0.5)
_loaded: dict[str, Generator] = {}


def generator(name: str) -> Generator:
    if name not in _loaded:
        _loaded[name] = registry.load("vj.generators", name, "Generator")()
        _loaded[name].load("cpu")
    return _loaded[name]


def request(name: str, point: LatentPoint = HOME, size: tuple[int, int] = (48, 32), seed: int = 1,
            **knobs: Value) -> GenRequest:
    return GenRequest(name, Tick(7, 0.25, 1 / 30), Features(), knobs, point, seed, size)


def pixels(name: str, point: LatentPoint = HOME, size: tuple[int, int] = (48, 32), seed: int = 1,
           **knobs: Value) -> np.ndarray:
    return generator(name).render(request(name, point, size, seed, **knobs)).pixels


# ------------------------------------------------------------------------------- the contract, for every module


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(16, 16), (33, 17), (17, 50), (64, 36)])
def test_a_picture_has_the_size_that_was_asked_for(name: str, size: tuple[int, int]) -> None:
    image = generator(name).render(request(name, size=size))
    assert image.pixels.shape == (size[1], size[0], 4)
    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags["C_CONTIGUOUS"]
    assert (image.pixels[..., 3] == 255).all()


@pytest.mark.parametrize("name", NAMES)
def test_an_image_tells_what_it_answers(name: str) -> None:
    camera = Camera(0.3, -0.2, 0.1, 0.4)
    image = generator(name).render(request(name, replace(HOME, camera=camera)))
    assert (image.tick_index, image.time, image.camera) == (7, 0.25, camera)
    assert 0.0 < image.cost < 30.0


@pytest.mark.parametrize("name", NAMES)
def test_pure_means_the_same_bytes_whatever_came_before(name: str) -> None:
    assert generator(name).PURE
    first = pixels(name)
    pixels(name, LatentPoint(ELSEWHERE), seed=9)
    assert np.array_equal(pixels(name), first)
    fresh = registry.load("vj.generators", name, "Generator")()
    fresh.load("cpu")
    assert np.array_equal(fresh.render(request(name)).pixels, first)


@pytest.mark.parametrize("name", NAMES)
def test_walk_journey_and_camera_change_the_picture(name: str) -> None:
    points = [HOME, replace(HOME, weights=ELSEWHERE), replace(HOME, camera=Camera(x=0.3)),
              replace(HOME, journey=2.5)]
    for one, two in combinations([pixels(name, point) for point in points], 2):
        assert np.abs(one.astype(int) - two).mean() > 1.0


@pytest.mark.parametrize("name", NAMES)
def test_a_kick_of_no_angle_is_the_picture_itself(name: str) -> None:
    assert np.array_equal(pixels(name, replace(HOME, kick_seed=5, kick_angle=0.0)), pixels(name))


@pytest.mark.parametrize("name", ["cppn", "painter"])
def test_a_kick_goes_away_and_comes_back(name: str) -> None:
    home = pixels(name).astype(int)
    kicked = [pixels(name, replace(HOME, kick_seed=5, kick_angle=angle)) for angle in (0.6, 0.2, 0.02)]
    far = [np.abs(picture - home).mean() for picture in kicked]
    assert far[0] > far[1] > far[2]
    assert far[2] < far[0] / 4


@pytest.mark.parametrize("name", NAMES)
def test_its_module_says_all_without_loading_anything(name: str) -> None:
    kind = registry.load("vj.generators", name, "Generator")
    assert name == kind.NAME
    assert kind.HELP.endswith(".")
    assert len({spec.name for spec in kind.PARAMS}) == len(kind.PARAMS)
    for spec in kind.PARAMS:
        assert spec.help.endswith("."), spec.name
        assert checked(spec, spec.default, spec.name) == spec.default


@pytest.mark.parametrize("name", NAMES)
def test_generator_is_the_last_line_and_no_gl_is_imported(name: str) -> None:
    source = Path(str(sys.modules[generator(name).__module__].__file__)).read_text(encoding="utf-8")
    assert source.rstrip().splitlines()[-1].startswith("Generator = ")
    imported = {alias.name.partition(".")[0] for node in ast.walk(ast.parse(source))
                if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    assert not imported & {"moderngl", "glfw"}


def test_importing_the_generators_imports_no_torch() -> None:
    names = ", ".join(f"vj.generators.{name}" for name in NAMES)
    code = f"import sys, {names}; sys.exit('torch' in sys.modules or 'moderngl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(0, 64), (64, 15), (100_000, 64)])
def test_an_impossible_size_is_refused(name: str, size: tuple[int, int]) -> None:
    with pytest.raises(VjError, match=f"{size[0]}x{size[1]}"):
        generator(name).render(request(name, size=size))


@pytest.mark.parametrize("name", ["cppn", "painter"])
def test_before_loading_and_after_closing_it_says_so(name: str) -> None:
    fresh = registry.load("vj.generators", name, "Generator")()
    for step in ("load", "close"):
        with pytest.raises(VjError, match="not loaded"):
            fresh.render(request(name))
        fresh.load("cpu") if step == "load" else None
        fresh.close()


# ----------------------------------------------------------------------------------------------- worlds


def colourfulness(picture: np.ndarray) -> float:
    """Mean spread between the strongest and the weakest channel, 0..1."""
    rgb = picture[..., :3].astype(float) / 255
    return float((rgb.max(2) - rgb.min(2)).mean())


def luma(picture: np.ndarray) -> np.ndarray:
    return np.asarray(picture[..., :3].astype(float) @ (0.2126, 0.7152, 0.0722) / 255)


@pytest.mark.parametrize("name", ["cppn", "painter"])
@pytest.mark.parametrize("world", list(worlds()))
def test_a_world_is_neither_grey_nor_flat_nor_dark_nor_blank(name: str, world: str) -> None:
    views = [pixels(name, LatentPoint(weights, journey=journey, camera=Camera(x=journey)), (80, 80), world=world)
             for weights, journey in ((WEIGHTS, 0.0), (ELSEWHERE, 1.5), (WEIGHTS, 3.0))]
    light = [luma(view) for view in views]
    assert 0.08 < np.mean(light) < 0.86
    assert np.mean([each.std() for each in light]) > 0.09
    colour = np.mean([colourfulness(view) for view in views])
    assert colour < 0.1 if worlds()[world].mood == "monochrome" else colour > 0.12


def test_there_are_many_worlds_and_no_two_look_alike() -> None:
    assert len(worlds()) >= 24
    means = {world: pixels("painter", size=(32, 32), world=world)[..., :3].astype(int) for world in worlds()}
    for one, two in combinations(means, 2):
        assert np.abs(means[one] - means[two]).mean() > 12, (one, two)


def test_names_are_names_and_seeds_their_own() -> None:
    assert all(name == name.strip() and name.isascii() and len(name) <= 24 for name in worlds())
    assert len({world.pattern.seed for world in worlds().values()}) == len(worlds())


@pytest.mark.parametrize(("change", "told"), [
    ({"tour": [3, 26]}, "tour"), ({"palettes": []}, "palettes"), ({"pattern": {"sed": 1}}, "sed"),
    ({"pattern": {"shapes": ["sinn"]}}, "sinn"),
])
def test_a_wrong_world_is_told_by_name(change: dict[str, object], told: str) -> None:
    text = _worlds.FILE.read_text(encoding="utf-8").split("[[world]]")[1]
    entry = {**_worlds.tomllib.loads(text), **change}
    with pytest.raises(VjError, match=f"Velvet Reef.*{told}"):
        _worlds._world(entry)


def test_broken_toml_is_a_clear_error() -> None:
    with pytest.raises(VjError, match=r"worlds\.toml"):
        _worlds.parse("[[world]\n")


def test_an_unknown_world_is_an_error_that_names_it() -> None:
    with pytest.raises(VjError, match="Nowhere"):
        pixels("painter", world="Nowhere")


# ------------------------------------------------------------------------------------------------ knobs


@pytest.mark.parametrize(("name", "knob"), [(name, spec.name) for name in ("cppn", "painter")
                                            for spec in generator(name).PARAMS if spec.kind == "number"])
def test_a_knob_turns_the_picture_and_both_its_ends_are_pictures(name: str, knob: str) -> None:
    spec = next(spec for spec in generator(name).PARAMS if spec.name == knob)
    point = replace(HOME, journey=0.2)
    low, high = (pixels(name, point, (64, 64), **{knob: from_unit(spec, unit)}) for unit in (0.0, 1.0))
    for end in (low, high):
        assert 0.05 < luma(end).mean() < 0.92
        assert luma(end).std() > 0.05
    if knob in ("shift", "hue"):  # a whole turn is home
        assert np.abs(low.astype(int) - high).mean() < 0.5
        low = pixels(name, point, (64, 64), **{knob: from_unit(spec, 0.25)})
    assert np.abs(low.astype(int) - high).mean() > 1.0


def test_about_leaves_a_worlds_own_value_in_the_middle() -> None:
    assert [about(0.7, knob) for knob in (0.0, 0.5, 1.0)] == pytest.approx([0.0, 0.7, 1.0])


def test_style_weights_stay_on_the_simplex_and_move_without_a_jump() -> None:
    world = worlds()["Velvet Reef"]
    path = np.array([painter.styles_at(world, place, 0.6) for place in np.arange(-2.0, 12.0, 0.01)])
    assert path.shape[1] == STYLES
    assert np.allclose(path.sum(1), 1.0)
    assert path.min() >= 0.0
    assert np.abs(np.diff(path, axis=0)).max() < 0.05


def test_a_whole_station_is_the_pure_style_of_the_tour_for_ever() -> None:
    world = worlds()["Velvet Reef"]
    for station in range(-3, 12):
        assert painter.styles_at(world, float(station), 0.6)[world.tour[station % len(world.tour)]] == 1.0


def test_dwell_holds_a_style() -> None:
    assert painter.eased(0.2, 1.0) == 0.0
    assert 0.0 < painter.eased(0.2, 0.0) < 1.0
    assert painter.eased(0.5, 0.3) == pytest.approx(0.5)


# ------------------------------------------------------------------------------------------------- calm


def test_painting_adds_no_motion_of_its_own_to_a_slow_walk() -> None:
    """Change from image to image, over how crisp a picture is, against the bare content's."""
    def moved(paint: float) -> float:
        angles = np.arange(6) * 0.005
        walk = np.stack([pixels("painter", LatentPoint(
            tuple((np.cos(a) * np.array(WEIGHTS) + np.sin(a) * np.array(ELSEWHERE)).tolist()), journey=0.5),
            (128, 128), paint=paint)[..., :3].astype(float) for a in angles])
        return float(np.abs(np.diff(walk, axis=0)).mean() / np.abs(np.diff(walk, axis=2)).mean())

    assert moved(0.5) < 1.4 * moved(0.0)


# ------------------------------------------------------------------------------------------ test pattern


@pytest.mark.parametrize("index", [0, 1, 1234, 65_535, 65_536 + 77])
def test_the_pattern_tells_its_tick(index: int) -> None:
    asked = replace(request("test_pattern", size=(97, 64)), tick=Tick(index, 0.0, 0.0))
    assert test_pattern.read_index(generator("test_pattern").render(asked).pixels) == index % 65_536


def test_the_pattern_flashes_with_the_bass() -> None:
    dark = request("test_pattern")
    hit = Features(bands={**Features().bands, "bass": Band(hits=1.0)})
    bright = generator("test_pattern").render(replace(dark, features=hit)).pixels
    assert luma(bright).mean() > luma(generator("test_pattern").render(dark).pixels).mean() + 0.3
