"""What vj remembers about models: whose licences were accepted, and which files were found whole.

One small JSON file in the performer's folder. A file counts as whole as long as its size and its time of change are
those of the day it was hashed; else it is hashed again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from vj.config import user_dir
from vj.types import VjError


class Ledger:
    """``path`` may not be there yet. What cannot be read counts as nothing known."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def open(cls) -> Ledger:
        """The performer's own."""
        return cls(user_dir() / "models.json")

    def accepted(self, piece: str, licence: str) -> bool:
        """Was this licence of this piece accepted?"""
        return self._read("accepted").get(piece) == licence

    def accept(self, piece: str, licence: str) -> None:
        """Remember that it was. Raises VjError where that cannot be written down."""
        if not self._write("accepted", {piece: licence}):
            raise VjError(f"{self._path} cannot be written, so the licence would be asked for again: check the rights "
                          "of its folder, or set VJ_HOME")

    def whole(self, file: Path, digest: str) -> bool:
        """Was this file, as it lies there now, found to hash to ``digest``?"""
        return self._read("whole").get(str(file.resolve())) == _stamp(file, digest)

    def digest(self, file: Path) -> str:
        """What this file hashed to when it was found whole; "" where that is not known."""
        known = self._read("whole").get(str(file.resolve()))
        return str(known[0]) if isinstance(known, list) and known else ""

    def seal(self, file: Path, digest: str) -> None:
        """Remember that it was; a folder that cannot be written costs only another hashing."""
        self._write("whole", {str(file.resolve()): _stamp(file, digest)})

    def _read(self, kind: str) -> Mapping[str, Any]:
        try:
            known = json.loads(self._path.read_text("utf-8"))[kind]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write(self, kind: str, news: Mapping[str, Any]) -> bool:
        """True if it was written; the file is replaced in one go."""
        whole = {name: dict(self._read(name)) for name in ("accepted", "whole")}
        whole[kind] |= news
        beside = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps(whole, indent=1), "utf-8")
            beside.replace(self._path)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            return False
        return True


def _stamp(file: Path, digest: str) -> list[Any]:
    about = file.stat()
    return [digest, about.st_size, about.st_mtime_ns]
