"""The other clocks of a live show, opened as they were asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TypeVar

from vj.clock import now
from vj.control.clocks._base import Closing, Follower, OtherClock, Part, Ports
from vj.control.clocks.watch import Watch
from vj.engine import Clocks, NoClocks
from vj.options import Options
from vj.types import VjError

CLOCK = "/beat/clock"
P = TypeVar("P", bound=Closing)


NEEDS = {"link": "--link", "midi": "--midi-clock PORT", "osc": "--osc-beat PORT"}


def as_chosen(options: Options) -> Options:
    """The clock chosen on the command line as the wish that it is. Raises VjError where it cannot be there."""
    there = {"link": options.link, "midi": options.midi_clock is not None, "osc": options.osc_beat is not None}
    if options.clock is not None and not there.get(options.clock, True):
        raise VjError(f"--clock {options.clock} needs {NEEDS[options.clock]} to hear it")
    if options.osc_address and not there["osc"]:
        raise VjError(f"--osc-address needs {NEEDS['osc']} to hear it")
    return replace(options, sets=(f"{CLOCK}={options.clock}", *options.sets)) if options.clock else options


def open_clocks(options: Options, stack: ExitStack, ports: Callable[[], Ports] | None = None) -> Clocks:
    """What ``--midi-clock``, ``--midi-clock-out``, ``--link`` and ``--osc-beat`` ask for; closed with ``stack``.

    ``ports`` makes the machine's MIDI ports. Raises VjError where a port is not there.
    """
    from vj.control.midi_ports import MidoPorts

    opening = _Opening(stack, ports or MidoPorts)
    if options.link:
        opening.link()
    if options.midi_clock is not None:
        opening.midi(options.midi_clock)
    if options.osc_beat is not None:
        opening.osc(options.osc_beat, options.osc_address)
    if options.midi_clock_out is not None:
        opening.midi_out(options.midi_clock_out)
    if not opening.clocks and not opening.followers:
        return NoClocks()
    return Watch(opening.clocks, opening.followers, now, opening.keepers)


class _Opening:
    """Clocks that are open so far; what is opened is closed with the stack, even when the next one cannot be."""

    def __init__(self, stack: ExitStack, ports: Callable[[], Ports]) -> None:
        self.clocks: list[OtherClock] = []
        self.followers: list[Follower] = []
        self.keepers: list[Part] = []
        self._stack, self._ports = stack, ports

    def link(self) -> None:
        from vj.control.clocks.link import LinkClock

        clock = self._with(LinkClock.open(now))
        self.clocks.append(clock)
        self.followers.append(clock)

    def midi(self, wanted: str) -> None:
        from vj.control.clocks.midi_clock import MidiClock
        from vj.control.clocks.ports import kept_input

        clock = MidiClock(now)
        port = self._with(kept_input(self._with(self._ports()), wanted, clock.heard, clock.renew))
        port.begin()
        port.start()
        self.clocks.append(clock)
        self.keepers.append(port)

    def midi_out(self, wanted: str) -> None:
        from vj.control.clocks.midi_out import MidiClockOut
        from vj.control.clocks.ports import kept_output

        out = MidiClockOut(now, time.sleep)
        port = self._with(kept_output(self._with(self._ports()), wanted, out.use))
        out.broken = port.broken
        port.begin()
        port.start()
        self.followers.append(self._with(out))  # ended before its port
        self.keepers.append(port)
        out.start()

    def osc(self, place: str, own: tuple[str, ...]) -> None:
        from vj.control.clocks.osc_beat import OscBeat, addresses_with
        from vj.control.clocks.osc_ear import OscEar, parse_place

        clock = OscBeat(addresses_with(own))
        self.keepers.append(self._with(OscEar.open(*parse_place(place), clock.message, now)))
        self.clocks.append(clock)

    def _with(self, part: P) -> P:
        self._stack.callback(part.close)
        return part
