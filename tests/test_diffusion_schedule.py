"""The schedule against diffusers' schedulers: the same timesteps and the same states, and a strength without stairs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from vj.models.diffusion.schedule import Course, Schedule, guidance_embedding
from vj.types import VjError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in diffusers

CONFIG = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
          "timestep_spacing": "trailing", "steps_offset": 1}


def scheduler(sampler: str, **more: object) -> object:
    import diffusers

    kinds = {"euler": "EulerDiscreteScheduler", "ancestral": "EulerAncestralDiscreteScheduler", "lcm": "LCMScheduler"}
    return getattr(diffusers, kinds[sampler]).from_config({**CONFIG, **more})


def model(state: torch.Tensor, timestep: float) -> torch.Tensor:
    """Stands for a UNet: anything that depends on both."""
    return torch.sin(3.0 * state + timestep / 100.0)


def walked(course: Course, source: torch.Tensor, noise: torch.Tensor, stir: list[torch.Tensor]) -> torch.Tensor:
    state = course.signal * source + course.noise * noise
    for step, fresh in zip(course.steps, stir, strict=True):
        state = step.keep * state + step.push * model(step.scale * state, step.timestep) + step.stir * fresh
    return state


def diffused(theirs, grid: int, steps: int, source: torch.Tensor | None, noise: torch.Tensor) -> torch.Tensor:
    """The last ``steps`` of ``grid``, as diffusers' img2img goes them; from noise alone without a source."""
    theirs.set_timesteps(grid)
    times = theirs.timesteps[grid - steps:]
    theirs.set_begin_index(grid - steps)
    state = noise * theirs.init_noise_sigma if source is None else theirs.add_noise(source, noise, times[:1])
    for time in times:
        output = model(theirs.scale_model_input(state, time), time)
        state = theirs.step(output, time, state, return_dict=False)[0]
    return state


@pytest.fixture
def stir(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """The noise of each step, which diffusers is given too."""
    import diffusers.schedulers.scheduling_euler_ancestral_discrete as ancestral
    import diffusers.schedulers.scheduling_lcm as lcm

    noises = list(torch.randn(50, 1, 4, 8, 8, generator=torch.Generator().manual_seed(3)))
    given: Iterator[torch.Tensor] = iter(noises)
    for module in (ancestral, lcm):
        monkeypatch.setattr(module, "randn_tensor", lambda *_, **__: next(given))
    return noises


@pytest.mark.parametrize("sampler", ["euler", "ancestral", "lcm"])
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize(("grid", "steps"), [(1, 1), (2, 2), (3, 3), (4, 4), (2, 1), (4, 1), (4, 2), (5, 3), (8, 4)])
def test_every_course_ends_where_diffusers_ends(sampler: str, prediction: str, grid: int, steps: int,
                                                stir: list[torch.Tensor]) -> None:
    generator = torch.Generator().manual_seed(1)
    source, noise = torch.randn(2, 1, 4, 8, 8, generator=generator)
    expected = diffused(scheduler(sampler, prediction_type=prediction), grid, steps, source, noise)
    course = Schedule({**CONFIG, "prediction_type": prediction}, sampler).course(steps, steps / grid, sourced=True)
    found = walked(course, source, noise, stir[:steps])
    assert torch.allclose(found, expected, rtol=2e-5, atol=2e-4)


@pytest.mark.parametrize("sampler", ["euler", "ancestral", "lcm"])
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_noise_alone_ends_where_diffusers_ends(sampler: str, steps: int, stir: list[torch.Tensor]) -> None:
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    expected = diffused(scheduler(sampler), steps, steps, None, noise)
    found = walked(Schedule(CONFIG, sampler).course(steps), torch.zeros_like(noise), noise, stir[:steps])
    assert torch.allclose(found, expected, rtol=2e-5, atol=2e-4)


@pytest.mark.parametrize("sampler", ["euler", "lcm"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_a_strength_that_glides_has_no_stairs(sampler: str, steps: int) -> None:
    schedule = Schedule(CONFIG, sampler)
    times = np.array([schedule.timesteps(steps, strength) for strength in np.linspace(0.0, 1.0, 2001)])
    assert np.abs(np.diff(times, axis=0)).max() < 3.0
    assert (np.diff(times[:, 0]) >= 0.0).all()
    assert times[0].max() == 0.0
    assert times[-1, 0] == 999.0
    assert np.isfinite([schedule.course(steps, s, sourced=True).table for s in np.linspace(0, 1, 101)]).all()


def test_strength_is_the_timestep_of_one_step() -> None:
    schedule = Schedule(CONFIG, "euler")
    assert schedule.timesteps(1, 0.7) == [pytest.approx(699.0)]
    assert schedule.timesteps(1, 0.123) == [pytest.approx(122.0, abs=1.0)]


def test_strength_zero_holds_the_source() -> None:
    course = Schedule(CONFIG, "euler").course(1, 0.0, sourced=True)
    assert course.signal == 1.0
    assert course.noise < 0.03


def test_without_a_source_there_is_only_noise_whatever_the_strength() -> None:
    schedule = Schedule(CONFIG, "euler")
    assert schedule.course(2, 0.3) == schedule.course(2, 1.0)
    assert schedule.course(2, 0.3).signal == 0.0


@pytest.mark.parametrize(("timestep", "sigma", "share"),
                         [(999, 14.615, 0.005), (749, 4.082, 0.057), (666, 2.918, 0.105), (499, 1.613, 0.278),
                          (332, 0.929, 0.537), (249, 0.693, 0.675)])
def test_the_noise_levels_of_these_models(timestep: int, sigma: float, share: float) -> None:
    schedule = Schedule(CONFIG, "euler")
    assert schedule.sigma(timestep) == pytest.approx(sigma, rel=1e-3)
    assert schedule.signal_share(timestep) == pytest.approx(share, abs=6e-4)


def test_the_folder_says_which_euler() -> None:
    assert Schedule({**CONFIG, "_class_name": "EulerAncestralDiscreteScheduler"}, "euler").sampler == "ancestral"
    assert Schedule({**CONFIG, "_class_name": "EulerAncestralDiscreteScheduler"}, "lcm").sampler == "lcm"


@pytest.mark.parametrize("more", [{"beta_schedule": "linear"}, {"beta_schedule": "squaredcos_cap_v2"},
                                  {"rescale_betas_zero_snr": True}])
def test_other_noise_levels_are_diffusers_own(more: dict[str, object]) -> None:
    theirs = scheduler("euler", **more)
    bars = theirs.alphas_cumprod.double().numpy()
    found = [Schedule({**CONFIG, **more}, "euler").signal_share(t) for t in range(0, 1000, 37)]
    assert found == pytest.approx(bars[::37].tolist(), rel=1e-4, abs=1e-7)


def test_guidance_is_told_as_diffusers_tells_it() -> None:
    from diffusers import LatentConsistencyModelPipeline

    theirs = LatentConsistencyModelPipeline.get_guidance_scale_embedding(None, torch.tensor([6.5]), embedding_dim=33)
    assert np.allclose(guidance_embedding(7.5, 33), theirs[0].numpy(), atol=2e-3)


@pytest.mark.parametrize(("config", "word"), [({"prediction_type": "flow"}, "prediction_type"),
                                              ({"beta_schedule": "sigmoid"}, "beta_schedule")])
def test_a_schedule_of_another_kind_is_told(config: dict[str, str], word: str) -> None:
    with pytest.raises(VjError, match=word):
        Schedule({**CONFIG, **config}, "euler").course(1)


@pytest.mark.parametrize("steps", [0, -1, 51])
def test_steps_out_of_range_are_told(steps: int) -> None:
    with pytest.raises(VjError, match="1 to 50 steps"):
        Schedule(CONFIG, "euler").course(steps)
