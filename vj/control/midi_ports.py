"""Which MIDI ports there are. A machine without a sequencer has none; that is no reason to fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vj.types import VjError


def midi_ports() -> dict[str, list[str]]:
    """Names of the ports under ``inputs`` and ``outputs``.

    Raises VjError where the backend is missing or the system has no MIDI at all (Linux without the ALSA sequencer).
    """
    try:
        import mido

        return {"inputs": sorted(set(mido.get_input_names())), "outputs": sorted(set(mido.get_output_names()))}
    except ImportError as error:
        raise VjError(f"the MIDI backend is not installed ({error})") from error
    except Exception as error:  # rtmidi raises its own classes, one a system
        raise VjError(f"this system offers no MIDI ({error})") from error


class MidoPorts:
    """The machine's MIDI ports through mido; see ``vj.control.clocks._base.Ports``. All raise VjError.

    The names are asked for every second of a show: whoever looks stays open, where mido would join and leave the
    system's MIDI each time, which the other programs on a JACK server can hear.
    """

    def __init__(self) -> None:
        self._lookouts: dict[str, Any] = {}

    def inputs(self) -> list[str]:
        """Names of the inputs."""
        return self._names("MidiIn")

    def outputs(self) -> list[str]:
        """Names of the outputs."""
        return self._names("MidiOut")

    def close(self) -> None:
        """Look no more: who goes without a word keeps a JACK server waiting."""
        while self._lookouts:
            self._lookouts.popitem()[1].delete()

    def _names(self, side: str) -> list[str]:
        try:
            import mido
            import rtmidi

            if side not in self._lookouts:
                api = getattr(rtmidi, f"API_{mido.backend.api}", rtmidi.API_UNSPECIFIED)
                self._lookouts[side] = getattr(rtmidi, side)(api, name="vj looks")
            return sorted(set(self._lookouts[side].get_ports()))
        except ImportError as error:
            raise VjError(f"the MIDI backend is not installed ({error})") from error
        except Exception as error:  # rtmidi raises its own classes, one a system
            self._lookouts.pop(side, None)
            raise VjError(f"this system offers no MIDI ({error})") from error

    def open_input(self, name: str, heard: Callable[[str, int], None]) -> Any:
        """Open an input; ``heard`` is called on the port's thread with a message's name and number."""
        import mido

        def told(message: Any) -> None:
            heard(message.type, getattr(message, "pos", 0))

        return _opened(lambda: mido.open_input(name, callback=told), name)

    def open_output(self, name: str) -> MidoOutput:
        """Open an output."""
        import mido

        return MidoOutput(_opened(lambda: mido.open_output(name), name))


class MidoOutput:
    """An open output that sends clock messages."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def send(self, kind: str, number: int = 0) -> None:
        """Send a message by its mido name; ``number`` is a song position, in sixteenths."""
        import mido

        self._port.send(mido.Message(kind, pos=number) if kind == "songpos" else mido.Message(kind))

    def close(self) -> None:
        """Close the port."""
        self._port.close()


def _opened(opening: Callable[[], Any], name: str) -> Any:
    try:
        return opening()
    except Exception as error:  # rtmidi raises its own classes, one a system
        raise VjError(f"the MIDI port {name!r} cannot be opened ({error})") from error
