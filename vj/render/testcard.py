"""The calibration's picture: a field that flashes, and in the middle of it words that stay readable while it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vj.render import font
from vj.render.frame import GLFrame

if TYPE_CHECKING:
    from moderngl import Context
    from numpy.typing import NDArray

    from vj.types import Pixels

SIZE = (480, 270)
"""Of the card, pixels; it is shown as large as the window, its pixels kept sharp."""
BOX = (52, 38, 376, 194)
"""Left, top, width, height of the black box that the words stand in; all around it flashes."""
MARGIN = 12
"""Pixels that words larger than the smallest keep free."""
Colour = tuple[int, int, int]
PALE, DIM, GREEN, AMBER, RED = (235, 228, 214), (140, 134, 124), (70, 220, 120), (255, 180, 60), (255, 90, 80)
BLACK = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """Words of one size and colour. ``scale`` is whole pixels to a pixel of the font."""

    words: str
    scale: int = 1
    colour: Colour = PALE


class TestCard:
    """Draws cards into one texture, only when they change."""

    __test__ = False  # its name makes pytest look for tests in it

    def __init__(self, context: Context) -> None:
        import moderngl
        self._texture = context.texture(SIZE, 4)
        self._texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self._shown: tuple[bool, tuple[Line, ...]] | None = None

    def frame(self, lit: bool, lines: Sequence[Line]) -> GLFrame:
        """A frame with the field white or black, and ``lines`` from the top of the box."""
        wanted = lit, tuple(lines)
        if wanted != self._shown:
            self._shown = wanted
            self._texture.write(np.ascontiguousarray(card(*wanted)[::-1]))
        return GLFrame(self._texture)

    def release(self) -> None:
        """Give the memory back."""
        self._texture.release()


def card(lit: bool, lines: Sequence[Line]) -> Pixels:
    """(270, 480, 4) uint8, top row first."""
    pixels = np.full((SIZE[1], SIZE[0], 4), 255 if lit else 0, np.uint8)
    pixels[..., 3] = 255
    left, top, width, height = BOX
    pixels[top:top + height, left:left + width, :3] = 0
    blocks = [(_enlarged(line, width), line.colour) for line in lines]
    at = top + max((height - sum(len(block) for block, _ in blocks)) // 2, 0)
    for block, colour in blocks:
        _lay(pixels[:top + height], block, colour, left + (width - block.shape[1]) // 2, at)
        at += len(block)
    return pixels


def _enlarged(line: Line, width: int) -> NDArray[np.uint8]:
    """The words as 0 and 1, as large as asked for or as fits."""
    parts = line.words.split("\n")
    longest = max(map(len, parts))
    block = font.block([part.center(longest) for part in parts])
    scale = max(min(line.scale, (width - MARGIN) // max(block.shape[1], 1)), 1)
    return block.repeat(scale, axis=0).repeat(scale, axis=1)[:, :width]


def _lay(pixels: Pixels, block: NDArray[np.uint8], colour: Colour, left: int, top: int) -> None:
    spot = pixels[top:top + len(block), left:left + block.shape[1], :3]
    spot[block[:len(spot)] > 0] = colour
