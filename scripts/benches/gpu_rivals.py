"""What vj is compared with, in the same run on the same weights: diffusers' pipelines, and a stream batch.

The stream batch is written after its paper (Kodaira et al. 2023, "StreamDiffusion"): each call denoises N pictures at N
stages at once, the noises are drawn once, the prompt is encoded once, TAESD decodes. Nothing of its code is used. Its
networks run call by call, and captured as CUDA graphs in the place of its TensorRT engines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import diffusers
import torch

from benches.gpu_models import full_decoder
from vj.models.diffusion.launch import capture
from vj.models.diffusion.loader import Parts
from vj.models.diffusion.schedule import Schedule

PROMPT = "a coral reef at night, bioluminescent, wide shot"


def stock(parts: Parts, size: tuple[int, int], tiny: bool, *, taesd: bool = False) -> Callable[[], Any]:
    """diffusers as its documentation starts it: one picture for a prompt, as an array on the host."""
    kind = "StableDiffusionXL" if parts.family == "sdxl" else "StableDiffusion"
    vae = parts.vae if taesd else full_decoder(parts.name, parts.device, tiny)
    scheduler = getattr(diffusers, parts.scheduler["_class_name"]).from_config(dict(parts.scheduler))
    readers = parts.encoder._readers
    texts = {f"{what}{suffix}": getattr(reader, attribute) for reader, suffix in zip(readers, ("", "_2"), strict=False)
             for what, attribute in (("text_encoder", "model"), ("tokenizer", "tokenizer"))}
    more: dict[str, Any] = {} if parts.family == "sdxl" else {
        "safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    for reader in readers:
        reader.tokenizer.model_max_length = 77
    pipe = getattr(diffusers, kind + "Pipeline")(vae=vae, unet=parts.unet, scheduler=scheduler, **texts, **more)
    pipe.set_progress_bar_config(disable=True)
    width, height = size
    return lambda: pipe(PROMPT, width=width, height=height, num_inference_steps=1, guidance_scale=0.0,
                        output_type="np").images


class StreamBatch:
    """``steps`` pictures on their way at once; a call brings each one step on and gives the one that is done."""

    def __init__(self, parts: Parts, size: tuple[int, int], steps: int, *, graphs: bool = False) -> None:
        self._parts, (width, height) = parts, size
        schedule = Schedule(parts.scheduler, "lcm")
        times = schedule.timesteps(steps, 1.0)
        sigmas = torch.tensor([schedule.sigma(t) for t in times], device=parts.device).view(-1, 1, 1, 1)
        self._signal = 1.0 / (1.0 + sigmas**2).sqrt()
        self._noise = sigmas * self._signal
        self._times = torch.tensor(times, device=parts.device)
        generator = torch.Generator(parts.device).manual_seed(0)
        self._noises = torch.randn(steps, 4, height // 8, width // 8, device=parts.device, generator=generator)
        self._state, self._guess = self._noises.clone(), torch.empty_like(self._noises)
        self._latent = torch.zeros_like(self._state[:1], dtype=parts.dtype)
        self._rgb = torch.empty(1, 3, height, width, device=parts.device)
        self._said = conditions(parts, size, steps)
        self._denoise, self._decode = map(_captured if graphs else _plain, (self._unet_call, self._decoder_call))

    def __call__(self) -> Any:
        """One picture (H, W, 3) uint8 on the host, handed over when the device has finished."""
        with torch.no_grad():
            self._denoise()
            clean = (self._state - self._noise * self._guess) / self._signal
            onward = self._signal[1:] * clean[:-1] + self._noise[1:] * self._noises[1:]
            self._state.copy_(torch.cat([self._noises[:1], onward]))
            self._latent.copy_(clean[-1:])
            self._decode()
            rgb = (self._rgb / 2.0 + 0.5).clamp(0.0, 1.0)
            if rgb.is_cuda:
                torch.cuda.synchronize()
            return (rgb * 255.0).round().to(torch.uint8)[0].permute(1, 2, 0).cpu().numpy()

    def _unet_call(self) -> None:
        state = self._state.to(self._parts.dtype)
        self._guess.copy_(self._parts.unet(state, self._times, return_dict=False, **self._said)[0])

    def _decoder_call(self) -> None:
        vae = self._parts.vae
        self._rgb.copy_(vae.decode(self._latent / vae.config.scaling_factor, return_dict=False)[0])


def conditions(parts: Parts, size: tuple[int, int], rows: int) -> dict[str, Any]:
    """What a UNet is told beside state and timestep: the prompt, encoded once."""
    said = parts.encoder.encode(PROMPT)
    told: dict[str, Any] = {"encoder_hidden_states": said.tokens.to(parts.dtype).expand(rows, -1, -1)}
    if said.pooled is not None:
        (width, height), kind = size, {"dtype": parts.dtype, "device": parts.device}
        told["added_cond_kwargs"] = {"text_embeds": said.pooled.to(parts.dtype).expand(rows, -1),
                                     "time_ids": torch.tensor([[height, width, 0, 0, height, width]] * rows, **kind)}
    return told


def _plain(call: Callable[[], None]) -> Callable[[], None]:
    return call


def _captured(call: Callable[[], None]) -> Callable[[], None]:
    def quiet() -> None:
        with torch.no_grad():
            call()

    quiet()
    graph = capture(quiet, torch.cuda.graph_pool_handle())
    return graph.replay
