"""The arrangement: which part plays what in which bar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache

import numpy as np

from . import drums, voices
from .grid import BARS, BREAKDOWN, BUILD, DROP, DURATION, GROOVE, INTRO, LEAD_IN, OUTRO, RATE, STEP, at, section_of
from .oscillators import Sound
from .space import stereo
from .theme import (
    ARP,
    ARP_PLAYED,
    BASS,
    BASS_MARKS,
    CHORDS,
    CLAP,
    CLAP_GHOST,
    CLOSED,
    CONGA_PITCHES,
    CONGAS,
    HOOK,
    OPEN,
    RIDE,
    RIM,
    ROOTS,
    SECOND_VOICE,
    SHAKER,
    SIXTEENTHS,
    STABS,
    hits,
)


class Score:
    """Stems being filled, name -> (n, 2), up to ``bars``; and the times of all kicks."""

    def __init__(self, bars: int = BARS) -> None:
        self.bars = bars
        self.length = round((at(bars) if bars < BARS else DURATION) * RATE)
        self.stems: defaultdict[str, Sound] = defaultdict(lambda: np.zeros((self.length, 2)))
        self.kicks: list[float] = []

    def play(self, stem: str, time: float, sound: Sound, gain: float = 1.0, pan: float = 0.0) -> None:
        """Add a sound at a time in seconds, rounded to the sample; what passes the end is cut."""
        start = round(time * RATE)
        room = self.stems[stem][start : start + len(sound)]
        room += gain * stereo(sound, pan)[: len(room)]

    def end(self, stem: str, time: float, sound: Sound, gain: float = 1.0) -> None:
        """Add a sound that ends at a time."""
        start = round(time * RATE) - len(sound)
        self.play(stem, max(start, 0) / RATE, sound[max(-start, 0) :], gain)


Part = Callable[[Score, int], None]


def write(bars: int = BARS) -> Score:
    """Play the whole arrangement into stems."""
    score = Score(bars)
    for bar in range(bars):
        for part in (kick, claps, hats, percussion, bass, stabs, keys, pad, hook, arp, transitions):
            part(score, bar)
    score.end("air", LEAD_IN, voices.swell(LEAD_IN), 0.5)
    return score


def every(pattern: str, stem: str, sounds: Callable[[int], Sound], gain: float, pan: float = 0.0) -> Part:
    """A part that repeats one pattern, taking turns between four slightly different hits."""

    def part(score: Score, bar: int) -> None:
        for step, velocity in hits(pattern):
            score.play(stem, at(bar, step), once(sounds, step % 4), gain * velocity**1.4, pan)

    return part


@cache
def once(sound: Callable[..., Sound], *args: object) -> Sound:
    """A sound that is made the first time it is asked for."""
    return sound(*args)


def kick(score: Score, bar: int) -> None:
    """Four to the floor; silent in the breakdown and the build, and for one beat before a turn in the drop."""
    if section_of(bar) in (BREAKDOWN, BUILD):
        return
    beats = 3 if bar in (DROP.first + 7, GROOVE.end - 1) else 4
    for beat in range(beats):
        score.kicks.append(at(bar, 4 * beat))
        score.play("kick", score.kicks[-1], once(drums.kick))


def claps(score: Score, bar: int) -> None:
    """Two and four, with a snare under it in the drop; a roll through the build."""
    if BUILD.has(bar):
        _roll(score, bar)
    elif not BREAKDOWN.has(bar) and bar >= INTRO.first + 4:
        every(CLAP_GHOST if bar % 4 == 3 else CLAP, "clap", drums.clap, 0.62)(score, bar)
        if DROP.has(bar):
            every(CLAP, "clap", _snare, 0.32)(score, bar)
    if bar in (DROP.first + 7, DROP.end - 1):
        for step, velocity in ((12, 0.5), (13, 0.55), (14, 0.7), (14.5, 0.6), (15, 0.8), (15.5, 0.9)):
            score.play("clap", at(bar, step), once(drums.snare, 200.0 + 14 * (step - 12)), 0.5 * velocity)


def _snare(take: int) -> Sound:
    return drums.snare(190.0, take)


def _roll(score: Score, bar: int) -> None:
    """Quarters, eighths, sixteenths, thirty-seconds; higher and louder; the last beat belongs to the silence."""
    place = bar - BUILD.first
    gap = (4.0, 2.0, 1.0, 0.5)[place]
    for step in np.arange(0, 12 if place == 3 else 16, gap):
        progress = (place + step / 16) / 4
        hit = once(drums.snare, round(165 + 130 * progress**1.5), int(step / gap) % 4)
        score.play("clap", at(bar, float(step), swing=False), hit, 0.16 + 0.34 * progress)
        if step % 4 == 0:
            score.play("clap", at(bar, float(step)), once(drums.clap, 0), 0.3 + 0.3 * progress)


def hats(score: Score, bar: int) -> None:
    """Closed hats thin out and fill up with the sections, open ones sit on the off-beat."""
    if BREAKDOWN.has(bar) or bar == BUILD.end - 1:
        return
    full = GROOVE.has(bar) or DROP.has(bar)
    every(SIXTEENTHS if full else CLOSED, "hats", drums.closed_hat, 0.34 if full else 0.28, 0.15)(score, bar)
    if full or (INTRO.has(bar) and bar >= 4) or (OUTRO.has(bar) and bar < OUTRO.end - 1):
        every(OPEN, "hats", drums.open_hat, 0.42, -0.1)(score, bar)
    if second_half(bar):
        every(RIDE, "hats", drums.ride, 0.34, 0.3)(score, bar)


def percussion(score: Score, bar: int) -> None:
    """Shaker, congas and rim: the sway between the beats."""
    if BREAKDOWN.has(bar) or bar < 2:
        return
    every(SHAKER, "perc", drums.shaker, 0.3, -0.45)(score, bar)
    if BUILD.has(bar):
        return
    every(RIM, "perc", lambda _: once(drums.rim), 0.2, 0.5)(score, bar)
    if bar >= GROOVE.first:
        for i, (step, velocity) in enumerate(hits(CONGAS)):
            score.play("perc", at(bar, step), once(drums.conga, CONGA_PITCHES[i]), 0.34 * velocity, -0.35)


def bass(score: Score, bar: int) -> None:
    """Rolls between the kicks in groove and drop; long notes carry the second half of the breakdown."""
    root = ROOTS[bar % 4]
    if BREAKDOWN.has(bar):
        score.play("bass", at(bar), once(voices.bass, root, 15.5 * STEP, 0.15), 0.4)
    if not (GROOVE.has(bar) or DROP.has(bar) or bar in (OUTRO.first, OUTRO.first + 1)):
        return
    bright = 1.0 if DROP.has(bar) else 0.55
    for step, mark in enumerate(BASS[bar % 2]):
        if mark != ".":
            length, up, velocity = BASS_MARKS[mark]
            score.play("bass", at(bar, step), once(voices.bass, root + up, length * STEP, bright), velocity)


def stabs(score: Score, bar: int) -> None:
    """The chords, off the beat; straight eighths in the build; the last one rings out alone."""
    if bar == OUTRO.end - 1:
        score.play("stab", at(bar), once(voices.stab, CHORDS[0], 1.6), 1.0)
        return
    pattern = STABS[bar % 2]
    if BREAKDOWN.has(bar):
        pattern = "9.....6........." if bar < BREAKDOWN.end - 1 else "9.....6...6.7.8."
    elif BUILD.has(bar):
        pattern = "9.7.8.7.9.7.8.7." if bar < BUILD.end - 1 else "9.8.9.8.9.9....."
    for step, velocity in hits(pattern):
        score.play("stab", at(bar, step), once(voices.stab, CHORDS[bar % 4]), velocity)
        if DROP.has(bar):
            lift = tuple(note + 12 for note in CHORDS[bar % 4][1:4])
            score.play("stab", at(bar, step), once(voices.stab, lift), 0.4 * velocity)


def keys(score: Score, bar: int) -> None:
    """Electric piano, held chords: the warmth of intro, breakdown and outro."""
    if GROOVE.has(bar) or DROP.has(bar):
        return
    score.play("keys", at(bar), once(voices.keys, CHORDS[bar % 4], 15 * STEP), 0.9 if BREAKDOWN.has(bar) else 0.55)


def pad(score: Score, bar: int) -> None:
    """One long chord a bar, everywhere but in the bare beginning."""
    if bar >= 4:
        notes = (ROOTS[bar % 4] + 12, *CHORDS[bar % 4], CHORDS[bar % 4][2] + 12)
        score.play("pad", at(bar), once(voices.pad, notes, 16.5 * STEP))


def hook(score: Score, bar: int) -> None:
    """The voice: a first call late in the groove, alone in the breakdown, in two parts at the end of the drop."""
    if not (GROOVE.first + 4 <= bar < BREAKDOWN.end or DROP.has(bar)):
        return
    before = None
    for sung in (s for s in HOOK if s.bar == bar % 4):
        length, vowels = sung.length * STEP, tuple(sung.vowels.split())
        score.play("voice", at(bar, sung.step), once(voices.voice, sung.note, length, vowels, before))
        if second_half(bar):
            under = once(voices.voice, SECOND_VOICE[sung.note], length, vowels)
            score.play("voice", at(bar, sung.step), under, 0.55)
        before = sung.note


def second_half(bar: int) -> bool:
    """Whether the drop has come back richer."""
    return DROP.first + 8 <= bar < DROP.end


def arp(score: Score, bar: int) -> None:
    """Glass over the chords: a shimmer in the breakdown, the whole figure in the second half of the drop."""
    rich = second_half(bar)
    if not (rich or BREAKDOWN.has(bar) or BUILD.has(bar) or INTRO.has(bar)):
        return
    gain = 0.7 if rich else 0.42
    for step, velocity in hits(ARP_PLAYED):
        note = CHORDS[bar % 4][ARP[step]] + (24 if rich or step % 8 else 12)
        score.play("pluck", at(bar, step), once(voices.pluck, note), gain * velocity, 0.6 * (-1) ** step)


def transitions(score: Score, bar: int) -> None:
    """Risers into sections, crashes and falls out of them, the blow of the drop."""
    for section, bars, gain in ((GROOVE, 2, 0.45), (BREAKDOWN, 1, 0.35), (DROP, 4, 1.0), (OUTRO, 1, 0.35)):
        if bar == section.first - bars:
            beats = bars * 16 - (4 if section is DROP else 0)
            score.play("air", at(bar), once(voices.riser, beats * STEP), gain)
    if bar in (GROOVE.first, BREAKDOWN.first, DROP.first, DROP.first + 8, OUTRO.first):
        score.play("air", at(bar), once(drums.crash), 0.9)
        score.play("air", at(bar), once(voices.fall, 3.0), 0.5)
    if bar in (BREAKDOWN.first, DROP.first):
        score.play("boom", at(bar), once(drums.impact), 0.8)
    if bar == DROP.first - 1:  # the breath before: one call into the silence, and a cymbal backwards
        score.play("voice", at(bar, 12), once(voices.voice, 72, 3.5 * STEP, ("oh", "ah"), 67), 1.1)
        score.end("air", at(bar + 1), once(voices.swell, 3.5 * STEP), 0.8)
