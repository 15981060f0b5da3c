"""What a machine's answers mean for a show: each finding ok, warn or fail, with the cure in one sentence.

No driver is asked here; `vj.doctor` does that.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vj.probe import Answer
from vj.types import VjError

State = Literal["ok", "warn", "fail"]

OLDEST_PYTHON = (3, 11)
PACKAGES = {
    "torch": "torch", "numpy": "numpy", "pyaudio": "pyaudio", "aubio": "aubio-ledfx", "moderngl": "moderngl",
    "glfw": "glfw", "av": "av", "click": "click", "rich": "rich", "mido": "mido", "safetensors": "safetensors",
    "diffusers": "diffusers", "transformers": "transformers", "huggingface_hub": "huggingface_hub",
}
"""Module -> distribution of everything a show needs."""
GB_AN_HOUR = 4.0
"""What a recording at 1280x720, 30 fps takes of the disk, with room to spare."""
LOOPBACKS = ("monitor of", ".monitor", "loopback", "blackhole", "soundflower", "stereo mix", "vb-audio", "cable output")
"""Words in the names of inputs that hear what the machine itself plays."""
REINSTALL = "install vj again: its own files are missing"
SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software", "basic render")
"""Words in the names of renderers that are no GPU."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``cure`` is empty where nothing is wrong."""

    name: str
    state: State
    detail: str
    cure: str = ""


# --------------------------------------------------------------------------------------- the machine


def python(version: tuple[int, ...]) -> Check:
    """The interpreter."""
    text = f"{'.'.join(map(str, version))} on {platform.system()} {platform.machine()}"
    if version[:2] < OLDEST_PYTHON:
        return Check("python", "fail", text, "install Python 3.11 or newer and make the environment again")
    return Check("python", "ok", text)


def packages(version: Callable[[str], str | None]) -> list[Check]:
    """One line for all that is there, one for each package that is not."""
    found = {name: version(name) for name in PACKAGES}
    there = ", ".join(f"{name} {text}" for name, text in found.items() if text)
    missing = [Check(f"package {name}", "fail", "not installed", f"pip install {PACKAGES[name]}")
               for name, text in found.items() if text is None]
    return [Check("packages", "ok", there), *missing]


def generator_device(answer: Answer, nvidia: bool) -> Check:
    """What the generators compute on. ``nvidia``: the system has NVIDIA's tools, so it should be its GPU."""
    name = "generator device"
    if answer.error:
        return Check(name, "fail", answer.error, "install torch again: pip install --force-reinstall torch")
    gpus, torch = answer.value["gpus"], f"torch {answer.value['torch']}"
    if gpus:
        return Check(name, "ok", ", ".join([*(f"{gpu['device']} {gpu['name']}" for gpu in gpus), torch]))
    cpu = f"CPU, {os.cpu_count()} cores, {torch}"
    if nvidia:
        return Check(name, "warn", f"{cpu}: torch does not see the NVIDIA GPU",
                     "update the NVIDIA driver, or install torch's CUDA build in place of the CPU one")
    return Check(name, "ok", cpu)


def models(ready: Sequence[str], troubles: Mapping[str, str]) -> Check:
    """Models of few-step diffusion. A show needs none; one that was fetched and cannot be used is worth a word."""
    detail = f"ready: {', '.join(ready)}" if ready else "none fetched; `vj models fetch sd-turbo` brings one"
    if troubles:
        told = "; ".join(f"{name}: {trouble}" for name, trouble in troubles.items())
        return Check("models", "warn", f"{detail}; {told}", f"vj models fetch {next(iter(troubles))}")
    return Check("models", "ok", detail)


# ----------------------------------------------------------------------------------------- the picture


def opengl(answer: Answer) -> Check:
    """OpenGL without a window: `vj render` and `--headless`."""
    if answer.error:
        return Check("opengl", "fail", answer.error, _by_system(
            linux="apt-get install libegl1 libgl1-mesa-dri", darwin="update macOS: OpenGL comes with it",
            win32="install the graphics card maker's own driver"))
    return _renderer("opengl", answer.value)


def window(answer: Answer) -> Check:
    """A window with OpenGL on a display."""
    if answer.error:
        return Check("window", "warn", f"{answer.error}: shows run with --headless only", _by_system(
            linux="start vj from a desktop, or set DISPLAY or WAYLAND_DISPLAY",
            darwin="start vj from a logged-in desktop", win32="start vj from a logged-in desktop"))
    monitors = ", ".join(f"{m['name']} {m['size']} {m['hz']} Hz" for m in answer.value["monitors"])
    check = _renderer("window", answer.value)
    return Check(check.name, check.state, f"{check.detail} on {monitors or 'no monitor'}", check.cure)


def _renderer(name: str, told: Mapping[str, str]) -> Check:
    detail = f"{told['renderer']}, OpenGL {told['version']}"
    if any(word in told["renderer"].lower() for word in SOFTWARE):
        return Check(name, "warn", f"{detail}: drawn by the CPU",
                     "keep to 640x360 here, or install the driver of the machine's GPU")
    return Check(name, "ok", detail)


# ------------------------------------------------------------------------------------------- the sound


def sound(inputs: Answer, outputs: Answer) -> list[Check]:
    """Inputs, hearing oneself, outputs. A show of a track goes on without any of them."""
    linux = "plug in a sound card, or start PipeWire or PulseAudio and install libasound2-plugins"
    return [
        _ports("audio input", inputs, "vj live has nothing to hear", _by_system(
            linux=linux, darwin="allow the terminal to use the microphone in System Settings, Privacy and Security",
            win32="switch an input on in the sound settings, and allow desktop apps to use the microphone")),
        _loopback(inputs),
        _ports("audio output", outputs, "tracks are performed in real time without sound", _by_system(
            linux=linux, darwin="choose an output in System Settings, Sound",
            win32="switch an output on in the sound settings")),
    ]


def _ports(name: str, answer: Answer, without: str, cure: str) -> Check:
    if answer.error:
        return Check(name, "warn", f"{answer.error}: {without}",
                     "install the system's PortAudio, then: pip install --force-reinstall pyaudio")
    if not answer.value:
        return Check(name, "warn", f"none: {without}", cure)
    return Check(name, "ok", ", ".join(_names(answer)))


def _loopback(answer: Answer) -> Check:
    heard = [name for name in _names(answer) if any(word in name.lower() for word in LOOPBACKS)]
    if heard:
        return Check("loopback", "ok", f"{', '.join(heard)}: vj live NAME hears what this machine plays")
    return Check("loopback", "warn", "no input hears what this machine itself plays", _by_system(
        linux="install pulseaudio-utils and libasound2-plugins: each output's monitor is an input then, under "
              "PulseAudio and PipeWire alike, and vj live \"Monitor of NAME\" hears it",
        darwin="brew install blackhole-2ch, make a Multi-Output Device of BlackHole and the speakers in Audio MIDI "
               "Setup, choose it as the output, and vj live BlackHole hears it",
        win32="pip install PyAudioWPatch: each output is an input then, and vj live \"NAME [Loopback]\" hears it; "
              "or switch Stereo Mix on in the sound settings"))


def _names(answer: Answer) -> list[str]:
    """Each device as it is shown: its name, and its host API where it has one."""
    rows = [row if isinstance(row, dict) else {"name": row} for row in answer.value or []]
    return [f"{row.get('name')} ({row['host_api']})" if row.get("host_api") else str(row.get("name")) for row in rows]


def midi(answer: Answer) -> Check:
    """Controllers: a bonus, never a must."""
    if answer.error:
        return Check("midi", "warn", answer.error, _by_system(
            linux="load the sequencer (modprobe snd-seq) and install python-rtmidi",
            darwin="pip install python-rtmidi", win32="pip install python-rtmidi"))
    ports = [*answer.value["inputs"], *answer.value["outputs"]]
    return Check("midi", "ok", ", ".join(dict.fromkeys(ports)) or "no controller plugged in")


# --------------------------------------------------------------------------------------- the recording


def video(answer: Answer) -> Check:
    """H.264 for `--record` and `vj render`."""
    if answer.error:
        return Check("video encoder", "fail", answer.error, "install PyAV again: pip install --force-reinstall av")
    return Check("video encoder", "ok", str(answer.value))


def disk(folder: Path) -> Check:
    """Room where recordings go when they are given a plain name."""
    try:
        folder, free = folder.resolve(strict=True), shutil.disk_usage(folder).free / 1e9
    except OSError as error:
        return Check("disk", "fail", f"{folder}: {error.strerror}", "start vj in a folder that exists")
    detail = f"{free:.1f} GB free in {folder}, about {free / GB_AN_HOUR:.0f} hours of recording"
    if not os.access(folder, os.W_OK):
        return Check("disk", "warn", f"{folder} cannot be written", "record to another path, or start vj elsewhere")
    if free < GB_AN_HOUR:
        return Check("disk", "fail" if free < 0.2 else "warn", detail, "make room, or record to another disk")
    return Check("disk", "ok", detail)


# ---------------------------------------------------------------------------------------- our own files


def files(name: str, things: str, readers: Mapping[str, Callable[[], object]]) -> Check:
    """Read each of our files; a VjError's sentence already names file and line."""
    broken = [problem for read in readers.values() if (problem := _problem(read))]
    if broken:
        return Check(name, "fail", "; ".join(broken), "mend the file at the place named, or take it away")
    if not readers:
        return Check(name, "fail", f"there are no {things}", REINSTALL)
    return Check(name, "ok", f"{len(readers)} {things}: {', '.join(readers)}")


def _problem(read: Callable[[], object]) -> str:
    try:
        read()
    except VjError as error:
        return str(error)
    return ""


# ------------------------------------------------------------------------------------------- the cures


def _by_system(*, linux: str, darwin: str, win32: str) -> str:
    return {"darwin": darwin, "win32": win32}.get(sys.platform, linux)
