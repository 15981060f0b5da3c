"""How calm the diffusion engine is: what flickers in a live show, before and after the knob that stands against it.

Played to the engine are the things that make a show flicker: fresh noise, a grainy camera, a fader with 128 steps, a
strength that is thrown; with calm at 0, 0.5 and 1. The model is one whose steps are known in closed form
(``gaussian.py``), for no weights of a real one come with vj.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from benches.gaussian import gaussian_parts
from benches.steadiness import Steadiness, closure, steadiness
from benches.table import Row
from vj.models.diffusion.engine import Engine, Shot
from vj.models.diffusion.feedback import Feedback
from vj.types import LatentPoint

TITLE = "Calm"
HOW = ("The diffusion engine on a model of Gaussian pictures (scripts/benches/gaussian.py), 128x128, 30 pictures a "
       "second along a circle of the walk at 0.25 rad/s; two steps, or one over a camera that pans. The figures, over "
       "pictures I(n) in levels of 255, after the first second:\n\n"
       "- *change*: mean |I(n) - I(n-1)| over pixels, channels and steps, at that fixed speed of the walk\n"
       "- *warped*: mean |I(n) - W(I(n-1))|, W moving the picture before along with the motion found (Lucas and Kanade "
       "1981, coarse to fine): what is no motion\n"
       "- *largest*: the change of the largest step\n"
       "- *pops*: the share of steps that change more than twice the mean change without calm\n"
       "- *closes*: mean |I(n) - I(n-P)|, P the pictures of one round of the circle: 0 where the loop closes\n\n"
       "Each at calm 0, 0.5 and 1. Reached where no calm has more than there is without, and calm 1 leaves at most the "
       "named share. A thrown strength falls by being held back: over half a second it does not get to its end.")
CALMS = (0.0, 0.5, 1.0)
SIDE, FPS, RADIUS, SPEED = 128, 30, 0.12, 0.25
ROUND = round(2.0 * math.pi * math.sin(RADIUS) / SPEED * FPS)
"""Pictures of one round on the circle."""

SETTLING = 30
"""Pictures until what came before is forgotten."""

Scene = Callable[[Engine, int, float], Shot]


def steady(_: Engine, number: int, calm: float) -> Shot:
    """The walk alone: what calm must not spoil."""
    angle = 2.0 * math.pi * number / ROUND
    out = math.sin(RADIUS)
    point = LatentPoint((math.cos(RADIUS), out * math.cos(angle), out * math.sin(angle)))
    return Shot(point, 1, (SIDE, SIDE), (("a reef", 1.0),), steps=2, calm=calm, dt=1 / FPS)


def fresh_noise(engine: Engine, number: int, calm: float) -> Shot:
    """New noise in every step of every picture, as pipelines draw it that are made for single pictures."""
    shot = steady(engine, number, calm)
    for press in engine._presses.values():
        generator = torch.Generator().manual_seed(number)
        press.plate.sphere.stir.copy_(torch.randn(press.plate.sphere.stir.shape, generator=generator))
    return shot


def camera(engine: Engine, number: int, calm: float) -> Shot:
    """Over a camera in a dark room that pans by half a pixel: grain of 5 levels."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / 12.0
    x = x + number / 24.0
    scene = 110.0 + 60.0 * np.stack([np.sin(x) * np.cos(y), np.sin(0.7 * x + y), np.cos(1.3 * y - 0.4 * x)], -1)
    grain = scene + rng.normal(0.0, 5.0, scene.shape)
    return _with(steady(engine, 0, calm), source=grain.clip(0, 255).astype(np.uint8), strength=0.25, steps=1)


def fader(engine: Engine, number: int, calm: float) -> Shot:
    """A MIDI fader with a shaking hand on it: the strength moves in 128ths."""
    hand = 0.5 + 0.2 * math.sin(number / 20) + 0.02 * math.sin(number * 2.1)
    still = camera(engine, 0, calm)
    return _with(still, strength=round(hand * 127) / 127)


def thrown(engine: Engine, number: int, calm: float) -> Shot:
    """The strength thrown from end to end every half second, over a still picture."""
    return _with(camera(engine, 0, calm), strength=0.15 if number // (FPS // 2) % 2 else 0.85)


def loop(engine: Engine, number: int, calm: float) -> Shot:
    """Fed back, with a slow zoom."""
    return _with(steady(engine, number, calm), feedback=Feedback(0.6, zoom=0.1), steps=1)


SCENES: dict[str, tuple[Scene, float]] = {
    "a steady walk": (steady, 1.0), "fresh noise in every step": (fresh_noise, 0.6), "a grainy camera": (camera, 0.7),
    "a fader's 128 steps": (fader, 0.9), "a strength thrown to and fro": (thrown, 0.9), "feedback": (loop, 1.0)}
"""What is played, and the share of change and of warped error that calm 1 may leave."""


def measure(_: Path, seconds: float) -> list[Row]:
    """Every scene at every calm."""
    torch.set_num_threads(1)
    parts = gaussian_parts()
    count = max(min(2 * ROUND, round(ROUND * seconds / 30.0)), 24)
    rows: list[Row] = []
    for name, (scene, share) in SCENES.items():
        walks = [played(Engine.open(parts), scene, calm, count) for calm in CALMS]
        usual = float(np.abs(np.diff(walks[0], axis=0)).mean())
        rows += judged(name, [steadiness(walk, usual) for walk in walks], share)
        if scene is steady and count > ROUND:
            gaps = [closure(walk, ROUND) for walk in walks]
            rows.append(Row(f"{name}: closes", _three(gaps), f"under one step's change, {usual:.2f}",
                            max(gaps) < usual))
    return rows


def played(engine: Engine, scene: Scene, calm: float, count: int) -> np.ndarray:
    """(N, H, W, 3) levels; what the engine needs to get going is left out."""
    pictures = [engine.draw(scene(engine, number, calm))[..., :3] for number in range(count + SETTLING)]
    return np.stack(pictures[SETTLING:]).astype(np.float32)


def judged(name: str, found: list[Steadiness], share: float) -> Iterator[Row]:
    """A scene's rows."""
    for what, part in (("change", share), ("warped", share), ("largest", 1.0)):
        values = [float(getattr(one, what)) for one in found]
        goal = f"falls to {part:.0%} or less" if part < 1.0 else "no more than without"
        yield Row(f"{name}: {what}", _three(values), goal, falls(values, part))
    pops = [one.pops for one in found]
    yield Row(f"{name}: pops", " → ".join(f"{part:.1%}" for part in pops), "no more than without", falls(pops, 1.0))


def falls(values: list[float], share: float) -> bool:
    """Is none more than the first, and the last at most ``share`` of it?"""
    return max(values) <= values[0] and values[-1] <= share * values[0]


def _three(values: list[float]) -> str:
    return " → ".join(f"{value:.2f}" for value in values)


def _with(shot: Shot, **more: object) -> Shot:
    return Shot(**{**vars(shot), **more})  # type: ignore[arg-type]
