"""Who listens on the beat clock's behalf, and what hands and other clocks can tell it."""

from __future__ import annotations

from typing import Protocol


class Ears(Protocol):
    """A tracker, as far as hands and other clocks can help it. Times are the clock's."""

    def pull(self, time: float) -> None:
        """A beat is or was at ``time``."""

    def favour(self, bpm: float) -> None:
        """The tempo is known."""

    def shift_half(self) -> None:
        """The beat is half a beat from where it was taken to be."""


class Deaf:
    """Nobody to tell."""

    def pull(self, time: float) -> None:
        """Nothing."""

    def favour(self, bpm: float) -> None:
        """Nothing."""

    def shift_half(self) -> None:
        """Nothing."""
