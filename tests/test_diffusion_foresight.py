"""Looking ahead: what comes as foreseen is there already, what surprises is drawn at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from vj.models.diffusion.foresight import CLOSE, LEAST, Foresight, foreseen
from vj.models.diffusion.shot import Feedback, Shot
from vj.types import LatentPoint

SHOT = Shot(LatentPoint((1.0, 0.0, 0.0)), 1, (64, 64), (("a reef", 1.0),), dt=1 / 60)


class Sketch:
    """Draws where a shot stands: the double of an engine. ``batches`` is how many it drew at a time."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def draw(self, shot: Shot) -> np.ndarray:
        return self.draw_ahead([shot])[0]

    def draw_ahead(self, shots: Sequence[Shot]) -> list[np.ndarray]:
        self.batches.append(len(shots))
        return [np.array([*shot.point.weights, shot.point.kick_angle, shot.strength]) for shot in shots]


def at(travel: float, kick: float = 0.0, **more: object) -> Shot:
    point = LatentPoint((math.cos(travel), math.sin(travel) * 0.6, math.sin(travel) * 0.8), 3, kick)
    return replace(SHOT, point=point, **more)


def test_a_steady_walk_is_drawn_four_at_a_time() -> None:
    sketch = Sketch()
    ahead = Foresight(sketch)
    for n in range(21):
        drawn = ahead.draw(at(0.02 * n), 4)
        assert drawn == pytest.approx([*at(0.02 * n).point.weights, 0.0, 1.0], abs=1e-6)
    assert sketch.batches == [1] + [4] * 5
    assert (ahead.used, ahead.wasted) == (15, 0)


def test_a_kick_is_drawn_at_once_and_alone_and_its_dying_is_foreseen() -> None:
    sketch = Sketch()
    ahead = Foresight(sketch)
    kicks = [0.0] * 6 + [0.5 * 0.9**n for n in range(12)]
    for n, kick in enumerate(kicks):
        drawn = ahead.draw(at(0.02 * n, kick), 4)
        assert drawn[3] == pytest.approx(kick, abs=LEAST)
    assert sketch.batches[:3] == [1, 4, 4]
    assert sketch.batches[3] == 1, "the hit itself waits for nobody else"
    assert sketch.batches[4:] == [4, 4, 4]
    assert ahead.wasted == 3


def test_a_fader_and_prompts_on_their_way_are_foreseen() -> None:
    shots = foreseen(at(0.0, strength=0.5, prompt=(("a", 0.2), ("b", 0.8))),
                     at(0.1, strength=0.45, prompt=(("a", 0.3), ("b", 0.7))), 3)
    assert [shot.strength for shot in shots] == pytest.approx([0.45, 0.4, 0.35])
    assert shots[-1].prompt == (("a", pytest.approx(0.5)), ("b", pytest.approx(0.5)))
    assert shots[-1].point.weights == pytest.approx(at(0.3).point.weights)


@pytest.mark.parametrize("more", [{"seed": 2}, {"size": (72, 64)}, {"prompt": (("a wood", 1.0),)}, {"steps": 2},
                                  {"strength": 0.9}, {"deck": "b"}])
def test_what_changes_is_drawn_at_once(more: dict[str, object]) -> None:
    sketch = Sketch()
    ahead = Foresight(sketch)
    for n in range(2):
        ahead.draw(at(0.02 * n), 4)
    ahead.draw(at(0.04, **more), 4)
    assert sketch.batches == [1, 4, 1]
    assert ahead.wasted == 3


@pytest.mark.parametrize("more", [{"feedback": Feedback(0.2)}, {"source": np.zeros((8, 8, 3), np.uint8)}])
def test_what_needs_the_picture_before_is_drawn_one_by_one(more: dict[str, object]) -> None:
    sketch = Sketch()
    ahead = Foresight(sketch)
    for n in range(6):
        ahead.draw(at(0.02 * n, **more), 4)
    assert sketch.batches == [1] * 6


def test_a_walk_whose_speed_breathes_stays_close_to_where_it_should_be() -> None:
    sketch = Sketch()
    ahead = Foresight(sketch)
    travel, before = 0.0, 0.0
    for n in range(200):
        step = 0.02 * (1.0 + 0.3 * math.sin(n / 15))
        before, travel = travel, travel + step
        drawn = ahead.draw(at(travel), 4)
        off = math.acos(min(float(np.dot(drawn[:3], at(travel).point.weights)), 1.0))
        assert off <= max(LEAST, CLOSE * (travel - before)) + 1e-6
    assert ahead.used > 100


def test_one_at_a_time_is_one_at_a_time() -> None:
    sketch = Sketch()
    ahead = Foresight(sketch)
    for n in range(5):
        ahead.draw(at(0.02 * n), 1)
    assert sketch.batches == [1] * 5
