"""The latents are those of diffusers' own pipelines, given the same noise: families, samplers, 1 to 4 steps."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import diffusion_kit as kit
import numpy as np
import pytest
import torch
from PIL import Image

from vj.models.diffusion.engine import Engine, Shot
from vj.models.diffusion.loader import Parts, open_parts
from vj.models.diffusion.sphere import STIR, WORLD
from vj.models.latent import latent, normals
from vj.types import LatentPoint

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SIZE, SHAPE = (72, 64), (4, 8, 9)
POINT = LatentPoint((0.6, 0.0, -0.48, 0.64), kick_seed=11, kick_angle=0.3)
NAMES = ("sd1", "sd2", "sdxl")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


SCHEDULERS = {"euler": "EulerDiscreteScheduler", "ancestral": "EulerAncestralDiscreteScheduler", "lcm": "LCMScheduler"}


class Both:
    """One tiny model as diffusers loads it and as vj does, with whatever scheduler."""

    def __init__(self, folder: Path) -> None:
        import diffusers

        self.kind = "StableDiffusionXL" if folder.name == "sdxl" else "StableDiffusion"
        self.pipe = getattr(diffusers, self.kind + "Pipeline").from_pretrained(folder, local_files_only=True)
        tiny = (folder / "vae" / "config.json").read_text().count("AutoencoderTiny")
        self.parts = open_parts(folder, vae="tiny" if tiny else "full")

    def theirs(self, sampler: str, prediction: str = "epsilon", *, source: bool = False) -> object:
        import diffusers

        scheduler = getattr(diffusers, SCHEDULERS[sampler]).from_config(self._config(sampler, prediction))
        parts = self.pipe.components | {"scheduler": scheduler}
        more = {} if self.kind == "StableDiffusionXL" else {"requires_safety_checker": False}
        pipe = getattr(diffusers, self.kind + ("Img2ImgPipeline" if source else "Pipeline"))(**parts, **more)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def ours(self, sampler: str, prediction: str = "epsilon") -> Parts:
        return replace(self.parts, scheduler=self._config(sampler, prediction),
                       sampler="lcm" if sampler == "lcm" else "euler")

    def _config(self, sampler: str, prediction: str) -> dict[str, object]:
        return kit.NOISE | {"_class_name": SCHEDULERS[sampler], "timestep_spacing": "trailing",
                            "prediction_type": prediction}


def made(name: str, home: Path, **more: object) -> Both:
    """The model of a family with a tiny decoder in its folder."""
    folder = getattr(kit, name)(home / name, **more)
    for path in (folder / "vae").iterdir():
        path.unlink()
    kit.taesd(folder / "vae")
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | {"vae": ["diffusers", "AutoencoderTiny"]}))
    return Both(folder)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Both]:
    home = tmp_path_factory.mktemp("models")
    return {name: made(name, home) for name in NAMES}


def first_noise(seed: int) -> torch.Tensor:
    return torch.from_numpy(latent(POINT, seed, WORLD, math.prod(SHAPE)).astype(np.float32)).view(1, *SHAPE)


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[torch.Tensor]], None]:
    """Diffusers draws these noises, in this order."""
    import diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img as sd
    import diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img as sdxl
    import diffusers.schedulers.scheduling_euler_ancestral_discrete as ancestral
    import diffusers.schedulers.scheduling_lcm as lcm

    def noises(wanted: list[torch.Tensor]) -> None:
        given: Iterator[torch.Tensor] = iter(wanted)
        for module in (sd, sdxl, ancestral, lcm):
            monkeypatch.setattr(module, "randn_tensor", lambda *_, **__: next(given))

    return noises


def stirred(seed: int, steps: int) -> list[torch.Tensor]:
    return [torch.from_numpy(normals(STIR, seed, WORLD, step, shape=SHAPE).astype(np.float32))[None]
            for step in range(steps)]


def drawn(parts: Parts, **more: object) -> torch.Tensor:
    engine = Engine.open(parts)
    engine.draw(Shot(POINT, 5, SIZE, (("a reef at night", 1.0),), **more))
    return engine.latents()


def close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Within what float32 loses on latents of this size."""
    assert expected.std() > 0.1
    return bool((found - expected).abs().max() < 2e-4 * expected.abs().max())


def from_noise(pipe: object, **more: object) -> torch.Tensor:
    asked = {"width": SIZE[0], "height": SIZE[1], "guidance_scale": 0.0, "output_type": "latent"} | more
    return pipe("a reef at night", latents=first_noise(5), **asked).images


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sampler", SCHEDULERS)
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_picture_from_noise(both: dict[str, Both], name: str, sampler: str, steps: int,
                              give: Callable[[list[torch.Tensor]], None]) -> None:
    give(stirred(5, steps))
    expected = from_noise(both[name].theirs(sampler), num_inference_steps=steps)
    assert close(drawn(both[name].ours(sampler), steps=steps), expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("sampler", "steps", "strength"),
                         [("euler", 1, 0.5), ("euler", 2, 0.5), ("ancestral", 1, 0.25), ("ancestral", 2, 1.0),
                          ("lcm", 4, 0.5)])
def test_a_picture_from_a_picture(both: dict[str, Both], name: str, sampler: str, steps: int, strength: float,
                                  give: Callable[[list[torch.Tensor]], None]) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    give([first_noise(5), *stirred(5, steps)])
    expected = both[name].theirs(sampler, source=True)(
        "a reef at night", image=Image.fromarray(picture), strength=strength,
        num_inference_steps=round(steps / strength), guidance_scale=0.0, output_type="latent").images
    assert close(drawn(both[name].ours(sampler), steps=steps, strength=strength, source=picture), expected)


@pytest.mark.parametrize("steps", [1, 3])
def test_a_model_that_predicts_velocity(both: dict[str, Both], steps: int) -> None:
    expected = from_noise(both["sd2"].theirs("euler", "v_prediction"), num_inference_steps=steps)
    assert close(drawn(both["sd2"].ours("euler", "v_prediction"), steps=steps), expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("negative", ["", "grey"])
def test_guidance_with_a_negative_prompt(both: dict[str, Both], name: str, negative: str) -> None:
    expected = from_noise(both[name].theirs("euler"), negative_prompt=negative or None, num_inference_steps=2,
                          guidance_scale=4.0)
    assert close(drawn(both[name].ours("euler"), steps=2, guidance=4.0, negative=negative), expected)


@pytest.mark.parametrize("steps", [1, 4])
def test_a_model_that_is_told_its_guidance(tmp_path: Path, steps: int,
                                           give: Callable[[list[torch.Tensor]], None]) -> None:
    told = made("sd1", tmp_path, unet=kit.UNET | {"time_cond_proj_dim": 16})
    give(stirred(5, steps))
    expected = from_noise(told.theirs("lcm"), num_inference_steps=steps, guidance_scale=8.0)
    assert close(drawn(told.ours("lcm"), steps=steps, guidance=8.0), expected)
    assert not close(drawn(told.ours("lcm"), steps=steps, guidance=2.0), expected)


def test_the_picture_is_what_diffusers_shows(both: dict[str, Both]) -> None:
    expected = from_noise(both["sd2"].theirs("euler"), num_inference_steps=1, output_type="np")[0]
    pixels = Engine.open(both["sd2"].ours("euler")).draw(Shot(POINT, 5, SIZE, (("a reef at night", 1.0),)))
    assert pixels.shape == (SIZE[1], SIZE[0], 4)
    assert (pixels[..., 3] == 255).all()
    assert np.abs(pixels[..., :3] - expected * 255.0).max() <= 0.6


def test_the_full_decoder_is_diffusers_own(tmp_path: Path) -> None:
    parts = Both(kit.sd2(tmp_path / "sd2")).ours("euler")
    picture = np.random.default_rng(2).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    engine = Engine.open(parts)
    pixels = engine.draw(Shot(POINT, 5, SIZE, (("a reef", 1.0),), source=picture, strength=0.0))
    with torch.no_grad():
        z = engine.latents() / parts.vae.config.scaling_factor
        expected = (parts.vae.decode(z).sample[0].permute(1, 2, 0) * 0.5 + 0.5).clamp(0, 1).numpy() * 255.0
        x = torch.from_numpy(picture).permute(2, 0, 1)[None] / 127.5 - 1.0
        begun = parts.vae.encode(x).latent_dist.mode() * parts.vae.config.scaling_factor
    assert np.abs(pixels[..., :3] - expected).max() <= 0.6
    assert (engine.latents() - begun).abs().max() < 0.1
