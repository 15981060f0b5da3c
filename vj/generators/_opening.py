"""A model opened in a thread of its own, while what is there goes on drawing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from vj.clock import now
from vj.models.diffusion.pulse import heard
from vj.types import VjError

if TYPE_CHECKING:
    from vj.models.diffusion.engine import Engine

TELL_S = 0.5
"""Between two signs of life that are told."""


class StoppedError(VjError):
    """Nobody wants the model any more."""


class HungError(VjError):
    """It comes no further."""


class Aside:
    """``work`` in a thread. ``alive`` is told that it has come further, from that thread, not too often."""

    def __init__(self, work: Callable[[], Engine], alive: Callable[[], None]) -> None:
        self._work, self._alive = work, alive
        self._beat_at = self._told_at = now()
        self._stopped = False
        self._engine: Engine | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def done(self) -> bool:
        """It is open, or could not be opened."""
        return self._engine is not None or self._error is not None

    @property
    def silence(self) -> float:
        """Seconds since it last came further."""
        return now() - self._beat_at

    def result(self) -> Engine:
        """The engine, once. Raises what opening it raised."""
        engine, self._engine = self._engine, None
        if engine is None:
            raise self._error or VjError("the model is not open yet")
        return engine

    def stop(self) -> None:
        """End it at its next step; what it has opened is closed."""
        self._stopped = True
        if self._engine is not None:
            self.result().close()

    def close(self, most: float = 5.0) -> None:
        """``stop``, and wait for its end for at most so many seconds."""
        self.stop()
        self._thread.join(most)
        self.stop()

    def _run(self) -> None:
        try:
            with heard(self._beat):
                engine = self._work()
            self._engine = engine
            if self._stopped:
                self.stop()
        except BaseException as error:
            self._error = error

    def _beat(self) -> None:
        self._beat_at = now()
        if self._stopped:
            raise StoppedError("nobody wants it any more")
        if self._beat_at - self._told_at > TELL_S:
            self._told_at = self._beat_at
            self._alive()
