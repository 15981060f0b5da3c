"""Names for new files: what lies there already is never written over."""

from __future__ import annotations

import itertools
from pathlib import Path


def free_name(path: Path) -> Path:
    """``path``, or ``name-2``, ``name-3`` where that is taken."""
    if not path.exists():
        return path
    others = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in itertools.count(2))
    return next(other for other in others if not other.exists())
