"""A score becomes sound: one stem for each kind of part, every note placed to the sample."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from . import fluid, voices
from .tone import fade

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .cast import Cast, Voice
    from .score import Note, Score

    Sound = NDArray[np.float32]

STEM_OF = {"kick": "kick", "bass": "bass", "pad": "pad", "riser": "effects", "impact": "effects", "reverse": "effects",
           "chords": "tones", "arp": "tones", "lead": "tones", "vox": "tones"}
STEMS = ("kick", "drums", "bass", "tones", "pad", "effects")


def render(score: Score, cast: Cast, start: float, seconds: float, *, rate: int,
           dice: np.random.Generator) -> dict[str, Sound]:
    """The stems of a score from ``start`` on, ``seconds`` long: {name: (n,) float32}."""
    stems = {name: np.zeros(round(seconds * rate), np.float32) for name in STEMS}
    for part, notes in score.parts.items():
        if part in cast.gm:
            continue
        times = times_of(notes, score) - start
        stage = Stage(stems[STEM_OF.get(part, "drums")], score, times, rate, dice)
        if part == "open":
            stage.choked = _hats(score) - start
        _PLAYERS.get(part, Stage.tones if cast.voices[part].patch else Stage.hits)(stage, notes, cast.voices[part])
    _through_fonts(score, cast, start, seconds, rate=rate, stems=stems)
    return stems


def times_of(notes: list[Note], score: Score) -> NDArray[np.float64]:
    """Seconds at which notes start."""
    return score.times.at([n.beat for n in notes]) + np.array([n.late for n in notes])


def _hats(score: Score) -> NDArray[np.float64]:
    return np.sort(times_of([n for part in ("hat", "open") for n in score.parts.get(part, [])], score))


class Stage:
    """Where the notes of one part are put down."""

    def __init__(self, out: Sound, score: Score, times: NDArray[np.float64], rate: int,
                 dice: np.random.Generator) -> None:
        self.out, self.score, self.times, self.rate, self.dice = out, score, times, rate, dice
        self.beat = 60 / score.bpm
        self.choked: NDArray[np.float64] | None = None

    def put(self, sound: Sound, at: float, level: float) -> None:
        """Add a sound that starts at a second; what lies outside is cut."""
        first = round(at * self.rate)
        skip = max(0, -first)
        first += skip
        part = sound[skip : skip + max(0, len(self.out) - first)]
        if len(part):
            self.out[first : first + len(part)] += part * np.float32(level)

    def hits(self, notes: list[Note], voice: Voice) -> None:
        """Drums: the takes in turn, louder with velocity."""
        if not voice.takes:
            return
        for i, (note, at) in enumerate(zip(notes, self.times, strict=True)):
            self.put(self._rung(voice.takes[i % len(voice.takes)], at), at, voice.level * note.velocity**1.4)

    def _rung(self, hit: Sound, at: float) -> Sound:
        """An open hat rings until the next hat shuts it."""
        if self.choked is None:
            return hit
        after = self.choked[np.searchsorted(self.choked, at + 0.03) :][:1]
        count = round(float(after[0] - at) * self.rate) if len(after) else len(hit)
        return hit if count >= len(hit) else fade(hit[:count].copy(), self.rate, 0.008)

    def loops(self, notes: list[Note], voice: Voice) -> None:
        """Drum loops of four beats, one of the takes after another, stretched to the beats that they fall on."""
        for i, (note, at) in enumerate(zip(notes, self.times, strict=True)):
            if voice.takes:
                take = voice.takes[i // 2 % len(voice.takes)]
                ends = self.score.times.at(note.beat + 4) - self.score.times.at(note.beat)
                count = round(float(ends) * self.rate)
                if abs(count - len(take)) > 0.002 * len(take):
                    places = np.linspace(0, len(take) - 1, count)
                    take = np.interp(places, np.arange(len(take)), take).astype(np.float32)
                self.put(fade(take[:count].copy(), self.rate, 0.003), at, voice.level * note.velocity)

    def tones(self, notes: list[Note], voice: Voice) -> None:
        """Tuned notes, each pitch and length rendered once; chords strummed when the patch says so."""
        patch, made = voice.patch, {}
        assert patch is not None
        wobble = patch.wobble / self.beat if patch.wobble else 0.0
        strings: dict[float, int] = {}
        for note, at in zip(notes, self.times, strict=True):
            string = strings[note.beat] = strings.get(note.beat, -1) + 1
            if not -6 < at < len(self.out) / self.rate:
                continue
            length = max(0.04, round(note.length * self.beat / 0.02) * 0.02)
            key = (note.pitch, length)
            if key not in made:
                made[key] = voices.note(patch, note.pitch, length, self.rate, wobble)
            self.put(made[key], at + string * patch.strum, voice.level * note.velocity)

    def pads(self, notes: list[Note], voice: Voice) -> None:
        """Held chords, each chord one cloud."""
        patch, made = voice.patch, {}
        assert patch is not None
        for (_, at), chord in groupby(zip(notes, self.times, strict=True), key=lambda pair: (pair[0].beat, pair[1])):
            sounding = [note for note, _ in chord]
            length = round(sounding[0].length * self.beat / 0.02) * 0.02
            key = (tuple(n.pitch for n in sounding), length)
            if key not in made:
                made[key] = voices.pad(key[0], patch, length, self.rate, self.dice)
            self.put(made[key], float(at), voice.level * 2 * sounding[0].velocity)

    def risers(self, notes: list[Note], voice: Voice) -> None:
        """What climbs until a beat: it ends there."""
        for note, at in zip(notes, self.times, strict=True):
            end = float(self.score.times.at(note.beat + note.length))
            length = end - float(self.score.times.at(note.beat))
            self.put(fade(voices.riser(length, self.rate, self.dice), self.rate, 0.004), float(at), voice.level)

    def impacts(self, notes: list[Note], voice: Voice) -> None:
        """Booms."""
        for at in self.times:
            self.put(voices.impact(self.rate, self.dice), at, voice.level)


_PLAYERS = {"break": Stage.loops, "pad": Stage.pads, "riser": Stage.risers, "reverse": Stage.risers,
            "impact": Stage.impacts}


def _through_fonts(score: Score, cast: Cast, start: float, seconds: float, *, rate: int,
                   stems: dict[str, Sound]) -> None:
    """The parts that the sound font plays: drums in one pass, tuned instruments in another."""
    if not cast.gm or cast.font is None:
        return
    player = fluid.player(cast.font, rate)
    drums = [part for part in cast.gm if cast.gm[part][0] == fluid.DRUM_CHANNEL]
    tuned = [part for part in cast.gm if part not in drums]
    for stem, parts, gain in (("drums", drums, 5.0), ("tones", tuned, 4.0)):
        if parts:
            events = [event for part in parts for event in _events(score, cast, part, start, seconds)]
            programs = {cast.gm[p][0]: cast.kit if stem == "drums" else cast.gm[p][1] for p in parts}
            volumes = {cast.gm[p][0]: 100 if stem == "drums" else cast.gm[p][2] for p in parts}
            stems[stem] += gain * player.play(events, programs, volumes, seconds)


def _events(score: Score, cast: Cast, part: str, start: float, seconds: float) -> list[fluid.Event]:
    channel, key, volume = cast.gm[part]
    drum = channel == fluid.DRUM_CHANNEL
    loud = (volume / 90) ** 2 if drum else 1.0
    made = []
    notes = score.parts[part]
    for note, at in zip(notes, times_of(notes, score) - start, strict=True):
        if 0 <= at < seconds:
            velocity = int(np.clip(127 * note.velocity * min(1.0, 0.8 * loud) ** 0.5, 1, 127))
            length = 0.1 if drum else note.length * 60 / score.bpm
            made.append((float(at), channel, key if drum else int(np.clip(note.pitch, 12, 110)), velocity, length))
    return made
