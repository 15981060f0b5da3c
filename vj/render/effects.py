"""The shelf of ISF shaders: found by file name, parsed when asked for, read again when the file changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vj.config import data_dir, user_dir
from vj.params.spec import number, switch
from vj.registry import suggest
from vj.render import isf
from vj.render.isf import Effect
from vj.types import ParamSpec, VjError

POLL_EVERY = 0.5
"""Seconds between two looks at the files' times."""

ON = switch("on", True, help="whether the effect is in the picture; it fades in and out")
MIX = number("mix", 1.0, help="how much of the effect is seen over the picture before it")


class EffectLibrary:
    """Shaders under ``folders``, each holding ``effects/``, ``transitions/``, ``generators/``; the first folder wins.

    A file that stops parsing keeps its last good version; ``poll`` says so.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._shelf: dict[tuple[str, str], tuple[Effect, int]] = {}
        self._refused: dict[Path, int] = {}
        self._next_poll = 0.0

    @classmethod
    def open(cls) -> EffectLibrary:
        """The performer's own shaders first, then the ones that come with vj."""
        return cls([user_dir() / "shaders", data_dir("shaders")])

    def names(self, kind: str = "effects") -> list[str]:
        """Every shader of a kind (effects, transitions, generators), without parsing one."""
        return sorted({path.stem for folder in self._folders for path in (folder / kind).glob("*.fs")})

    def get(self, name: str, kind: str = "effects") -> Effect:
        """The parsed shader. Raises VjError for an unknown name (suggesting the nearest) or a file that does not parse.
        """
        if (kind, name) not in self._shelf:
            path = self._find(name, kind)
            self._shelf[kind, name] = (isf.load(path), path.stat().st_mtime_ns)
        return self._shelf[kind, name][0]

    def specs(self, name: str) -> tuple[ParamSpec, ...]:
        """What can be turned on an effect: its inputs, and ``on`` and ``mix`` unless it has its own."""
        effect = self.get(name)
        own = {spec.name for spec in effect.params}
        extra = (ON, MIX) if effect.role == "filter" else (ON,)
        return tuple(spec for spec in extra if spec.name not in own) + effect.params

    def poll(self, time: float) -> list[str]:
        """Read changed files again, at most every half second of ``time``; one message for each that changed."""
        if time < self._next_poll:
            return []
        self._next_poll = time + POLL_EVERY
        messages = (self._refresh(kind, name) for kind, name in list(self._shelf))
        return [message for message in messages if message]

    def _find(self, name: str, kind: str) -> Path:
        for folder in self._folders:
            path = folder / kind / f"{name}.fs"
            if "/" not in name and "\\" not in name and path.is_file():
                return path
        raise VjError(f"there is no {kind.removesuffix('s')} called {name!r}{suggest(name, self.names(kind))}")

    def _refresh(self, kind: str, name: str) -> str:
        effect, stamp = self._shelf[kind, name]
        try:
            now = effect.path.stat().st_mtime_ns
        except OSError:
            return ""  # being saved, or gone: the one in memory goes on
        if now in (stamp, self._refused.get(effect.path)):
            return ""
        try:
            self._shelf[kind, name] = (isf.load(effect.path), now)
        except VjError as error:
            self._refused[effect.path] = now
            return str(error)
        return f"{effect.path} read again"
