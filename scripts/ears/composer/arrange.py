"""The form of a song: which players are heard when. No cue is always there, and beats go on where drums stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

DRUMS = frozenset(("kick", "back", "hats", "perc"))
TONES = frozenset(("chords", "pad", "arp", "lead", "vox"))


@dataclass(frozen=True, slots=True)
class Section:
    """A run of bars with the same players. ``start`` and ``beats`` count beats."""

    kind: str
    start: int
    beats: int
    on: frozenset[str]
    variant: str
    energy: float

    @property
    def end(self) -> int:
        """The beat after the last."""
        return self.start + self.beats


@dataclass(frozen=True, slots=True)
class Stage:
    """A kind of section: who plays for certain, who by a die, and what follows."""

    sure: str
    maybe: str
    follows: str
    bars: tuple[int, ...] = (8,)
    energy: float = 0.8


CLUB: dict[str, Stage] = {
    "only_hats": Stage("hats", "perc", "kick_hats kick_hats groove build drums", (4, 8), 0.6),
    "only_kick": Stage("kick", "", "kick_hats kick_hats groove drums", (4, 8), 0.7),
    "only_bass": Stage("bass", "hats", "groove drums build kick_hats", (4, 8), 0.7),
    "only_pad": Stage("pad", "vox", "groove soft build arp_only", (4, 8), 0.5),
    "arp_only": Stage("arp", "pad", "groove build kick_hats drums", (4, 8), 0.6),
    "chords_only": Stage("chords", "hats vox", "groove build kick_hats", (4, 8), 0.6),
    "only_perc": Stage("perc", "hats back", "groove drums kick_hats", (4, 8), 0.6),
    "kick_hats": Stage("kick hats", "perc", "groove groove drums build soft", (4, 8, 8), 0.75),
    "drums": Stage("kick back hats", "perc break", "groove groove drop soft", (4, 8), 0.8),
    "groove": Stage("kick bass", "back hats hats perc break chords pad arp",
                    "drop drop groove soft break build kickless", (8, 8, 16), 0.85),
    "kickless": Stage("bass hats", "back perc break chords pad arp lead", "groove drop drop", (2, 4, 4), 0.75),
    "soft": Stage("pad", "hats back perc chords arp vox bass", "build build drop groove", (4, 8, 8), 0.6),
    "break": Stage("chords", "pad arp lead vox", "build build soft drop", (4, 8, 8), 0.55),
    "build": Stage("roll", "kick back hats chords pad arp lead bass", "drop", (2, 4, 4, 8), 0.75),
    "drop": Stage("kick back hats bass", "perc break chords chords pad arp lead lead vox",
                  "drop drop break soft groove kickless drums", (8, 8, 16), 1.0),
}
CLUB_STARTS = ("only_hats only_kick only_bass only_pad arp_only chords_only only_perc kick_hats kick_hats drums drums"
               " groove groove groove groove drop drop drop drop drop drop break soft build kickless")

SONG: dict[str, Stage] = {
    "count_in": Stage("hats", "", "verse groove", (1, 2), 0.7),
    "intro_tones": Stage("chords", "pad arp vox lead", "verse groove verse chorus", (2, 4, 4), 0.6),
    "intro_bass": Stage("bass", "hats chords back", "verse groove", (2, 4), 0.7),
    "intro_drums": Stage("kick back hats", "perc break", "verse groove groove", (2, 4), 0.8),
    "groove": Stage("kick back hats bass", "perc break chords chords arp pad", "verse verse chorus", (4, 8), 0.8),
    "verse": Stage("kick back bass", "hats hats hats perc break chords chords vox vox arp lead pad",
                   "verse before chorus chorus chorus bridge", (8,), 0.75),
    "before": Stage("chords bass", "kick hats back vox pad arp perc", "chorus", (2, 4, 4), 0.7),
    "chorus": Stage("kick back hats bass chords", "perc perc break pad vox vox lead arp",
                    "verse chorus bridge solo groove", (8,), 1.0),
    "solo": Stage("kick back hats bass lead", "chords chords perc pad", "chorus verse", (8,), 0.95),
    "bridge": Stage("chords", "pad vox bass hats back arp perc", "chorus verse solo", (4, 4, 8), 0.55),
}
SONG_STARTS = ("count_in intro_tones intro_tones intro_bass intro_drums groove groove verse verse verse"
               " chorus chorus chorus bridge solo")

JAM: dict[str, Stage] = {
    "intro_tones": Stage("chords", "bass lead pad", "head head groove", (2, 4, 4), 0.6),
    "intro_perc": Stage("perc", "hats back", "groove head", (2, 4), 0.7),
    "intro_bass": Stage("bass", "hats", "groove head", (2, 4), 0.7),
    "groove": Stage("kick back hats bass", "perc break chords chords", "head head solo", (4, 8), 0.85),
    "head": Stage("kick back hats bass lead", "chords chords chords perc pad vox arp",
                  "head solo solo groove", (8, 12), 0.9),
    "solo": Stage("bass lead", "kick kick hats hats hats back perc chords chords chords",
                  "head solo drums low groove", (8, 12, 16), 0.9),
    "drums": Stage("kick back hats", "perc perc break", "head groove solo", (2, 4, 4), 0.95),
    "low": Stage("bass", "hats back chords pad perc", "head solo groove", (4, 8), 0.6),
}
JAM_STARTS = "intro_tones intro_perc intro_bass groove groove head head head solo solo drums low"

FORMS = {"club": (CLUB, CLUB_STARTS), "song": (SONG, SONG_STARTS), "jam": (JAM, JAM_STARTS)}


def form(kind: str, have: frozenset[str], meter: int, beats: int, dice: np.random.Generator) -> list[Section]:
    """Sections of a form over at least ``beats`` beats, played by those whom the song has."""
    stages, starts = FORMS[kind]
    name, made, at = str(dice.choice(starts.split())), [], 0
    while at < beats:
        stage = stages[name]
        on = _players(stage, have, dice)
        if on:
            bars = int(dice.choice(stage.bars))
            variant = "B" if name in ("drop", "chorus", "solo") else "A"
            made.append(Section(name, at, bars * meter, on, variant, stage.energy))
            at += bars * meter
        name = str(dice.choice(stage.follows.split()))
    return made


def _players(stage: Stage, have: frozenset[str], dice: np.random.Generator) -> frozenset[str]:
    """Who plays; a stage whose certain players the song lacks finds others, or none."""
    sure = set(stage.sure.split())
    on = (sure & have) | {who for who in stage.maybe.split() if who in have and dice.random() < 0.5}
    if "roll" in sure:
        on.add("roll")
    if not on - {"roll"} & have:
        on |= {str(dice.choice(sorted(have & TONES or have)))}
    if not have & DRUMS and dice.random() < 0.85:
        on.add("chords")
    if len(on) > 3 and dice.random() < 0.2:  # somebody is muted for once
        on.discard(str(dice.choice(sorted(on - {"roll"}))))
    return frozenset(on)
