"""Plans for the pieces that are played from scores: MIDI files, MMA's accompaniments, tracker modules."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np

from . import arrange, mma_grooves, modules, store, synth
from .midi import load
from .packaged import DRUM_FONTS, FONTS, MIDI_SONGS, MODULE_SONGS, Font, MidiSong, ModuleSong
from .plan import CannotMakeError, Made, Plan, Plans, a_rate, an_excerpt, dice_for, levelled

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.random import Generator

    from .midi import Score
    from .mma_grooves import Grooves

VARIANTS = 3
GROOVE_VARIANTS = 2
GENTLE = (0.96, 1.05)
"""How far a song's tempo may be moved before its groove would be felt otherwise."""


def midi_plans(_folder: Path, seconds: float) -> Plans:
    """Each song as it is, then as others might play it."""
    for variant in range(VARIANTS):
        for song in MIDI_SONGS:
            def make(dice: Generator, song: MidiSong = song, variant: int = variant) -> Made:
                return _midi_piece(song, variant, seconds, dice)
            yield Plan("midi", store.safe_name(f"{song.song} {variant}"), make)


def mma_plans(_folder: Path, seconds: float) -> Plans:
    """Each groove library over new chords, at a new tempo each time; shuffled, so that the first are of all shelves."""
    if not shutil.which("mma"):
        return
    for variant in range(GROOVE_VARIANTS):
        for grooves in sorted(mma_grooves.libraries(), key=lambda grooves: dice_for(0, str(grooves.path)).random()):
            def make(dice: Generator, grooves: Grooves = grooves) -> Made:
                return _mma_piece(grooves, seconds, dice)
            name = store.safe_name(f"{grooves.path.parent.name} {grooves.path.stem} {variant}")
            yield Plan("mma", name, make)


def module_plans(_folder: Path, seconds: float) -> Plans:
    """Each module as it is, then faster or slower and higher or lower."""
    for variant in range(VARIANTS):
        for song in MODULE_SONGS:
            def make(dice: Generator, song: ModuleSong = song, variant: int = variant) -> Made:
                return _module_piece(song, variant, seconds, dice)
            yield Plan("module", store.safe_name(f"{song.song} {variant}"), make)


def _midi_piece(song: MidiSong, variant: int, seconds: float, dice: Generator) -> Made:
    if not song.path.is_file():
        raise CannotMakeError(f"{song.path} is not there (package {song.package})")
    score = load(song.path, song.bars)
    if variant:
        score = arrange.varied(score, dice, tempo=GENTLE)
    return _played(score, song.song, f"Debian {song.package}", seconds, dice)


def _mma_piece(grooves: Grooves, seconds: float, dice: Generator) -> Made:
    bpm = mma_grooves.tempo_of(grooves, dice)
    try:
        score = mma_grooves.score_of(grooves, bpm, seconds + 20, dice)
    except RuntimeError as error:
        raise CannotMakeError(str(error)) from error
    score = arrange.varied(score, dice, tune=True, tempo=GENTLE)
    return _played(score, grooves.song, f"MMA {grooves.path.parent.name}/{grooves.path.stem}", seconds, dice)


def _played(score: Score, song: str, source: str, seconds: float, dice: Generator) -> Made:
    """An excerpt by a font of the dice's choice, its lag taken out."""
    font, rate = a_font(dice), a_rate(dice)
    drums = [path for path in DRUM_FONTS if path.is_file()]
    kit = drums[dice.integers(len(drums))] if drums and dice.random() < 0.25 else None
    start, length = an_excerpt(score.seconds, seconds, dice)
    try:
        sound = synth.play(score, font.path, rate, start, length, kit, reverb=bool(dice.random() < 0.7))
    except synth.NoSynthError as error:
        raise CannotMakeError(str(error)) from error
    if float(np.sqrt(np.mean(sound**2))) < 1e-3:
        raise CannotMakeError(f"{song}: nobody plays")
    beats, downbeats = score.within(start - font.lag, length)
    return Made(levelled(sound, dice), rate, beats, downbeats, song, f"{source}, {font.path.stem}", score.meter)


def a_font(dice: Generator) -> Font:
    """One of the fonts that are there, by their shares."""
    there = [font for font in FONTS if font.path.is_file()]
    if not there:
        raise CannotMakeError("no sound font is installed (Debian: timgm6mb-soundfont, fluid-soundfont-gm)")
    shares = np.array([font.share for font in there])
    return there[int(dice.choice(len(there), p=shares / shares.sum()))]


def _module_piece(song: ModuleSong, variant: int, seconds: float, dice: Generator) -> Made:
    if not song.path.is_file():
        raise CannotMakeError(f"{song.path} is not there (package {song.package})")
    rate = a_rate(dice)
    tempo, pitch = (float(dice.uniform(*GENTLE)), float(2 ** (dice.integers(-4, 5) / 12))) if variant else (1.0, 1.0)
    try:
        played = modules.play(song.path, rate, 300, tempo, pitch)
    except modules.NoPlayerError as error:
        raise CannotMakeError(str(error)) from error
    beats, downbeats = played.beats(song.rows)
    if len(beats) < 8:
        raise CannotMakeError(f"{song.song}: no steady beat")
    start, length = an_excerpt(beats[-1] - beats[0], seconds, dice)
    start += beats[0]
    sound = played.samples[round(start * rate) : round((start + length) * rate)]
    beats, downbeats = ([time - start for time in times if 0 <= time - start < length] for times in (beats, downbeats))
    return Made(levelled(sound, dice), rate, beats, downbeats, song.song, f"Debian {song.package}")
