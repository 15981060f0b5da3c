"""Signs of life of work that takes long: whoever works beats with every step, whoever waits hears it.

A step is a tensor read or a piece of a file hashed: a slow disk makes many slow steps, and a hang makes none. Who hears
may raise, and the work ends there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LISTENER: ContextVar[Callable[[], None] | None] = ContextVar("pulse", default=None)


def beat() -> None:
    """One step further. Nothing where nobody in this thread listens."""
    listener = _LISTENER.get()
    if listener is not None:
        listener()


@contextmanager
def heard(by: Callable[[], None]) -> Iterator[None]:
    """What this thread does meanwhile is heard."""
    token = _LISTENER.set(by)
    try:
        yield
    finally:
        _LISTENER.reset(token)
