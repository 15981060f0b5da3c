"""Tempo, bars and sections of "First Light", and the beat grid that is written beside the audio."""

from __future__ import annotations

from dataclasses import dataclass

RATE = 48_000  # Hz: Opus knows no other, so nothing is ever resampled
BPM = 124.0
BEAT = 60.0 / BPM
STEP = BEAT / 4  # one sixteenth
BAR = BEAT * 4
SWING = 0.13  # how late every second sixteenth comes, in steps
LEAD_IN = 0.25  # s of swell before the first beat: detectors need a moment of silence to hear a rise
TAIL = 2.0  # s for the last chord to ring out


@dataclass(frozen=True)
class Section:
    """A named run of bars."""

    name: str
    first: int
    bars: int

    @property
    def end(self) -> int:
        """The bar after the last."""
        return self.first + self.bars

    def has(self, bar: float) -> bool:
        """Whether the bar lies in this section."""
        return self.first <= bar < self.end


def _in_order(*parts: tuple[str, int]) -> tuple[Section, ...]:
    first, sections = 0, []
    for name, bars in parts:
        sections.append(Section(name, first, bars))
        first += bars
    return tuple(sections)


SECTIONS = _in_order(("intro", 8), ("groove", 8), ("breakdown", 4), ("build", 4), ("drop", 16), ("outro", 4))
INTRO, GROOVE, BREAKDOWN, BUILD, DROP, OUTRO = SECTIONS
BARS = OUTRO.end
DURATION = LEAD_IN + BARS * BAR + TAIL  # s


def at(bar: float, step: float = 0.0, swing: bool = True) -> float:
    """Seconds of a sixteenth step; odd whole steps swing, fractional ones (rolls) don't."""
    late = SWING if swing and step % 2 == 1 else 0.0
    return LEAD_IN + bar * BAR + (step + late) * STEP


def section_of(bar: float) -> Section:
    """The section that holds a bar; after the end, the last."""
    return next((section for section in SECTIONS if section.has(bar)), OUTRO)


def beat_grid(kicks: list[float]) -> dict[str, object]:
    """The grid as it is stored: everything in seconds from the first sample of the decoded file."""
    beats = [at(bar, 4 * beat) for bar in range(BARS) for beat in range(4)]
    return {
        "title": "First Light",
        "bpm": BPM,
        "duration": DURATION,
        "first_beat": LEAD_IN,
        "beats_per_bar": 4,
        "sections": [
            {"name": s.name, "start": round(at(s.first), 6), "end": round(at(s.end), 6), "bars": s.bars}
            for s in SECTIONS
        ],
        "beats": [round(t, 6) for t in beats],
        "downbeats": [round(t, 6) for t in beats[::4]],
        "kicks": [round(t, 6) for t in kicks],
    }
