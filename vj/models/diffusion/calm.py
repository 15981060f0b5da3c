"""What keeps a picture from flickering, in order of price: slew limits, a memory in the latent, a memory in the pixels.

One knob turns them all: 0 leaves every picture as it is drawn, 1 is calmest. Time constants are in seconds, so a
picture is as calm at 30 as at 200 a second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from vj.types import LatentPoint

LATENT_S, PIXEL_S = 0.08, 0.3
"""Time constants at calm 1: of the latent, and of pixels that stand still."""
STILL, MOVING = 0.03, 0.15
"""Changes of a pixel's colour, 0..1, that count as shimmer and as motion."""
TURN, FADE = 3.0, 0.9
"""Fastest at calm 1: radians a second of the walk; full ranges a second of strength and of the prompts' weights."""
HAND_S, ARRIVED = 0.3, 1e-3
"""Time constant at calm 1 with which the strength follows a hand: a throw lands softly, and
this near it has landed."""

Prompts = tuple[tuple[str, float], ...]


def follows(calm: float, dt: float) -> tuple[float, float]:
    """How much of a new latent, and of a new still pixel, is taken at once: 1, 1 without calm."""
    if calm <= 0.0 or dt <= 0.0:
        return 1.0, 1.0
    return 1.0 - math.exp(-dt / (LATENT_S * calm)), 1.0 - math.exp(-dt / (PIXEL_S * calm))


def smoothed(clean: Tensor, held: Tensor, follow: Tensor) -> Tensor:
    """(B, C, h, w) a moving mean over pictures in their order, begun at ``held`` (C, h, w); ``follow`` (B,).

    A mean of unlike latents is flatter than each of them; every channel's spread is put back.
    """
    rows, last = [], held
    for row in range(clean.shape[0]):
        last = torch.lerp(last, clean[row], follow[row])
        rows.append(last)
    mean = torch.stack(rows)
    middle = mean.mean((2, 3), keepdim=True)
    wanted, found = clean.std((2, 3), keepdim=True), mean.std((2, 3), keepdim=True).clamp_min(1e-6)
    livelier = (mean - middle) * (wanted / found).clamp(1.0, 1.5) + middle
    return torch.where(follow[:, None, None, None] < 1.0, livelier, mean)


def steadied(rgb: Tensor, shown: Tensor, follow: Tensor) -> Tensor:
    """(B, 3, H, W) 0..1, each picture held to the one before where it only shimmers; ``shown`` (3, H, W).

    Where a pixel's neighbourhood really changes the new picture is taken at once, so a hit is as sharp as ever.
    """
    rows, last = [], shown
    for row in range(rgb.shape[0]):
        change = avg_pool2d((rgb[row] - last).abs().mean(0, keepdim=True)[None], 5, 1, 2, count_include_pad=False)[0]
        x = ((change - STILL) / (MOVING - STILL)).clamp(0.0, 1.0)
        take = follow[row] + (1.0 - follow[row]) * (x * x * (3.0 - 2.0 * x))
        last = torch.lerp(last, rgb[row], take.expand_as(last))
        rows.append(last)
    return torch.stack(rows)


class Slew:
    """Holds what a hand or a drive moves to a speed that the eye follows. Kicks pass: they are meant to be seen."""

    def __init__(self) -> None:
        self._weights: np.ndarray | None = None
        self._strength: float | None = None
        self._prompts: dict[str, float] = {}

    def point(self, point: LatentPoint, calm: float, dt: float) -> tuple[float, ...]:
        """The walk's weights, at most ``TURN / calm`` radians a second from the last ones."""
        wanted = np.asarray(point.weights)
        last = self._weights
        if last is None or calm <= 0.0 or last.shape != wanted.shape:
            self._weights = wanted
            return point.weights
        self._weights = turned(last, wanted, TURN / calm * dt)
        return point.weights if self._weights is wanted else tuple(self._weights.tolist())

    def strength(self, wanted: float, calm: float, dt: float) -> float:
        """The strength, after the hand by ``HAND_S * calm`` seconds and never faster than ``fastest(calm)``."""
        if self._strength is not None and calm > 0.0:
            move, most = (wanted - self._strength) * (1.0 - math.exp(-dt / (HAND_S * calm))), fastest(calm) * dt
            nearly = self._strength + min(max(move, -most), most)
            wanted = wanted if abs(wanted - nearly) < ARRIVED else nearly
        self._strength = wanted
        return wanted

    def prompts(self, wanted: Prompts, calm: float, dt: float) -> Prompts:
        """The mixture of prompts, no weight moving faster than ``fastest(calm)``."""
        goal = shares(wanted)
        if self._prompts and calm > 0.0:
            moves = {text: goal.get(text, 0.0) - self._prompts.get(text, 0.0) for text in {**self._prompts, **goal}}
            part = min(1.0, fastest(calm) * dt / max(1e-9, *map(abs, moves.values())))
            if part < 1.0:
                goal = {text: self._prompts.get(text, 0.0) + part * move for text, move in moves.items()}
        self._prompts = goal
        return tuple(goal.items())


def fastest(calm: float) -> float:
    """Full ranges a second: ``FADE`` at calm 1, 1.6 at the calm a show begins with, no bound towards 0.

    A throw that is only stretched a little is many jumps in place of one, so half the calm is nearly as slow as all.
    """
    return FADE * (2.0 + 1.0 / calm) / 3.0


def shares(prompts: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Text -> weight, as parts of 1, in the order they came; one text named twice counts twice."""
    total = sum(max(weight, 0.0) for _, weight in prompts)
    found: dict[str, float] = {}
    for text, weight in prompts:
        found[text] = found.get(text, 0.0) + (max(weight, 0.0) / total if total > 0.0 else 1.0 / len(prompts))
    return {text: part for text, part in found.items() if part > 0.0}


def turned(last: np.ndarray, wanted: np.ndarray, most: float) -> np.ndarray:
    """From ``last`` towards ``wanted`` (K,) on the sphere, by at most ``most`` radians."""
    angle = math.acos(min(max(float(last @ wanted), -1.0), 1.0))
    if angle <= most:
        return wanted
    across = wanted - last * float(last @ wanted)
    length = float(np.linalg.norm(across))
    if length < 1e-9:  # straight through the middle of the sphere: any way round is as long
        across = np.roll(last, 1) - last * float(last @ np.roll(last, 1))
        length = max(float(np.linalg.norm(across)), 1e-9)
    return math.cos(most) * last + math.sin(most) * across / length
