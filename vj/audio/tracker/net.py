"""The small net that hears beats and tempo: two gated recurrent layers, run in NumPy, a few frames at a time."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.audio.tracker.front import FRAMES
from vj.types import VjError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Levels = NDArray[np.float32]

WEIGHTS = Path(__file__).with_name("beats.safetensors")
STACK = 4
"""Frames that the net hears in one step, and answers each for itself."""
BACK = 2
"""Frames between the two that are compared."""
TEMPI = np.geomspace(44.0, 240.0, 32)
"""BPM of which the net tells how likely each is."""
CUT = 0.8
"""Chance of a cut from which it is one."""
SPARED = 2.0
"""Seconds after a cut, and after the beginning, in which there is no other."""
KEPT = 0.3
"""What is left, after a cut, of what was remembered: one who still counts the old music does not hear the new."""
BIGGEST = 2**20
"""Bytes that a file of weights may have."""
STEP = ".step"
"""After a matrix's name: what one unit of its whole numbers is worth, a row each."""


def packed(name: str, weights: Levels) -> dict[str, NDArray[np.int8] | NDArray[np.float16]]:
    """What of ``weights`` is kept in a file: a matrix as whole numbers of 8 bits and its rows' steps, others as halves.

    A net of twice the size in the same file hears more than the last bits do.
    """
    if weights.ndim != 2:
        return {name: weights.astype(np.float16)}
    step = np.maximum(np.abs(weights).max(axis=1) / 127, 1e-6).astype(np.float16)
    whole = np.round(weights / step[:, None].astype(np.float32))
    return {name: np.clip(whole, -127, 127).astype(np.int8), name + STEP: step}


def unpacked(kept: Mapping[str, NDArray[Any]]) -> dict[str, Levels]:
    """The weights from what ``packed`` made of them; those that are not packed are taken as they are."""
    weights = {name: np.asarray(part, np.float32) for name, part in kept.items()}
    steps = {name: weights.pop(name) for name in list(weights) if name.endswith(STEP)}
    return weights | {name.removesuffix(STEP): weights[name.removesuffix(STEP)] * step[:, None]
                      for name, step in steps.items()}


class GatedLayer:
    """A gated recurrent unit (Cho et al. 2014, in the form where the reset gate acts after the matrix).

    ``inner`` (3H, I) and ``outer`` (3H, H) hold the reset, update and new gates above each other. A step takes a
    handful of NumPy calls, each of which costs more than its arithmetic: both gates share one matrix, and a logistic
    function is a hyperbolic tangent of half its argument, put into the weights.
    """

    def __init__(self, inner: Levels, outer: Levels, inner_bias: Levels, outer_bias: Levels) -> None:
        size = self._size = outer.shape[1]
        gates = slice(0, 2 * size)
        self._gates = np.ascontiguousarray(np.hstack([inner[gates], outer[gates]]) * np.float32(0.5))
        self._gates_bias = (inner_bias[gates] + outer_bias[gates]) * np.float32(0.5)
        self._inner, self._outer = np.ascontiguousarray(inner[2 * size:]), np.ascontiguousarray(outer[2 * size:])
        self._inner_bias, self._outer_bias = inner_bias[2 * size:], outer_bias[2 * size:]
        self._both = np.zeros(inner.shape[1] + size, np.float32)
        self.state = self._both[inner.shape[1]:]

    def step(self, heard: Levels) -> Levels:
        """(I,) -> (H,), remembering; the answer is overwritten by the next step."""
        size = self._size
        self._both[:len(heard)] = heard
        gates = self._gates @ self._both
        gates += self._gates_bias
        np.tanh(gates, out=gates)
        gates += np.float32(1.0)
        gates *= np.float32(0.5)
        new = self._outer @ self.state
        new += self._outer_bias
        new *= gates[:size]
        new += self._inner @ heard
        new += self._inner_bias
        np.tanh(new, out=new)
        # state = new + update * (state - new)
        self.state -= new
        self.state *= gates[size:]
        self.state += new
        return self.state


class BeatNet:
    """From a frame of levels to the chances that a beat, and a downbeat, was there ``delay`` seconds before its end.

    ``tempi`` (TEMPI,) is how likely it thinks each tempo of ``TEMPI`` now, as logarithms; None: no opinion. ``cut``:
    whether the frame of the last step is the one on which it is sure that the music was cut into other music.
    """

    def __init__(self, weights: Mapping[str, Levels]) -> None:
        # The first frame of a step waits for the last: all are told that much later, evenly.
        self.delay = float(weights["delay"][0]) + (STACK - 1) / FRAMES
        self._mean, self._spread = weights["mean"], weights["spread"]
        self._first, self._first_bias = weights["input.weight"], weights["input.bias"]
        self._layers = [
            GatedLayer(*(weights[f"gru.{kind}_l{n}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")))
            for n in range(sum(name.startswith("gru.weight_ih") for name in weights))
        ]
        self._last, self._last_bias = weights["output.weight"], weights["output.bias"]
        self._tempo, self._tempo_bias = weights["tempo.weight"], weights["tempo.bias"]
        self._change = ((weights["change.weight"][0], float(weights["change.bias"][0]))
                        if "change.weight" in weights else None)
        self.tempi: Levels | None = None
        self.cut = False
        self._spared = 0.0
        # The levels of a step, after those of two frames before it.
        self._levels = np.zeros((BACK + STACK, len(self._mean)), np.float32)
        self._told = np.zeros((STACK, 2, len(self._mean)), np.float32)
        self._waiting = 0
        self._answers = [(0.0, 0.0)] * STACK

    @classmethod
    def open(cls, path: Path = WEIGHTS) -> BeatNet:
        """Read the weights. Raises VjError naming the file when they are missing or not a net of this shape."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            if path.stat().st_size > BIGGEST:
                raise VjError(f"{path} is no beat net: it is larger than {BIGGEST} bytes")
            return cls(unpacked(load_file(path)))
        except (OSError, SafetensorError, KeyError, TypeError, IndexError, ValueError) as error:
            raise VjError(f"{path} cannot be read as a beat net: {error}") from error

    def step(self, levels: Levels) -> tuple[float, float]:
        """A frame, (SIZE,), to (beat, downbeat), each 0..1. The first answers, from before the start, are 0."""
        self._levels[BACK + self._waiting] = levels
        self._waiting += 1
        self.cut = False
        if self._waiting == STACK:
            self._waiting = 0
            self._tell()
            self._answers = self._answer()
        return self._answers[self._waiting]

    def _tell(self) -> None:
        """A step's frames, and what is new in each against the one before the last."""
        levels = self._levels
        told, news = self._told[:, 0], self._told[:, 1]
        np.subtract(levels[BACK:], self._mean, out=told)
        told *= self._spread
        np.subtract(levels[BACK:], levels[:STACK], out=news)
        np.maximum(news, 0.0, out=news)
        levels[:BACK] = levels[STACK:]

    def _answer(self) -> list[tuple[float, float]]:
        x = self._first @ self._told.ravel()
        x += self._first_bias
        np.tanh(x, out=x)
        for layer in self._layers:
            x = layer.step(x)
        self.tempi = self._tempo @ x
        self.tempi += self._tempo_bias
        logits = (self._last @ x + self._last_bias).tolist()
        self._notice(x)  # last: it takes from the very state that the others read
        return [(_chance(beat), _chance(down)) for beat, down in zip(logits[::2], logits[1::2], strict=True)]

    def _notice(self, known: Levels) -> None:
        """Was the music cut? Then most of what is remembered of it goes."""
        self._spared += STACK / FRAMES
        if self._change is None or self._spared < SPARED:
            return
        weight, bias = self._change
        if _chance(float(weight @ known) + bias) > CUT:
            self.cut, self._spared = True, 0.0
            for layer in self._layers:
                layer.state *= np.float32(KEPT)


def _chance(logit: float) -> float:
    return 0.5 + 0.5 * math.tanh(0.5 * logit)
