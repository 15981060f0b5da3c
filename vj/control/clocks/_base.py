"""What every other clock is: something that can be asked where it stands, or told where the show stands.

All times here are wall seconds of ``vj.clock.now``; ``Watch`` turns them into the show's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vj.clockface import Reading


class Closing(Protocol):
    """Anything open. Closing it twice is closing it."""

    def close(self) -> None: ...


class Part(Closing, Protocol):
    """What has news and an end."""

    def news(self) -> str:
        """One sentence for the performer, once; usually nothing."""
        ...


class OtherClock(Part, Protocol):
    """A clock to follow. Reading it costs next to nothing and never waits."""

    name: str

    def read(self, now: float) -> Reading | None:
        """Where it stands, as of some moment not after ``now``; None while nothing is known or it fell silent."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """The show's beats as a straight line: ``beats`` at ``wall`` seconds, going at ``bpm``; ``one`` is the beat that
    bars are counted from. ``source`` is who leads.
    """

    wall: float
    beats: float
    bpm: float
    one: int
    source: str

    def at(self, wall: float) -> float:
        """Beats at ``wall``."""
        return self.beats + (wall - self.wall) * self.bpm / 60.0

    def when(self, beats: float) -> float:
        """Wall seconds of ``beats``."""
        return self.wall + (beats - self.beats) * 60.0 / self.bpm


class Follower(Part, Protocol):
    """A clock that follows the show. Being told never waits."""

    def lead(self, stretch: Stretch) -> None: ...


Heard = Callable[[str, int], None]
"""Takes a MIDI message: its mido name (clock, start, continue, stop, songpos) and its number, 0 where it has none."""


class InPort(Protocol):
    """An open MIDI input."""

    def close(self) -> None: ...


class OutPort(Protocol):
    """An open MIDI output."""

    def send(self, kind: str, number: int = 0) -> None: ...

    def close(self) -> None: ...


class Ports(Closing, Protocol):
    """The MIDI ports of a machine. All may raise VjError: a cable is pulled between two calls. Closed, nobody looks at
    their names any more; open ports stay open.
    """

    def inputs(self) -> list[str]: ...

    def outputs(self) -> list[str]: ...

    def open_input(self, name: str, heard: Heard) -> InPort: ...

    def open_output(self, name: str) -> OutPort: ...
