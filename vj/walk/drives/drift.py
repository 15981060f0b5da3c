"""A slow wander over the whole sphere: every axis its own incommensurate oscillation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vj.params.spec import number
from vj.types import Features, Tick, Values
from vj.walk.sphere import K, remembered


class Drift:
    """The walk's travel alone moves it, so music that stops lets it stand."""

    NAME = "drift"
    HELP = "Wanders over the whole sphere at the walk's speed"
    PARAMS = (
        number("spread", 0.5, 0.0, 1.0, smooth=1.0, help="How different the axes' speeds are: at 0 the walk is a loop"),
    )

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng((seed, 1))
        self._phase = rng.uniform(0, 2 * np.pi, K)
        self._detune = rng.uniform(-1, 1, K)
        self._turned = np.zeros(K)
        self._travel = 0.0

    def step(self, tick: Tick, features: Features, travel: float, params: Values) -> NDArray[np.float64]:
        """(K,) where the walk stands after ``travel`` radians. Each axis integrates, so ``spread`` may move."""
        spread = float(params["spread"])
        self._turned += (travel - self._travel) * (1.0 + 0.7 * spread * self._detune)
        self._travel = travel
        return np.cos(self._phase + self._turned)

    def state(self) -> dict[str, Any]:
        """How far each axis has turned."""
        return {"turned": self._turned.tolist(), "travel": self._travel}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Turn each axis so far."""
        self._turned, self._travel = remembered(state, "turned", K), float(state["travel"])


Drive = Drift
