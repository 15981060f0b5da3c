"""Pictures of the next moments in one batch, handed out as they come due; thrown away when the music surprises.

A GPU draws four pictures at once in less time than four times one. A walk goes on as it went, most of the time: along
its great circle, a kick dying away by the same part, a fader at the same speed. So the next shots are foreseen, and
when they are asked for and are what was foreseen, the picture is there already. On a kick, a cut or a hand it is not:
then one picture is drawn at once, and foreseeing begins again when things go as expected.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vj.models.diffusion.shot import Shot
from vj.types import LatentPoint

if TYPE_CHECKING:
    from vj.models.diffusion.shot import Pixels

CLOSE = 0.25
"""Of a step of the walk: as far from the place foreseen a picture may be and still be shown."""
LEAST = 0.004
"""Radians, and parts of a fader, that nobody sees."""
MOST = 8


class Drawing(Protocol):
    """What draws: the engine."""

    def draw(self, shot: Shot) -> Pixels: ...

    def draw_ahead(self, shots: Sequence[Shot]) -> list[Pixels]: ...


class Foresight:
    """Draws one deck's shots up to ``count`` at a time. ``used`` and ``wasted`` count pictures foreseen."""

    def __init__(self, engine: Drawing) -> None:
        self.used = self.wasted = 0
        self._engine = engine
        self._ready: deque[tuple[Shot, Pixels]] = deque()
        self._before: Shot | None = None

    def draw(self, shot: Shot, count: int) -> Pixels:
        """The picture of this shot, or of a place that nobody can tell from it."""
        before, self._before = self._before, shot
        step = angle(before.point.weights, shot.point.weights) if before else 0.0
        if self._ready and alike(self._ready[0][0], shot, max(LEAST, CLOSE * step)):
            self.used += 1
            return self._ready.popleft()[1]
        surprised = bool(self._ready)
        self.flush()
        if surprised or before is None or count <= 1 or not steady(before, shot):
            return self._engine.draw(shot)
        shots = foreseen(before, shot, min(count, MOST))
        first, *rest = self._engine.draw_ahead(shots)
        self._ready.extend(zip(shots[1:], rest, strict=True))
        return first

    def flush(self) -> None:
        """Things have changed: what was foreseen will not come."""
        self.wasted += len(self._ready)
        self._ready.clear()


def steady(before: Shot, shot: Shot) -> bool:
    """Nothing has jumped between two shots, and nothing in them needs the picture before or a picture from outside."""
    still = replace(before, point=shot.point, strength=shot.strength, prompt=shot.prompt, calm=shot.calm, dt=shot.dt)
    free = shot.source is None and shot.feedback.amount <= 0.0
    texts = [text for text, _ in before.prompt] == [text for text, _ in shot.prompt]
    return free and texts and still == shot and shot.point.kick_angle <= before.point.kick_angle


def foreseen(before: Shot, shot: Shot, count: int) -> list[Shot]:
    """The shot and the ``count - 1`` after it, if all goes on as from ``before`` to it."""
    shots = [before, shot]
    while len(shots) <= count:
        one, two = shots[-2:]
        strength = min(max(2.0 * two.strength - one.strength, 0.0), 1.0)
        prompt = tuple((text, min(max(2.0 * b - a, 0.0), 1.0))
                       for (text, b), (_, a) in zip(two.prompt, one.prompt, strict=True))
        shots.append(replace(two, point=_further(one.point, two.point), strength=strength, prompt=prompt))
    return shots[1:]


def alike(expected: Shot, shot: Shot, close: float = LEAST) -> bool:
    """What was foreseen is what is asked for, as far as anybody sees. ``close``: radians of the walk."""
    if not steady(replace(shot, point=expected.point), expected):
        return False
    there, here = expected.point, shot.point
    if there.kick_seed != here.kick_seed and max(there.kick_angle, here.kick_angle) > LEAST:
        return False
    moves = [abs(there.kick_angle - here.kick_angle), abs(expected.strength - shot.strength),
             *(abs(a - b) for (_, a), (_, b) in zip(expected.prompt, shot.prompt, strict=True))]
    return angle(there.weights, here.weights) <= close and max(moves) <= LEAST


def _further(one: LatentPoint, two: LatentPoint) -> LatentPoint:
    """As far again along the great circle; the kick smaller by the same part."""
    a, b = np.asarray(one.weights), np.asarray(two.weights)
    onward = 2.0 * float(a @ b) * b - a if a.shape == b.shape else b
    fall = two.kick_angle / one.kick_angle if one.kick_angle > 0.0 else 0.0
    return replace(two, weights=tuple((onward / np.linalg.norm(onward)).tolist()), kick_angle=two.kick_angle * fall)


def angle(one: Sequence[float], two: Sequence[float]) -> float:
    """Radians between two places of the walk."""
    if len(one) != len(two):
        return math.inf
    return 2.0 * math.asin(min(float(np.linalg.norm(np.subtract(one, two))) / 2.0, 1.0))
