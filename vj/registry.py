"""Plugins found by file name and imported when used. No decorators, no list, nothing happens at import."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from difflib import get_close_matches
from typing import Any

from vj.types import VjError


def names(package: str) -> list[str]:
    """The plugins of a package, by module name, without importing them. ``_private`` modules don't count."""
    module = importlib.import_module(package)
    return sorted(m.name for m in pkgutil.iter_modules(module.__path__) if not m.name.startswith("_"))


def load(package: str, name: str, attribute: str) -> Any:
    """``attribute`` of the plugin ``name``. Raises VjError naming the nearest plugin when there is none."""
    loaded = sys.modules.get(f"{package}.{name}")
    if loaded is not None and name.isidentifier() and not name.startswith("_"):
        return getattr(loaded, attribute)  # the folder is not read again: a look is recalled within a frame
    known = names(package)
    if name not in known:
        raise VjError(f"there is no {attribute.lower()} called {name!r}{suggest(name, known)}")
    return getattr(importlib.import_module(f"{package}.{name}"), attribute)


def suggest(word: str, known: list[str]) -> str:
    """``; did you mean 'x'?`` for an error message, or the whole choice where nothing is near."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(sorted(known))}" if known and len(known) <= 40 else ""
