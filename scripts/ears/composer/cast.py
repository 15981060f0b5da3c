"""Casting: which sound each part of a score gets. Instruments of the synthesiser, of recordings, of sound fonts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from . import drumkit, fluid, samples
from .patches import patch

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from .genres import Genre
    from .score import Score
    from .voices import Patch

    Sound = NDArray[np.float32]
    Dice = np.random.Generator

TONAL = ("bass", "chords", "pad", "arp", "lead", "vox")
LEVELS = {  # peak of one hit or note at full velocity, before dice
    "kick": 1.0, "snare": 0.65, "clap": 0.55, "rim": 0.4, "hat": 0.28, "open": 0.34, "ride": 0.24, "crash": 0.35,
    "shaker": 0.22, "tamb": 0.24, "tom_hi": 0.5, "tom_lo": 0.55, "conga_hi": 0.35, "conga_lo": 0.4, "cowbell": 0.3,
    "clave": 0.3, "perc": 0.33, "roll": 0.4, "break": 0.5, "riser": 0.22, "impact": 0.5, "reverse": 0.25,
    "bass": 0.4, "chords": 0.2, "pad": 0.2, "arp": 0.28, "lead": 0.34, "vox": 0.34,
}
KEYS = {  # General MIDI's percussion
    "kick": (36, 36, 35), "snare": (38, 38, 40), "clap": (39,), "rim": (37,), "hat": (42, 42, 44), "open": (46,),
    "ride": (51, 51, 59, 53), "crash": (49, 57), "tom_hi": (48, 50), "tom_lo": (45, 41, 43), "conga_hi": (62, 63, 60),
    "conga_lo": (64, 61), "cowbell": (56,), "clave": (75,), "shaker": (70, 82, 69), "tamb": (54,), "roll": (38,),
    "perc": (60, 65, 67, 68, 73, 76, 77, 80, 58),
}
KITS = (0, 0, 0, 8, 16, 24, 25, 32, 40)
GUITARS, HEAVY = (24, 25, 26, 27, 28), (29, 30)
PROGRAMS = {
    "bass": (32, 33, 33, 33, 34, 35, 36, 37, 38, 39),
    "chords": (0, 1, 2, 4, 5, 7, 16, 17, 18, 24, 25, 27, 48, 61, 62),
    "pad": (48, 49, 50, 51, 52, 88, 89, 90, 91, 94, 19, 16), "vox": (52, 53, 54, 85, 71, 68),
    "arp": (0, 11, 12, 46, 24, 45, 4, 5, 80, 81, 108), "lead": (73, 65, 66, 56, 40, 22, 80, 81, 26, 11, 71, 29, 59, 75),
}
BY_GENRE = {
    "jazz": {"bass": (32,), "chords": (0, 0, 26, 4), "lead": (65, 66, 56, 11, 26, 0, 71)},
    "march": {"bass": (58, 57), "chords": (60, 61, 57), "lead": (56, 72, 71, 61), "pad": (60,)},
    "bossa": {"bass": (32, 33), "chords": (24,), "lead": (73, 65, 11, 24)},
    "salsa": {"chords": (0, 0, 1), "lead": (56, 61, 57)},
    "reggae": {"bass": (33, 34), "chords": (27, 16, 28, 0)},
    "waltz": {"chords": (21, 0, 24, 48), "lead": (40, 21, 73, 0)},
}
STRUMMED = ("strum", "funk", "skank", "ska", "country", "bossa", "samba")
LIVE_DRUMS = ("shuffle", "slow_blues", "jazz", "rock", "soul", "country")


@dataclass(slots=True)
class Voice:
    """A part of the synthesiser or of recordings."""

    level: float
    takes: list[Sound] = field(default_factory=list)
    """Drum hits, taken in turn."""
    patch: Patch | None = None


@dataclass(slots=True)
class Cast:
    """Everybody's sound. Parts in ``gm`` are played by the font: channel, program or key, volume 0..127."""

    voices: dict[str, Voice]
    gm: dict[str, tuple[int, int, int]]
    kit: int
    font: Path | None


def cast(score: Score, genre: Genre, rate: int, dice: Dice) -> Cast:
    """Throw the dice for every part of a score."""
    fonts = fluid.fonts() if fluid.library() else []
    font = fonts[int(dice.choice(len(fonts)))] if fonts else None
    made = Cast({}, {}, int(dice.choice(KITS)), font)
    gm_drums = font is not None and dice.random() < genre.gm_drums
    mood = _mood(dice)
    if genre.form == "club":
        mood["kick"] = mood.get("kick", 1.25)  # the floor wants it
    channel = 0
    for part in score.parts:
        level = LEVELS[part] * float(np.exp(0.3 * dice.standard_normal())) * mood.get(part, 1.0)
        style = score.styles.get(f"{part} A", "")
        if part in TONAL:
            if font is not None and dice.random() < genre.gm:
                made.gm[part] = (channel, _program(part, style, genre, dice), _volume(level, part))
                channel += 1
            made.voices[part] = Voice(level, patch=patch(part, style, dice))
        elif part in KEYS and gm_drums:
            made.gm[part] = (fluid.DRUM_CHANNEL, int(dice.choice(KEYS[part])), _volume(level, part))
        else:
            made.voices[part] = Voice(level, _takes(part, score.bpm, rate, dice))
    return made


def _mood(dice: Dice) -> dict[str, float]:
    """What is odd about a mix: loud off-beats, a kick that is only felt, drums far away, a bass without weight."""
    odd: dict[str, float] = {}
    if dice.random() < 0.18:
        odd |= dict.fromkeys(("hat", "open", "shaker", "ride"), float(dice.uniform(1.6, 3)))
    if dice.random() < 0.12:
        odd["kick"] = float(dice.uniform(0.25, 0.6))
    if dice.random() < 0.1:
        odd |= dict.fromkeys(("snare", "clap"), float(dice.uniform(0.3, 0.6)))
    if dice.random() < 0.12:
        odd |= dict.fromkeys(("chords", "arp", "lead"), float(dice.uniform(1.5, 2.5)))
    if dice.random() < 0.15:
        odd["bass"] = float(dice.choice((0.4, 1.6)))
    return odd


def _program(part: str, style: str, genre: Genre, dice: Dice) -> int:
    if part == "chords" and style in ("power", "chug"):
        return int(dice.choice(HEAVY))
    if part == "chords" and style in STRUMMED and dice.random() < 0.75:
        return int(dice.choice(GUITARS))
    return int(dice.choice(BY_GENRE.get(genre.name, {}).get(part, PROGRAMS[part])))


def _volume(level: float, part: str) -> int:
    """A channel's volume, which fonts square: 90 is usual."""
    return int(np.clip(90 * np.sqrt(level / LEVELS[part]), 30, 127))


def _takes(part: str, bpm: float, rate: int, dice: Dice) -> list[Sound]:
    if part == "break":
        return samples.bars(bpm, dice, rate) if samples.there() else []
    if part not in drumkit.HITS:
        return []
    if samples.there() and part in samples.HITS and dice.random() < 0.45:
        return [samples.hit(part, dice, rate)]
    return drumkit.kit_hits(part, dice, rate)
