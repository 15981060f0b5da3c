"""The page's own files: read once, at the start, and served from memory. No name from outside becomes a path."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "page"
PREFIX = "/-/"
"""Under it lies what is no OSC address."""
SCRIPTS = ("page", "desk", "stage", "decks", "prompts", "meters", "looks", "sheet", "widgets", "show", "osc")
FILES = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    **{f"{part}.js": "text/javascript; charset=utf-8" for part in SCRIPTS},
    "icon.svg": "image/svg+xml",
    "page.webmanifest": "application/manifest+json",
}
INDEX = PREFIX + "index.html"


@dataclass(frozen=True, slots=True)
class Static:
    """One file in memory. ``tag`` changes with its bytes."""

    body: bytes
    media_type: str
    tag: str

    @classmethod
    def of(cls, body: bytes, media_type: str) -> Static:
        return cls(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def read_statics(folder: Path = FOLDER) -> dict[str, Static]:
    """URL path -> file."""
    return {PREFIX + name: Static.of((folder / name).read_bytes(), kind) for name, kind in FILES.items()}
