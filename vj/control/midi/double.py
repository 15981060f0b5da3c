"""A double of a machine's MIDI ports: boxes come and go, say what a test wants, keep what they hear."""

from __future__ import annotations

from collections.abc import Sequence

from vj.control.midi.ports import Heard
from vj.types import VjError


class FakeOutput:
    """An open output: what is sent stays in ``sent``. ``fails``: the cable is out."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent: list[tuple[int, ...]] = []
        self.fails = self.closed = False

    def send(self, data: Sequence[int]) -> None:
        """Keep a message."""
        if self.fails or self.closed:
            raise OSError("the cable is out")
        self.sent.append(tuple(data))

    def close(self) -> None:
        """Remembered in ``closed``."""
        self.closed = True


class FakeInput:
    """An open input."""

    def __init__(self, name: str, heard: Heard) -> None:
        self.name, self.heard = name, heard
        self.closed = False

    def close(self) -> None:
        """Nothing is heard any more."""
        self.closed = True


class FakeBoxes:
    """A machine with the boxes ``names``. ``fails``: its system answers nothing."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.fails = False
        self.refuses: set[str] = set()
        self.inputs_open: list[FakeInput] = []
        self.outputs_open: list[FakeOutput] = []

    def inputs(self) -> list[str]:
        """What is plugged in."""
        if self.fails:
            raise VjError("this system offers no MIDI (it is asleep)")
        return list(self.names)

    def outputs(self) -> list[str]:
        """The same names."""
        return self.inputs()

    def open_input(self, name: str, heard: Heard) -> FakeInput:
        """Open one of them."""
        self._there(name)
        self.inputs_open.append(FakeInput(name, heard))
        return self.inputs_open[-1]

    def open_output(self, name: str) -> FakeOutput:
        """Open one of them."""
        self._there(name)
        self.outputs_open.append(FakeOutput(name))
        return self.outputs_open[-1]

    def close(self) -> None:
        """Nothing to let go of."""

    def _there(self, name: str) -> None:
        if name not in self.names or name in self.refuses:
            raise VjError(f"the MIDI port {name!r} cannot be opened (it is not there)")

    def say(self, name: str, *data: int) -> None:
        """The box called ``name`` sends bytes."""
        for port in self.inputs_open:
            if port.name == name and not port.closed:
                port.heard(list(data))

    def sent(self, name: str) -> list[tuple[int, ...]]:
        """All that the box has been sent since it was plugged in last, and forget it."""
        ports = [port for port in self.outputs_open if port.name == name and not port.closed]
        told = [message for port in ports for message in port.sent]
        for port in ports:
            port.sent.clear()
        return told
