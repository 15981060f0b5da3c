"""The generator ``diffusion`` on tiny models: what a hand turns is seen, and what is wrong is told in a sentence."""

from __future__ import annotations

import ast
import itertools
import math
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusion_kit as kit
import numpy as np
import pytest
import torch

from vj import registry
from vj.generators._atelier import Atelier, mixed, steps
from vj.generators._models import Models
from vj.generators._stands import stand, stood
from vj.models.diffusion.engine import Engine
from vj.models.diffusion.loader import Parts, open_parts
from vj.models.diffusion.profile import PROFILES
from vj.models.diffusion.pulse import beat
from vj.runner.process import ProcessRunner
from vj.types import Beat, Camera, Features, GenRequest, LatentPoint, Tick, VjError
from vj.walk.sphere import K

torch.set_num_threads(1)
WAYS = np.linalg.qr(np.random.default_rng(0).standard_normal((K, 3)))[0].T
HOME = LatentPoint(tuple(WAYS[0].tolist()), prompts=(("a red rose", 1.0),))
SIZE = 64, 48


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """An SD-Turbo in its real layout, a few MB, with a tiny decoder."""
    models = tmp_path_factory.mktemp("models")
    return colourful(open_parts(kit.sd2(models / "tiny"), "cpu", tiny=kit.taesd(models / "taesd")))


def colourful(parts: Parts) -> Parts:
    """Random decoders give plain grey: spread what comes out over the whole range."""
    with torch.no_grad():
        generator = torch.Generator().manual_seed(5)
        for module in parts.vae.decoder.modules():
            if isinstance(module, torch.nn.Conv2d):
                fan = module.weight[0].numel()
                module.weight.copy_(torch.randn(module.weight.shape, generator=generator) * (2.0 / fan) ** 0.5)
                if module.bias is not None:
                    module.bias.zero_()
    return parts


class Studio:
    """The generator with a tiny model. ``opened`` names what was opened; ``broken`` names cannot be."""

    def __init__(self, parts: Parts, *, live: bool = False) -> None:
        self.opened: list[str] = []
        self.loading: list[str] = []
        self.said: list[str] = []
        self.broken: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self._parts = parts
        self.generator = registry.load("vj.generators", "diffusion", "Generator")()
        self.generator.load("cpu")
        tells: dict[str, Any] = {"loading": self.loading.append, "say": self.said.append} if live else {
            "say": self.said.append}
        self.generator._atelier = Atelier("cpu", opening=self._open, **tells)
        self.time = 0.0

    def _open(self, name: str, files: Any, device: str, say: Any) -> Engine:
        if name in self.broken:
            raise VjError(f"the model {name} is not here: fetch it with `vj models fetch {name}`")
        if name not in ("sd-turbo", "mine"):  # the slow ones: each step waits, and shows that it is alive
            while not self.gate.wait(0.01):
                beat()
        self.opened.append(name)
        return Engine(replace(self._parts, name=name), tell=say)

    def request(self, point: LatentPoint = HOME, *, dt: float = 1 / 30, deck: str = "a", size: tuple[int, int] = SIZE,
                picture: str = "", files: Any = None, image_in: Any = None, **knobs: Any) -> GenRequest:
        self.time += dt
        beats = 2.0 * self.time
        return GenRequest("diffusion", Tick(round(self.time * 30), self.time, 1 / 30),
                          Features(beat=Beat(120.0, int(beats), beats % 1.0)), {"calm": 0.0} | knobs, point, 7, size,
                          deck, files or {}, picture, image_in)

    def begin(self, *args: Any, **knobs: Any) -> np.ndarray | None:
        """As a live show asks."""
        begun = self.generator.begin(self.request(*args, **knobs))
        return None if begun is None else begun.image().pixels[..., :3].astype(np.int16)

    def draw(self, *args: Any, **knobs: Any) -> np.ndarray:
        return self.generator.render(self.request(*args, **knobs)).pixels[..., :3].astype(np.int16)


@pytest.fixture
def studio(parts: Parts) -> Any:
    made = Studio(parts)
    yield made
    made.generator.close()


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


# ------------------------------------------------------------------------------------- the contract


@pytest.mark.parametrize("size", [(16, 16), (33, 17), (17, 50), (64, 36)])
def test_a_picture_has_the_size_that_was_asked_for(studio: Studio, size: tuple[int, int]) -> None:
    image = studio.generator.render(studio.request(size=size))
    assert image.pixels.shape == (size[1], size[0], 4)
    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags["C_CONTIGUOUS"]
    assert (image.pixels[..., 3] == 255).all()


def test_an_image_tells_what_it_answers_and_is_nobody_elses(studio: Studio) -> None:
    request = studio.request(replace(HOME, camera=Camera(0.3, 0.1, 0.5, 0.2)))
    image = studio.generator.render(request)
    kept = image.pixels.copy()
    assert (image.tick_index, image.time) == (request.tick.index, request.tick.time)
    assert image.camera == Camera(), "the view is the compositor's alone"
    studio.draw(replace(HOME, weights=tuple(WAYS[1].tolist())))
    np.testing.assert_array_equal(image.pixels, kept)
    assert kept[..., :3].std() > 4, "a picture, not a plain colour"


@pytest.mark.parametrize("size", [(0, 64), (64, 15), (100_000, 64)])
def test_an_impossible_size_is_refused(studio: Studio, size: tuple[int, int]) -> None:
    with pytest.raises(VjError, match=f"{size[0]}x{size[1]}"):
        studio.draw(size=size)


def test_its_module_is_light_and_says_what_it_needs() -> None:
    code = ("import sys, vj.generators.diffusion as d; bad = [m for m in ('torch', 'diffusers', 'transformers', 'av', "
            "'moderngl') if m in sys.modules]; print(bad, d.Generator.NEEDS)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[] ")
    assert "vj models fetch" in done.stdout
    source = Path(str(registry.load("vj.generators", "diffusion", "Generator").__module__.replace(".", "/") + ".py"))
    tree = ast.parse((Path(__file__).parent.parent / source).read_text("utf-8"))
    assert ast.unparse(tree.body[-1]) == "Generator = Diffusion"


def test_it_is_as_ever_when_it_is_drawn_again_from_the_start(parts: Parts) -> None:
    first, again = Studio(parts), Studio(parts)
    for _ in range(3):
        np.testing.assert_array_equal(first.draw(feedback=0.5, calm=0.5), again.draw(feedback=0.5, calm=0.5))


# ------------------------------------------------------------------------------- what a hand turns


def test_prompts_are_seen_and_a_mixture_lies_between(studio: Studio) -> None:
    rose, sea = (studio.draw(replace(HOME, prompts=((text, 1.0),))) for text in ("a red rose", "the sea at night"))
    half = studio.draw(replace(HOME, prompts=(("a red rose", 0.5), ("the sea at night", 0.5))))
    near = studio.draw(replace(HOME, prompts=(("a red rose", 0.95), ("the sea at night", 0.05))))
    assert apart(rose, sea) > 0.5
    assert apart(half, rose) > apart(near, rose) > 0
    assert apart(half, sea) < apart(rose, sea)
    ahead = studio.draw(replace(HOME, prompts=(("a red rose", 1.0), ("not yet", 0.0))))
    np.testing.assert_array_equal(ahead, rose)


def test_without_a_prompt_it_is_the_empty_text() -> None:
    assert mixed(()) == (("", 1.0),)
    assert mixed((("x", 0.0),)) == (("", 1.0),)
    assert mixed((("x", 0.4), ("y", 0.0), ("z", 0.6))) == (("x", 0.4), ("z", 0.6))


@pytest.mark.parametrize("text", ["", "🌊" * 900, "x " * 1000, "\x00\x07", "نص", "a" * 2000])
def test_any_prompt_is_a_picture(studio: Studio, text: str) -> None:
    assert studio.draw(replace(HOME, prompts=((text, 1.0),))).shape == (48, 64, 3)


def test_a_kick_goes_away_and_comes_back(studio: Studio) -> None:
    home = studio.draw()
    far = [apart(studio.draw(replace(HOME, kick_seed=5, kick_angle=angle)), home) for angle in (0.8, 0.2, 0.0)]
    assert far[0] > far[1] > far[2] == 0.0


def gradient(size: tuple[int, int] = SIZE) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(0, 255, size[0]), np.linspace(0, 255, size[1]))
    return np.stack([x, y, 255 - x], axis=-1).astype(np.uint8)


def test_strength_goes_from_holding_to_drawing(studio: Studio) -> None:
    source = np.dstack([gradient(), np.full((48, 64), 255, np.uint8)])
    drawn = {strength: studio.draw(picture="other deck", image_in=source, strength=strength)
             for strength in (0.0, 0.25, 0.5, 1.0)}
    away = [apart(drawn[strength], drawn[0.0]) for strength in (0.25, 0.5, 1.0)]
    assert 0.0 < away[0] < away[1] < away[2]
    other = replace(HOME, weights=tuple(WAYS[1].tolist()))
    held = apart(studio.draw(other, picture="other deck", image_in=source, strength=0.0), drawn[0.0])
    free = apart(studio.draw(other, picture="other deck", image_in=source), drawn[1.0])
    assert held < free / 2, "what holds the picture hardly hears the walk"


def test_strength_has_no_stairs(studio: Studio) -> None:
    source = np.dstack([gradient(), np.full((48, 64), 255, np.uint8)])
    drawn = [studio.draw(picture="other deck", image_in=source, strength=strength / 20) for strength in range(21)]
    moves = [apart(one, other) for one, other in itertools.pairwise(drawn)]
    assert min(moves) > 0.0
    assert max(moves) < 0.4 * sum(moves)


def test_feedback_brings_the_picture_before_back(studio: Studio) -> None:
    def run(**knobs: Any) -> list[np.ndarray]:
        studio.generator._atelier._before.clear()
        for model in studio.generator._atelier._models._open.values():
            model.engine.forget("a")
        return [studio.draw(dt=0.1, **knobs) for _ in range(6)]

    still, fed = run(), run(feedback=0.8, feed_zoom=0.5)
    assert apart(still[1], still[5]) == 0.0, "the walk stands, and so does the picture"
    assert apart(fed[1], fed[5]) > 0.5
    turned = run(feedback=0.8, feed_zoom=0.0, feed_angle=0.8)
    assert apart(turned[5], fed[5]) > 0.5


def test_the_views_pan_moves_what_comes_back(studio: Studio) -> None:
    def run(x: float) -> np.ndarray:
        studio.generator._atelier._before.clear()
        for model in studio.generator._atelier._models._open.values():
            model.engine.forget("a")
        return [studio.draw(replace(HOME, camera=Camera(x=x * n)), dt=0.1, feedback=0.8, feed_zoom=0.0)
                for n in range(5)][-1]

    assert apart(run(0.0), run(0.08)) > 0.3
    assert apart(run(0.0), run(0.0)) == 0.0


def test_calm_slows_a_jump(studio: Studio) -> None:
    there = replace(HOME, weights=tuple(WAYS[1].tolist()))
    studio.draw()
    wild = apart(studio.draw(there), studio.draw(there))
    for _ in range(8):
        studio.draw(calm=1.0, dt=0.25)
    first = studio.draw(there, calm=1.0)
    for _ in range(12):
        last = studio.draw(there, calm=1.0, dt=0.25)
    assert apart(first, last) > wild == 0.0


def test_worlds_are_places_one_can_go_back_to(studio: Studio) -> None:
    there = replace(HOME, weights=tuple(WAYS[1].tolist()))
    np.testing.assert_array_equal(studio.draw(world=3.0, home=1.0), studio.draw(there, world=3.0, home=1.0))
    assert apart(studio.draw(world=3.0, home=1.0), studio.draw(world=4.0, home=1.0)) > 1.0
    assert apart(studio.draw(world=3.0, home=0.0), studio.draw(world=9.0, home=0.0)) == 0.0


def test_a_world_is_a_point_on_the_sphere_and_the_way_there_is_smooth() -> None:
    for world, home in ((0.0, 1.0), (2.5, 0.4), (63.9, 0.99), (64.0, 1.0)):
        assert np.linalg.norm(stood(HOME, world, home).weights) == pytest.approx(1.0)
    np.testing.assert_allclose(stood(HOME, 5.0, 1.0).weights, stand(5, K), atol=1e-12)
    path = np.array([stood(HOME, world / 50, 1.0).weights for world in range(300)])
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 0.06
    assert stood(HOME, 9.0, 0.0) is HOME


def test_steps_are_the_models_own_unless_asked_for() -> None:
    assert steps("sd-turbo", "euler", 0) == 1
    assert steps("lcm", "lcm", 0) == PROFILES["lcm"].steps == 4
    assert steps("sdxs", "euler", 8) == 1
    assert steps("mine", "lcm", 0) == 4
    assert steps("mine", "euler", 3) == 3


def test_more_steps_and_guidance_are_another_picture(studio: Studio) -> None:
    one = studio.draw(model="mine")
    assert apart(one, studio.draw(model="mine", steps=3)) > 0.1
    guided = studio.draw(model="mine", guidance=3.0)
    assert apart(one, guided) > 0.1
    assert apart(guided, studio.draw(model="mine", guidance=3.0, negative="blue fog")) > 0.01
    assert apart(one, studio.draw(model="mine", negative="blue fog")) == 0.0, "without guidance it is not heard"
    assert apart(studio.draw(guidance=3.0), studio.draw()) == 0.0, "sd-turbo was not made for it"


def test_a_lora_is_heard_at_its_scale_and_leaves_no_trace(studio: Studio, tmp_path: Path) -> None:
    path = kit.lora(tmp_path / "glow.safetensors", studio._parts.unet)
    files = {"lora/glow": str(path)}
    plain = studio.draw(files=files)
    strong = studio.draw(files=files, lora="glow", lora_scale=2.0)
    weak = studio.draw(files=files, lora="glow", lora_scale=0.5)
    assert apart(strong, plain) > apart(weak, plain) > 0.0
    np.testing.assert_array_equal(studio.draw(files=files, lora="glow", lora_scale=0.0), plain)
    np.testing.assert_array_equal(studio.draw(files=files), plain)


def test_a_lora_that_is_none_is_told_once_and_the_show_goes_on(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"no tensors")
    plain = studio.draw()
    for _ in range(3):
        np.testing.assert_array_equal(
            studio.draw(lora="bad", files={"lora/bad": str(tmp_path / "bad.safetensors")}), plain)
        np.testing.assert_array_equal(studio.draw(lora2="gone"), plain)
    assert len(studio.said) == 2
    assert "bad.safetensors" in studio.said[0]
    assert "start vj with --lora gone=PATH" in studio.said[1]


# --------------------------------------------------------------------------------------- the model


def test_a_model_that_is_not_here_is_a_sentence_with_the_cure(studio: Studio) -> None:
    studio.broken.add("sd-turbo")
    for _ in range(3):
        with pytest.raises(VjError, match="vj models fetch sd-turbo"):
            studio.draw()
    assert studio.opened == [], "and it is not tried again with every image"


def test_the_model_that_is_there_goes_on(studio: Studio) -> None:
    before = studio.draw()
    studio.broken.add("lcm")
    for _ in range(3):
        np.testing.assert_array_equal(studio.draw(model="lcm"), before)
    assert len(studio.said) == 1
    assert "vj models fetch lcm" in studio.said[0]


def test_each_deck_has_its_model_and_its_memory(parts: Parts) -> None:
    studio = Studio(parts, live=True)
    for _ in range(3):
        studio.draw(deck="a", model="sd-turbo", feedback=0.5)
        studio.draw(deck="b", model="lcm")
    assert studio.opened == studio.loading == ["sd-turbo", "lcm"], "both stay open"
    studio.draw(deck="b", model="sdxs")
    studio.draw(deck="a", model="sd-turbo")
    assert studio.opened == ["sd-turbo", "lcm", "sdxs"]
    assert set(studio.generator._atelier._models._open) == {"sd-turbo", "sdxs"}, "what nobody uses goes"
    studio.generator.close()


def test_room_is_made_of_what_nobody_uses() -> None:
    class Bare:
        def __init__(self) -> None:
            self.closed = False

        def close(self) -> None:
            self.closed = True

    made: dict[str, Bare] = {}

    def opening(name: str, *_: Any) -> Any:
        if sum(not engine.closed for engine in made.values()) >= 2:
            raise VjError(f"{name} found no room")
        made[name] = Bare()
        return made[name]

    models = Models("cpu", lambda _: None, lambda _: None, opening)
    models.use("a", "one", {})
    models.use("a", "two", {})
    assert models.use("a", "three", {})[0] == "three"
    assert made["one"].closed
    assert not made["two"].closed


def test_prompts_are_read_before_they_have_a_weight(parts: Parts) -> None:
    studio = Studio(parts, live=True)
    studio.draw(replace(HOME, prompts=(("a red rose", 1.0), ("tomorrow", 0.0))))
    encoder, until = studio._parts.encoder, time.monotonic() + 30.0
    while encoder.known("tomorrow") is None and time.monotonic() < until:
        time.sleep(0.005)
    assert encoder.known("tomorrow") is not None
    studio.generator.close()


# ------------------------------------------------------------------------- a live show: opening, looking ahead


@pytest.fixture
def live(parts: Parts) -> Any:
    made = Studio(parts, live=True)
    yield made
    made.gate.set()
    made.generator.close()


def until(studio: Studio, wanted: Any, **knobs: Any) -> np.ndarray:
    """Ask until ``wanted(picture)``; the picture."""
    end = time.monotonic() + 30.0
    while time.monotonic() < end:
        picture = studio.begin(**knobs)
        if picture is not None and wanted(picture):
            return picture
        time.sleep(0.005)
    raise AssertionError("not within 30 s")


def test_a_model_is_opened_while_the_one_before_goes_on_drawing(live: Studio) -> None:
    before = until(live, lambda _: True)
    live.gate.clear()
    for _ in range(20):
        picture = live.begin(model="lcm")
        assert picture is not None, "not one request is left without a picture"
        np.testing.assert_array_equal(picture, before)
    assert live.loading[:2] == ["sd-turbo", "lcm"]
    assert live.opened == ["sd-turbo"]
    live.gate.set()
    until(live, lambda picture: apart(picture, before) > 0.1, model="lcm")
    assert live.opened == ["sd-turbo", "lcm"]
    assert live.said == []


def test_a_decks_first_model_does_not_hold_up_the_other_deck(live: Studio) -> None:
    until(live, lambda _: True)
    live.gate.clear()
    assert live.begin(deck="b", model="lcm") is None
    assert live.begin(deck="a") is not None
    live.gate.set()
    until(live, lambda _: True, deck="b", model="lcm")


def test_slow_is_not_hung(live: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.generators._models.HANG_S", 0.3)
    monkeypatch.setattr("vj.generators._opening.TELL_S", 0.05)
    until(live, lambda _: True)
    live.gate.clear()
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        assert live.begin(model="lcm") is not None
        time.sleep(0.01)
    assert live.said == []
    assert live.loading.count("lcm") > 5, "each step is a sign of life for the supervisor"


def test_hung_is_told_and_what_was_there_goes_on(live: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    before = until(live, lambda _: True)
    monkeypatch.setattr("vj.generators._models.HANG_S", 0.2)
    hang = threading.Event()
    opening = live.generator._atelier._models._opening
    live.generator._atelier._models._opening = lambda *args: (hang.wait(), opening(*args))[1]
    end = time.monotonic() + 20.0
    while not live.said and time.monotonic() < end:
        np.testing.assert_array_equal(live.begin(model="lcm"), before)
        time.sleep(0.01)
    assert live.said == ["the model lcm could not be read, its files do not answer: look at the disk, then choose it "
                         "again; sd-turbo goes on"]
    live.generator._atelier._models._opening = opening
    until(live, lambda _: live.opened[-1] == "sdxs", model="sdxs")
    hang.set()


def test_a_load_that_fails_is_one_sentence_and_the_old_model_stays(live: Studio) -> None:
    before = until(live, lambda _: True)
    live.broken.add("lcm")
    end = time.monotonic() + 20.0
    while not live.said and time.monotonic() < end:
        live.begin(model="lcm")
        time.sleep(0.005)
    for _ in range(5):
        np.testing.assert_array_equal(live.begin(model="lcm"), before)
    assert live.said == ["the model lcm is not here: fetch it with `vj models fetch lcm`; sd-turbo goes on"]


def test_a_load_without_room_says_so_and_the_old_model_stays(live: Studio) -> None:
    from vj.models.diffusion.room import check_room

    before = until(live, lambda _: True)
    live.generator._atelier._models._opening = lambda *_: check_room("lcm", 2_000_000_000, "cuda", 1_000_000_000)
    end = time.monotonic() + 20.0
    while not live.said and time.monotonic() < end:
        np.testing.assert_array_equal(live.begin(model="lcm"), before)
        time.sleep(0.005)
    assert live.said == ["lcm needs 2.2 GB of memory on cuda and 1.0 GB are free: close other programs, or take a "
                         "smaller model; sd-turbo goes on"]


def test_a_model_nobody_waits_for_any_more_is_left(live: Studio) -> None:
    until(live, lambda _: True)
    live.gate.clear()
    live.begin(model="lcm")
    picture = until(live, lambda _: "sdxs" in live.loading, model="sdxs")
    live.gate.set()
    until(live, lambda _: "sdxs" in live.opened, model="sdxs")
    assert "lcm" not in live.opened, "its next step was its last"
    assert picture is not None


def test_an_error_of_a_library_is_a_sentence(live: Studio) -> None:
    live.generator._atelier._models._opening = lambda *_: {}["weights"]
    with pytest.raises(VjError, match="the model sd-turbo cannot be opened"):
        until(live, lambda _: True)


def path(count: int) -> list[LatentPoint]:
    return [replace(HOME, weights=tuple((math.cos(0.01 * n) * WAYS[0] + math.sin(0.01 * n) * WAYS[1]).tolist()))
            for n in range(count)]


def test_ahead_draws_batches_whose_pictures_are_those_of_one_by_one(parts: Parts, live: Studio) -> None:
    until(live, lambda _: True)
    alone = Studio(parts, live=True)
    until(alone, lambda _: True)
    live.generator._atelier._far = True
    live.time = alone.time = 10.0
    plain = [alone.begin(point, ahead=4, calm=0.3, dt=1 / 60) for point in path(14)]
    found = [live.begin(point, ahead=4, calm=0.3, dt=1 / 60) for point in path(14)]
    assert alone.generator._atelier.foreseen == (0, 0), "a CPU draws one by one"
    assert live.generator._atelier.foreseen[0] >= 11
    apart_most = max(float(np.abs(a - b).max()) for a, b in zip(plain, found, strict=True))
    assert apart_most <= 2, "of 255"
    kicked = live.begin(replace(path(15)[-1], kick_seed=3, kick_angle=0.8), ahead=4, calm=0.3, dt=1 / 60)
    assert apart(kicked, found[-1]) > 0.5, "the hit is seen in its own picture"
    assert live.generator._atelier.foreseen[1] > 0
    alone.generator.close()


def test_a_lora_that_is_turned_throws_away_what_was_foreseen(live: Studio, tmp_path: Path) -> None:
    files = {"lora/glow": str(kit.lora(tmp_path / "glow.safetensors", live._parts.unet))}
    until(live, lambda _: True, files=files)
    live.generator._atelier._far = True
    for point in path(3):
        before = live.begin(point, files=files, dt=1 / 60)
    after = live.begin(path(4)[-1], files=files, dt=1 / 60, lora="glow", lora_scale=2.0)
    assert live.generator._atelier.foreseen[1] > 0
    assert apart(before, after) > 0.1
    live.begin(files=files)


def test_offline_nothing_is_foreseen(studio: Studio) -> None:
    studio.generator._atelier._far = True
    first = [studio.draw(point, ahead=8, dt=1 / 60) for point in path(6)]
    assert studio.generator._atelier.foreseen == (0, 0)
    again = Studio(studio._parts)
    for picture, point in zip(first, path(6), strict=True):
        np.testing.assert_array_equal(picture, again.draw(point, ahead=1, dt=1 / 60))


@pytest.mark.slow
def test_in_a_show_a_missing_model_is_told_and_is_no_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    runner = ProcessRunner("cpu", standby=False)
    runner.start("diffusion")
    show = Studio.__new__(Studio)
    show.time = 0.0
    try:
        seen, end = set(), time.monotonic() + 90.0
        while runner.status.state != "failed" and time.monotonic() < end:
            runner.exchange(show.request())
            seen.add(runner.status.state)
            time.sleep(0.01)
        assert runner.status.state == "failed"
        assert "loading" in seen
        assert "run `vj models fetch sd-turbo`" in runner.status.message
        assert runner.status.restarts == 0
    finally:
        runner.close()
