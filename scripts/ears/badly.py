"""Plans for degraded copies of the pieces and mixes that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import store
from .degrade import degrade
from .plan import LONGEST, CannotMakeError, Made, Plan, Plans

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.random import Generator

    from .store import Piece

COUNTS = {"train": 420, "valid": 30, "test": 60}
EVERY_THIRD_A_MIX = 3


def plans(folder: Path, seconds: float) -> Plans:
    """So many for each split; every third is a degraded mix."""
    for split, count in COUNTS.items():
        for number in range(count):
            def make(dice: Generator, split: str = split, number: int = number) -> Made:
                return _piece(folder, split, number, seconds, dice)
            yield Plan("degraded", f"{split}_{number:03d}", make)


def sources(folder: Path, split: str, mixes: bool) -> list[Piece]:
    """The pieces with beats of a split that are not degraded yet."""
    return [piece for piece in store.pieces(folder, split)
            if piece.beats and piece.kind != "degraded" and (piece.kind == "mix") == mixes]


def _piece(folder: Path, split: str, number: int, seconds: float, dice: Generator) -> Made:
    among = sources(folder, split, number % EVERY_THIRD_A_MIX == 0) or sources(folder, split, False)
    if not among:
        raise CannotMakeError(f"no piece of the {split} split is there to be degraded")
    piece = evenly(among, dice)
    sound, rate = piece.sound()
    count = int(min(seconds, LONGEST, len(sound) / rate) * rate)
    start = int(dice.integers(max(len(sound) - count, 1)))
    beats, downbeats = ([t for time in times if 0 <= (t := time - start / rate) < count / rate]
                        for times in (piece.beats, piece.downbeats))
    sound = degrade(sound[start : start + count], rate, dice)
    return Made(sound, rate, beats, downbeats, piece.song, f"{piece.kind}/{piece.name}: {piece.source}", piece.meter,
                split)


def evenly(pieces: list[Piece], dice: Generator) -> Piece:
    """One of the pieces, each kind as likely as the others."""
    kinds = sorted({piece.kind for piece in pieces})
    kind = kinds[dice.integers(len(kinds))]
    among = [piece for piece in pieces if piece.kind == kind]
    return among[dice.integers(len(among))]
