"""What is to be made: each piece a plan with a name, made from dice of its own, so that any part can be made again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import store

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

LONGEST = 90.0
"""Seconds of a piece at most."""


class CannotMakeError(RuntimeError):
    """A piece that is not to be had here, and why."""


@dataclass(frozen=True, slots=True)
class Made:
    """A finished piece: mono samples (n,) with beats in seconds; the fields are those of ``store.save``."""

    samples: NDArray[np.float32]
    rate: int
    beats: list[float]
    downbeats: list[float]
    song: str
    source: str
    meter: int = 4
    split: str | None = None

    def save(self, folder: Path, kind: str, name: str) -> Path:
        """Write it."""
        return store.save(folder, kind, name, self.samples, self.rate, self.beats, self.downbeats, self.song,
                          self.source, self.meter, self.split)


@dataclass(frozen=True, slots=True)
class Plan:
    """A piece that could be made. ``make`` may raise CannotMakeError."""

    kind: str
    name: str
    make: Callable[[Generator], Made]


Plans = Iterator[Plan]


def dice_for(seed: int, *words: str) -> Generator:
    """Dice that belong to these words: the same words and seed always roll the same."""
    return np.random.default_rng([seed, *hashlib.sha256("/".join(words).encode()).digest()[:16]])


def a_rate(dice: Generator) -> int:
    """One of the two rates that sound cards run at; every fourth piece has the rarer."""
    return store.RATES[int(dice.random() < 0.25)]


def an_excerpt(total: float, wanted: float, dice: Generator) -> tuple[float, float]:
    """(start, length) in seconds within ``total``: at most ``wanted`` long, one in five from the very start."""
    length = min(total, wanted, LONGEST)
    start = 0.0 if dice.random() < 0.2 else float(dice.uniform(0, total - length))
    return start, length


def levelled(samples: NDArray[np.float32], dice: Generator) -> NDArray[np.float32]:
    """The same sound, its peak between -12 and -0.2 dBFS."""
    peak = max(float(np.abs(samples).max(initial=0)), 1e-9)
    return (samples * (10 ** (dice.uniform(-12, -0.2) / 20) / peak)).astype(np.float32)
