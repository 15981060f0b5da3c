"""Bass lines: rhythms of their genres, laid over the changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .patterns import choose
from .score import Note

if TYPE_CHECKING:
    import numpy as np

    from .harmony import Changes, Chord

# R accented root, r root, 5 fifth, 8 octave, 3 third, 4 below (the fifth an octave down), a step to the next chord,
# - holds the note before, . rest. Sixteen steps a bar; twelve where the groove has three steps a beat or three beats.
LINES: dict[str, str] = {
    "onbeat": "R-..r-..r-..r-.. R---r---r---r--- R-r-r-r-r-r-r-r- R-.r-.r-R-.r-.r- R.......r....... R--.....r--....r",
    "offbeat": "..R-..r-..r-..r- ..R-..R-..R-..8- ..r...r...r..rr. ..R-..R-..R-.rR- ..Rr..Rr..Rr..R8",
    "gallop": "..rr..rr..rr..rr .rrr.rrr.rrr.rrr ..r8..r8..r8..r8 .r8r.r8r.r8r.r58",
    "psy": ".RRR.RRR.RRR.RRR .RRR.RRR.RRR.RR8 .rRr.rRr.rRr.rRr",
    "sixteen": "RrrrRrrrRrrrRrrr RorrRrr8RrrrR8rr R.rrR.rrR.rrR.r8 rrRrrRrrRrrRrrRr RrRrr.RrRrr.RrRr",
    "octaves": "R.8.R.8.R.8.R.8. r-8-r-8-r-8-r-8- R.8.r.8.5.8.r.88 R..8R..8R..8R..8 R-8.R-8.R-8.R88.",
    "house": "R-..r...r-.r..r. R..r..r...r.r... R--r--r-..r-5-r- ..R-..r.R-..r-8. R..R..R...R.R.8. .r.r..R-.r.r..5- R.....r.r.R...8.",
    "techno": "r.r.r.rrr.r.r.r. ..r...r...r...rr R..r..r..r..r..r ...r..r....r..r. .r.r.r.r.r.r.r.r R...........r... r..r..r.r..r..r.",
    "sub": "R-------........ R---------r----- R---..........r- R-------R------- R--------------- R-....r---r-.... R-----------8---",
    "reese": "R--------------- R---------r----- R-----r--------- R---------5---8-",
    "wobble": "R---R---R---R--- R-R-R-R-R-R-R-R- R--R--R--R--R--R R-------R-R-R-R- R--R--R-R--R--R-",
    "808": "R-----..r-r-.... R---------r--r-- R--r--....r----- R-----r-......r- R-------------5-",
    "hiphop": "R-....r-..r-.... R--..r-.r-..5-.. R......rr-....a- R--...r---r...8- R.....r.r-.5..r.",
    "garage": "R-.r..r-..R-...8 R--...r-....r-.. ..R--..r-.r-..r- R-...r..r-.R-... R..r-....r.8-.r.",
    "dnb": "R---..r-..R-..r- R-.r-.r-R-.r-.r- R-----r---r---5- R--.....r-....r- R-rr..r-r-rr..8-",
    "funk": "R..r..8.r..5.r.. R.r..r8...r.5.8. R-.8..r.rr.8..5a R...r.8r..r5r.8. R.rr.r8..r.r.5.8 Rr.r..8...5.r.8.",
    "motown": "R--rr-5-8-5-r-a- R-.rR-5-..35r-a- R-r-5-r-8-5-r-a- R--r..r-5-..5-a- R-R-3-5-R-R-5-a-",
    "rock": "R-r-r-r-r-r-r-r- R---r---r---r-a- R-----r-R-----r- R-r-r-r-R-r-5-a- R-..r-r-R-..r-r- R-------R-----r- R---..r-r---....",
    "punk": "R-r-r-r-r-r-r-r- RrrrRrrrRrrrRrrr R-r-r-r-r-r-5-a-",
    "metal": "R.r.r.r.r.r.r.r. R.rrR.rrR.rrR.rr R..rr..rr..rr..r RrrrRrrrRrrrRrrr R--r--r-R--r--r-",
    "country": "R---....5---.... R---....4---.... R---5---R---5-a- R---....5---..a-",
    "reggae": "R-..r...5-..r-.. ....R-..r-..5-r- R--.R--.5-r-.... ..r-R-..r-5-8-.. R---....r-r-5-.. R-r...r-5...r... ....R.r.5-..8-r-",
    "ska": "R---3---5---8--- R---5---8---5--- R---r---5---a--- R-3-5-8-R-3-5-a-",
    "latin": "...R--5-...r--5- ......5-----8--- R-----5-----8--- R-----5-..5-r--- ......R-....5---",
    "tresillo": "R--r--5-R--r--5- R--5--8-R--5--8- R--R--R-R--5--4- R-----r-R-----5- R--r--r-....r--- R---..5-r---..5-",
    "samba": "R--5R--5R--5R--5 R-.r5-.5R-.r5-.4 R---...5R---...5", "bossa": "R--r5--5R--r5--5 R-----5-R-----5- R--5----5--r----",
    "cumbia": "R---5-8-R---5-8- R-----5-8------- R---..5-5---..5-",
    "afro": "R..r..5...8.r... R-.r-.8-..5-.r.. R.....r.r-5.8... ..R-r..5-.r-8... R..R.5..8.5.R...",
    "ballad": "R-------R------- R-----r-5------- R--------------- R-------5-----a- R-----R-R-----a-",
    "march": "R---5---R---5--- R---4---R---4---", "whole": "R---------------",
    "logdrum": "...R--r...R-r..8 ..R--R-..r.R--8. ...R...r..R..r.r R--......R-r--8.",
    # three steps a beat
    "shuffle": "R-rR-rR-rR-r R--r--r--r-a R--3--5--3-a R-r5-r8-r5-a", "blues128": "R----rR----r R----rR--r-a R--3--5--8-a",
    "six": "R-----R----- R----rR---5- R-----5-----", "afro68": "R--r-5R--r-8 R-----5--r-- ..R-5-..R-8-",
    # three beats a bar
    "waltz": "R----------- R-------5--- R---....5--- R-------a---",
}

WALKS = ((0, 2, 4, 3), (0, 1, 2, 4), (0, -1, -3, 1), (0, 4, 2, 1), (0, 7, 4, 2), (0, 2, 4, 5))


def line(style: str, changes: Changes, start: float, beats: int, step: float, dice: np.random.Generator,
         octave: int = 1) -> list[Note]:
    """A bass line over ``beats`` beats from ``start``, one rhythm all through, its last bar sometimes varied."""
    if style == "walk":
        return _walking(changes, start, beats, dice, octave)
    rhythm, other = choose(LINES[style], dice), choose(LINES[style], dice)
    per_pass = len(rhythm) * step
    made, beat = [], 0.0
    while beat < beats - 1e-9:
        last = beats - beat <= per_pass and len(other) == len(rhythm) and dice.random() < 0.3
        made += _one_pass(other if last else rhythm, changes, start + beat, step, octave)
        beat += per_pass
    return [n for n in made if n.beat < start + beats - 1e-9]


def _one_pass(rhythm: str, changes: Changes, start: float, step: float, octave: int) -> list[Note]:
    made = []
    for i, mark in enumerate(rhythm):
        if mark in ".-":
            continue
        held = len(rhythm[i + 1 :]) - len(rhythm[i + 1 :].lstrip("-"))
        beat = start + i * step
        pitch = _pitch(mark, changes.at(beat), changes.at(start + len(rhythm) * step), octave)
        strong = 1.0 if mark == "R" else 0.8
        made.append(Note(beat, pitch, strong, (1 + held - 0.15) * step))
    return made


def _pitch(mark: str, chord: Chord, after: Chord, octave: int) -> int:
    root = chord.bass(octave)
    if mark == "a":
        goal = after.bass(octave)
        return goal + (1 if root > goal else -1)
    return {"5": chord.fifth(octave), "4": chord.fifth(octave) - 12, "8": root + 12, "3": chord.third(octave)}.get(
        mark, root)


def _walking(changes: Changes, start: float, beats: int, dice: np.random.Generator, octave: int) -> list[Note]:
    """A note a beat; the root where the chord changes, chord and passing tones between, sometimes a skip."""
    made: list[Note] = []
    walk, place = WALKS[0], 0
    for i in range(beats):
        beat = start + i
        chord = changes.at(beat)
        if i == 0 or chord is not changes.at(beat - 1) or place >= 4:
            walk, place = WALKS[int(dice.integers(len(WALKS)))], 0
        pitch = chord.bass(octave) + chord.key.pitch(chord.root + walk[place], 0) - chord.key.pitch(chord.root, 0)
        made.append(Note(beat, pitch, 0.9 if place == 0 else 0.75, 0.9))
        if dice.random() < 0.1:
            made.append(Note(beat + 2 / 3, pitch, 0.45, 0.25))
        place += 1
    return made
