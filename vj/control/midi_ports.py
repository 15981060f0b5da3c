"""Which MIDI ports there are. A machine without a sequencer has none; that is no reason to fail."""

from __future__ import annotations

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
