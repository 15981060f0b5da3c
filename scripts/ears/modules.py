"""Tracker modules played by libopenmpt, which tells at every moment which row sounds: the rows are the truth."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BLOCK = 32
"""Samples between two looks at the row: its start is known to 0.4 ms at 44.1 kHz."""

UNSTEADY = 0.3
"""How far a beat's length may be from the median's, as a share."""


class NoPlayerError(RuntimeError):
    """libopenmpt is not installed, or does not take a file."""


@dataclass(frozen=True, slots=True)
class Played:
    """A module's sound, mono (n,), and its rows: when each began (s), its pattern order and its number there."""

    samples: NDArray[np.float32]
    rate: int
    times: NDArray[np.float64]
    orders: NDArray[np.int64]
    rows: NDArray[np.int64]


    def beats(self, rows_a_beat: int, meter: int = 4) -> tuple[list[float], list[float]]:
        """Beats and downbeats of the longest stretch in which they are steady: each pattern begins a bar."""
        on = self.rows % rows_a_beat == 0
        times, bars = self.times[on], self.rows[on] % (rows_a_beat * meter) == 0
        if len(times) < 2:
            return [], []
        first, last = longest_steady(times)
        return times[first:last].tolist(), times[first:last][bars[first:last]].tolist()


def longest_steady(times: NDArray[np.float64]) -> tuple[int, int]:
    """(first, behind the last) of the longest run whose steps are near the median step."""
    steps = np.diff(times)
    breaks = np.flatnonzero(np.abs(steps / np.median(steps) - 1) > UNSTEADY)
    edges = np.concatenate([[-1], breaks, [len(steps)]])
    best = int(np.diff(edges).argmax())
    return int(edges[best]) + 1, int(edges[best + 1]) + 1


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL:
    """libopenmpt. Raises NoPlayerError when it is not there."""
    try:
        found = ctypes.CDLL("libopenmpt.so.0")
    except OSError as error:
        raise NoPlayerError("libopenmpt is not installed (Debian: libopenmpt0)") from error
    found.openmpt_module_create_from_memory2.restype = ctypes.c_void_p
    found.openmpt_module_read_float_mono.restype = ctypes.c_size_t
    return found


def play(path: Path, rate: int, seconds: float = 600.0, tempo: float = 1.0, pitch: float = 1.0) -> Played:
    """The first ``seconds`` of a module, once through and not looped, faster and higher by these factors."""
    lib, data = library(), path.read_bytes()
    quiet = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
    module = ctypes.c_void_p(lib.openmpt_module_create_from_memory2(data, ctypes.c_size_t(len(data)), quiet, None, None,
                                                                   None, None, None, None))
    if not module:
        raise NoPlayerError(f"{path}: not a module that libopenmpt plays")
    try:
        for name, factor in (("play.tempo_factor", tempo), ("play.pitch_factor", pitch)):
            lib.openmpt_module_ctl_set_floatingpoint(module, name.encode(), ctypes.c_double(factor))
        return _rows_played(lib, module, rate, round(seconds * rate))
    finally:
        lib.openmpt_module_destroy(module)


def _rows_played(lib: ctypes.CDLL, module: ctypes.c_void_p, rate: int, most: int) -> Played:
    sound = np.zeros(most + BLOCK, np.float32)
    starts: list[tuple[float, int, int]] = []
    done, at, place = 0, sound.ctypes.data, (-1, -1)
    read, order, row = (lib.openmpt_module_read_float_mono, lib.openmpt_module_get_current_order,
                        lib.openmpt_module_get_current_row)
    block, pace = ctypes.c_size_t(BLOCK), ctypes.c_int32(rate)
    while done < most:
        count = read(module, pace, block, ctypes.c_void_p(at + 4 * done))
        if not count:
            break
        now = (order(module), row(module))
        if now != place:
            starts.append((max(done - BLOCK / 2, 0) / rate if not starts else (done + BLOCK / 2) / rate, *now))
            place = now
        done += count
    told = np.array(starts) if starts else np.zeros((0, 3))
    return Played(sound[:done], rate, told[:, 0], told[:, 1].astype(int), told[:, 2].astype(int))
