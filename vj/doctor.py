"""Is this machine ready for a show? Asks it; what the answers mean stands in `vj.findings`.

Whatever touches a driver is asked in a process of its own (`vj.probe`), so a broken one is a finding, not a crash.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from vj import findings
from vj.config import looks_dirs
from vj.findings import PACKAGES, Check
from vj.params.looks import read_look
from vj.probe import Answer, ask
from vj.types import VjError

AUDIO_TARGETS = ("vj.audio.device:list_inputs", "vj.audio.device:list_outputs")
MIDI_TARGET = "vj.control.midi_ports:midi_ports"
GPU_TARGET = "vj.runner.gpus:gpus"
HEADLESS_TARGET = "vj.render.survey:headless"
WINDOW_TARGET = "vj.render.survey:window"
ENCODER_TARGET = "vj.doctor:encoder"
TARGETS = (*AUDIO_TARGETS, MIDI_TARGET, GPU_TARGET, HEADLESS_TARGET, WINDOW_TARGET, ENCODER_TARGET)

Ask = Callable[[str], Answer]


def checks(ask: Ask = ask) -> list[Check]:
    """Every item, in the order a show needs them. Takes a few seconds; raises nothing."""
    answers = _ask_all(TARGETS, ask)
    inputs, outputs = (answers[target] for target in AUDIO_TARGETS)
    return [
        findings.python(sys.version_info[:3]),
        *findings.packages(_version),
        findings.generator_device(answers[GPU_TARGET], shutil.which("nvidia-smi") is not None),
        models(),
        findings.opengl(answers[HEADLESS_TARGET]),
        findings.window(answers[WINDOW_TARGET]),
        *findings.sound(inputs, outputs),
        findings.midi(answers[MIDI_TARGET]),
        findings.video(answers[ENCODER_TARGET]),
        findings.disk(Path()),
        shaders(),
        looks(looks_dirs()),
    ]


def devices(ask: Ask = ask) -> dict[str, list[dict[str, Any]]]:
    """Audio inputs and outputs, MIDI ports, displays and GPUs, each as rows; a kind that cannot be asked is empty."""
    answers = _ask_all((*AUDIO_TARGETS, MIDI_TARGET, GPU_TARGET, WINDOW_TARGET), ask)
    inputs, outputs = (_cards(answers[target].value) for target in AUDIO_TARGETS)
    ports = answers[MIDI_TARGET].value or {}
    return {
        "audio inputs": inputs,
        "audio outputs": outputs,
        "MIDI ports": [{"name": name, "direction": way} for way, names in ports.items() for name in names],
        "displays": _rows((answers[WINDOW_TARGET].value or {}).get("monitors")),
        "GPUs": _rows((answers[GPU_TARGET].value or {}).get("gpus")),
    }


def _cards(found: Sequence[Any] | None) -> list[dict[str, Any]]:
    """Sound devices without what only programs need: devices are known by name."""
    return [{key: value for key, value in row.items() if key not in ("index", "loopback", "source")}
            for row in _rows(found)]


def _rows(found: Sequence[Any] | None) -> list[dict[str, Any]]:
    return [row if isinstance(row, dict) else {"name": str(row)} for row in found or ()]


def _ask_all(targets: Sequence[str], ask: Ask) -> dict[str, Answer]:
    """All at once, as many as there are cores: each is a process that mostly imports."""
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        return dict(zip(targets, pool.map(ask, targets), strict=True))


def _version(module: str) -> str | None:
    """The installed version, without importing anything; None where the module is not there."""
    if importlib.util.find_spec(module) is None:
        return None
    try:
        return importlib.metadata.version(PACKAGES[module])
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"


def encoder() -> str:
    """The video encoder that really encodes here. Raises VjError where none does."""
    from vj.record.encoder import choose_encoder

    return choose_encoder((1280, 720), 30).describe()


def models() -> Check:
    """Which models are here and whole, by their headers; nothing is hashed and no network is asked."""
    from vj.models.diffusion.profile import PROFILES
    from vj.models.diffusion.store import Store

    store = Store.open()
    held = {name: [store.held(piece) for piece in profile.pieces] for name, profile in PROFILES.items()}
    ready = [name for name, pieces in held.items() if not any(piece.trouble for piece in pieces)]
    begun = {name: next((piece.trouble for piece in pieces if piece.trouble), "") for name, pieces in held.items()
             if pieces[0].folder is not None}
    return findings.models(ready, {name: trouble for name, trouble in begun.items() if trouble})


def shaders() -> Check:
    """Every effect parses. Whether a driver compiles it is found when it is put on stage."""
    from vj.render.effects import EffectLibrary

    try:
        library = EffectLibrary.open()
        names = library.names()
    except VjError as error:
        return Check("shaders", "fail", str(error), findings.REINSTALL)
    return findings.files("shaders", "effects", {name: partial(library.get, name) for name in names})


def looks(folders: Iterable[Path]) -> Check:
    """Every look can be read; the performer's own included."""
    paths = {path.stem: path for folder in reversed(list(folders)) for path in sorted(folder.glob("*.toml"))}
    return findings.files("looks", "looks", {name: partial(read_look, path) for name, path in sorted(paths.items())})
