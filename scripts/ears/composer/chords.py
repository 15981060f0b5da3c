"""What keyboards and guitars do: held chords, stabs, strums, arpeggios."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .patterns import choose
from .score import Note

if TYPE_CHECKING:
    import numpy as np

    from .harmony import Changes

# C accented chord, c chord, - holds it, . rest. Sixteen steps a bar, or twelve where the style's name says triplets.
COMPS: dict[str, str] = {
    "halves": "C-------C------- C-------c-----c-",
    "offbeat": "..C-..C-..C-..C- ..C...C...C...C. ..c...C...c...C. ..Cc..Cc..Cc..Cc",
    "skank": "..C...C...C...C. ..Cc..Cc..Cc..Cc ..C...C...C..cC. ....C.......C... ....C.c.....C.c.",
    "bubble": ".cC..cC..cC..cC. ccC.ccC.ccC.ccC.",
    "piano": "C..C..C...C..C.. C..C..C.C..C..C. ..C..C..C..C..C. C-.C-.C-..C-..C- C..C.C..C.C..C.. C.C..C.C..C.C..C",
    "stab": "C.......c....... ...C......C..... ..C....C..C..... C..C............ ......C........C ..C..C.....C..C. C.....c...c.....",
    "dub": "..C............. ...C............ ......C......... ..C.......C..... ....C........C..", "one": "C............... C...............................",
    "rolling": "CcCcCcCcCcCcCcCc CccCccCccCccCccc C.ccC.ccC.ccC.cc .ccc.ccc.ccc.ccc", "gate": "C.cc.cc.C.cc.cc. C.c.cc.cC.c.cc.c c.cc.cc.cc.c.cc. C..c..c.C..c..c.",
    "dotted": "C..c..c..c..c..c C--c--c--c--c-c- C..c..c..c..c...", "quarters": "C---c---C---c--- C-..c-..C-..c-.. C...C...C...C...",
    "eighths": "C-c-C-c-C-c-C-c- C.c.C.c.C.c.C.c. C-c-c-c-C-c-c-c- c.C.c.C.c.C.c.C.", "strum": "C---c-cc..ccc-cc C-.cc-.c..c-c-cc C---C-c-..c-C-c- C-c-C-cc.cc-C-cc C-.c.cC-.c.c-c-. C-------C---c---",
    "funk": "C..c.gC..c.g.Cg. .cCg.c.g.cCg..cg ..C...g.c..C..g. gCgg.gCg.ggC.gg. CgggCgcggCgcggcg", "power": "C-C-C-C-C-C-C-C- C---c---C-c-c--- C-----c-C-----c- CcCcCcCcCcCcCcCc C--c--c-C--c--c- C---------------",
    "chug": "C.ccC.ccC.ccC.cc CccCccCccCccCccc C..c..c.C..c..c. CcccCcccCcccCccc C-----ccC-----cc", "charleston": "C-.C-........... C..c-........... ..C......C...... ......C-........ C-....c-......c- ...C..........C.",
    "bossa": "C--c--c---c--c-- C-c--c--c-c--c-- ..C--c--..C--c-- C--c--c--c--c---", "montuno": "C.c.c.cc.cc.c.c. .cc.cc.c.cc.cc.c C..c.c.c.c.c.c.c C.cc.cc.C.cc.cc.", "tresillo": "C--c--c-C--c--c- C..c..c.C..c..c. C--c--c---------", "ska": "..C...C...C...C. ..Cc..C...Cc..C.", "samba": "C.c..c.cC.c..c.c .c.cc.c..c.cc.c. C-cc.c.cc.c.cc.c",
    "anticipated": "C-----C-------C- ......C-------C- C--c--C-------c-", "country": "....C-......C-.. ..C-..C-..C-..C- ....C-c.....C-c.", "march": "..C...C...C...C. ....C-......C-..",
    "triplets": "CccCccCccCcc C..c..c..c.. CcccccCccccc", "shuffle3": "C.cC.cC.cC.c ..C..C..C..C C-.c-.C-.c-.", "jazz3": "C....c...... .....C...... .....C.....c C..........c ..C..C...... ........C...", "waltz": "....C...C... ....C---C--- C-----------", "six3": "C--c--c--c-- CccCccCccCcc C----------- ..c..c..c..c", "afro3": "..C..C C..c.. .cC.cC",
}

TRIPLETS = ("triplets", "shuffle3", "jazz3", "six3", "afro3")

PACES = {"eighths": 0.5, "sixteenths": 0.25, "triplets": 1 / 3, "dotted": 0.75, "sextuplets": 1 / 6, "quarters": 1.0}
"""Beats between two notes of an arpeggio."""


def comp(style: str, changes: Changes, start: float, beats: int, lowest: int, dice: np.random.Generator) -> list[Note]:
    """Chords in a rhythm over ``beats`` from ``start``; voiced in the octave from ``lowest`` up."""
    rhythm = choose(COMPS[style], dice)
    step = 1 / 3 if style in TRIPLETS else 0.25
    made = []
    for i in range(round(beats / step)):
        mark = rhythm[i % len(rhythm)]
        if mark in ".-":
            continue
        rest = rhythm[i % len(rhythm) + 1 :]
        held = len(rest) - len(rest.lstrip("-"))
        beat = start + i * step
        made += _chord(changes, beat, (1 + held - 0.1) * step, {"C": 0.9, "c": 0.65, "g": 0.3}[mark], lowest)
    return _cut_at_changes(made, changes) if style in ("halves", "power") else made


def _chord(changes: Changes, beat: float, length: float, velocity: float, lowest: int) -> list[Note]:
    ahead = beat + (0.5 if length > 1 else 0.0)  # a chord pushed before the bar line belongs to the next one
    sounding = changes.at(ahead) if (beat * 2) % 2 == 1 else changes.at(beat)
    return [Note(beat, pitch, velocity, length) for pitch in sounding.voicing(lowest)]


def held(changes: Changes, start: float, beats: int, lowest: int) -> list[Note]:
    """Each chord of the changes for as long as it lasts, within ``beats`` from ``start``."""
    made, beat, end = [], start, start + beats
    while beat < end - 1e-6:
        edge = min(end, changes.edge(beat))
        made += [Note(beat, pitch, 0.8, edge - beat) for pitch in changes.at(beat).voicing(lowest)]
        beat = edge
    return made


def _cut_at_changes(notes: list[Note], changes: Changes) -> list[Note]:
    """Held chords strike again where the harmony changes under them."""
    made = []
    for note in notes:
        made.append(Note(note.beat, note.pitch, note.velocity, min(note.length, changes.edge(note.beat) - note.beat)))
    return made


def arpeggio(pace: str, changes: Changes, start: float, beats: int, lowest: int,
             dice: np.random.Generator) -> list[Note]:
    """Broken chords; accents follow the figure's own length, which need not be the bar's."""
    step = PACES[pace]
    figure = _figure(dice)
    accents = int(dice.choice((0, 3, 4, len(figure))))
    rests = dice.random(len(figure)) < dice.choice((0.0, 0.0, 0.25))
    octaves, gate = int(dice.integers(1, 3)), dice.uniform(0.3, 1.0)
    made = []
    for i in range(int(beats / step + 1e-6)):
        if rests[i % len(figure)]:
            continue
        tones = changes.at(start + i * step).voicing(lowest)
        rung = figure[i % len(figure)]
        pitch = tones[rung % len(tones)] + 12 * (rung // len(tones) % octaves)
        loud = 0.95 if accents and i % accents == 0 else 0.65
        made.append(Note(start + i * step, pitch, loud, step * gate))
    return made


def _figure(dice: np.random.Generator) -> list[int]:
    """Which rung of the chord's ladder comes when: 3 to 8 steps, up, down, there and back, or any."""
    size = int(dice.choice((3, 4, 4, 6, 8, 8, 16)))
    up = list(range(size))
    kinds = (up, up[::-1], up[: size // 2 + 1] + up[size // 2 - 1 : 0 : -1], list(dice.integers(0, 6, size)))
    return [int(rung) for rung in kinds[int(dice.integers(len(kinds)))]]
