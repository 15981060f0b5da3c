"""What each look looks like, small: pictures that came with vj, and those taken while a look was on stage."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vj.types import Pixels

log = logging.getLogger(__name__)

SETTLED = 6.0
"""Seconds on stage after which a look is itself."""
DARK = 14.0
"""Mean of 0..255 below which a picture shows nothing."""
LARGEST = 256 * 1024
MOST = 512
_NAME = re.compile(r"[a-z0-9_]{1,40}")


class Thumbs:
    """JPEGs by the look's name, in memory. New ones are kept in ``folder``; they count more than the ``others``."""

    def __init__(self, folder: Path | None, others: Sequence[Path] = ()) -> None:
        self.pictures: dict[str, bytes] = {}
        self._folder = folder
        self._look, self._since = "", 0.0
        for place in (*others, *([folder] if folder else [])):
            self.pictures |= dict(_read(place))

    def missing(self, look: str, now: float) -> bool:
        """Should a picture of ``look`` be taken now? Asked again and again while it is on stage."""
        if look != self._look:
            self._look, self._since = look, now
        known = look in self.pictures or len(self.pictures) >= MOST or not _NAME.fullmatch(look)
        return not known and now - self._since >= SETTLED

    def keep(self, look: str, pixels: Pixels, jpeg: bytes) -> None:
        """Remember a picture of ``look``, unless there is nothing to be seen on it."""
        if float(pixels[::4, ::4, :3].mean()) < DARK or not _NAME.fullmatch(look):
            return
        self.pictures[look] = jpeg
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = self._folder / f".{look}.new"
            fresh.write_bytes(jpeg)
            fresh.replace(self._folder / f"{look}.jpg")
        except OSError as error:
            log.warning("the picture of look %s is not kept: %s", look, error)


def _read(folder: Path) -> Iterable[tuple[str, bytes]]:
    with contextlib.suppress(OSError):
        for path in sorted(folder.glob("*.jpg"))[:MOST]:
            if _NAME.fullmatch(path.stem) and path.stat().st_size <= LARGEST:
                yield path.stem, path.read_bytes()
