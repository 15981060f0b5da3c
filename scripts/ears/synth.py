"""FluidSynth played from Python: each event lands within 0.8 ms of its time, and an excerpt costs only its length."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .midi import DRUMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from .midi import Event, Score

BLOCK = 64
"""Samples between two moments at which FluidSynth lets a note begin."""
RUN_UP = 3.0
"""Seconds played before an excerpt, so that what rang before it rings on in it."""
LOUDEST = 0.9


class NoSynthError(RuntimeError):
    """FluidSynth is not installed, or does not take a sound font."""


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL:
    """FluidSynth, quiet. Raises NoSynthError when it is not there."""
    for name in ("libfluidsynth.so.3", "libfluidsynth.so.2", "libfluidsynth.3.dylib"):
        try:
            found = ctypes.CDLL(name)
        except OSError:
            continue
        found.new_fluid_settings.restype = ctypes.c_void_p
        found.new_fluid_synth.restype = ctypes.c_void_p
        for level in range(5):
            found.fluid_set_log_function(level, None, None)
        return found
    raise NoSynthError("FluidSynth's library is not installed (Debian: libfluidsynth3)")


class Synth:
    """A synthesiser with a sound font, perhaps another one for the drums. Close it, or use it in a ``with``."""

    def __init__(self, font: Path, rate: int, drums: Path | None = None, reverb: bool = True,
                 gain: float = 0.4) -> None:
        self._lib, self.rate = library(), rate
        self._settings = ctypes.c_void_p(self._lib.new_fluid_settings())
        self._set_number("synth.sample-rate", rate)
        self._set_number("synth.gain", gain)
        for name, value in (("synth.reverb.active", reverb), ("synth.chorus.active", reverb),
                            ("synth.dynamic-sample-loading", 1), ("synth.polyphony", 192)):
            self._lib.fluid_settings_setint(self._settings, name.encode(), ctypes.c_int(int(value)))
        self._synth = ctypes.c_void_p(self._lib.new_fluid_synth(self._settings))
        self._load(font)
        self._own_drums = drums is not None
        if drums is not None:
            self._lib.fluid_synth_program_select(self._synth, DRUMS, self._load(drums, 0), 0, 0)

    def play(self, score: Score, start: float, seconds: float) -> NDArray[np.float32]:
        """``seconds`` of a score from ``start`` on, mono (n,), loudest at ``LOUDEST``."""
        run_up = min(start, RUN_UP)
        total = round((run_up + seconds) * self.rate)
        sound = np.concatenate(list(self._blocks(score.events, start - run_up, total)))[:total]
        sound = sound[round(run_up * self.rate):]
        return (sound * (LOUDEST / max(float(np.abs(sound).max(initial=0)), 1e-6))).astype(np.float32)

    def _blocks(self, events: tuple[Event, ...], start: float, total: int) -> Iterator[NDArray[np.float32]]:
        """Sound up to each event in turn, then up to ``total`` samples."""
        done = 0
        for event in events:
            block = round((event.time - start) * self.rate / BLOCK) * BLOCK
            if block < 0 and event.kind == "note_on":
                continue  # began before the excerpt
            if block >= total:
                break
            if block > done:
                yield self._sound(block - done)
                done = block
            self._send(event)
        yield self._sound(total - done)

    def _sound(self, count: int) -> NDArray[np.float32]:
        left, right = np.zeros(count, np.float32), np.zeros(count, np.float32)
        self._lib.fluid_synth_write_float(self._synth, count, left.ctypes.data_as(ctypes.c_void_p), 0, 1,
                                          right.ctypes.data_as(ctypes.c_void_p), 0, 1)
        return (left + right) / 2

    def _send(self, event: Event) -> None:
        match event.kind:
            case "note_on" if event.b:
                self._lib.fluid_synth_noteon(self._synth, event.channel, event.a, event.b)
            case "note_on":
                self._lib.fluid_synth_noteoff(self._synth, event.channel, event.a)
            case "control_change" if not (self._own_drums and event.channel == DRUMS and event.a in {0, 32}):
                self._lib.fluid_synth_cc(self._synth, event.channel, event.a, event.b)
            case "program_change" if not (self._own_drums and event.channel == DRUMS):
                self._lib.fluid_synth_program_change(self._synth, event.channel, event.a)
            case "pitchwheel":
                self._lib.fluid_synth_pitch_bend(self._synth, event.channel, event.a)

    def _load(self, font: Path, reset: int = 1) -> int:
        found = int(self._lib.fluid_synth_sfload(self._synth, str(font).encode(), reset))
        if found < 0:
            raise NoSynthError(f"{font}: not a sound font that FluidSynth reads")
        return found

    def _set_number(self, name: str, value: float) -> None:
        self._lib.fluid_settings_setnum(self._settings, name.encode(), ctypes.c_double(value))

    def close(self) -> None:
        """Free the synthesiser and its fonts."""
        self._lib.delete_fluid_synth(self._synth)
        self._lib.delete_fluid_settings(self._settings)

    def __enter__(self) -> Synth:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def play(score: Score, font: Path, rate: int, start: float, seconds: float, drums: Path | None = None,  # noqa: PLR0917
         reverb: bool = True) -> NDArray[np.float32]:
    """Play an excerpt of a score once."""
    with Synth(Path(font), rate, drums, reverb) as synth:
        return synth.play(score, start, seconds)
