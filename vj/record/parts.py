"""The folder in which a long render grows, ``out.mp4.parts``: segments, checkpoints, and what it was asked for."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.record.movie import file_trouble
from vj.types import VjError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    State = Mapping[str, NDArray[Any]]

SETTINGS = "render.json"


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Go on with ``frame``, from ``state`` (None: there is none to restore, as at frame 0)."""

    frame: int = 0
    state: State | None = None


class Parts:
    """Knows the folder's names, and which of its segments are whole. ``length``: frames of a whole segment."""

    def __init__(self, target: Path, length: int) -> None:
        self.target = target
        self.length = length
        self.folder = target.with_name(target.name + ".parts")

    def segment(self, number: int) -> Path:
        """A whole segment."""
        return self.folder / f"{number:06d}.mp4"

    def tail(self, number: int) -> Path:
        """A segment that is being written, or that was cut short."""
        return self.folder / f"{number:06d}.part.mp4"

    def checkpoint(self, number: int) -> Path:
        """The state before a segment's first frame."""
        return self.folder / f"{number:06d}.npz"

    def whole(self) -> int:
        """How many segments are whole, from the first on without a gap."""
        number = 0
        while self.segment(number).is_file():
            number += 1
        return number

    def begin(self, settings: Mapping[str, Any], resume: bool) -> ResumePoint:
        """Make the folder, or take up the one that is there.

        Raises VjError where an unfinished render lies and ``resume`` was not asked for, or was begun otherwise.
        """
        if self.folder.is_dir() and (self.whole() or resume):
            if not resume:
                raise VjError(f"an unfinished render of {self.target} lies in {self.folder}: "
                              f"go on with --resume, or delete that folder to begin anew")
            self._compare(settings)
        try:
            self.folder.mkdir(parents=False, exist_ok=True)
            _replace(self.folder / SETTINGS, json.dumps(settings, indent=1, sort_keys=True).encode())
        except OSError as error:
            raise VjError(f"cannot render to {file_trouble(self.target, error)}") from error
        point = self._resume_point() if resume else ResumePoint()
        self._forget(point.frame // self.length)
        return point

    def _forget(self, number: int) -> None:
        """Delete the segments from ``number`` on: they are rendered again."""
        for path in self.folder.glob("*.mp4"):
            if path.name[:6].isdigit() and int(path.name[:6]) >= number:
                path.unlink(missing_ok=True)

    def save(self, number: int, state: State) -> None:
        """Keep the state before segment ``number``: all of it or nothing, whenever the power goes."""
        path = self.checkpoint(number)
        half = path.with_suffix(".half")
        try:
            with half.open("wb") as file:
                np.savez(file, allow_pickle=False, **state)
            half.replace(path)
        except OSError as error:
            raise VjError(f"{file_trouble(path, error)}; what is done stays in {self.folder}") from error

    def remove(self) -> None:
        """The render is finished: nothing of this is needed any more."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _resume_point(self) -> ResumePoint:
        for number in range(self.whole(), 0, -1):
            state = self._load(number)
            if state is not None:
                return ResumePoint(number * self.length, state)
        return ResumePoint()

    def _load(self, number: int) -> State | None:
        """The checkpoint, or None where there is none that can be read."""
        try:
            with np.load(self.checkpoint(number), allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None

    def _compare(self, settings: Mapping[str, Any]) -> None:
        """Refuse to mix two renders in one file."""
        begun: Any = None
        with contextlib.suppress(OSError, ValueError):
            begun = json.loads((self.folder / SETTINGS).read_text(encoding="utf-8"))
        if not isinstance(begun, dict):
            raise VjError(f"{self.folder / SETTINGS} cannot be read: delete the folder to render anew")
        asked = json.loads(json.dumps(settings))
        other = [name for name in sorted({*begun, *asked}) if begun.get(name) != asked.get(name)]
        if other:
            told = ", ".join(f"{name} was {begun.get(name)!r}, now {asked.get(name)!r}"[:200] for name in other[:3])
            raise VjError(f"{self.target} cannot be resumed, it was begun differently: {told}")


def _replace(path: Path, content: bytes) -> None:
    half = path.with_suffix(".half")
    half.write_bytes(content)
    os.replace(half, path)
