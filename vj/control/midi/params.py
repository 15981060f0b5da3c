"""What can be turned and read under ``/midi``."""

from __future__ import annotations

from vj.params.spec import integer, text, trigger

MOUNT = "midi"
LEARN, FORGET, UNDO = "/midi/learn", "/midi/forget", "/midi/undo"
LEARNING = "/midi/learning"
PARAMS = (
    text("learn", help="The path that the next control moved shall turn; empty ends learning."),
    text("forget", guarded=True, each=True, help="The path that no MIDI control shall turn any longer."),
    trigger("undo", guarded=True, help="Take back the last thing that was learnt or forgotten."),
)
READINGS = (
    text("learning", help="The path that waits for a control; empty when none does."),
    text("last", help="The control that moved last, in words."),
    text("devices", help="The boxes that are plugged in, separated by commas."),
    integer("bad", 0, 0, 1_000_000_000, help="Messages that were not understood or came in a flood."),
)
