"""Shared sound for tests: made-up music, and a private PulseAudio to play and capture it for real."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

RATE = 44100


def drum(rate: int = RATE, amplitude: float = 0.9, seconds: float = 0.25) -> np.ndarray:
    """A kick: a sine that falls from 155 to 45 Hz under an exponential."""
    t = np.arange(int(seconds * rate)) / rate
    frequency = 45 + 110 * np.exp(-t / 0.03)
    return amplitude * np.sin(2 * np.pi * np.cumsum(frequency) / rate) * np.exp(-t / 0.09)


def noise_hit(rng: np.random.Generator, rate: int, amplitude: float, tau: float) -> np.ndarray:
    """A burst of high noise: a hat or a clap."""
    t = np.arange(int(6 * tau * rate)) / rate
    return amplitude * np.diff(rng.standard_normal(t.size), prepend=0.0) * np.exp(-t / tau)


def add(track: np.ndarray, sound: np.ndarray, at: float, rate: int = RATE) -> None:
    """Mix ``sound`` into ``track`` at ``at`` seconds."""
    start = round(at * rate)
    end = min(start + len(sound), len(track))
    if start < end:
        track[start:end] += sound[:end - start]


def house(bpm: float, seconds: float, *, rate: int = RATE, start: float = 0.13, hats: bool = True,
          seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Four on the floor with off-beat hats and bass, and claps on two and four: (N,) float32, beat times."""
    rng = np.random.default_rng(seed)
    track = np.zeros(round(seconds * rate))
    beats = np.arange(start, seconds, 60.0 / bpm)
    t = np.arange(int(24.0 / bpm * rate)) / rate
    bass = 0.25 * np.sin(2 * np.pi * 55.0 * t) * np.minimum(t / 0.01, 1.0) * np.exp(-t / 0.2)
    for index, beat in enumerate(beats):
        add(track, drum(rate), beat, rate)
        add(track, bass, beat + 30.0 / bpm, rate)
        if hats:
            add(track, noise_hit(rng, rate, 0.25, 0.015), beat + 30.0 / bpm, rate)
        if hats and index % 2:
            add(track, noise_hit(rng, rate, 0.15, 0.03), beat, rate)
    return (0.7 * track).astype(np.float32), beats


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """(N,) or (N, C) within +-1 as 16-bit WAV."""
    block = samples if samples.ndim == 2 else samples[:, None]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(block.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((block.clip(-1, 1) * 32767).round().astype("<i2").tobytes())
    return path


class Pulse:
    """A private PulseAudio with one null sink called ``vj``; its monitor is what a capture hears."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = f"unix:{folder}/native"
        self.environment = {**os.environ, "PULSE_SERVER": self.server, "PULSE_SOURCE": "vj.monitor",
                            "PULSE_SINK": "vj", "PULSE_RUNTIME_PATH": str(folder), "HOME": str(folder)}
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the server, and a reader that keeps the idle sink from sleeping."""
        self.spawn("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
                   "-L", f"module-native-protocol-unix socket={self.folder}/native auth-anonymous=1",
                   "-L", f"module-null-sink sink_name=vj rate={RATE} channels=2 format=float32le")
        self.wait()
        self.spawn("parec", "--latency-msec=10", "-d", "vj.monitor")

    def wait(self, seconds: float = 10.0) -> None:
        """Until the server answers."""
        deadline = time.monotonic() + seconds
        while subprocess.run(["pactl", "info"], env=self.environment, capture_output=True, check=False).returncode:
            if time.monotonic() > deadline:
                raise RuntimeError("the private PulseAudio does not answer")
            time.sleep(0.05)

    def spawn(self, *command: str) -> subprocess.Popen[bytes]:
        """A child of this server, ended with it."""
        child = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._children.append(child)
        return child

    def play(self, path: Path) -> subprocess.Popen[bytes]:
        """Play a file into the sink."""
        return self.spawn("paplay", "--latency-msec=30", "-d", "vj", str(path))

    def stop(self) -> None:
        """End every child, newest first."""
        for child in reversed(self._children):
            child.terminate()
        for child in reversed(self._children):
            try:
                child.wait(5.0)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@contextmanager
def private_pulse(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pulse]:
    """A running private PulseAudio that this process's PortAudio uses too. Skips where it is not installed."""
    if not all(map(shutil.which, ("pulseaudio", "paplay", "parec", "pactl"))):
        pytest.skip("PulseAudio is not installed")
    pulse = Pulse(folder)
    for key in ("PULSE_SERVER", "PULSE_SOURCE", "PULSE_SINK"):
        monkeypatch.setenv(key, pulse.environment[key])
    try:
        pulse.start()
        yield pulse
    finally:
        pulse.stop()
