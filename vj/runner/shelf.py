"""The generators that are loaded in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vj import registry
from vj.clock import now
from vj.runner.check import sentence
from vj.runner.device import free_memory
from vj.runner.gifts import Talking
from vj.runner.lost import lost
from vj.runner.wire import Loading, Reply, Trouble
from vj.types import Generator

if TYPE_CHECKING:
    from collections.abc import Callable

KEEP = 3
"""Generators kept loaded: going back to the look before is instant."""
RETRY_S = 5.0
"""Before a generator that would not load is tried again."""


class Shelf:
    """The loaded generators, most recently used last."""

    def __init__(self, package: str, device: str, tell: Callable[[Reply], None]) -> None:
        self._package = package
        self._device = device
        self._tell = tell
        self._loaded: dict[str, Generator] = {}
        self._retry_at: dict[str, float] = {}

    def get(self, name: str) -> Generator | None:
        """The generator, loaded if need be; None while one that failed to load rests."""
        if name not in self._loaded:
            if now() < self._retry_at.get(name, 0.0):
                return None
            self._load(name)
        generator = self._loaded.pop(name, None)
        if generator is not None:
            self._loaded[name] = generator
        return generator

    def drop_others(self, name: str) -> None:
        """Keep only this one, to make room."""
        for other in [n for n in self._loaded if n != name]:
            self._loaded.pop(other).close()

    def _load(self, name: str) -> None:
        self._tell(Loading(name))
        try:
            generator: Generator = registry.load(self._package, name, "Generator")()
            if isinstance(generator, Talking):
                generator.live(lambda what: self._tell(Loading(what)), lambda sentence: self._tell(Trouble(sentence)))
            generator.load(self._device)
        except Exception as error:
            if lost(error):
                raise
            self._retry_at[name] = now() + RETRY_S
            free_memory()
            self._tell(Trouble(f"{name} did not load: {sentence(error)}", blank=True))
            return
        while len(self._loaded) >= KEEP:
            self._loaded.pop(next(iter(self._loaded))).close()
        self._loaded[name] = generator
