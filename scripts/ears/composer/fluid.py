"""Notes through sound fonts: FluidSynth's library, asked for exactly the samples between two notes."""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FOLDERS = (Path("/usr/share/sounds/sf2"), Path("/usr/share/sounds/sf3"))
GENERAL = ("FluidR3_GM", "TimGM6mb", "sf_GMbank", "MuseScore_General_Lite")  # with every instrument and drum kit
BLOCK = 64
"""FluidSynth starts notes at the edges of blocks this long."""
DRUM_CHANNEL = 9
Event = tuple[float, int, int, int, float]
"""Second, channel, key, velocity 1..127, length in seconds."""
Edge = tuple[float, int, int, int, int]
"""Second, whether the note begins, channel, key, velocity."""


@cache
def library() -> ctypes.CDLL | None:
    """FluidSynth, when it is installed."""
    name = ctypes.util.find_library("fluidsynth")
    if name is None:
        return None
    lib = ctypes.CDLL(name)
    for call in ("new_fluid_settings", "new_fluid_synth", "fluid_synth_get_sfont_by_id"):
        getattr(lib, call).restype = ctypes.c_void_p
    for level in range(5):
        lib.fluid_set_log_function(level, None, None)
    return lib


def fonts() -> list[Path]:
    """General MIDI sound fonts on this machine."""
    found = [path for folder in FOLDERS if folder.is_dir() for path in sorted(folder.glob("*.sf[23]"))]
    return [path for path in found if not path.is_symlink() and path.stem in GENERAL]


class Player:
    """One sound font at one rate."""

    def __init__(self, font: Path, rate: int) -> None:
        lib = library()
        if lib is None:
            raise RuntimeError("FluidSynth's library is not installed")
        self._lib, self.rate = lib, rate
        self._settings = ctypes.c_void_p(lib.new_fluid_settings())
        lib.fluid_settings_setnum(self._settings, b"synth.sample-rate", ctypes.c_double(rate))
        lib.fluid_settings_setnum(self._settings, b"synth.gain", ctypes.c_double(0.35))
        for name, value in (("polyphony", 72), ("reverb.active", 0), ("chorus.active", 0)):
            lib.fluid_settings_setint(self._settings, f"synth.{name}".encode(), value)
        keeper = ctypes.c_void_p(lib.new_fluid_synth(self._settings))
        number = lib.fluid_synth_sfload(keeper, str(font).encode(), 1)
        if number < 0:
            raise RuntimeError(f"{font}: FluidSynth cannot read it")
        self._font = ctypes.c_void_p(lib.fluid_synth_get_sfont_by_id(keeper, number))

    def play(self, events: Sequence[Event], programs: dict[int, int], volumes: dict[int, int],
             seconds: float) -> NDArray[np.float32]:
        """Mono samples of the events, each within half a block (0.7 ms) of its time.

        ``programs`` and ``volumes`` (0..127) by channel. A new synthesiser each time: an old one's voices remember.
        """
        lib, synth = self._lib, ctypes.c_void_p(self._lib.new_fluid_synth(self._settings))
        try:
            lib.fluid_synth_add_sfont(synth, self._font)
            lib.fluid_synth_set_interp_method(synth, -1, 1)  # linear: half the time
            for channel, program in programs.items():
                lib.fluid_synth_program_change(synth, channel, program)
            for channel, volume in volumes.items():
                lib.fluid_synth_cc(synth, channel, 7, volume)
            return self._played(synth, self._edges(events), round(seconds * self.rate))
        finally:
            lib.fluid_synth_remove_sfont(synth, self._font)
            lib.delete_fluid_synth(synth)

    def _played(self, synth: ctypes.c_void_p, edges: Sequence[Edge], count: int) -> NDArray[np.float32]:
        left, right = np.zeros(count + BLOCK, np.float32), np.zeros(count + BLOCK, np.float32)
        done = 0
        for at, on, channel, key, velocity in sorted(edges):
            upto = min(count, max(done, round(at * self.rate / BLOCK) * BLOCK))
            self._write(synth, (left, right), done, upto)
            done = upto
            if on:
                self._lib.fluid_synth_noteon(synth, channel, key, velocity)
            else:
                self._lib.fluid_synth_noteoff(synth, channel, key)
        self._write(synth, (left, right), done, count)
        return (left[:count] + right[:count]) * 0.5

    @staticmethod
    def _edges(events: Sequence[Event]) -> list[Edge]:
        made: list[Edge] = []
        for at, channel, key, velocity, length in events:
            made += [(at, 1, channel, key, velocity), (at + max(0.02, length), 0, channel, key, 0)]
        return made

    def _write(self, synth: ctypes.c_void_p, sides: tuple[NDArray[np.float32], ...], start: int, end: int) -> None:
        if end > start:
            left, right = (side.ctypes.data_as(ctypes.c_void_p) for side in sides)
            self._lib.fluid_synth_write_float(synth, end - start, left, start, 1, right, start, 1)


@cache
def player(font: Path, rate: int) -> Player:
    """A player that stays loaded: a large font takes longer to read than a song to play."""
    return Player(font, rate)
