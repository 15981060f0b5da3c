"""What somebody wants to read by OSC, how often, and what was told already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vj.control.mirror import Mirror
from vj.control.osc.encode import encode
from vj.control.osc.values import RefusedError

OFTEN = 60.0
"""Turns a second in which something is told, at most."""
USUAL = 30.0
"""Readings a second, where nothing else is asked for."""


def plain(path: str) -> str:
    """The path that is meant by ``/beat``, ``/beat/`` and ``/beat/*``."""
    return path.removesuffix("/*").rstrip("/")


def asked(values: Sequence[object]) -> tuple[str, float]:
    """Path and rate of a ``/listen path [rate]``. Raises RefusedError."""
    match values:
        case [str(path)]:
            return plain(path), USUAL
        case [str(path), int() | float() as rate] if rate > 0:
            return plain(path), min(float(rate), OFTEN)
    raise RefusedError("/listen takes a path and how often a second")


@dataclass(slots=True)
class Listening:
    """Readings that somebody wants ``rate`` times a second; what was told last is not told again."""

    paths: tuple[str, ...]
    rate: float
    due: float
    told: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, mirror: Mirror, path: str, rate: float, now: float) -> Listening:
        """What can be read at ``path`` or below it, from now on. Raises RefusedError where there is nothing."""
        paths = tuple(known for known in mirror.readable if known == path or known.startswith(f"{path}/"))
        if not paths:
            raise RefusedError(f"there is nothing to read at {path[:80]}")
        return cls(paths, rate, now)

    @property
    def load(self) -> float:
        """Readings a second, at most."""
        return len(self.paths) * self.rate

    def news(self, mirror: Mirror, now: float) -> Iterator[bytes]:
        """The messages that are due at ``now``."""
        if now < self.due - 0.5 / OFTEN:
            return
        self.due = max(self.due + 1.0 / self.rate, now)
        for path in self.paths:
            spec, value = mirror.readable.get(path), mirror.reading(path)
            if spec is None or value is None:
                continue
            message = encode(path, value, spec, plain=True)
            if self.told.get(path) != message:
                self.told[path] = message
                yield message
