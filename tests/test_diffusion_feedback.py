"""What is fed back: moved by how much time has passed, and anchored so that a loop never collapses or burns out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vj.models.diffusion.feedback import LIMIT, REACH, anchored, kept, motion, moved, share, spread
from vj.models.diffusion.shot import Feedback


def spot(x: float, y: float, width: int = 96, height: int = 64) -> torch.Tensor:
    """(1, 1, h, w) a soft spot at a place, half heights from the middle, x right, y down."""
    across = (torch.arange(width) + 0.5 - width / 2) / (height / 2)
    down = (torch.arange(height) + 0.5 - height / 2) / (height / 2)
    return torch.exp(-((across[None] - x) ** 2 + (down[:, None] - y) ** 2) / 0.02)[None, None]


def place(picture: torch.Tensor) -> tuple[float, float]:
    """Where the spot is."""
    height, width = picture.shape[-2:]
    mass = picture[0, 0].clamp_min(0.0)
    across = (torch.arange(width) + 0.5 - width / 2) / (height / 2)
    down = (torch.arange(height) + 0.5 - height / 2) / (height / 2)
    return float((mass.sum(0) * across).sum() / mass.sum()), float((mass.sum(1) * down).sum() / mass.sum())


def after(picture: torch.Tensor, feedback: Feedback, dt: float) -> torch.Tensor:
    aspect = picture.shape[-1] / picture.shape[-2]
    return moved(picture, torch.from_numpy(motion(feedback, dt, aspect))[None])


@pytest.mark.parametrize(("feedback", "wanted"), [
    (Feedback(x=0.3), (0.7, 0.2)), (Feedback(y=-0.4), (0.4, -0.2)), (Feedback(zoom=1.0), (0.8, 0.4)),
    (Feedback(zoom=-0.2), (0.348, 0.174)), (Feedback(angle=math.pi / 2), (-0.2, 0.4)),
    (Feedback(zoom=0.5, angle=math.pi, x=0.5), (0.5 - 0.4 * 2**0.5, -0.2 * 2**0.5))])
def test_a_second_of_motion_moves_a_spot(feedback: Feedback, wanted: tuple[float, float]) -> None:
    assert place(after(spot(0.4, 0.2), feedback, 1.0)) == pytest.approx(wanted, abs=0.01)


def test_the_motion_is_the_same_at_every_rate() -> None:
    feedback = Feedback(zoom=0.4, angle=0.3)
    slow, fast = spot(0.4, 0.2), spot(0.4, 0.2)
    for _ in range(5):
        slow = after(slow, feedback, 0.1)
    for _ in range(20):
        fast = after(fast, feedback, 0.025)
    assert place(slow) == pytest.approx(place(fast), abs=0.01)


def test_without_motion_nothing_is_blurred() -> None:
    picture = torch.randn(2, 4, 16, 24, generator=torch.Generator().manual_seed(0))
    still = moved(picture, torch.from_numpy(np.stack([motion(Feedback(), 0.1, 1.5)] * 2)))
    assert torch.allclose(still, picture, atol=1e-4)


def test_beyond_the_edge_it_is_mirrored_not_black() -> None:
    seen = after(torch.full((1, 1, 16, 16), 3.0), Feedback(zoom=-2.0, x=1.0, angle=0.7), 1.0)
    assert torch.allclose(seen, torch.full_like(seen, 3.0), atol=1e-3)


def test_anchored_channels_have_the_anchor_s_mean_and_spread() -> None:
    generator = torch.Generator().manual_seed(1)
    drifted = torch.randn(2, 4, 16, 16, generator=generator) * 0.05 + 4.0
    anchor = spread(torch.randn(1, 4, 16, 16, generator=generator) * 0.9 - 0.2)
    assert torch.allclose(spread(anchored(drifted, anchor)), anchor.expand(-1, 2, -1, -1, -1), atol=1e-3)


def test_nothing_that_returns_is_beyond_all_bounds() -> None:
    wild = torch.zeros(1, 4, 8, 8)
    wild[..., 0, 0] = 1e8
    back = anchored(wild, torch.stack([torch.zeros(1, 4, 1, 1), torch.full((1, 4, 1, 1), 5.0)]))
    assert back.abs().max() <= LIMIT
    flat = anchored(torch.full((1, 4, 8, 8), 2.0), spread(torch.randn(1, 4, 8, 8)))
    assert torch.isfinite(flat).all()


@pytest.mark.parametrize("amount", [-1.0, 0.0, 0.4, 1.0, 9.0])
def test_it_is_never_all_there_is(amount: float) -> None:
    assert 0.0 <= share(Feedback(amount)) <= REACH < 1.0


def test_the_trail_falls_to_a_third_in_its_time() -> None:
    assert kept(Feedback(decay=0.5), 0.5) == pytest.approx(math.exp(-1.0))
    assert kept(Feedback(decay=0.5), 0.1) ** 5 == pytest.approx(kept(Feedback(decay=0.5), 0.5))
    assert kept(Feedback(), 0.5) == 0.0
