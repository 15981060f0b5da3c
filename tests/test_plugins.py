"""What every plugin promises, found the way the show finds it: a new file is tested by being there."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from vj import registry
from vj.params.spec import checked, describe, from_unit, to_unit
from vj.types import BANDS, Band, Beat, Camera, Features, GenRequest, LatentPoint, ParamSpec, Tick, VjError
from vj.walk.sphere import K

KINDS = {"vj.generators": "Generator", "vj.modulation.sources": "Source", "vj.walk.drives": "Drive"}
PLUGINS = [(package, name) for package in KINDS for name in registry.names(package)]
GENERATORS = [name for name in registry.names("vj.generators")
              if not getattr(registry.load("vj.generators", name, "Generator"), "NEEDS", "")]
"""Those that draw as they are; what needs a model is tried on a tiny one in tests of its own."""


def plugin(package: str, name: str) -> Any:
    return registry.load(package, name, KINDS[package])


def hearing(time: float, loud: float = 0.7) -> Features:
    """A steady 120 BPM groove, heard at ``time`` seconds."""
    beats = time * 2.0
    band = Band(loud, max(0.0, 1.0 - beats % 1.0 * 4.0), loud, loud * time)
    beat = Beat(120.0, int(beats), beats % 1.0, beats / 4.0 % 1.0, 1.0)
    return Features(time, loud, {name: band for name, _, _ in BANDS}, onset=band.hits, kick=band.hits,
                    chroma=(0.3,) * 12, centroid=1500.0, beat=beat)


def defaults(specs: tuple[ParamSpec, ...]) -> dict[str, Any]:
    return {spec.name: spec.default for spec in specs}


def test_every_kind_has_plugins() -> None:
    assert {package for package, _ in PLUGINS} == set(KINDS)


def test_an_unknown_plugin_suggests_the_nearest() -> None:
    with pytest.raises(VjError, match=r"'lfu'; did you mean 'lfo'\?"):
        registry.load("vj.modulation.sources", "lfu", "Source")


# --------------------------------------------------------------------------------- what all declare


@pytest.mark.parametrize(("package", "name"), PLUGINS)
def test_it_is_called_what_its_file_is_called(package: str, name: str) -> None:
    made = plugin(package, name)
    assert name == made.NAME
    assert 10 <= len(made.HELP) <= 160
    assert made.HELP[0].isupper()


@pytest.mark.parametrize(("package", "name"), PLUGINS)
def test_its_parameters_are_sound(package: str, name: str) -> None:
    specs = plugin(package, name).PARAMS
    assert isinstance(specs, tuple)
    assert len({spec.name for spec in specs}) == len(specs)
    for spec in specs:
        assert spec.name.isidentifier(), spec.name
        assert spec.name.islower(), spec.name
        assert spec.help, f"{name}: {spec.name} has no help"
        assert describe(spec)
        assert checked(spec, spec.default, spec.name) == spec.default
        if spec.kind == "number":
            assert from_unit(spec, to_unit(spec, float(spec.default))) == pytest.approx(float(spec.default), abs=1e-9)


def test_declaring_loads_nothing_heavy() -> None:
    """``vj list`` and the show's own process read every declaration."""
    code = (f"import sys\nfrom vj import registry\n"
            f"for package, kind in {KINDS!r}.items():\n"
            f"    for name in registry.names(package): registry.load(package, name, kind).PARAMS\n"
            f"print([m for m in ('torch', 'moderngl', 'av', 'aubio', 'pyaudio') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ------------------------------------------------------------------------------ modulation sources


def follow(name: str, fps: int, seconds: float = 1.0, loud: float = 0.7) -> list[float]:
    source = plugin("vj.modulation.sources", name)()
    params = defaults(source.PARAMS)
    ticks = (Tick(n, n / fps, 1 / fps) for n in range(int(fps * seconds) + 1))
    return [source.value(tick, hearing(tick.time, loud), params) for tick in ticks]


@pytest.mark.parametrize("name", registry.names("vj.modulation.sources"))
def test_a_source_stays_in_range(name: str) -> None:
    for loud in (0.0, 0.7, 1.0):
        assert all(math.isfinite(value) and -1.0 <= value <= 1.0 for value in follow(name, 60, 4.0, loud))


@pytest.mark.parametrize("name", registry.names("vj.modulation.sources"))
def test_a_source_is_the_same_at_any_frame_rate(name: str) -> None:
    assert follow(name, 30)[-1] == pytest.approx(follow(name, 120)[-1], abs=0.06)


# ----------------------------------------------------------------------------------------- drives


@pytest.mark.parametrize("name", registry.names("vj.walk.drives"))
def test_a_drive_points_somewhere_finite(name: str) -> None:
    drive = plugin("vj.walk.drives", name)(seed=3)
    params = defaults(drive.PARAMS)
    for n in range(120):
        direction = drive.step(Tick(n, n / 30, 1 / 30), hearing(n / 30), n / 30, params)
        assert direction.shape == (K,)
        assert np.isfinite(direction).all()
        assert np.linalg.norm(direction) > 1e-6


@pytest.mark.parametrize("name", registry.names("vj.walk.drives"))
def test_a_drive_repeats_itself_for_the_same_seed_only(name: str) -> None:
    def end(seed: int) -> np.ndarray:
        drive = plugin("vj.walk.drives", name)(seed=seed)
        ticks = (Tick(n, n / 30, 1 / 30) for n in range(30))
        return [drive.step(tick, hearing(tick.time), tick.time, defaults(drive.PARAMS)) for tick in ticks][-1]

    np.testing.assert_array_equal(end(3), end(3))
    assert not np.allclose(end(3), end(4))


# ------------------------------------------------------------------------------------- generators


def wish(generator: str, specs: tuple[ParamSpec, ...], index: int = 0, **point: Any) -> GenRequest:
    weights = np.random.default_rng(index).normal(size=K)
    stand = LatentPoint(tuple((weights / np.linalg.norm(weights)).tolist()), **point)
    tick = Tick(index, index / 30, 1 / 30)
    return GenRequest(generator, tick, hearing(tick.time), defaults(specs), stand, 7, (96, 64))


@pytest.fixture(scope="module", params=GENERATORS)
def generator(request: pytest.FixtureRequest) -> Any:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    made = plugin("vj.generators", request.param)()
    made.load("cpu")
    yield made
    made.close()


def test_a_generator_gives_the_picture_asked_for(generator: Any) -> None:
    request = wish(generator.NAME, generator.PARAMS, 5, camera=Camera(zoom=0.3))
    image = generator.render(request)
    assert image.pixels.shape == (64, 96, 4)
    assert image.pixels.dtype == np.uint8
    assert (image.pixels[..., 3] == 255).all()
    assert image.tick_index == 5
    assert image.time == request.tick.time
    assert image.camera == request.point.camera
    assert image.pixels[..., :3].std() > 4, "a picture, not a plain colour"


def test_a_generators_picture_is_its_own(generator: Any) -> None:
    """A buffer that the next picture overwrites would tear on stage."""
    first = generator.render(wish(generator.NAME, generator.PARAMS, 1)).pixels
    kept = first.copy()
    second = generator.render(wish(generator.NAME, generator.PARAMS, 2)).pixels
    np.testing.assert_array_equal(first, kept)
    assert (first != second).any(), "another place on the walk is another picture"


def test_a_pure_generator_depends_on_the_request_alone(generator: Any) -> None:
    if not generator.PURE:
        pytest.skip("it has a memory, and says so")
    first = generator.render(wish(generator.NAME, generator.PARAMS, 1)).pixels.copy()
    generator.render(wish(generator.NAME, generator.PARAMS, 9, kick_seed=4, kick_angle=0.8, journey=2.5))
    np.testing.assert_array_equal(first, generator.render(wish(generator.NAME, generator.PARAMS, 1)).pixels)


def test_every_choice_of_a_generator_makes_a_picture(generator: Any) -> None:
    for spec in generator.PARAMS:
        for value in spec.choices:
            request = wish(generator.NAME, generator.PARAMS, 3)
            image = generator.render(GenRequest(request.generator, request.tick, request.features,
                                                {**request.params, spec.name: value}, request.point, 7, (48, 32)))
            assert image.pixels.shape == (32, 48, 4), f"{spec.name}={value}"


def test_a_generator_needs_no_window(generator: Any) -> None:
    code = (f"import sys\nfrom vj import registry\n"
            f"made = registry.load('vj.generators', {generator.NAME!r}, 'Generator')()\nmade.load('cpu')\n"
            f"print([m for m in ('moderngl', 'glfw', 'pyaudio', 'vj.engine', 'vj.app') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_request_travels_to_another_process() -> None:
    request = wish("painter", ())
    assert pickle.loads(pickle.dumps(request)) == request
