"""Plans for what has no beat: talk, weather, drones, noise, crowds and silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import degrade, noises
from .plan import Made, Plan, Plans, a_rate, levelled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

    Noise = Callable[[int, int, Generator], NDArray[np.float32]]

LENGTH = 40.0
"""Seconds of a piece at most: what does not change need not be long."""


def silence(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """Nothing, or the least that a converter gives."""
    return noises.coloured(count, rate, dice, 0.0) * np.float32(dice.choice([0.0, 3e-5, 3e-4]))


def white_or_pink(count: int, rate: int, dice: Generator) -> NDArray[np.float32]:
    """Noise from white to brown, whose loudness wanders."""
    steady = noises.coloured(count, rate, dice, float(dice.choice([0.0, 1.0, 2.0])))
    return (steady * (0.5 + noises.wander(count, rate, dice, 5.0))).astype(np.float32)


MAKERS: tuple[tuple[str, Noise, int], ...] = (
    ("speech", noises.talk, 70), ("pad", noises.pad, 24), ("babble", noises.babble, 12), ("rain", noises.rain, 10),
    ("wind", noises.wind, 6), ("applause", noises.applause, 10), ("cheers", noises.cheers, 8), ("hum", noises.hum, 4),
    ("noise", white_or_pink, 6), ("crackle", noises.crackle, 24), ("silence", silence, 3),
)


def plans(_folder: Path, seconds: float) -> Plans:
    """Each kind of noise several times, every third heard badly."""
    for what, maker, many in MAKERS:
        for number in range(many):
            def make(dice: Generator, maker: Noise = maker, name: str = f"{what} {number}") -> Made:
                return _piece(maker, name, min(seconds, LENGTH), dice)
            yield Plan("negative", f"{what}_{number:02d}", make)


def _piece(maker: Noise, name: str, seconds: float, dice: Generator) -> Made:
    rate = a_rate(dice)
    sound = maker(int(seconds * rate), rate, dice)
    if maker is not silence:
        sound = levelled(sound, dice)
        if dice.random() < 0.33:
            sound = degrade.roomed(sound, rate, dice)
            sound = levelled(sound, dice)
    return Made(sound, rate, [], [], f"negative {name}", "synthesised")
