"""A wave that runs by itself, in hertz or in beats."""

from __future__ import annotations

from vj.modulation.sources._base import SHAPES, Knobs, ease, lot, one_sided, wave
from vj.params.spec import choice, integer, number, switch
from vj.types import Features, Tick, Values


class Lfo:
    """A phase that is integrated, so a turn of ``rate`` bends the wave and never makes it jump."""

    NAME = "lfo"
    HELP = "A wave that runs by itself, in hertz or locked to the tempo."
    PARAMS = (
        choice("shape", "sine", (*SHAPES, "random"), help="The wave; random draws a new value each cycle."),
        number("rate", 0.25, 0.001, 20.0, curve="log", unit="Hz", help="Cycles a second when not in sync."),
        switch("sync", help="Run with the tempo: one cycle in so many beats."),
        number("beats", 4.0, 0.25, 64.0, curve="log", unit="beats", smooth=0.0, help="Length of a cycle in sync."),
        number("offset", 0.0, 0.0, 1.0, help="Where in the cycle the wave starts."),
        number("glide", 0.5, 0.0, 1.0, help="Share of a cycle that random takes to reach its new value."),
        switch("bipolar", True, help="-1..1 around the knob; off: 0..1 above it."),
        integer("seed", 0, 0, 9999, help="Another order for random."),
    )

    def __init__(self) -> None:
        self._knobs = Knobs(self.PARAMS)
        self._cycles: float | None = None
        self._beats = 0.0

    def value(self, tick: Tick, features: Features, params: Values) -> float:
        """The wave after this tick's ``dt``."""
        read = self._knobs
        self._advance(tick, features, params)
        cycles = (self._cycles or 0.0) + read.number(params, "offset")
        index, phase = int(cycles // 1.0), cycles % 1.0
        shape = read.text(params, "shape")
        if shape == "random":
            out = drawn(int(read.number(params, "seed")), index, phase, read.number(params, "glide"))
        else:
            out = wave(shape, phase)
        return out if read.flag(params, "bipolar") else one_sided(out)

    def _advance(self, tick: Tick, features: Features, params: Values) -> None:
        beats = features.beat.count + features.beat.phase
        length = self._knobs.number(params, "beats")
        sync = self._knobs.flag(params, "sync")
        if self._cycles is None:
            self._cycles = beats / length if sync else self._knobs.number(params, "rate") * tick.dt
        elif sync:
            self._cycles += max(beats - self._beats, 0.0) / length
        else:
            self._cycles += self._knobs.number(params, "rate") * tick.dt
        self._beats = beats


def drawn(seed: int, index: int, phase: float, glide: float) -> float:
    """Cycle ``index`` holds a value drawn for it, reached from the one before within ``glide`` of the cycle."""
    share = ease(min(phase / glide, 1.0)) if glide > 0.0 else 1.0
    before = lot(seed, index - 1)
    return before + (lot(seed, index) - before) * share


Source = Lfo
