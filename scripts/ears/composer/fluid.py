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


@cache
def library() -> ctypes.CDLL | None:
    """FluidSynth, when it is installed."""
    name = ctypes.util.find_library("fluidsynth")
    if name is None:
        return None
    lib = ctypes.CDLL(name)
    for call in ("new_fluid_settings", "new_fluid_synth"):
        getattr(lib, call).restype = ctypes.c_void_p
    for level in range(5):
        lib.fluid_set_log_function(level, None, None)
    return lib


def fonts() -> list[Path]:
    """General MIDI sound fonts on this machine."""
    found = [path for folder in FOLDERS if folder.is_dir() for path in sorted(folder.glob("*.sf[23]"))]
    return [path for path in found if not path.is_symlink() and path.stem in GENERAL]


class Player:
    """One synthesiser with one sound font at one rate."""

    def __init__(self, font: Path, rate: int) -> None:
        lib = library()
        if lib is None:
            raise RuntimeError("FluidSynth's library is not installed")
        self._lib, self.rate = lib, rate
        settings = ctypes.c_void_p(lib.new_fluid_settings())
        lib.fluid_settings_setnum(settings, b"synth.sample-rate", ctypes.c_double(rate))
        lib.fluid_settings_setnum(settings, b"synth.gain", ctypes.c_double(0.35))
        lib.fluid_settings_setint(settings, b"synth.polyphony", 72)
        lib.fluid_settings_setint(settings, b"synth.reverb.active", 0)
        lib.fluid_settings_setint(settings, b"synth.chorus.active", 0)
        self._synth = ctypes.c_void_p(lib.new_fluid_synth(settings))
        lib.fluid_synth_set_interp_method(self._synth, -1, 1)  # linear: half the time
        if lib.fluid_synth_sfload(self._synth, str(font).encode(), 1) < 0:
            raise RuntimeError(f"{font}: FluidSynth cannot read it")

    def play(self, events: Sequence[Event], programs: dict[int, int], volumes: dict[int, int], seconds: float) -> NDArray[np.float32]:
        """Mono samples of the events; each starts within a block (1.5 ms) after its time, less half a block."""
        self._reset(programs, volumes)
        edges = sorted(self._edges(events))
        count = round(seconds * self.rate)
        left, right = np.zeros(count + BLOCK, np.float32), np.zeros(count + BLOCK, np.float32)
        done = 0
        for at, on, channel, key, velocity in edges:
            upto = min(count, max(done, round((at * self.rate) / BLOCK) * BLOCK))
            self._write(left, right, done, upto)
            done = upto
            if on:
                self._lib.fluid_synth_noteon(self._synth, channel, key, velocity)
            else:
                self._lib.fluid_synth_noteoff(self._synth, channel, key)
        self._write(left, right, done, count)
        return (left[:count] + right[:count]) * 0.5

    def _reset(self, programs: dict[int, int], volumes: dict[int, int]) -> None:
        self._lib.fluid_synth_system_reset(self._synth)
        for channel, program in programs.items():
            self._lib.fluid_synth_program_change(self._synth, channel, program)
        for channel, volume in volumes.items():
            self._lib.fluid_synth_cc(self._synth, channel, 7, volume)

    @staticmethod
    def _edges(events: Sequence[Event]) -> list[tuple[float, int, int, int, int]]:
        made = []
        for at, channel, key, velocity, length in events:
            made += [(at, 1, channel, key, velocity), (at + max(0.02, length), 0, channel, key, 0)]
        return made

    def _write(self, left: NDArray[np.float32], right: NDArray[np.float32], start: int, end: int) -> None:
        if end > start:
            self._lib.fluid_synth_write_float(
                self._synth, end - start, left.ctypes.data_as(ctypes.c_void_p), start, 1,
                right.ctypes.data_as(ctypes.c_void_p), start, 1)


@cache
def player(font: Path, rate: int) -> Player:
    """A player that stays loaded: a large font takes longer to read than a song to play."""
    return Player(font, rate)
