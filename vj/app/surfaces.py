"""The control surfaces of a live show, opened as asked for; one that cannot be opened is told and left out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from vj.clock import now
from vj.control.desk import Desk, Surface
from vj.control.mirror import Mirror
from vj.engine import Engine
from vj.options import Options
from vj.types import VjError

Opener = Callable[[Desk, Options], Surface | None]
"""Opens one surface; None where it was not asked for. Raises VjError where it cannot be opened."""


def open_desk(engine: Engine) -> Desk:
    """The desk of a show, kept up to date by its engine from now on."""
    parts = engine.parts
    mirror = Mirror(parts.tree)
    parts.seen.append(mirror.publish)
    return Desk(mirror, parts.inbox.put, now)


def open_surfaces(desk: Desk, options: Options, stack: ExitStack, openers: tuple[Opener, ...]) -> list[Surface]:
    """All that can be opened; closed with ``stack``. A port that is taken never stops a show."""
    opened = []
    for opener in openers:
        try:
            surface = opener(desk, options)
        except VjError as error:
            desk.say(str(error))
            continue
        if surface is not None:
            stack.callback(surface.close)
            opened.append(surface)
    return opened
