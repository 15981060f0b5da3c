"""A compositional pattern-producing network: flowing pictures from random weights.

Stanley, "Compositional pattern producing networks" (2007); random weights and a latent input as in Ha's
"Generating abstract patterns" (2016). Three things make it a place to travel rather than a picture:

- Its inputs are plane waves, not ``x, y, r``: interesting everywhere, never saturated far from home. Phases are
  reduced in float64 before they meet the picture, so a camera may wander for hours.
- The waves come in octaves that fade in and out with the zoom (Shepard's endless staircase): a zoom never ends.
- The network gives a few smooth fields on half the grid; colour, relief and ink are drawn from them on the full one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vj.camera import Affine
from vj.models.latent import normals
from vj.models.pattern import Pattern

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LATENT = 16
FIELDS = 4
"""Palette coordinate, height, depth, ink."""

MARGIN = 2
"""Cells round the view, for slopes and smooth enlarging."""

_OCTAVES, _WAVES, _WIDTH = 4, 6, 24
_FLOW, _BIAS = 1.2, 0.4
"""How far the latent moves the waves, radians, and the layers: so that 0.01 rad of walk is a small step to the eye."""
_WORLD = 3
"""The stream of a world's weights."""


def _gauss(x: Tensor) -> Tensor:
    return torch.exp(-x * x).mul_(2.0).sub_(1.0)


def _fold(x: Tensor) -> Tensor:
    """A rounded absolute value: a crease that shading shows as a ridge."""
    return torch.sqrt(x * x + 0.04).sub_(0.8)


SHAPES: dict[str, Callable[[Tensor], Tensor]] = {
    "sin": lambda x: torch.sin(x * 1.6),
    "tanh": lambda x: torch.tanh(x * 1.5),
    "gauss": _gauss,
    "fold": _fold,
    "wave": lambda x: torch.sin(x * 3.0),
    "step": lambda x: torch.tanh(x * 3.0),
}
"""The activations by name. Each takes unit normals to about -1..1."""


class Waves(NamedTuple):
    """Plane waves: ``vectors`` (W, 2) radians per unit, ``phases`` and ``amplitudes`` (W,)."""

    vectors: Array
    phases: Array
    amplitudes: Array


class Network:
    """One world's network on one device."""

    def __init__(self, pattern: Pattern, where: torch.device | str = "cpu") -> None:
        self.pattern = pattern
        self._where = where
        waves = _OCTAVES * _WAVES
        into = 2 * waves + 4
        self._shift = self._draw(0, LATENT, waves) / math.sqrt(LATENT)
        self._first = self._put(self._draw(1, into, _WIDTH).T / math.sqrt(waves))
        self._second = self._put(self._draw(2, _WIDTH, _WIDTH).T * 1.3 / math.sqrt(_WIDTH))
        self._head = self._put(self._draw(3, _WIDTH, FIELDS).T * 1.3 / math.sqrt(_WIDTH))
        self._bias = [self._draw(4 + layer, LATENT, width) / math.sqrt(LATENT)
                      for layer, width in enumerate((_WIDTH, _WIDTH, FIELDS))]

    def _draw(self, key: int, *shape: int) -> Array:
        return normals(_WORLD, self.pattern.seed, key, shape=shape)

    def _put(self, array: Array) -> Tensor:
        return torch.from_numpy(array.astype(np.float32)).to(self._where)

    def fields(self, z: Array, view: Affine, zoom: float, size: tuple[int, int], *, scale: float = 1.0,
               warp: float = 1.0, detail: float = 1.0) -> Tensor:
        """Fields (1, FIELDS, height + 4, width + 4), each about unit normal, at latent ``z`` as the camera sees it.

        ``size`` is the cells in view; two more lie round them as a margin.
        """
        width, height = size[0] + 2 * MARGIN, size[1] + 2 * MARGIN
        waves = self._octaves(zoom, detail)
        phase = z @ self._shift * (_FLOW * self.pattern.flow)
        h = self._features(waves, phase, view, size, scale * self.pattern.scale)  # (2 W + 4, N)
        bend = warp * self.pattern.warp
        b1, b2, b3 = (self._put(z @ weights)[:, None] for weights in self._bias)
        h1 = self._activate(torch.addmm(b1 * _BIAS, self._first, h), 0)
        h2 = self._activate(torch.addmm(b2 * _BIAS, self._second, h1, alpha=bend), 1)
        out = torch.addmm(b3 * (0.5 * _BIAS), self._head, h2.add_(h1, alpha=0.5))
        return out.reshape(1, FIELDS, height, width)

    def _features(self, waves: Waves, phase: Array, view: Affine, size: tuple[int, int], scale: float) -> Tensor:
        """The network's input (2 W + 4, N): sines and cosines of plane waves, and two vortices."""
        a, b, c, d, tx, ty = view
        shown = waves.vectors @ np.array([[a, b], [c, d]]) * scale  # (W, 2), per unit of screen
        still = np.remainder(waves.vectors @ np.array([tx, ty]) + waves.phases + phase, 2 * math.pi)
        angle = self._put(np.concatenate([shown, still[:, None]], 1)) @ self._screen(size)  # (W, N)
        gain = self._put(waves.amplitudes)[:, None]
        s, k = torch.sin(angle).mul_(gain), torch.cos(angle).mul_(gain)
        return torch.cat([s, k, self._vortices(s, k)])

    def _vortices(self, s: Tensor, k: Tensor) -> Tensor:
        """Directions of two complex fields (4, N): they turn once round each of the fields' zeros."""
        half = len(s) // 2
        real = torch.stack([s[:half].sum(0), k[:half].sum(0)])
        imaginary = torch.stack([k[half:].sum(0), s[half:].sum(0)])
        gain = torch.rsqrt(real * real + imaginary * imaginary + 0.12).mul_(1.6 * self.pattern.vortex)
        return torch.cat([real * gain, imaginary * gain])

    def _screen(self, size: tuple[int, int]) -> Tensor:
        """(3, N): x, y in half heights from the middle, and 1."""
        width, height = size[0] + 2 * MARGIN, size[1] + 2 * MARGIN
        x = (torch.arange(width, device=self._where) + 0.5 - width / 2) * (2.0 / size[1])
        y = (torch.arange(height, device=self._where) + 0.5 - height / 2) * (2.0 / size[1])
        grid = torch.stack([x.expand(height, width), y[:, None].expand(height, width)])
        return torch.cat([grid, torch.ones_like(grid[:1])]).view(3, -1)

    def _octaves(self, zoom: float, detail: float) -> Waves:
        """The waves of the octaves in view.

        Octave n always holds the same waves; its slot is ``n mod 4``, and it changes hands when silent.
        """
        base = math.floor(zoom)
        vectors, phases = np.empty((_OCTAVES, _WAVES, 2)), np.empty((_OCTAVES, _WAVES))
        amplitudes = np.empty((_OCTAVES, _WAVES))
        for octave in range(base - 1, base - 1 + _OCTAVES):
            slot = octave % _OCTAVES
            vectors[slot], phases[slot] = self._octave(octave)
            amplitudes[slot] = self._loudness(octave - zoom, detail)
        amplitudes *= math.sqrt(_OCTAVES) / np.linalg.norm(amplitudes[:, 0])
        return Waves(vectors.reshape(-1, 2), phases.ravel(), amplitudes.ravel())

    def _loudness(self, rise: float, detail: float) -> float:
        """An octave's amplitude, ``rise`` octaves above the zoom: silent at -2 and 2, finer ones quieter."""
        place = (rise + 2.0) / _OCTAVES
        window = math.sin(math.pi * min(max(place, 0.0), 1.0)) ** 2
        return window * math.pow(self.pattern.roughness * detail, rise)

    def _octave(self, octave: int) -> tuple[Array, Array]:
        draws = normals(_WORLD, self.pattern.seed, 100, octave, shape=(3, _WAVES))
        lengths = 2.0**octave * 2.1 * np.exp2(0.35 * np.clip(draws[0], -1.5, 1.5))
        angles = 2 * math.pi * (np.arange(_WAVES) / _WAVES) + draws[1] * 0.6
        fold = self.pattern.fold
        if fold:
            lengths[:] = lengths[0]
            angles = 2 * math.pi * np.arange(_WAVES) / fold + draws[1, 0]
        return np.stack([np.cos(angles) * lengths, np.sin(angles) * lengths], 1), draws[2] * (0.0 if fold else 3.0)

    def _activate(self, x: Tensor, layer: int) -> Tensor:
        """The world's shapes take turns over equal groups of channels."""
        shapes = self.pattern.shapes
        names = [shapes[(i + layer) % len(shapes)] for i in range(4)]
        return torch.cat([SHAPES[name](part) for name, part in zip(names, x.chunk(4), strict=True)])
