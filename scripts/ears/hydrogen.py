"""Plans for drum machine pieces: Hydrogen's demo songs, their patterns struck on the samples of any of its kits."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import store
from .plan import CannotMakeError, Made, Plan, Plans, a_rate, an_excerpt, levelled

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

DATA = Path("/usr/share/hydrogen/data")
SONGS = ("GM_kit_Diddley", "GM_kit_Jazzy", "GM_kit_demo1", "GM_kit_demo2", "GM_kit_demo3", "TR808kit-demo",
         "tutorial_georgyporgy")
KITS = ("GMRockKit", "TR808EmulationKit", "Millo-Drums_v.1", "Millo_MultiLayered2", "Millo_MultiLayered3", "VariBreaks",
        "ColomboAcousticDrumkit", "ForzeeStereo", "The Black Pearl 1.0", "HardElectro1", "ElectricEmpireKit")
VARIANTS = 4
TICKS = 48
"""Ticks of a quarter."""
ROLES = (("kick", r"kick|bass ?drum|\bbd"), ("stick", r"stick|rim|click|clave"), ("snare", r"snare|\bsn|\bsd"),
         ("clap", r"clap"), ("open", r"(hat|hh).*op|open|ohh"), ("closed", r"hat|hh|shaker"),
         ("tom", r"tom|conga|drum"), ("ride", r"ride|bell|cup"), ("crash", r"crash|splash|cymbal|china"),
         ("cow", r"cowbell|agogo"))
Layers = list[tuple[float, float, Path]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A stroke at ``quarter`` quarters from the start, ``strength`` 0..1."""

    quarter: float
    role: str
    strength: float


def plans(_folder: Path, seconds: float) -> Plans:
    """Each song on its own kit, then on others and at other tempi."""
    for variant in range(VARIANTS):
        for name in SONGS:
            def make(dice: Generator, name: str = name, variant: int = variant) -> Made:
                return _piece(DATA / "demo_songs" / f"{name}.h2song", variant, seconds, dice)
            yield Plan("hydrogen", store.safe_name(f"{name} {variant}"), make)


def _piece(path: Path, variant: int, seconds: float, dice: Generator) -> Made:
    if not path.is_file():
        raise CannotMakeError(f"{path} is not there (package hydrogen-data)")
    bpm, hits, quarters = song_of(path)
    own = KITS[1] if path.stem.startswith("TR808") else KITS[0]
    kit = str(dice.choice(KITS)) if variant else own
    if not (DATA / "drumkits" / kit).is_dir():
        raise CannotMakeError(f"the kit {kit} is not there (packages hydrogen-data, hydrogen-drumkits)")
    bpm *= float(dice.uniform(0.85, 1.2)) if variant else 1.0
    rate, swing = a_rate(dice), float(dice.uniform(0, 0.3)) if variant and dice.random() < 0.4 else 0.0
    sound = strike([Hit(swung(hit.quarter, swing), hit.role, hit.strength) for hit in hits], kit, bpm, quarters, rate)
    start, length = an_excerpt(quarters * 60 / bpm, seconds, dice)
    begin = round(start * rate)
    inside = [(n, t) for n, t in enumerate((np.arange(quarters) * 60 / bpm - begin / rate).tolist()) if 0 <= t < length]
    return Made(levelled(sound[begin : begin + int(length * rate)], dice), rate, [t for _, t in inside],
                [t for n, t in inside if n % 4 == 0], f"hydrogen {path.stem}", f"Debian hydrogen-data, {kit}")


def song_of(path: Path) -> tuple[float, list[Hit], int]:
    """(quarters a minute, hits, length in quarters) of a Hydrogen song."""
    root = _parsed(path)
    roles = {entry.findtext("id"): role_of(entry.findtext("name") or "") for entry in root.iter("instrument")
             if entry.findtext("id")}
    patterns = {entry.findtext("name"): entry for entry in root.iter("pattern") if entry.findtext("size")}
    hits, tick = [], 0
    for group in root.find("patternSequence") or ():
        played = [patterns[one.text] for one in group if one.text in patterns]
        for note in (note for pattern in played for note in pattern.iter("note")):
            role = roles.get(note.findtext("instrument"))
            if role:
                quarter = (tick + int(note.findtext("position") or 0)) / TICKS
                hits.append(Hit(quarter, role, float(note.findtext("velocity") or 0.8)))
        tick += max((int(pattern.findtext("size") or 192) for pattern in played), default=192)
    return float(root.findtext("bpm") or 120), hits, tick // TICKS


def role_of(name: str) -> str | None:
    """Which part of a kit an instrument's name means."""
    return next((role for role, pattern in ROLES if re.search(pattern, name.lower())), None)


def swung(quarter: float, amount: float) -> float:
    """Every second sixteenth late by ``amount`` of a sixteenth."""
    return quarter + amount / 4 if round(quarter * 4) % 2 else quarter


@lru_cache(maxsize=4)
def kit_of(name: str) -> dict[str, Layers]:
    """Each role's layers (from, to, sample) by velocity: those of the kit's first instrument in that role."""
    folder = DATA / "drumkits" / name
    kit: dict[str, Layers] = {}
    for entry in _parsed(folder / "drumkit.xml").iter("instrument"):
        role = role_of(entry.findtext("name") or "")
        layers = [(float(layer.findtext("min") or 0), float(layer.findtext("max") or 1), folder / str(file))
                  for layer in entry.iter("layer") if (file := layer.findtext("filename"))]
        if role and layers and role not in kit:
            kit[role] = layers
    return kit


@lru_cache(maxsize=256)
def _sample(path: Path, rate: int) -> NDArray[np.float32]:
    """A stroke without the silence before it."""
    sound, _ = store.read_sound(path, rate)
    loud = np.flatnonzero(np.abs(sound) > 0.05 * max(float(np.abs(sound).max(initial=0)), 1e-9))
    return sound[max(int(loud[0]) - rate // 1000, 0) if len(loud) else 0 :]


def strike(hits: list[Hit], kit: str, bpm: float, quarters: int, rate: int) -> NDArray[np.float32]:
    """The hits on a kit, (n,); roles that the kit lacks are silent."""
    sound, layers = np.zeros(int((quarters * 60 / bpm + 3) * rate), np.float32), kit_of(kit)
    for hit in hits:
        if hit.role not in layers:
            continue
        _, _, path = min(layers[hit.role], key=lambda layer: max(layer[0] - hit.strength, hit.strength - layer[1], 0))
        stroke, start = _sample(path, rate), round(hit.quarter * 60 / bpm * rate)
        part = stroke[: len(sound) - start]
        sound[start : start + len(part)] += part * hit.strength
    return sound


def _parsed(path: Path) -> ET.Element:
    text = path.read_text("utf-8", errors="replace")
    return ET.fromstring(re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text))
