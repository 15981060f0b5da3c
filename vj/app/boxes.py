"""MIDI boxes at a live show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vj.options import Options

if TYPE_CHECKING:
    from vj.control.desk import Desk
    from vj.control.midi.surface import MidiSurface


def open_midi(desk: Desk, options: Options) -> MidiSurface | None:
    """All MIDI boxes, or those of ``--midi``; what is plugged in later is found then."""
    if options.no_midi or not options.control:
        return None
    from vj.control.midi.ports import RtPorts
    from vj.control.midi.surface import MidiSurface, open_shelf

    surface = MidiSurface(desk, RtPorts(), open_shelf(), options.midi)
    surface.start()
    return surface
