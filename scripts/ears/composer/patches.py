"""Random instruments for each role of a song."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .voices import Patch

if TYPE_CHECKING:
    Dice = np.random.Generator

SHAPES = {
    "bass": "saw saw square pulse triangle fm super pluck",
    "chords": "saw saw square organ pluck fm super pulse string",
    "arp": "saw square pluck pluck fm pulse triangle super",
    "lead": "saw square pulse fm voice super triangle",
    "vox": "voice", "pad": "saw saw square organ voice string triangle",
}


def _between(dice: Dice, low: float, high: float) -> float:
    return float(np.exp(dice.uniform(np.log(low), np.log(high))))


def patch(role: str, style: str, dice: Dice) -> Patch:
    """Settings for a role (bass, chords, arp, lead, vox, pad) that plays in a style of its own."""
    made = Patch(shape=str(dice.choice(SHAPES[role].split())), phases=dice.random(16))
    {"bass": _bass, "chords": _chords, "arp": _pluck, "lead": _lead, "vox": _vox, "pad": _pad}[role](made, style, dice)
    if made.shape == "super":
        made.detuned, made.cents = int(dice.choice((3, 5, 7))), float(dice.uniform(8, 30))
    if made.shape == "string":
        made.detuned, made.cents, made.attack = 3, float(dice.uniform(6, 14)), _between(dice, 0.02, 0.1)
    if made.shape == "pluck":
        made.sustain, made.decay = 0.0, _between(dice, 0.3, 1.5)
    made.ratio, made.depth = float(dice.choice((0.5, 1, 1, 2, 3, 3.5, 7))), float(dice.uniform(0.5, 6))
    return made


def _bass(made: Patch, style: str, dice: Dice) -> None:
    made.cutoff, made.sweep = _between(dice, 150, 2500), float(dice.uniform(0, 3))
    made.fall = _between(dice, 0.03, 0.3)
    made.resonance = float(dice.choice((0.7, 1.0, 2.0, 5.0)))
    made.attack, made.release = _between(dice, 0.001, 0.012), _between(dice, 0.01, 0.08)
    made.decay, made.sustain = _between(dice, 0.1, 0.8), float(dice.choice((0.0, 0.5, 0.8, 1.0)))
    made.drive = float(dice.choice((0, 0, 1.5, 4)))
    made.sub = float(dice.choice((0, 0, 0.4)))
    if style in ("sub", "808", "whole", "logdrum"):
        made.shape, made.cutoff, made.sweep = "triangle", _between(dice, 80, 300), 0.0
        made.decay = _between(dice, 0.4, 2)
        made.drive = float(dice.choice((0, 1, 3)))
    if style == "reese":
        made.shape, made.detuned, made.cents = "saw", int(dice.integers(2, 4)), float(dice.uniform(15, 45))
        made.cutoff, made.sustain = _between(dice, 300, 1500), 1.0
    if style == "wobble":
        made.shape, made.wobble = str(dice.choice(("saw", "square", "fm"))), float(dice.choice((1, 2, 3, 4, 6)))
        made.cutoff, made.sustain = 6000.0, 1.0


def _chords(made: Patch, style: str, dice: Dice) -> None:
    made.cutoff, made.sweep = _between(dice, 500, 6000), float(dice.uniform(0, 2.5))
    made.fall = _between(dice, 0.04, 0.4)
    made.attack, made.release = _between(dice, 0.002, 0.015), _between(dice, 0.03, 0.3)
    made.decay, made.sustain = _between(dice, 0.1, 1.0), float(dice.choice((0.0, 0.3, 0.7)))
    if style in ("strum", "funk", "skank", "ska", "country", "bossa", "samba"):
        made.shape, made.strum = str(dice.choice(("pluck", "pluck", "saw", "pulse"))), float(dice.uniform(0, 0.012))
    if style in ("power", "chug"):
        made.shape, made.drive, made.sustain = "saw", _between(dice, 3, 12), 0.8
        made.cutoff = _between(dice, 1500, 4000)


def _pluck(made: Patch, _style: str, dice: Dice) -> None:
    made.cutoff, made.sweep = _between(dice, 400, 5000), float(dice.uniform(0, 3.5))
    made.fall = _between(dice, 0.02, 0.25)
    made.resonance = float(dice.choice((0.7, 1.0, 3.0)))
    made.attack, made.release = _between(dice, 0.001, 0.008), _between(dice, 0.02, 0.25)
    made.decay, made.sustain = _between(dice, 0.05, 0.4), float(dice.choice((0.0, 0.2, 0.6)))


def _lead(made: Patch, style: str, dice: Dice) -> None:
    _pluck(made, style, dice)
    made.attack, made.sustain = _between(dice, 0.002, 0.04), float(dice.choice((0.3, 0.7, 0.9)))
    made.vibrato, made.drive = float(dice.choice((0, 0, 0.15, 0.3))), float(dice.choice((0, 0, 2)))


def _vox(made: Patch, _style: str, dice: Dice) -> None:
    made.cutoff, made.attack, made.release = 6000.0, _between(dice, 0.015, 0.09), _between(dice, 0.05, 0.2)
    made.sustain, made.vibrato = 0.8, float(dice.uniform(0.1, 0.5))


def _pad(made: Patch, _style: str, dice: Dice) -> None:
    made.cutoff, made.resonance = _between(dice, 300, 4000), 0.8
    made.attack, made.release, made.sustain = _between(dice, 0.01, 0.6), _between(dice, 0.1, 0.6), 1.0
    made.cents = float(dice.uniform(8, 45))
