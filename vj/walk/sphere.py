"""The K-seed sphere: one latent path for every generator.

A latent is ``sum_k w_k xi_k`` with ``|w| = 1`` over K seeded unit normals, so its variance stays 1 wherever the walk
stands. Speed is integrated (``theta += dt * rate``), never ``t % period``: a change of speed cannot jump the picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vj.params.spec import choice, number
from vj.types import BANDS, Camera, Drive, Features, LatentPoint, Tick, Values
from vj.walk.prompts import Prompts

K = 12
"""Seeds on the sphere: enough that a show never comes back, few enough that they all stay in memory."""

RETIRED = 0.15
"""Share of a kick's strength below which the next kick may take a new direction without a visible jump."""

PARAMS = (
    number("speed", 0.12, 0.0, 2.0, curve="square", unit="rad/s", smooth=0.3, help="How fast the walk goes by itself"),
    number("energy", 0.35, 0.0, 4.0, curve="square", unit="rad/s", smooth=0.2, help="What the music adds to the speed"),
    choice("listen", "bass", (*(name for name, _, _ in BANDS), "all"), help="The band that drives the speed"),
    number("kick", 0.25, 0.0, 1.2, unit="rad", smooth=0.1, help="Noise injected by a kick: a rotation away and back"),
    number("kick_decay", 0.22, 0.03, 2.0, curve="log", unit="s", help="Time for a kick to fall to a third"),
    number("journey", 0.12, 0.0, 2.0, curve="square", unit="stations/bar", smooth=0.3,
           help="Speed along the second path: styles, prompts, classes"),
    number("rush", 0.2, 0.0, 2.0, curve="square", smooth=0.2, help="What the music adds to the journey"),
    number("pan", 0.06, 0.0, 1.0, curve="square", unit="1/s", smooth=0.5, help="How fast the view wanders"),
    number("spin", 0.0, -1.0, 1.0, unit="rad/s", smooth=0.5, help="How fast the view turns"),
    number("zoom", 0.0, -2.0, 2.0, unit="octaves", smooth=0.4, help="How close the view is"),
    number("breathe", 0.1, 0.0, 1.0, unit="octaves", smooth=0.2, help="The view comes closer with the energy"),
    number("punch", 0.08, 0.0, 0.6, unit="octaves", smooth=0.1, help="The view jumps closer on a kick"),
    number("punch_decay", 0.14, 0.03, 1.0, curve="log", unit="s", help="Time for a punch to fall to a third"),
)


def energy(features: Features, band: str) -> float:
    """The level 0..1 of one band, or the mean of all."""
    if band in features.bands:
        return features.bands[band].level
    return sum(b.level for b in features.bands.values()) / max(len(features.bands), 1)


def _f(values: Values, name: str) -> float:
    value = values[name]
    return 0.0 if isinstance(value, str) else float(value)


@runtime_checkable
class Remembering(Protocol):
    """A drive that can be taken up where it was."""

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: Mapping[str, Any]) -> None: ...


def remembered(state: Mapping[str, Any], name: str, size: int) -> NDArray[np.float64]:
    """(size,) numbers of a drive's state. Raises ValueError, KeyError or TypeError where they are none."""
    values = np.array(state[name], np.float64)
    if values.shape != (size,) or not np.isfinite(values).all():
        raise ValueError(f"{name} must be {size} numbers")
    return values


class _Hit:
    """An envelope that a hit lifts within one tick and that falls by a time constant."""

    def __init__(self) -> None:
        self.level = 0.0

    def step(self, strength: float, dt: float, tau: float) -> float:
        self.level = max(self.level * math.exp(-dt / tau), strength)
        return self.level


class Walk:
    """Steps a deck's LatentPoint. State advances by ``tick.dt`` only: the same path at 30 and at 60 fps.

    ``prompts``: the mixture of texts, which the deck steps beside it.
    """

    def __init__(self, seed: int, drive: Drive) -> None:
        self.seed = seed
        self.drive = drive
        self.prompts = Prompts()
        self._hits = 0
        self._kick, self._punch, self._breath = _Hit(), _Hit(), 0.0
        self._journey, self._travel = 0.0, 0.0
        self._x, self._y, self._angle = 0.0, 0.0, 0.0

    def step(self, tick: Tick, features: Features, walk: Values, drive: Values) -> LatentPoint:
        """Where the walk stands now. ``walk`` are this module's PARAMS, ``drive`` those of the drive."""
        heard = energy(features, str(walk["listen"]))
        rate = _f(walk, "speed") + _f(walk, "energy") * heard
        self._travel += tick.dt * rate
        bars = tick.dt * features.beat.bpm / 240.0
        self._journey += bars * _f(walk, "journey") * (1.0 + 4.0 * _f(walk, "rush") * heard)
        way = self.drive.step(tick, features, self._travel, drive)
        return LatentPoint(
            weights=tuple((way / np.linalg.norm(way)).tolist()),
            kick_angle=_f(walk, "kick") * self._struck(features.kick, tick.dt, _f(walk, "kick_decay")),
            kick_seed=self.seed * 65_537 + self._hits,
            journey=self._journey,
            camera=self._camera(tick, features, heard, walk),
        )

    def state(self) -> dict[str, Any]:
        """Where it stands: numbers and lists of numbers, for a show that is taken up again."""
        drive = self.drive.state() if isinstance(self.drive, Remembering) else {}
        return {"hits": self._hits, "kick": self._kick.level, "punch": self._punch.level, "breath": self._breath,
                "journey": self._journey, "travel": self._travel, "x": self._x, "y": self._y, "angle": self._angle,
                "drive": drive, "prompts": self.prompts.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Stand where ``state`` says. Raises ValueError, KeyError or TypeError for one that is none."""
        numbers = {name: float(state[name]) for name in ("kick", "punch", "breath", "journey", "travel", "x", "y",
                                                         "angle")}
        if not all(map(math.isfinite, numbers.values())):
            raise ValueError("a walk stands at finite numbers")
        if isinstance(self.drive, Remembering):
            self.drive.restore(state["drive"])
        if "prompts" in state:  # a show that was kept by an earlier vj has none
            self.prompts.restore(state["prompts"])
        self._hits, self._kick.level, self._punch.level = int(state["hits"]), numbers["kick"], numbers["punch"]
        self._breath, self._journey, self._travel = numbers["breath"], numbers["journey"], numbers["travel"]
        self._x, self._y, self._angle = numbers["x"], numbers["y"], numbers["angle"]

    def _struck(self, kick: float, dt: float, tau: float) -> float:
        if kick > 0 and self._kick.level < RETIRED:
            self._hits += 1  # a new direction, held until this hit has died away
        return self._kick.step(kick, dt, tau)

    def _camera(self, tick: Tick, features: Features, heard: float, walk: Values) -> Camera:
        heading = 0.21 * self._travel + 0.013 * tick.time + self.seed % 628 / 100
        pan = tick.dt * _f(walk, "pan") * (0.4 + heard)
        self._x += pan * math.cos(heading)
        self._y += pan * math.sin(heading)
        self._angle += tick.dt * _f(walk, "spin") * (0.4 + heard)
        self._breath += (heard - self._breath) * (1.0 - math.exp(-tick.dt / 0.25))
        punch = self._punch.step(features.kick, tick.dt, _f(walk, "punch_decay"))
        zoom = _f(walk, "zoom") + _f(walk, "breathe") * self._breath + _f(walk, "punch") * punch
        return Camera(self._x, self._y, zoom, self._angle)
