"""From a genre and a seed to a score: everything about a song that is not yet sound."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from . import bass, chords, melody
from .arrange import Section, form
from .drummer import GROUP_OF, Drummer, roll
from .genres import genres
from .grooves import grooves
from .harmony import SCALES, Key, changes
from .patterns import fitting
from .score import Note, Score, TimeMap
from .timing import Feel, cutting, drifting, played, ramping, steady

if TYPE_CHECKING:
    from .genres import Genre
    from .grooves import Groove
    from .harmony import Changes

LOOSER = {"vox": 2.0, "lead": 1.2, "hat": 0.7, "kick": 0.7}


@dataclass(slots=True)
class Band:
    """Who plays a song, and how each of them plays."""

    genre: Genre
    groove: Groove
    seed: int
    dice: np.random.Generator
    changes: dict[str, Changes]
    drummer: Drummer
    half: Drummer | None
    loop_only: bool
    """Where a drum loop plays, nobody else drums."""
    have: frozenset[str]
    styles: dict[str, str] = field(default_factory=dict)
    octave: dict[str, int] = field(default_factory=dict)

    def memory(self, part: str, variant: str) -> np.random.Generator:
        """The same dice for a part whenever its variant comes back: a tune returns as it was."""
        return np.random.default_rng([self.seed, zlib.crc32(f"{part} {variant}".encode())])


def compose(genre: str, seed: int, seconds: float) -> Score:
    """A song of at least ``seconds``; one genre and one seed always give the same song."""
    kind = genres()[genre]
    dice = np.random.default_rng([seed, zlib.crc32(genre.encode())])
    groove = grooves()[str(dice.choice(kind.grooves.split()))]
    bpm = float(dice.uniform(*kind.bpm))
    if kind.form == "club" and dice.random() < 0.5:
        bpm = float(round(bpm))
    beats = int(seconds * 1.15 * bpm / 60) + 4 * groove.meter
    times = _times(kind, bpm, beats + 16, groove.meter, dice)
    score = Score(genre, bpm, groove.meter, times)
    band, feel = _hire(kind, groove, seed, dice), _feel(kind, groove, dice)
    score.styles = band.styles
    for section in form(kind.form, band.have, groove.meter, beats, dice):
        for part, notes in _section(band, section).items():
            score.add(part, played(notes, part, feel, dice, LOOSER.get(part, 1.0)))
    return score


def _times(kind: Genre, bpm: float, beats: int, meter: int, dice: np.random.Generator) -> TimeMap:
    die, depth = dice.random(), dice.uniform(*kind.drift)
    if die < 0.04:
        return ramping(bpm, beats, dice)
    if die < 0.06:
        return cutting(bpm, beats, 4 * meter, dice)
    return drifting(bpm, beats, depth, dice) if depth > 0 else steady(bpm, beats)


def _feel(kind: Genre, groove: Groove, dice: np.random.Generator) -> Feel:
    swing = dice.uniform(*kind.swing) if dice.random() < 0.6 or kind.swing[0] != 0.5 else 0.5
    swung = kind.swung if groove.steps == 4 else 0.5
    if groove.steps == 3 and kind.swing == (0.5, 0.5):
        swing = 0.5
    loose = dice.uniform(*kind.loose)
    live = kind.loose[1] > 0
    return Feel(swing, swung, loose, dice.uniform(*kind.late), dice.uniform(-0.006, 0.004) * live,
                dice.uniform(-0.004, 0.012) * live)


def _hire(kind: Genre, groove: Groove, seed: int, dice: np.random.Generator) -> Band:
    scale = SCALES[str(dice.choice(kind.scale.split()))]
    key = Key(int(dice.integers(12)), scale)
    bar = float(groove.meter)
    length = bar * float(dice.choice((1, 1, 1, 2, 2, 0.5 if groove.meter == 4 else 1, 4 if kind.form == "club" else 1)))
    harmony = {"A": _changes(kind, key, length, dice)}
    harmony["B"] = harmony["A"] if dice.random() < (0.7 if kind.form == "club" else 0.3) else _changes(
        kind, key, length, dice)
    live = kind.loose[1] > 0
    half = None
    if groove.meter == 4 and groove.steps == 4 and kind.form != "jam" and dice.random() < 0.15:
        half = Drummer.hired(grooves()["halfstep"], live, kind.rolls, dice)
    drummer = Drummer.hired(groove, live, kind.rolls, dice)
    band = Band(kind, groove, seed, dice, harmony, drummer, half, dice.random() < 0.4, _have(kind, dice))
    for variant in "AB":
        band.styles |= {f"bass {variant}": str(dice.choice(fitting("bass", kind.bass, groove))),
                        f"chords {variant}": str(dice.choice(fitting("comps", kind.comps, groove))),
                        f"arp {variant}": str(dice.choice(kind.arps.split())),
                        f"lead {variant}": str(dice.choice(kind.leads.split())),
                        f"vox {variant}": str(dice.choice(("sparse", "steady", "syncopated")))}
    if dice.random() < 0.7:
        band.styles["bass B"] = band.styles["bass A"]
    band.octave = {"bass": int(dice.choice((0, 1, 1, 1))), "chords": int(dice.integers(48, 62)),
                   "pad": int(dice.integers(45, 60)), "arp": int(dice.integers(52, 74)),
                   "lead": int(dice.integers(60, 76)), "vox": int(dice.integers(52, 68))}
    return band


def _changes(kind: Genre, key: Key, length: float, dice: np.random.Generator) -> Changes:
    family, shape = str(dice.choice(kind.changes.split())), str(dice.choice(kind.chord.split()))
    return changes(key, family, shape, length, dice)


def _have(kind: Genre, dice: np.random.Generator) -> frozenset[str]:
    club = kind.form == "club"
    chances = {"bass": 0.94, "chords": 0.85, "pad": 0.45, "arp": 0.5 if club else 0.18, "lead": 0.55,
               "vox": 0.3 if club else 0.5, "break": kind.breaks}
    have = {who for who, chance in chances.items() if dice.random() < chance}
    if not have & {"chords", "pad", "arp", "bass"}:
        have.add("chords")
    if dice.random() < kind.drums:
        return frozenset(have | {"kick", "back", "hats", "perc"})
    return frozenset(have | {"chords", str(dice.choice(("arp", "bass", "lead")))})


def _section(band: Band, section: Section) -> dict[str, list[Note]]:
    """Everything that sounds in a section, unswung."""
    drummer = band.drummer
    if band.half and section.kind in ("bridge", "before", "kickless", "groove") and band.dice.random() < 0.4:
        drummer = band.half
    made = drummer.section(section, band.dice)
    made |= {part: line for part in ("bass", "chords", "pad", "arp", "lead", "vox") if part in section.on
             if (line := _line(band, part, section))}
    if "break" in section.on:
        if band.loop_only:
            made = {part: line for part, line in made.items() if GROUP_OF.get(part) not in ("kick", "back", "hats")}
        made["break"] = [Note(float(b), 60, 0.9, 4.0) for b in range(section.start, section.end, 4)]
    for part, notes in _effects(band, section).items():
        made[part] = made.get(part, []) + notes
    if section.beats >= 8 and band.dice.random() < 0.12:
        made = _stopped(made, section.end - float(band.dice.choice((0.5, 1, 1, 2))), section.end)
    return {part: [_louder(n, section.energy) for n in notes] for part, notes in made.items()}


def _louder(note: Note, energy: float) -> Note:
    return Note(note.beat, note.pitch, note.velocity * (0.55 + 0.45 * energy), note.length, note.late)


def _line(band: Band, part: str, section: Section) -> list[Note]:
    harmony = replace(band.changes[section.variant], start=float(section.start))
    dice = band.memory(part, section.variant)
    style = band.styles.get(f"{part} {section.variant}", "pad")
    start, beats, step = float(section.start), section.beats, 1 / band.groove.steps
    if part == "bass":
        return bass.line(style, harmony, start, beats, step, dice=dice, octave=band.octave["bass"])
    if part == "arp":
        return chords.arpeggio(style, harmony, start, beats, band.octave[part], dice=dice)
    if part in ("lead", "vox"):
        bar = (band.groove.meter, band.groove.steps)
        return melody.tune(style, harmony, start, beats, bar, lowest=band.octave[part], dice=dice)
    if part == "pad" or style == "pad":
        return chords.held(harmony, start, beats, band.octave[part])
    return chords.comp(style, harmony, start, beats, band.octave[part], dice=dice)


def _effects(band: Band, section: Section) -> dict[str, list[Note]]:
    """Roll and riser before, crash and impact after: the signs at the edges of sections."""
    dice, made = band.dice, {}
    club = band.genre.form == "club"
    if "roll" in section.on and dice.random() < 0.6:
        made["roll"] = roll(section, dice)
    if section.kind in ("build", "before") and dice.random() < 0.5 and (club or dice.random() < 0.3):
        made["riser"] = [Note(float(section.start), 60, 0.8, float(section.beats))]
    if section.energy >= 0.85 and section.start and dice.random() < (0.5 if club else 0.8):
        made["crash"] = [Note(float(section.start), 60, 0.9, 4.0)]
    if club and section.start and dice.random() < 0.15:
        made["impact"] = [Note(float(section.start), 60, 0.9, 4.0)]
    if club and dice.random() < 0.15:
        made["reverse"] = [Note(float(section.end - 2), 60, 0.8, 2.0)]
    return made


def _stopped(made: dict[str, list[Note]], start: float, end: float) -> dict[str, list[Note]]:
    """Everybody stops for a moment before the next section; only what has no beat goes on."""
    free = ("riser", "reverse", "pad")
    return {part: notes if part in free else [_short(n, start) for n in notes if n.beat < start or n.beat >= end]
            for part, notes in made.items()}


def _short(note: Note, end: float) -> Note:
    return Note(note.beat, note.pitch, note.velocity, min(note.length, max(0.05, end - note.beat)), note.late)
