"""From the show's views to who looks: fetched, made JPEGs on a thread of their own, handed out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from vj.control.views import PROGRAM
from vj.control.web.hall import Hall
from vj.control.web.nodes import PICTURES
from vj.control.web.thumbs import Thumbs

if TYPE_CHECKING:
    from vj.control.desk import Desk
    from vj.types import Pixels

log = logging.getLogger(__name__)

LOOKING, RESTING = 1.0 / 30, 0.25
"""Seconds between two fetches, while somebody looks and while nobody does."""
LOOK = "/show/look"


class Pictures:
    """Runs on the server's loop. ``encode`` makes a JPEG; it is called on one other thread."""

    def __init__(self, desk: Desk, encode: Callable[[Pixels], bytes], hall: Hall, thumbs: Thumbs) -> None:
        self._views, self._mirror, self._now = desk.views, desk.mirror, desk.now
        self._encode, self._hall, self._thumbs = encode, hall, thumbs

    async def follow(self) -> None:
        """Fetch and show for ever."""
        with ThreadPoolExecutor(1, thread_name_prefix="preview") as other:
            while True:
                wanted = self._wanted()
                self._views.wanted = wanted
                for name in wanted:
                    try:
                        await self._show(name, other)
                    except Exception as error:  # one bad picture is no reason to show none
                        log.warning("a preview was left out: %s", error)
                        await asyncio.sleep(1.0)
                await asyncio.sleep(LOOKING if wanted else RESTING)

    def _look(self) -> str:
        return str(self._mirror.bases.get(LOOK, ""))

    def _wanted(self) -> frozenset[str]:
        wanted = {name for name in self._views.names if self._hall.heard(f"{PICTURES}/{name}")}
        return frozenset(wanted | ({PROGRAM} if self._thumbs.missing(self._look(), self._now()) else set()))

    async def _show(self, name: str, other: ThreadPoolExecutor) -> None:
        newest = self._views.take(name)
        if newest is None:
            return
        look, pixels = newest
        jpeg = await asyncio.get_running_loop().run_in_executor(other, self._encode, pixels)
        self._hall.show(name, jpeg)
        if name == PROGRAM and look == self._look() and self._thumbs.missing(look, self._now()):
            self._thumbs.keep(look, pixels, jpeg)
