"""What makes one world's picture, as plain numbers: the network's pattern and the surface's finish. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

SHAPE_NAMES = ("sin", "tanh", "gauss", "fold", "wave", "step")
"""The activations a pattern may name; ``vj.models.cppn`` holds their formulas."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A world's network, but for its colours.

    ``seed`` of the weights; ``scale`` how much of the world is in view; ``fold`` n-fold symmetric waves, 0 for
    none; ``warp`` how far the layers bend each other; ``roughness`` an octave's loudness over the coarser one's;
    ``vortex`` how much turns round points; ``flow`` how far the latent moves the waves; ``shapes`` the activations
    that take turns.
    """

    seed: int = 0
    scale: float = 1.0
    fold: int = 0
    warp: float = 1.0
    roughness: float = 0.5
    vortex: float = 0.0
    flow: float = 1.0
    shapes: tuple[str, ...] = ("sin", "tanh", "gauss", "fold")


@dataclass(frozen=True, slots=True)
class Finish:
    """How a surface is drawn.

    ``cycles`` runs through the palette, from ``shift`` turns on; ``terraces`` 0..1 gathers the colours on steps;
    ``relief`` and ``gloss`` of the lit height; ``ripple`` a fine wave along the contours, ``strands`` its number;
    ``depth`` how black the far parts are; ``ink`` dark contour lines, ``bands`` their number; ``glow`` lights what
    is nearest.
    """

    cycles: float = 1.0
    shift: float = 0.0
    terraces: float = 0.0
    relief: float = 0.8
    gloss: float = 0.3
    ripple: float = 0.0
    strands: float = 8.0
    depth: float = 0.6
    ink: float = 0.0
    bands: float = 2.0
    glow: float = 0.0
