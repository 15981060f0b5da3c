"""What `vj calibrate` found out about this room, kept in a file of the performer's: ``~/.vj/room.toml``."""

from __future__ import annotations

import math
import os
import tomllib
from pathlib import Path

from vj.config import user_dir
from vj.latency import LATENCY_PARAMS
from vj.types import VjError

NAME = "room.toml"
LARGEST = 64 * 1024
_TEXT = """# Kept by `vj calibrate`; `vj play` and `vj live` begin with it unless --no-room is given.
# The picture's beats later (+) or earlier (-), milliseconds.
offset_ms = {:.1f}
"""


def room_file() -> Path:
    """Where the room is kept when no other place is asked for."""
    return user_dir() / NAME


def kept_offset(path: Path | None = None) -> float | None:
    """The offset in milliseconds, or None where nothing is kept. Raises VjError when the file is not right."""
    file = path or room_file()
    try:
        with file.open("rb") as opened:
            text = opened.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VjError(f"{file} cannot be read: {error.strerror or error}") from error
    try:
        return _checked(tomllib.loads(text.decode("utf-8")).get("offset_ms"))
    except ValueError as error:  # TOML and UTF-8 complain alike
        raise VjError(f"{file}: {error}; mend it, delete it, or go without it: --no-room") from error


def keep_offset(ms: float, path: Path | None = None) -> Path:
    """Keep the offset, whole or not at all; the file's name. Raises VjError where it cannot be written."""
    file = path or room_file()
    new = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(_TEXT.format(_checked(ms)), encoding="utf-8")
        os.replace(new, file)
    except OSError as error:
        raise VjError(f"{file} cannot be written: {error.strerror or error}") from error
    return file


def _checked(ms: object) -> float:
    spec = LATENCY_PARAMS[0]
    if isinstance(ms, bool) or not isinstance(ms, int | float) or not math.isfinite(ms):
        raise ValueError(f"offset_ms must be a number of milliseconds, not {ms!r}")
    if not spec.lo <= ms <= spec.hi:
        raise ValueError(f"offset_ms must lie between {spec.lo:g} and {spec.hi:g}, not {ms:g}")
    return float(ms)
