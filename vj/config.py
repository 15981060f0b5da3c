"""Where vj finds its own files, and where a user's files lie."""

from __future__ import annotations

import os
from pathlib import Path

from vj.types import VjError

_PACKAGE = Path(__file__).resolve().parent


def data_dir(kind: str) -> Path:
    """The folder ``shaders`` or ``presets`` that belongs to this vj: beside a checkout, inside an installed wheel."""
    for folder in (_PACKAGE / "_data" / kind, _PACKAGE.parent / kind):
        if folder.is_dir():
            return folder
    raise VjError(f"vj's own folder {kind!r} is missing: install vj again")


def user_dir() -> Path:
    """The performer's own folder (looks, takes): ``$VJ_HOME``, else ``~/.vj``."""
    return Path(os.environ.get("VJ_HOME", "~/.vj")).expanduser()


def recordings_dir() -> Path:
    """Where recordings go that nobody named: ``$VJ_RECORDINGS``, else ``vj`` in the user's folder for films, else
    ``~/vj recordings``. It may not be there yet.
    """
    films = next((folder for name in ("Videos", "Movies") if (folder := Path.home() / name).is_dir()), None)
    return Path(os.environ.get("VJ_RECORDINGS", films / "vj" if films else Path.home() / "vj recordings")).expanduser()


def looks_dirs() -> list[Path]:
    """Where looks are found: the performer's own first."""
    return [user_dir() / "looks", data_dir("presets") / "looks"]


def bundled_track() -> Path:
    """The track that comes with vj."""
    return data_dir("presets") / "tracks" / "first_light.ogg"
