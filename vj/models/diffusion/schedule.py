"""How much noise stands at which timestep, and a whole course of steps as a small table of numbers.

Every sampler here is linear in three things: the state, the model's output and one noise. So a step is five numbers,
a picture of N steps is (N, 5), and turning a knob changes numbers in a buffer and never the program that reads them.

Sources: Karras et al. 2022 (sigma and its scalings), Luo et al. 2023, "Latent Consistency Models" (boundary scalings
and guidance embedding). The spacing of the timesteps is that of diffusers' schedulers, with which the tests compare.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vj.types import VjError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

SAMPLERS = ("euler", "ancestral", "lcm")
MOST_STEPS = 50
FINEST_LCM = 8
"""A consistency model's grids are taken from some 50 timesteps: finer ones than this are too uneven to glide over."""
SIGMA_DATA, TIMESTEP_SCALE, ORIGINAL_STEPS = 0.5, 10.0, 50
"""A consistency model's constants, where its scheduler's config doesn't name others."""


class Step(NamedTuple):
    """``state' = keep * state + push * unet(scale * state, timestep) + stir * noise``."""

    timestep: float
    scale: float
    keep: float
    push: float
    stir: float


@dataclass(frozen=True)
class Course:
    """One picture's way from noise: ``state = signal * source + noise * n``, then the steps one after another."""

    signal: float
    noise: float
    steps: tuple[Step, ...]

    @property
    def table(self) -> NDArray[np.float32]:
        """(N, 5): timestep, scale, keep, push, stir."""
        return np.array(self.steps, np.float32)


class Schedule:
    """A model's noise levels, read from its scheduler's config as it stands in the model's folder.

    ``sampler``: euler, ancestral (a model whose folder names EulerAncestralDiscreteScheduler) or lcm. Raises VjError
    for a schedule of another kind.
    """

    def __init__(self, config: Mapping[str, Any], sampler: str) -> None:
        named = "Ancestral" in str(config.get("_class_name", ""))
        self.sampler = "ancestral" if sampler == "euler" and named else sampler
        self.prediction = str(config.get("prediction_type", "epsilon"))
        self._config = config
        self._count = int(config.get("num_train_timesteps", 1000))
        _check("sampler", self.sampler, SAMPLERS)
        _check("prediction_type", self.prediction, ("epsilon", "v_prediction", "sample"))

    def course(self, steps: int, strength: float = 1.0, sourced: bool = False) -> Course:
        """The course of ``steps`` steps that begins at ``strength`` (1 noise alone .. 0 the source as it is).

        ``sourced``: there is a source, or a picture that is fed back; without one ``strength`` counts as 1.
        """
        if not 1 <= steps <= MOST_STEPS:
            raise VjError(f"a picture takes 1 to {MOST_STEPS} steps, got {steps}")
        times = self.timesteps(steps, strength if sourced else 1.0)
        sigmas = [self.sigma(t) for t in times]
        if self.sampler == "lcm":
            share = 1.0 / math.sqrt(1.0 + sigmas[0] ** 2)
            begin = (share, sigmas[0] * share) if sourced else (0.0, 1.0)
            made = [self._lcm_step(*pair) for pair in zip(times, sigmas, [*sigmas[1:], None], strict=True)]
        else:
            begin = (1.0 if sourced else 0.0, sigmas[0])
            made = [self._euler_step(*pair) for pair in zip(times, sigmas, [*sigmas[1:], 0.0], strict=True)]
        return Course(*begin, tuple(made))

    def timesteps(self, steps: int, strength: float) -> list[float]:
        """Timesteps of ``steps`` steps, falling, the first about ``1000 * strength``.

        Few-step pipelines take the last ``steps`` of a grid of M, which is strength ``steps / M``. These are met
        exactly; between two of them the timesteps are linear in the strength, so the knob has no stairs.
        """
        strength = min(max(strength, 0.0), 1.0)
        most = self._count if self.sampler != "lcm" else max(steps, FINEST_LCM)
        if strength * most <= steps:  # beyond the finest grid: on to the source itself
            return [t * strength * most / steps for t in self._grid(most)[-steps:]]
        fine = min(max(math.ceil(steps / strength - 1e-9), steps), most)
        coarse = max(fine - 1, steps)
        low, high = self._grid(fine)[-steps:], self._grid(coarse)[-steps:]
        span = steps / coarse - steps / fine
        share = min(max((strength - steps / fine) / span, 0.0), 1.0) if span > 0.0 else 0.0
        return [a + (b - a) * share for a, b in zip(low, high, strict=True)]

    def sigma(self, timestep: float) -> float:
        """Noise over signal at a timestep, linear between two whole ones."""
        return float(np.interp(timestep, np.arange(self._count), self._sigmas))

    def signal_share(self, timestep: float) -> float:
        """The source's share of the variance that the model sees: alpha-bar."""
        return 1.0 / (1.0 + self.sigma(timestep) ** 2)

    @property
    def _original_steps(self) -> int:
        return int(self._config.get("original_inference_steps", ORIGINAL_STEPS))

    def _grid(self, count: int) -> list[float]:
        """``count`` timesteps over the whole range: trailing, as few-step models were taught."""
        if self.sampler != "lcm":
            return [round(self._count * (count - k) / count) - 1.0 for k in range(count)]
        stride = self._count // self._original_steps
        taught = (np.arange(1, self._original_steps + 1) * stride - 1)[::-1]
        at = np.floor(np.linspace(0, len(taught), num=count, endpoint=False)).astype(np.int64)
        return [float(t) for t in taught[at]]

    @cached_property
    def _sigmas(self) -> Vector:
        """(1000,) noise over signal at every whole timestep."""
        bars = _alpha_bars(self._config, self._count)
        return np.sqrt((1.0 - bars) / bars)

    def _clean(self, sigma: float) -> tuple[float, float]:
        """(of state, of output): what the model says the clean latent is, for a state of variance ``1 + sigma^2``."""
        if self.prediction == "epsilon":
            return 1.0, -sigma
        if self.prediction == "v_prediction":
            return 1.0 / (sigma**2 + 1.0), -sigma / math.sqrt(sigma**2 + 1.0)
        return 0.0, 1.0

    def _euler_step(self, t: float, sigma: float, after: float) -> Step:
        """From ``sigma`` to ``after`` along the derivative; the ancestral one goes lower and adds noise."""
        of_state, of_output = self._clean(sigma)
        up = 0.0
        if self.sampler == "ancestral" and after > 0.0:
            up = math.sqrt(after**2 * (sigma**2 - after**2) / sigma**2)
        down = math.sqrt(after**2 - up**2)
        share = (down - sigma) / sigma  # state' = state + (state - clean) * share
        return Step(t, 1.0 / math.sqrt(sigma**2 + 1.0), 1.0 + share * (1.0 - of_state), -share * of_output, up)

    def _lcm_step(self, t: float, sigma: float, after: float | None) -> Step:
        """The consistency function at ``t``, noised again to ``after``; the last one stays clean. State: variance 1."""
        root = math.sqrt(1.0 + sigma**2)  # states of variance 1 are 1 / root of the others
        of_state, of_output = self._clean(sigma)
        scaled = t * float(self._config.get("timestep_scaling", TIMESTEP_SCALE))
        skip = SIGMA_DATA**2 / (scaled**2 + SIGMA_DATA**2)
        out = scaled / math.sqrt(scaled**2 + SIGMA_DATA**2)
        signal = 1.0 if after is None else 1.0 / math.sqrt(1.0 + after**2)
        noise = 0.0 if after is None else after * signal
        return Step(t, 1.0, signal * (out * of_state * root + skip), signal * out * of_output, noise)


def guidance_embedding(guidance: float, size: int) -> NDArray[np.float32]:
    """(size,) how a distilled model is told its guidance: sines and cosines of ``1000 (guidance - 1)``."""
    half = size // 2
    rates = np.exp(-math.log(10_000.0) / (half - 1) * np.arange(half))
    angles = 1000.0 * (guidance - 1.0) * rates
    return np.pad(np.concatenate([np.sin(angles), np.cos(angles)]), (0, size % 2)).astype(np.float32)


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise VjError(f"the model's {name} is {value!r}; vj knows {', '.join(known)}")


def _alpha_bars(config: Mapping[str, Any], count: int) -> Vector:
    """(count,) the signal's share of the variance at every whole timestep."""
    first, last = float(config.get("beta_start", 0.00085)), float(config.get("beta_end", 0.012))
    kinds: dict[str, Callable[[], Vector]] = {
        "linear": lambda: np.linspace(first, last, count),
        "scaled_linear": lambda: np.linspace(first**0.5, last**0.5, count) ** 2,
        "squaredcos_cap_v2": lambda: _cosine_betas(count),
    }
    kind = str(config.get("beta_schedule", "scaled_linear"))
    _check("beta_schedule", kind, tuple(kinds))
    betas = kinds[kind]()
    bars = np.cumprod(1.0 - betas, dtype=np.float64)
    return _zero_at_the_end(bars) if config.get("rescale_betas_zero_snr") else bars


def _cosine_betas(count: int) -> Vector:
    """Nichol and Dhariwal 2021: the betas of a squared cosine."""
    bars = np.cos((np.arange(count + 1) / count + 0.008) / 1.008 * math.pi / 2) ** 2
    betas: Vector = np.minimum(1.0 - bars[1:] / bars[:-1], 0.999)
    return betas


def _zero_at_the_end(bars: Vector) -> Vector:
    """Lin et al. 2024: no signal at the last timestep; as much as a float32 can tell from none."""
    roots = np.sqrt(bars)
    shifted = (roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])
    scaled: Vector = shifted**2
    scaled[-1] = 2.0**-24
    return scaled
