"""A bitmap font of our own, small capitals on a 5 x 7 grid, for the words on the operator's display.

One glyph is seven rows from the top, each row one base-32 digit: 16 is the left pixel, 1 the right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT = 6, 11
"""One character with the space around it, in font pixels."""

_GLYPHS = {
    "A": "ehhvhhh", "B": "uhhuhhu", "C": "ehggghe", "D": "uhhhhhu", "E": "vggsggv", "F": "vggsggg", "G": "ehgnhhf",
    "H": "hhhvhhh", "I": "e44444e", "J": "72222ic", "K": "hikokih", "L": "ggggggv", "M": "hrllhhh", "N": "hhpljhh",
    "O": "ehhhhhe", "P": "uhhuggg", "Q": "ehhhlid", "R": "uhhukih", "S": "fgge11u", "T": "v444444", "U": "hhhhhhe",
    "V": "hhhhha4", "W": "hhhllla", "X": "hha4ahh", "Y": "hha4444", "Z": "v1248gv",
    "0": "ehjlphe", "1": "4c4444e", "2": "eh1248v", "3": "v2421he", "4": "26aiv22", "5": "vgu11he", "6": "68guhhe",
    "7": "v124888", "8": "ehhehhe", "9": "ehhf12c",
    ".": "00000cc", ",": "0000cc8", ":": "0cc0cc0", ";": "0cc0cc8", "!": "4444404", "?": "eh12404", "'": "4480000",
    '"': "aa00000", "-": "000v000", "_": "000000v", "+": "044v440", "*": "0ale4la", "/": "0112480", "\\": "0gg8421",
    "=": "00v0v00", "(": "2488842", ")": "8422248", "[": "e88888e", "]": "e22222e", "<": "248g842", ">": "8421248",
    "|": "4444444", "#": "aavavaa", "%": "op248j3", "&": "cika9id", "@": "eh1dlle", "$": "4fke5u4", "^": "4ah0000",
    "~": "00082l2", "`": "8400000", "{": "2448442", "}": "8442448",
    "·": "000c000", "→": "042v240", "←": "048v840", "↑": "4el4444", "↓": "4444le4", "°": "cic0000", "±": "44v440v",
    "■": "0vvvvv0", "●": "0evvve0",
}


def _bitmap(rows: str) -> NDArray[np.uint8]:
    bits = np.array([[int(row, 32) >> (4 - x) & 1 for x in range(5)] for row in rows], np.uint8)
    return np.pad(bits, ((2, 2), (0, 1)))


_CELLS = {character: _bitmap(rows) for character, rows in _GLYPHS.items()}
_BLANK = np.zeros((HEIGHT, WIDTH), np.uint8)
_UNKNOWN = _bitmap("vhhhhhv")


def cell(character: str) -> NDArray[np.uint8]:
    """(11, 6) of 0 and 1. Lower case is drawn as small capitals; what the font lacks is a box."""
    if character.isspace():
        return _BLANK
    return _CELLS.get(character.upper(), _UNKNOWN)


def block(lines: Sequence[str]) -> NDArray[np.uint8]:
    """Lines of text as (11 * lines, 6 * longest line) of 0 and 1, top row first."""
    longest = max((len(line) for line in lines), default=0)
    rows = [np.hstack([cell(c) for c in line.ljust(longest)]) if longest else _BLANK for line in lines]
    return np.vstack(rows) if rows else _BLANK
