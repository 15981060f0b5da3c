"""What a generator may give beyond its contract; the runner finds out by asking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from vj.types import GenRequest, Image


@runtime_checkable
class Talking(Protocol):
    """A generator that opens files while it draws: it says so by ``loading`` (the next sign of life may take long; said
    again with every step of it), and tells sentences for the performer.
    """

    def live(self, loading: Callable[[str], None], say: Callable[[str], None]) -> None: ...


class Underway(Protocol):
    """A picture that a device is drawing. ``ready``: ``image`` would not wait. ``image`` is asked for once."""

    @property
    def ready(self) -> bool: ...

    def image(self) -> Image: ...


@runtime_checkable
class Beginning(Protocol):
    """A generator that begins a picture without waiting for it, so that the host hands one over while the device draws
    the next. None: at this moment there is nothing newer to show than what was shown last.
    """

    def begin(self, request: GenRequest) -> Underway | None: ...
