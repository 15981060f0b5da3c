"""A weighted sum of random vectors, one per frequency band: the picture follows the mix and returns with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vj.params.spec import number
from vj.types import BANDS, Features, Tick, Values
from vj.walk.sphere import K, remembered

MAX_SLEW = 3.0
"""Level per second that all bands together may push: beyond it the eye sees a cut, not a move."""


class Bands:
    """Every band pushes in a direction of its own, on top of a home that drifts."""

    NAME = "bands"
    HELP = "Every frequency band pushes the picture in a direction of its own"
    PARAMS = (
        number("push", 0.9, 0.0, 3.0, smooth=0.2, help="How far the bands push away from home"),
        number("release", 0.25, 0.03, 2.0, curve="log", unit="s", help="Time for a push to fall to a third"),
    )

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng((seed, 2))
        self._phase = rng.uniform(0, 2 * np.pi, K)
        self._pace = rng.uniform(0.5, 1.5, K)
        ways = rng.standard_normal((len(BANDS), K))
        self._ways = ways / np.linalg.norm(ways, axis=1, keepdims=True)
        self._levels = np.zeros(len(BANDS))

    def step(self, tick: Tick, features: Features, travel: float, params: Values) -> NDArray[np.float64]:
        """(K,) home after ``travel`` radians, plus each band's level along its way."""
        heard = np.array([features.bands[name].level for name, _, _ in BANDS])
        fall = math.exp(-tick.dt / float(params["release"]))
        wanted = np.maximum(heard, heard + (self._levels - heard) * fall)
        move = wanted - self._levels
        self._levels += move * min(1.0, MAX_SLEW * tick.dt / max(float(np.linalg.norm(move)), 1e-9))
        home = np.cos(self._phase + travel * self._pace)
        push = float(params["push"]) * self._levels @ self._ways
        return np.asarray(home / np.linalg.norm(home) + push)

    def state(self) -> dict[str, Any]:
        """How far each band pushes."""
        return {"levels": self._levels.tolist()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Push so far."""
        self._levels = remembered(state, "levels", len(BANDS))


Drive = Bands
