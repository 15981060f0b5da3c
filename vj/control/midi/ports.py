"""The machine's MIDI ports, in bytes: each box's input on a thread of the system, each output when there is something
to say. Clock ticks and long messages never come this far: the system's own code drops them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from vj.control.clocks._base import Closing
from vj.control.midi_ports import MidoPorts
from vj.types import VjError

CLIENT = "vj"
NOT_BOXES = (CLIENT, "RtMidi", "Midi Through")
"""How names of ports begin behind which there is no box: our own, and what hands everything back."""

SEQUENCER = Path("/dev/snd/seq")

Heard = Callable[[Sequence[int]], None]


class Output(Closing, Protocol):
    """An open output. ``send`` may raise: a cable is pulled at any time."""

    def send(self, data: Sequence[int]) -> None: ...


class BoxPorts(Protocol):
    """The ports of a machine. All may raise VjError."""

    def inputs(self) -> list[str]: ...

    def outputs(self) -> list[str]: ...

    def open_input(self, name: str, heard: Heard) -> Closing: ...

    def open_output(self, name: str) -> Output: ...

    def close(self) -> None: ...


class _Port:
    """An rtmidi port that is closed for good."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def send(self, data: Sequence[int]) -> None:
        self._port.send_message(data)

    def close(self) -> None:
        port, self._port = self._port, None
        if port is None:
            return
        if hasattr(port, "cancel_callback"):
            port.cancel_callback()
        port.close_port()
        port.delete()


class RtPorts:
    """The machine's ports through rtmidi, with the backend that mido was told to use."""

    def __init__(self) -> None:
        self._names = MidoPorts()

    def inputs(self) -> list[str]:
        """Names of the inputs."""
        _need_sequencer()
        return self._names.inputs()

    def outputs(self) -> list[str]:
        """Names of the outputs."""
        return self._names.outputs()

    def open_input(self, name: str, heard: Heard) -> Closing:
        """Open an input; ``heard`` is called with bytes on a thread of the system, and must be quick."""
        port = self._open("MidiIn", name, "in")
        port.ignore_types(sysex=True, timing=True, active_sense=True)
        port.set_callback(lambda event, _data: heard(event[0]))
        return _Port(port)

    def open_output(self, name: str) -> Output:
        """Open an output."""
        return _Port(self._open("MidiOut", name, "out"))

    def close(self) -> None:
        """Look at the names no more; open ports stay open."""
        self._names.close()

    @staticmethod
    def _open(side: str, name: str, own: str) -> Any:
        try:
            import mido
            import rtmidi

            api = getattr(rtmidi, f"API_{mido.backend.api}", rtmidi.API_UNSPECIFIED)
            port = getattr(rtmidi, side)(api, name=CLIENT)
            names = port.get_ports()
            if name not in names:
                raise VjError(f"the MIDI port {name!r} has gone")
            port.open_port(names.index(name), name=own)
        except VjError:
            raise
        except Exception as error:  # rtmidi raises its own classes, one a system
            raise VjError(f"the MIDI port {name!r} cannot be opened ({error})") from error
        return port


def _need_sequencer() -> None:
    """Raises VjError on a Linux without the ALSA sequencer, before a library writes about it where nobody should."""
    try:
        import mido
    except ImportError as error:
        raise VjError(f"the MIDI backend is not installed ({error})") from error
    alsa = sys.platform.startswith("linux") and mido.backend.api in (None, "LINUX_ALSA")
    if alsa and not SEQUENCER.exists():
        raise VjError(f"this machine offers no MIDI (there is no {SEQUENCER})")
