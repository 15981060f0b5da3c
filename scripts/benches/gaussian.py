"""A diffusion model that nobody had to train: pictures whose latents are Gaussian, with the spectrum of nature.

For such pictures the way from noise to a picture is known in closed form (the probability flow of Song et al. 2021
solves to one factor for each frequency, sqrt(P / (P + sigma^2))), so one step gives a whole sample and a strength in
between holds what is large in the source and invents what is small, as a few-step model does. The decoder invents fine
detail from the latents, as small decoders do. So what flickers, pops and loops here does it for the real reasons.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from benches import gpu_models
from vj.models.diffusion.loader import Parts
from vj.models.diffusion.lora import Loras
from vj.models.diffusion.schedule import Schedule
from vj.models.diffusion.text import Encoder

SPREAD = 1.6
"""Latents of a picture's colours, -1..1, have about unit variance."""
DETAIL = 0.18


class GaussianUNet(nn.Module):
    """Says of a latent at a timestep which noise is in it."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        self.config = SimpleNamespace(in_channels=4, cross_attention_dim=32, addition_embed_type=None,
                                      time_cond_proj_dim=None)
        self.register_buffer("sigmas", torch.tensor([schedule.sigma(t) for t in range(1000)]).float())

    def forward(self, sample: Tensor, timestep: Tensor, **_: Any) -> tuple[Tensor]:
        """``sample`` of unit variance (B, 4, h, w), ``timestep`` (B,) -> (the noise,)."""
        low = timestep.floor().clamp(0, 998).long()
        sigma = torch.lerp(self.sigmas[low], self.sigmas[low + 1], timestep - low)[:, None, None, None]
        state = sample * (1.0 + sigma**2).sqrt()
        power = spectrum(sample.shape[-2], sample.shape[-1])
        clean = torch.fft.ifft2(torch.fft.fft2(state) * (power / (power + sigma**2)).sqrt()).real
        return ((state - clean) / sigma,)


class GaussianVAE(nn.Module):
    """Colours in three channels, at an eighth of the size; the fourth moves the detail that is invented."""

    dtype = torch.float32
    config = SimpleNamespace(scaling_factor=1.0, shift_factor=0.0)

    def encode(self, x: Tensor, **_: Any) -> tuple[Tensor]:
        colours = avg_pool2d(x, 8) * SPREAD
        return (torch.cat([colours, colours.mean(1, keepdim=True)], 1),)

    def decode(self, z: Tensor, **_: Any) -> tuple[Tensor]:
        large = interpolate(z, scale_factor=8, mode="bicubic", align_corners=False)
        detail = torch.sin(9.0 * large[:, 3:] + 5.0 * large[:, :1]) * torch.cos(7.0 * large[:, 1:2])
        return (torch.tanh(large[:, :3] / SPREAD + DETAIL * detail),)


def spectrum(height: int, width: int) -> Tensor:
    """Power of each frequency, falling with its square, mean 1."""
    y, x = torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None]
    power = 1.0 / (x**2 + y**2 + (1.0 / max(height, width)) ** 2)
    return power / power.mean()


class Deaf:
    """Reads nothing in any text: these pictures have no words."""

    def read(self, text: str) -> tuple[Tensor, None]:
        return torch.zeros(77, 32), None


def gaussian_parts() -> Parts:
    """The model in parts, as the engine takes them."""
    config = gpu_models.scheduler_of("sdxl-turbo")
    unet = GaussianUNet(Schedule(config, "euler"))
    encoder = Encoder([Deaf()])  # type: ignore[list-item]
    return Parts("sd2", "gaussian", unet, GaussianVAE(), encoder, config, "euler", "cpu", torch.float32,
                 Loras(unet, "sd2"))
