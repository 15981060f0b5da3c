"""The flash limiter: at most three flashes a second of any large part of the picture, whatever feeds it.

The rule is WCAG 2.2, success criterion 2.3.1 (https://www.w3.org/TR/WCAG22/#three-flashes-or-below-threshold): a flash
is a pair of opposing changes in relative luminance of 10 % or more of the maximum where the darker state is below 0.80;
no more than three within any one second, where the flashing areas together take more than a quarter of any 10 degree
field of view (at a desk about 2.8 % of a screen); saturated red counts on its own.

How it is held, wholly on the GPU so that nothing waits:

- Areas of several sizes are watched: 12 x 9 cells; 3 x 3 regions, each as large as WCAG's 10 degree field on a screen;
  quarters, halves and the whole, so that small areas taking turns do not add up to a flicker of a large one. For each
  the mean is measured of the picture about to be shown and of the one that was shown. A flash much smaller than a
  cell, or a fine pattern that keeps its mean, does not count (WCAG excepts both).
- Every area keeps a book of what was really shown: the extreme since its last opposing change and the ages of its last
  eight. Three flashes are six opposing changes, so a seventh within one second is refused.
- A refused area may go on in its direction but not turn back by more than the allowance: the new picture is mixed, in
  light, with the one shown before. It lags and smooths; it never goes black.
- It takes hold when 15 % of the cells (WCAG: a quarter of the field), two regions or anything larger would flash at
  once: lights that move fast are no strobe. Between areas the share is smoothed downwards, so that no grid is seen.
- Thresholds are on the safe side: 8 % counts, refused areas move 5 %.
- A blackout may always fall (the operator's right); coming back is a change like any other, and counted.

With the limiter switched off the book is still kept, so switching it on takes hold at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from vj.render.surface import Painter, Surface

if TYPE_CHECKING:
    from moderngl import Context, Texture

    from vj.render.surface import State

PAGE = (16, 9)
"""The book's page: 12 x 9 cells, and beside them the larger areas; ``measure.frag`` says which lies where."""
CELLS = (12, 9)
THRESHOLD = 0.08
ALLOWANCE = 0.05
WINDOW = 1.01
LEAST_CELLS = 16
LONG_AGO = 60.0
_MOST_TAPS = 16


class Limiter:
    """Keeps the flash book and draws the limited picture over the output where it must."""

    def __init__(self, context: Context, size: tuple[int, int], painters: Mapping[str, Painter]) -> None:
        self._painters = painters
        self._taps = (_taps(size[0] / CELLS[0]), _taps(size[1] / CELLS[1]))
        self._measure = Surface(context, PAGE, "f4", linear=False)
        self._gate = Surface(context, (1, 1), "f4", linear=False)
        self._spread = Surface(context, PAGE, "f4", linear=False)
        self._books = [[Surface(context, PAGE, "f4", linear=index == 0) for index in range(3)] for _ in range(2)]
        self._writers = [context.framebuffer([surface.texture for surface in book]) for book in self._books]
        for ages in (self._books[0][1], self._books[0][2]):
            ages.write(np.full((PAGE[1], PAGE[0], 4), LONG_AGO, np.float32))

    def draw(self, output: Surface, picture: Texture, shown: Texture, *, gain: float, dt: float,
             limit: bool, blackout: bool) -> None:
        """Limit ``output``, which already holds ``picture`` times ``gain``, against the picture ``shown`` last.

        Without ``limit`` only the book is kept; in a ``blackout`` going darker is always allowed.
        """
        self._painters["measure"].draw(self._measure.framebuffer, {"picture": picture, "shown": shown},
                                       {"gain": gain, "taps": self._taps})
        turn, early, late = (surface.texture for surface in self._books[0])
        self._painters["flashes"].draw(
            self._writers[1], {"measure": self._measure.texture, "turn": turn, "early": early, "late": late},
            {"dt": dt, "threshold": THRESHOLD, "allowance": ALLOWANCE, "window": WINDOW, "open": float(not limit),
             "fall": float(blackout)})
        self._books.reverse()
        self._writers.reverse()
        turn = self._books[0][0].texture
        self._painters["gate"].draw(self._gate.framebuffer, {"turn": turn}, {"least": float(LEAST_CELLS)})
        self._painters["spread"].draw(self._spread.framebuffer, {"turn": turn}, {})
        self._painters["limited"].draw(
            output.framebuffer, {"picture": picture, "shown": shown, "spread": self._spread.texture,
                                 "gate": self._gate.texture}, {"gain": gain})

    def state(self) -> State:
        """The flash book."""
        return {str(index): surface.pixels() for index, surface in enumerate(self._books[0])}

    def restore(self, state: State) -> None:
        """Put back what ``state`` gave."""
        for index, surface in enumerate(self._books[0]):
            surface.write(state[str(index)])

    def release(self) -> None:
        """Give the memory back."""
        for writer in self._writers:
            writer.release()
        for surface in (self._measure, self._gate, self._spread, *self._books[0], *self._books[1]):
            surface.release()


def _taps(pixels: float) -> int:
    """Samples along one side of a cell; each is the mean of two pixels, and stands for four."""
    return max(1, min(math.ceil(pixels / 4), _MOST_TAPS))


GATED_VERTEX = """#version 330
// Nothing is drawn, at no cost, while too little is blocked to matter.
out vec2 isf_FragNormCoord;
uniform sampler2D gate;
void main() {
    vec2 p = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    isf_FragNormCoord = p * 0.5 + 0.5;
    gl_Position = texelFetch(gate, ivec2(0), 0).r > 0.5 ? vec4(p, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}
"""
