"""The crossfader: where it stands between the decks, and how a hand's way becomes the picture's."""

from __future__ import annotations

from vj.types import Values

CROSSFADE = "/mix/crossfade"
CURVES = ("linear", "smooth", "sharp")
SHARP = 0.1
"""How much of the fader's way, in its middle, a sharp one needs from deck to deck."""


def position(mix: Values) -> float:
    """From deck a (0) to deck b (1), as the parameters under ``mix`` have it."""
    at = float(mix.get("crossfade", 0.0))
    match mix.get("curve", "linear"):
        case "smooth":
            return at * at * (3.0 - 2.0 * at)
        case "sharp":
            return min(max((at - 0.5) / SHARP + 0.5, 0.0), 1.0)
    return at


def unseen(deck: str, mix: Values) -> bool:
    """Is the fader wholly at the other deck?"""
    at = position(mix)
    return at <= 0.0 if deck == "b" else at >= 1.0
