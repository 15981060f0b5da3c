"""What a box shows: lights, rings and motor faders, told only what is new, and no faster than a cable takes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vj.control.midi.controls import FINE, Control

RATE = 400.0
"""Messages a second: under half of what the oldest cable carries (31,250 baud, three bytes each)."""
BURST = 12.0
"""Messages that may go out at once."""


@dataclass(frozen=True, slots=True)
class Address:
    """One light: a control on a channel."""

    control: Control
    channel: int

    def messages(self, value: int) -> Iterator[tuple[int, ...]]:
        """The bytes that show ``value`` there."""
        control, number = self.control, self.control.number
        low, high, channel = value & 0x7F, value >> 7 & 0x7F, self.channel - 1
        cc = 0xB0 | channel
        match control.kind:
            case "note":
                yield 0x90 | channel, number, low
            case "cc":
                yield cc, number, low
            case "bend":
                yield 0xE0 | channel, low, high
            case "cc14":
                yield cc, number, high
                yield cc, number + 32, low
            case "nrpn":
                yield from ((cc, 99, number >> 7), (cc, 98, number & 0x7F), (cc, 6, high), (cc, 38, low))


class Lights:
    """The lights of one box. ``show`` what there is to show; ``due`` gives the bytes whose turn it is."""

    def __init__(self) -> None:
        self._wanted: dict[Address, int] = {}
        self._known: dict[Address, int] = {}
        self._allowed, self._time = BURST, 0.0

    def show(self, address: Address, value: int) -> None:
        """From now on ``address`` shows ``value``, 0..127, for what is fine 0..16383. The newest wins."""
        value = min(max(value, 0), FINE)
        if self._known.get(address) == value:
            self._wanted.pop(address, None)
        else:
            self._wanted[address] = value

    def stands(self, address: Address, value: int) -> None:
        """A hand has put it there: it shows that already."""
        self._known[address] = value
        self._wanted.pop(address, None)

    def forget(self, address: Address | None = None) -> None:
        """What it shows is not known any more: say it anew. None: of all of them."""
        if address is None:
            self._known.clear()
        else:
            self._known.pop(address, None)

    @property
    def waiting(self) -> int:
        """Lights that are still to be told."""
        return len(self._wanted)

    def due(self, time: float) -> list[tuple[int, ...]]:
        """Messages to send now; ``time`` in seconds."""
        self._allowed = min(self._allowed + max(time - self._time, 0.0) * RATE, BURST)
        self._time = time
        told: list[tuple[int, ...]] = []
        while self._wanted and self._allowed >= 1.0:
            address = next(iter(self._wanted))
            self._known[address] = value = self._wanted.pop(address)
            messages = list(address.messages(value))
            self._allowed -= len(messages)
            told += messages
        return told
