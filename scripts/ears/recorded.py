"""Plans for pieces that come as sound with a grid: studio rock of a rhythm game, and projects rendered by LMMS."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import store, warp
from .packaged import PROJECT_SONGS, ROCK_SONGS, ProjectSong, RockSong
from .plan import CannotMakeError, Made, Plan, Plans, a_rate, an_excerpt, levelled

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

VARIANTS = 3
SPEEDS = (0.95, 1.05)
HEAD = re.compile(rb'<head\b[^>]*\bbpm="([\d.]+)"')


def rock_plans(_folder: Path, seconds: float) -> Plans:
    """Excerpts of each song, all but the first of them at another speed, some without the guitar."""
    for variant in range(VARIANTS):
        for song in ROCK_SONGS:
            def make(dice: Generator, song: RockSong = song, variant: int = variant) -> Made:
                return _rock_piece(song, variant, seconds, dice)
            yield Plan("rock", store.safe_name(f"{song.folder.name} {variant}"), make)


def project_plans(_folder: Path, seconds: float) -> Plans:
    """Excerpts of each project; LMMS renders it once, into a cache beside the others."""
    for variant in range(VARIANTS):
        for song in PROJECT_SONGS:
            def make(dice: Generator, song: ProjectSong = song, variant: int = variant) -> Made:
                return _project_piece(song, variant, seconds, dice)
            yield Plan("project", store.safe_name(f"{song.path.stem} {variant}"), make)


def _rock_piece(song: RockSong, variant: int, seconds: float, dice: Generator) -> Made:
    if not song.folder.is_dir():
        raise CannotMakeError(f"{song.folder} is not there (package {song.package})")
    rate = a_rate(dice)
    sound, _ = store.read_sound(song.folder / "song.ogg", rate)
    if not variant or dice.random() < 0.7:
        guitar, _ = store.read_sound(song.folder / "guitar.ogg", rate)
        count = min(len(sound), len(guitar))
        sound = sound[:count] + guitar[:count]
    beats = np.arange(song.late, len(sound) / rate, 60 / song.bpm)
    return _excerpt(sound, rate, beats, beats[:0], variant, seconds, dice, f"{song.package} {song.folder.name}",
                    f"Debian {song.package}")


def _project_piece(song: ProjectSong, variant: int, seconds: float, dice: Generator) -> Made:
    sound, rate = store.read_sound(rendered(song.path), a_rate(dice))
    if not song.path.is_file():
        raise CannotMakeError(f"{song.path} is not there (package lmms-common)")
    step = 60 / tempo_of(song.path) * song.quarters
    beats = np.arange(song.first + song.late, len(sound) / rate - 0.5, step)
    beats = beats[(beats >= song.begin) & (beats < song.end)]
    downbeats = beats[::4] if song.bars else beats[:0]
    return _excerpt(sound, rate, beats, downbeats, variant, seconds, dice, f"lmms {song.path.stem}",
                    "Debian lmms-common")


def _excerpt(sound: NDArray[np.float32], rate: int, beats: NDArray[np.float64], downbeats: NDArray[np.float64],  # noqa: PLR0917
             variant: int, seconds: float, dice: Generator, song: str, source: str) -> Made:
    """A part of a recording within its beats, at another speed unless it is the first variant."""
    speed = float(dice.uniform(*SPEEDS)) if variant else 1.0
    start, length = an_excerpt(float(beats[-1] - beats[0]), seconds * speed, dice)
    start += float(beats[0])
    part = warp.resampled(sound[round(start * rate) : round((start + length) * rate)], 1 / speed)
    begin, seconds = round(start * rate) / rate, len(part) / rate
    inside = ([t for t in ((times - begin) / speed).tolist() if 0 <= t < seconds] for times in (beats, downbeats))
    return Made(levelled(part, dice), rate, *inside, song, source)


def tempo_of(project: Path) -> float:
    """Quarters a minute that an LMMS project names in its head. Raises ValueError when there are none."""
    data = project.read_bytes()
    found = HEAD.search(zlib.decompress(data[4:]) if project.suffix == ".mmpz" else data)
    if not found:
        raise ValueError(f"{project}: no bpm in its head")
    return float(found[1])


def rendered(project: Path) -> Path:
    """The project as LMMS plays it, rendered once and kept in the temporary folder. Raises CannotMakeError."""
    made = Path(tempfile.gettempdir()) / "lmms" / f"{project.stem}.wav"
    if made.is_file() and made.stat().st_size:
        return made
    if not shutil.which("lmms"):
        raise CannotMakeError("LMMS is not installed (Debian: lmms, lmms-common)")
    made.parent.mkdir(parents=True, exist_ok=True)
    draft = made.with_suffix(".part.wav")
    unseen = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    try:
        subprocess.run(["lmms", "--allowroot", "render", project, "-f", "wav", "-o", draft], check=True, timeout=900,
                       capture_output=True, stdin=subprocess.DEVNULL, env=unseen)
    except (subprocess.SubprocessError, OSError) as error:
        raise CannotMakeError(f"{project.name}: LMMS does not render it: {error}") from error
    draft.replace(made)
    return made
