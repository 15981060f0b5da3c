"""One picture as the host asks for it. No torch: a show's words on one side, the engine on the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vj.types import LatentPoint, VjError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


class CrowdedError(VjError):
    """There is no memory for so many pictures at once; for fewer there may be."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """How the picture before returns.

    ``amount`` 0..1: without a source it also lowers the strength, for at full strength nothing shows of what is fed
    back. Motion a second: ``zoom`` octaves (+1 grows to twice the size), ``angle`` radians (clockwise), ``x`` and ``y``
    half heights of the picture, to the right and down. ``decay`` seconds: 0 feeds back the last picture, more a trail
    of those before, which falls to a third in that time.
    """

    amount: float = 0.0
    zoom: float = 0.0
    angle: float = 0.0
    x: float = 0.0
    y: float = 0.0
    decay: float = 0.0


@dataclass(frozen=True)
class Shot:
    """One picture, as the host knows it.

    ``size`` (width, height), multiples of 8. ``prompt`` is the mixture now, texts with their weights. ``strength``: 1
    draws from noise alone, 0 holds the source (or what is fed back). ``guidance`` as in diffusers' pipelines: over 1 it
    draws every step twice, a model distilled with guidance is told it instead. ``source`` (h, w, 3) uint8, of any size.
    ``calm`` 0..1. ``dt``: seconds since this deck's shot before.
    """

    point: LatentPoint
    seed: int
    size: tuple[int, int]
    prompt: tuple[tuple[str, float], ...] = (("", 1.0),)
    negative: str = ""
    steps: int = 1
    strength: float = 1.0
    guidance: float = 0.0
    source: Pixels | None = None
    feedback: Feedback = Feedback()
    calm: float = 0.0
    dt: float = 1 / 30
    deck: str = "a"
