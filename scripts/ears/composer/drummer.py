"""The drummer: chooses a song's patterns, plays them section by section, fills at the ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .patterns import choose, mutated, notes
from .score import Note

if TYPE_CHECKING:
    from .arrange import Section
    from .grooves import Groove

GROUPS = {
    "kick": ("kick",), "back": ("snare", "clap", "rim"), "hats": ("hat", "open", "ride", "shaker", "tamb"),
    "perc": ("perc", "conga_hi", "conga_lo", "cowbell", "clave", "tom_lo", "tom_hi", "crash"),
}
GROUP_OF = {drum: group for group, drums in GROUPS.items() for drum in drums}
FILLS = ("....ssss sshhllll s.ss.sss ..ss..ss s.s.h.l. s..s..s. .s.s.s.s hhhhllll s.h.l.l. ....s.s. ss.ss.ss s.....s. "
         "sshhmmll s.k.s.k. k.s.k.ss ......ss .....sss")  # s snare, h m l toms, k kick; sixteenths of two beats
DRUM_OF = {"s": "snare", "h": "tom_hi", "m": "tom_hi", "l": "tom_lo", "k": "kick"}


@dataclass(frozen=True, slots=True)
class Drummer:
    """A song's drum patterns: drum -> pattern, for the quieter and the louder variant."""

    groove: Groove
    patterns: dict[str, dict[str, str]]
    change: float
    """Share of soft steps that differ from section to section."""
    fills: float
    """Chance of a fill at a section's end."""
    stutter: float
    """Chance that a hat becomes two, three or four."""

    @classmethod
    def hired(cls, groove: Groove, live: bool, rolls: float, dice: np.random.Generator) -> Drummer:
        """A drummer who has learnt one song."""
        kit = _kit(groove, dice)
        quiet = {drum: choose(groove.drums[drum], dice) for drum in kit}
        loud = {drum: quiet[drum] if dice.random() < 0.6 else choose(groove.drums[drum], dice) for drum in kit}
        if all(set(quiet[drum]) <= {"."} for drum in kit):
            quiet = loud
        return cls(groove, {"A": quiet, "B": loud}, dice.choice((0.0, 0.02, 0.06)) + 0.04 * live,
                   float(dice.uniform(0.3, 0.9) if live else dice.uniform(0, 0.6)),
                   float(dice.uniform(0.03, 0.2)) if dice.random() < rolls else 0.0)

    def section(self, section: Section, dice: np.random.Generator) -> dict[str, list[Note]]:
        """Notes by drum, the section's last bars filled or not."""
        step = 1 / self.groove.steps
        made: dict[str, list[Note]] = {}
        for drum, pattern in self.patterns[section.variant].items():
            if GROUP_OF[drum] in section.on:
                made[drum] = self._played(pattern, section, step, dice)
        if self.stutter and "hat" in made:
            made["hat"] = self._stuttered(made["hat"], dice)
        if made.keys() & {"kick", "snare", "clap"} and dice.random() < self.fills:
            self._fill(made, section, dice)
        return made

    def _played(self, pattern: str, section: Section, step: float, dice: np.random.Generator) -> list[Note]:
        pattern, span = mutated(pattern, dice, self.change), len(pattern) * step
        passes = int(-(-section.beats // span))
        made = [note for i in range(passes) for note in notes(pattern, section.start + i * span, step, dice)]
        return [n for n in made if n.beat < section.end - 1e-9]

    def _stuttered(self, hats: list[Note], dice: np.random.Generator) -> list[Note]:
        """Some hats become short rolls, straight or triplets, towards the next or away."""
        made = []
        for hat in hats:
            if dice.random() >= self.stutter:
                made.append(hat)
                continue
            count, span = int(dice.choice((2, 2, 3, 4))), float(dice.choice((0.25, 0.5)))
            tilt = float(dice.uniform(-0.3, 0.3))
            made += [Note(hat.beat + place * span, hat.pitch, hat.velocity * (0.7 + tilt * (place - 0.5)))
                     for place in np.arange(count) / count]
        return made

    def _fill(self, made: dict[str, list[Note]], section: Section, dice: np.random.Generator) -> None:
        """The last two beats (or one, or four) belong to snare and toms, or to nobody."""
        beats = float(dice.choice((1, 2, 2, 2, self.groove.meter)))
        start = section.end - beats
        silent = dice.random() < 0.2
        for drum in ("snare", "clap", "rim", "kick", "hat", "open") if silent or dice.random() < 0.6 else ("snare",):
            made[drum] = [n for n in made.get(drum, []) if n.beat < start - 1e-9]
        if silent:
            return
        figure, step = choose(FILLS, dice), 1 / self.groove.steps
        for i in range(round(beats / step)):
            drum = DRUM_OF.get(figure[-round(beats / step) + i] if beats / step <= 8 else figure[i % 8])
            if drum:
                loud = 0.6 + 0.4 * i * step / beats
                made.setdefault(drum, []).append(Note(start + i * step, 60, min(1.0, loud * dice.uniform(0.8, 1.1))))


def _kit(groove: Groove, dice: np.random.Generator) -> list[str]:
    """Which of the groove's drums this song uses: the kick, something on the back beat, some hats, some percussion."""
    kit = []
    for group, most in (("kick", 1), ("back", 3), ("hats", 3), ("perc", 3)):
        there = [drum for drum in GROUPS[group] if drum in groove.drums]
        if group == "back" and "snare" in there and groove.name not in ("house", "techno", "psy"):
            kit.append("snare")
            there.remove("snare")
        count = min(len(there), int(dice.integers(0 if group == "perc" else 1, most + 1)))
        kit += [str(drum) for drum in dice.choice(there, count, replace=False)] if count else []
    if "ride" in groove.drums and groove.name == "jazz" and "ride" not in kit:
        kit.append("ride")
    return kit


def roll(section: Section, dice: np.random.Generator) -> list[Note]:
    """A snare roll over a section: quarters, eighths, sixteenths, thirty-seconds, louder and louder."""
    made, beat = [], 0.0
    hurry = dice.uniform(0.5, 1.2)
    while beat < section.beats - 1e-6:
        place = beat / section.beats
        step = 2.0 ** -min(3, int(place * 4 * hurry))
        made.append(Note(section.start + beat, 60, 0.35 + 0.6 * place, step))
        beat += step
    return made
