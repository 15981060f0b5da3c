"""A show begins with the offset that was found in this room, unless the performer says otherwise."""

from __future__ import annotations

from dataclasses import replace

from vj.latency import OFFSET
from vj.options import Options
from vj.room import kept_offset


def as_calibrated(options: Options) -> Options:
    """``options`` with the kept offset as the first wish: one on the command line comes after it. Raises VjError.

    Without a window there is no room to be on time in.
    """
    kept = kept_offset() if options.room and not options.headless else None
    return options if kept is None else replace(options, sets=(f"{OFFSET}={kept:g}", *options.sets))
