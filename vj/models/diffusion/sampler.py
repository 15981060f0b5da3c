"""The few steps from noise to a clean latent, over numbers and noises that are given.

All that differs between samplers stands in the course's table (``schedule.py``), so this is one loop for all of them:
equal to diffusers' Euler, ancestral Euler and consistency schedulers step for step, given the same noise.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor


def run(unet: Callable[[Tensor, Tensor], Tensor], state: Tensor, steps: Tensor, stir: Tensor) -> Tensor:
    """The clean latents (B, C, h, w), float32.

    ``unet(state, timestep (B,))`` gives the model's output; ``state`` is where the course begins; ``steps`` (B, N, 5)
    are each picture's rows of the table; ``stir`` (N, C, h, w) is the noise of each step, which stays the same from
    picture to picture: fresh noise would flicker.
    """
    for index in range(steps.shape[1]):
        timestep, scale, keep, push, fresh = (_each(steps[:, index, column]) for column in range(5))
        output = unet(state * scale, timestep.flatten())
        state = keep * state + push * output
        if index + 1 < steps.shape[1]:  # the last step adds none
            state = state + fresh * stir[index]
    return state


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None]
