"""Doubles of clocks and ports, for tests and for the rehearsal room: all that can happen to a cable, without one."""

from __future__ import annotations

from vj.clockface import Reading
from vj.control.clocks._base import Heard, Stretch
from vj.types import VjError


class FakeClock:
    """A clock that goes straight on from where it was set, until ``silent``."""

    def __init__(self, name: str = "link", bpm: float = 120.0, *, downbeat_known: bool = True) -> None:
        self.name = name
        self.silent = False
        self.closed = False
        self.playing = True
        self._downbeat_known = downbeat_known
        self._set = Reading(0.0, 0.0, bpm, True, name, downbeat_known)

    def set(self, time: float, beats: float, bpm: float) -> None:
        """Stand at ``beats`` at ``time``, going at ``bpm``."""
        self._set = Reading(time, beats, bpm, self.playing, self.name, self._downbeat_known)

    def read(self, now: float) -> Reading | None:
        """Where it stands."""
        if self.silent:
            return None
        self.set(now, self._set.at(now), self._set.bpm)
        return self._set

    def news(self) -> str:
        """Nothing."""
        return ""

    def close(self) -> None:
        """Remembered in ``closed``."""
        self.closed = True


class FakeFollower:
    """Remembers where it was told that the show is."""

    def __init__(self) -> None:
        self.told: list[Stretch] = []

    def lead(self, stretch: Stretch) -> None:
        """The newest is last."""
        self.told.append(stretch)

    def news(self) -> str:
        """Nothing."""
        return ""

    def close(self) -> None:
        """Nothing to close."""


class FakeSession:
    """A Link session: ``beat`` follows ``clock``, a list whose first item is the time."""

    def __init__(self, clock: list[float], bpm: float = 120.0, peers: int = 1) -> None:
        self.enabled = True
        self.quantum = 4.0
        self.num_peers = peers
        self.forced: list[float] = []
        self._clock = clock
        self._anchor, self._bpm = (clock[0], 0.0), bpm

    @property
    def tempo(self) -> float:
        return self._bpm

    @tempo.setter
    def tempo(self, bpm: float) -> None:
        self._anchor, self._bpm = (self._clock[0], self.beat), bpm

    @property
    def beat(self) -> float:
        return self._anchor[1] + (self._clock[0] - self._anchor[0]) * self._bpm / 60.0

    @beat.setter
    def beat(self, beat: float) -> None:
        self._anchor = (self._clock[0], beat)

    def force_beat(self, beat: float) -> None:
        """Move everybody's beat."""
        self.forced.append(beat)
        self.beat = beat


class FakePort:
    """An open port: what is sent stays in ``sent``; what is ``said`` reaches whoever opened it."""

    def __init__(self, name: str, heard: Heard | None = None) -> None:
        self.name = name
        self.closed = False
        self.fails = False
        self.sent: list[tuple[str, int]] = []
        self._heard = heard

    def send(self, kind: str, number: int = 0) -> None:
        """Keep a message; an error where ``fails`` is set."""
        if self.fails:
            raise OSError("the cable is out")
        self.sent.append((kind, number))

    def say(self, kind: str, number: int = 0) -> None:
        """A message arrives."""
        if self._heard is not None and not self.closed:
            self._heard(kind, number)

    def close(self) -> None:
        """Remembered in ``closed``."""
        self.closed = True


class FakePorts:
    """A machine's MIDI ports: ``names`` is what is plugged in, ``fails`` a system that answers nothing."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.fails = False
        self.opened: list[FakePort] = []

    def inputs(self) -> list[str]:
        """What is plugged in."""
        if self.fails:
            raise VjError("this system offers no MIDI (it is asleep)")
        return list(self.names)

    def outputs(self) -> list[str]:
        """The same names."""
        return self.inputs()

    def open_input(self, name: str, heard: Heard) -> FakePort:
        """Open one of them."""
        return self._open(name, heard)

    def open_output(self, name: str) -> FakePort:
        """Open one of them."""
        return self._open(name, None)

    def close(self) -> None:
        """Nothing to let go of."""

    def _open(self, name: str, heard: Heard | None) -> FakePort:
        if name not in self.names:
            raise VjError(f"the MIDI port {name!r} cannot be opened (it is not there)")
        self.opened.append(FakePort(name, heard))
        return self.opened[-1]
