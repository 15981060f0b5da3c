"""A MIDI box that is another program, for the benchmark: a JACK client that turns one control now and then.

    python -m benches.midi_sender COUNT    prints each value and when it was sent
"""

from __future__ import annotations

import random
import sys
import time

import rtmidi

NAME = "bench box"
CONTROL = 21
PAUSE = 4.0
"""Seconds until a show that looks every second has found the box."""


def values(count: int) -> None:
    """Send at moments that have nothing to do with frames."""
    chance = random.Random(1)
    mouth = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=NAME)
    mouth.open_virtual_port("out")
    time.sleep(PAUSE)
    for k in range(count):
        time.sleep(0.02 + 0.04 * chance.random())
        sent = time.perf_counter()
        mouth.send_message([0xB0, CONTROL, k % 128])
        print(k % 128, sent, flush=True)
    time.sleep(0.2)
    mouth.close_port()
    mouth.delete()


if __name__ == "__main__":
    values(int(sys.argv[1]))
