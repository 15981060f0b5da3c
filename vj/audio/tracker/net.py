"""The small net that hears beats: two gated recurrent layers, run in NumPy, one frame at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vj.types import VjError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Levels = NDArray[np.float32]

WEIGHTS = Path(__file__).with_name("beats.safetensors")
BIGGEST = 2**20
"""Bytes that a file of weights may have."""


class GatedLayer:
    """A gated recurrent unit (Cho et al. 2014, in the form where the reset gate acts after the matrix).

    ``inner`` (3H, I) and ``outer`` (3H, H) hold the reset, update and new gates above each other.
    """

    def __init__(self, inner: Levels, outer: Levels, inner_bias: Levels, outer_bias: Levels) -> None:
        self._inner, self._outer = np.ascontiguousarray(inner), np.ascontiguousarray(outer)
        self._inner_bias, self._outer_bias = inner_bias, outer_bias
        self._size = outer.shape[1]
        self.state = np.zeros(self._size, np.float32)

    def step(self, heard: Levels) -> Levels:
        """(I,) -> (H,), remembering."""
        size = self._size
        told = self._inner @ heard + self._inner_bias
        kept = self._outer @ self.state + self._outer_bias
        gates = 1.0 / (1.0 + np.exp(-(told[:2 * size] + kept[:2 * size])))
        new = np.tanh(told[2 * size:] + gates[:size] * kept[2 * size:])
        self.state = new + gates[size:] * (self.state - new)
        return self.state


class BeatNet:
    """From a frame of levels to the chances that a beat, and a downbeat, was there ``delay`` seconds ago."""

    def __init__(self, weights: Mapping[str, Levels]) -> None:
        self.delay = float(weights["delay"][0])
        self._mean, self._spread = weights["mean"], weights["spread"]
        self._first, self._first_bias = weights["input.weight"], weights["input.bias"]
        self._layers = [
            GatedLayer(*(weights[f"gru.{kind}_l{n}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")))
            for n in range(sum(name.startswith("gru.weight_ih") for name in weights))
        ]
        self._last, self._last_bias = weights["output.weight"], weights["output.bias"]
        self._before = np.zeros((2, len(self._mean)), np.float32)

    @classmethod
    def open(cls, path: Path = WEIGHTS) -> BeatNet:
        """Read the weights. Raises VjError naming the file when they are missing or not a net of this shape."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            if path.stat().st_size > BIGGEST:
                raise VjError(f"{path} is no beat net: it is larger than {BIGGEST} bytes")
            return cls({name: np.asarray(w, np.float32) for name, w in load_file(path).items()})
        except (OSError, SafetensorError, KeyError, TypeError, IndexError) as error:
            raise VjError(f"{path} cannot be read as a beat net: {error}") from error

    def step(self, levels: Levels) -> tuple[float, float]:
        """A frame, (SIZE,), to (beat, downbeat), each 0..1."""
        x = self._first @ self._told(levels) + self._first_bias
        x = np.tanh(x, out=x)
        for layer in self._layers:
            x = layer.step(x)
        beat, downbeat = 1.0 / (1.0 + np.exp(-(self._last @ x + self._last_bias)))
        return float(beat), float(downbeat)

    def _told(self, levels: Levels) -> Levels:
        """The frame and what is new in it, against the one before the last."""
        news = np.maximum(levels - self._before[0], 0.0)
        self._before[0] = self._before[1]
        self._before[1] = levels
        return np.concatenate([(levels - self._mean) * self._spread, news])
