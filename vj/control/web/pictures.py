"""From the show's views to who looks: fetched, made JPEGs on a thread of their own, handed out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from vj.control.views import PROGRAM
from vj.control.web.hall import Hall
from vj.control.web.nodes import PICTURES
from vj.control.web.thumbs import Thumbs

if TYPE_CHECKING:
    from vj.control.desk import Desk
    from vj.types import Pixels

log = logging.getLogger(__name__)

LOOK, SECOND, CROSSFADE = "/show/look", "/b/show/look", "/mix/crossfade"
ASLEEP = "none"
PAUSE = 1.0
"""Seconds without pictures after one that could not be encoded."""


class Pictures:
    """Steps on the server's loop; ``encode`` makes a JPEG, and is called on one other thread."""

    def __init__(self, desk: Desk, encode: Callable[[Pixels], bytes], hall: Hall, thumbs: Thumbs) -> None:
        self._views, self._mirror, self._now = desk.views, desk.mirror, desk.now
        self._encode, self._hall, self._thumbs = encode, hall, thumbs
        self._other = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self._under_way = False
        self._last = ""
        self._rest_until = 0.0

    def step(self) -> None:
        """Say what is wanted; send the newest picture that there is to the encoder."""
        self._views.wanted = self._wanted()
        for name in self._in_turn():
            if self._under_way or self._now() < self._rest_until:
                return
            newest = self._views.take(name)
            if newest is not None:
                self._under_way, self._last = True, name
                made = asyncio.get_running_loop().run_in_executor(self._other, self._encode, newest[1])
                made.add_done_callback(partial(self._made, name, *newest))

    def close(self) -> None:
        """End the encoder's thread."""
        self._views.wanted = frozenset()
        self._other.shutdown(wait=False, cancel_futures=True)

    def _in_turn(self) -> list[str]:
        """What is wanted; what was sent last comes last."""
        return sorted(self._views.wanted, key=lambda name: (name == self._last, name))

    def _look(self) -> str:
        """The look that the program shows by itself; nothing while two are mixed."""
        bases = self._mirror.bases
        fader, second = bases.get(CROSSFADE, 0.0), str(bases.get(SECOND, ASLEEP))
        if second == ASLEEP or fader == 0.0:
            return str(bases.get(LOOK, ""))
        return second if fader == 1.0 else ""

    def _wanted(self) -> frozenset[str]:
        wanted = {name for name in self._views.names if self._hall.heard(f"{PICTURES}/{name}")}
        return frozenset(wanted | ({PROGRAM} if self._thumbs.missing(self._look(), self._now()) else set()))

    def _made(self, name: str, look: str, pixels: Pixels, made: asyncio.Future[bytes]) -> None:
        self._under_way = False
        if made.cancelled():
            return
        if error := made.exception():  # one bad picture is no reason to show none
            log.warning("a preview was left out: %s", error)
            self._rest_until = self._now() + PAUSE
            return
        self._hall.show(name, made.result())
        if name == PROGRAM and look == self._look() and self._thumbs.missing(look, self._now()):
            self._thumbs.keep(look, pixels, made.result())
