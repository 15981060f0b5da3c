"""Plans for DJ mixes: pieces of one split, beat-matched on a gliding tempo, their exact beats carried through."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from . import store
from .badly import evenly
from .plan import LONGEST, CannotMakeError, Made, Plan, Plans, a_rate, levelled
from .spectral import below, filtered
from .warp import bent

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

    from .store import Piece

COUNTS = {"train": 120, "valid": 14, "test": 26}
NOT_PLAYED = frozenset({"mix", "degraded", "negative"})
PITCH = 0.09
"""How far a DJ moves a record from its own tempo, as a share."""
BLENDS = (16, 16, 32)
"""Beats of a blend."""
CUT_CHANCE = 0.2
BASS = 180.0
"""Hz below which only one record plays at a time."""
LEAST_BEATS = 72


@dataclass(frozen=True, slots=True)
class Deck:
    """One record: from its beat ``first`` on it plays ``count`` beats, from beat ``at`` of the mix on."""

    piece: Piece
    first: int
    count: int
    at: int
    blend: int
    """Beats during which it comes in over the record before; 0: a hard cut."""

    @property
    def end(self) -> int:
        return self.at + self.count


def plans(folder: Path, _seconds: float) -> Plans:
    """So many for each split."""
    for split, count in COUNTS.items():
        for number in range(count):
            def make(dice: Generator, split: str = split) -> Made:
                return _mix(folder, split, dice)
            yield Plan("mix", f"{split}_{number:02d}", make)


def _mix(folder: Path, split: str, dice: Generator) -> Made:
    records = [piece for piece in store.pieces(folder, split) if mixable(piece)]
    if len({piece.song for piece in records}) < 3:
        raise CannotMakeError(f"too few pieces of the {split} split are there to be mixed")
    decks = a_set(records, dice)
    rate = a_rate(dice)
    beats = beat_times(decks, dice)
    sound = played(decks, beats, rate)
    count = min(len(sound), int(LONGEST * rate))
    inside = beats[beats < count / rate - 0.01]
    songs = " + ".join(deck.piece.song for deck in decks)
    return Made(levelled(sound[:count], dice), rate, inside.tolist(), inside[::4].tolist(), songs,
                " + ".join(f"{deck.piece.kind}/{deck.piece.name}" for deck in decks), split=split)


def mixable(piece: Piece) -> bool:
    """Music in fours with known bars, long and steady enough."""
    if piece.kind in NOT_PLAYED or piece.meter != 4 or len(piece.beats) < LEAST_BEATS or len(piece.downbeats) < 8:
        return False
    steps = np.diff(piece.beats)
    return bool(np.ptp(steps) < 0.25 * np.median(steps))


def tempo(piece: Piece) -> float:
    """Beats a minute."""
    return 60 / float(np.median(np.diff(piece.beats)))


def a_set(records: list[Piece], dice: Generator) -> list[Deck]:
    """Two to four records, each near the tempo of the one before; every fifth change is a cut to any tempo."""
    decks: list[Deck] = []
    for _ in range(int(dice.integers(2, 5))):
        cut = dice.random() < CUT_CHANCE
        near = [piece for piece in records if all(piece.song != deck.piece.song for deck in decks)
                and (not decks or cut or abs(tempo(piece) / tempo(decks[-1].piece) - 1) < PITCH)]
        if not near:
            break
        piece = evenly(near, dice)
        blend = 0 if cut else int(dice.choice(BLENDS))
        decks.append(a_deck(piece, decks[-1].end - blend if decks else 0, blend if decks else 0, dice))
    return decks


def a_deck(piece: Piece, at: int, blend: int, dice: Generator) -> Deck:
    """A record from one of its first downbeats on, for whole bars; long enough to come in and go out."""
    order = {time: index for index, time in enumerate(piece.beats)}
    firsts = [order[time] for time in piece.downbeats if len(piece.beats) - order[time] > LEAST_BEATS - 4]
    first = firsts[dice.integers(len(firsts))] if firsts else order[piece.downbeats[0]]
    most = (len(piece.beats) - 1 - first) // 4 * 4
    return Deck(piece, first, min(most, int(dice.choice([64, 80, 96])), max(most, 32)), at, blend)


def beat_times(decks: list[Deck], dice: Generator) -> NDArray[np.float64]:
    """When each beat of the mix is (total + 1,): record to record, gliding through blends, jumping at cuts."""
    total = decks[-1].end
    places, speeds = [0.0], [tempo(decks[0].piece)]
    for old, new in pairwise(decks):
        places += [new.at, max(old.end, new.at + 1e-6)]
        speeds += [tempo(old.piece), tempo(new.piece)]
    ride = dice.uniform(-0.06, 0.06) if dice.random() < 0.4 else 0.0
    pace = np.interp(np.arange(total), places, speeds) * np.exp(ride * np.linspace(-1, 1, total))
    return np.concatenate([[0.0], np.cumsum(60 / pace)])


def played(decks: list[Deck], beats: NDArray[np.float64], rate: int) -> NDArray[np.float32]:
    """All records in time, basses swapped halfway through a blend, the rest crossfaded."""
    sound = np.zeros(int(beats[-1] * rate) + 1, np.float32)
    for number, deck in enumerate(decks):
        after = decks[number + 1] if number + 1 < len(decks) else None
        part = _in_time(deck, beats, rate)
        places = np.interp(beats[deck.at] + np.arange(len(part)) / rate, beats, np.arange(len(beats)))
        low = filtered(part, rate, below(BASS, 4))
        part = low * faded(places, deck, after, swap=True) + (part - low) * faded(places, deck, after, swap=False)
        start = round(beats[deck.at] * rate)
        part = part[: len(sound) - start]
        sound[start : start + len(part)] += part
    return sound


def faded(places: NDArray[np.float64], deck: Deck, after: Deck | None, swap: bool) -> NDArray[np.float32]:
    """A record's level over places in beats; ``swap`` turns within a bar in the middle of the blend, as for basses."""
    level = np.ones(len(places))
    for begin, length, way in ((deck.at, deck.blend, 1), (after.at if after else 0, after.blend if after else 0, -1)):
        if not length:
            continue
        middle, width = begin + length / 2, 1.0 if swap else length
        share = np.clip((places - middle) / width + 0.5, 0, 1)
        level *= np.sin(np.pi / 2 * (share if way > 0 else 1 - share))
    return level.astype(np.float32)


def _in_time(deck: Deck, beats: NDArray[np.float64], rate: int) -> NDArray[np.float32]:
    """The record bent so that its beats fall on those of the mix, as loud as any other."""
    sound, _ = store.read_sound(deck.piece.path, rate)
    old = deck.piece.beats[deck.first : deck.first + deck.count + 1]
    part = bent(sound, rate, old, beats[deck.at : deck.end + 1].tolist())
    return (part * (0.12 / max(float(np.sqrt(np.mean(np.square(part)))), 1e-6))).astype(np.float32)
