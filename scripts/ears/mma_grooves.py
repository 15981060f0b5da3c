"""Accompaniments by MMA (Musical MIDI Accompaniment): its groove libraries over chord progressions of our own."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .midi import Bars, Score, load

if TYPE_CHECKING:
    from numpy.random import Generator

LIBRARY = Path("/usr/share/mma/lib")
SHELVES = ("stdlib", "casio", "yamaha", "zoom", "alexis", "kara", "pflib")
TOO_PLAIN = re.compile(r"metronome|^none$|arpeggio")
NOTES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
PROGRESSIONS = (
    "0 9m 5 7", "0 7 9m 5", "9m 5 0 7", "0 5 0 7", "0 0 5 7", "0 10 5 0", "0m 10 8 7", "0m 5m 0m 7", "0m 8 3 10",
    "0 4m 5 7", "0 0 0 0 5 5 0 0 7 5 0 7", "07 57 07 07 57 57 07 97 2m7 77 07 77", "2m7 77 0M7 0M7", "0M7 97 2m7 77",
    "4m7 97 2m7 77", "0m7 5m7 107 3M7 8M7 2m7b5 77 0m", "5M7 4m7 2m7 0M7", "0m7 0m7 57 57", "07 07 57 57", "0 2 5 0",
    "0m 0m 3 5", "0 7 9m 4m 5 0 5 7", "0 1 0 10m", "0m9 57 0m9 57",
)
"""A chord a bar: semitones over the key, then the kind."""
TEMPI = (
    (r"68|blues34", (52, 98)), (r"march", (96, 128)), (r"polka", (104, 132)), (r"vienese|fastwaltz", (140, 185)),
    (r"waltz|34", (84, 165)), (r"slow|lullaby|hymn|nite", (58, 92)), (r"ballad|128|bolero|beguine", (60, 98)),
    (r"trance|house|techno|euro|dance|disco|rave", (116, 144)), (r"hiphop|hip|rap|reggae|rb|soul", (66, 108)),
    (r"fast|bebop|quickstep|blugrass|bluegrass|dixie|gypsy|charleston", (150, 205)),
    (r"swing|jazz|bigband|evans|foxtrot|combo", (96, 185)), (r"samba|salsa|mambo|merengue|son", (90, 132)),
    (r"bossa|rhumba|chacha|tango|calypso", (100, 140)), (r"ska|punk|twist|jive|boogie|boggie", (130, 184)),
)
USUAL = (76, 152)


@dataclass(frozen=True, slots=True)
class Grooves:
    """One library file: its grooves and how its bars are counted, in quarters."""

    path: Path
    names: tuple[str, ...]
    quarters: int
    beat: float

    @property
    def song(self) -> str:
        """Files of one name on any shelf are one song, so that no style is both trained on and judged by."""
        return "mma " + re.sub(r"[\d_-]*$", "", self.path.stem.lower())


def libraries(root: Path = LIBRARY) -> list[Grooves]:
    """Every library whose bars can be counted, in a stable order."""
    found = [grooves_of(path) for shelf in SHELVES for path in sorted((root / shelf).glob("*.mma"))]
    return [grooves for grooves in found if grooves is not None]


def grooves_of(path: Path) -> Grooves | None:
    """One library; None when it defines no groove, or counts its bars in a way that is not clear."""
    text = path.read_text("latin-1")
    names = tuple(dict.fromkeys(re.findall(r"^\s*DefGroove\s+(\S+)", text, re.MULTILINE | re.IGNORECASE)))
    times = set(re.findall(r"^\s*Time\s+(\d+)\s*$", text, re.MULTILINE | re.IGNORECASE)) or {"4"}
    signatures = set(re.findall(r"^\s*TimeSig\s+(\d+)[\s/]+(\d+)", text, re.MULTILINE | re.IGNORECASE))
    if not names or len(times) > 1 or len(signatures) > 1 or TOO_PLAIN.search(path.stem.lower()):
        return None
    quarters = int(next(iter(times)))
    six = ("6", "8") in signatures or "68" in path.stem
    if quarters not in {3, 4, 5, 6} or (six != (quarters == 6)):
        return None
    return Grooves(path, names, quarters, 3.0 if six else 1.0)


def tempo_of(grooves: Grooves, dice: Generator) -> float:
    """Felt beats a minute that suit the style."""
    name = grooves.path.stem.lower()
    low, high = next((span for pattern, span in TEMPI if re.search(pattern, name)), USUAL)
    return round(float(low * (high / low) ** dice.random()), 2)


def song_text(grooves: Grooves, bpm: float, seconds: float, dice: Generator) -> str:
    """An MMA song of at least ``seconds``: sections of one groove each, fills before the next."""
    bars = int(seconds * bpm * grooves.beat / 60 / grooves.quarters) + 2
    main = [name for name in grooves.names if not re.search(r"intro|fill|end$", name, re.IGNORECASE)]
    fills = [name for name in grooves.names if re.search(r"fill", name, re.IGNORECASE)]
    main = main or list(grooves.names)
    chords = _chords(int(dice.integers(12)), grooves, dice)
    lines = [f"Tempo {bpm * grooves.beat:.3f}", "SeqClear"]
    lines += [f"Groove {grooves.path.parent.name}/{grooves.path.stem}:{grooves.names[0]}"]
    while len(lines) < bars * 2:
        length = int(dice.choice([4, 4, 8, 8, 8, 12]))
        lines.append(f"Groove {_full(grooves, str(dice.choice(main)))}")
        for n in range(length):
            if n == length - 1 and fills and dice.random() < 0.7:
                lines.append(f"Groove {_full(grooves, str(dice.choice(fills)))}")
            lines.append(chords[n % len(chords)])
    return "\n".join(lines) + "\n"


def _full(grooves: Grooves, name: str) -> str:
    return f"{grooves.path.parent.name}/{grooves.path.stem}:{name}"


def _chords(key: int, grooves: Grooves, dice: Generator) -> list[str]:
    """One line of chords a bar; now and then two chords in a bar that can be halved."""
    parts = [re.match(r"(10|11|\d)(.*)", chord) for chord in str(dice.choice(PROGRESSIONS)).split()]
    names = [NOTES[(key + int(part[1])) % 12] + part[2] for part in parts if part]
    if grooves.quarters == 4 and dice.random() < 0.25:
        return [f"{one} / {two} /" for one, two in zip(names[::2], names[1::2], strict=False)]
    return names


def score_of(grooves: Grooves, bpm: float, seconds: float, dice: Generator) -> Score:
    """A song played by MMA. Raises RuntimeError with its own words when it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "song.mma"), Path(folder, "song.mid")
        source.write_text(song_text(grooves, bpm, seconds, dice), "latin-1")
        done = subprocess.run(["mma", "-w", "-f", str(made), str(source)], capture_output=True, text=True, timeout=120,
                              check=False)
        if done.returncode or not made.exists():
            raise RuntimeError(f"{grooves.path.name}: {(done.stdout + done.stderr).strip()[-300:]}")
        meter = round(grooves.quarters / grooves.beat)
        return load(made, Bars(beat=grooves.beat, meter=meter))
