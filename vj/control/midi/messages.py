"""What a MIDI cable says, from bytes to messages. Anything may come; only whole channel messages come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["note", "cc", "bend", "program"]
LONGEST = 1024
"""Bytes of one delivery that are looked at: what faders and pads say is three bytes long."""
_REALTIME, _SYSEX, _STATUS = 0xF8, 0xF0, 0x80
_LENGTHS = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_COMMON = {0xF1: 1, 0xF2: 2, 0xF3: 1}


@dataclass(frozen=True, slots=True)
class Message:
    """``channel`` 1..16; ``number`` 0..127, 0 for a bend; ``value`` 0..127, of a bend 0..16383, of a program 127.

    A note's value is its velocity, 0 when it is let go.
    """

    kind: Kind
    channel: int
    number: int
    value: int


class Parser:
    """Reads one port. ``bad`` counts what was no message: data without a status, messages cut short, endless ones."""

    def __init__(self) -> None:
        self.bad = 0
        self._status = 0
        self._data: list[int] = []

    def feed(self, delivered: Sequence[int]) -> list[Message]:
        """The whole messages in what was delivered; a message may go on in the next delivery. Never raises."""
        if len(delivered) > LONGEST:
            self.bad += 1
            self._status = 0
            self._data.clear()
            return []
        return [message for message in self._messages(delivered) if message is not None]

    def _messages(self, delivered: Sequence[int]) -> Iterator[Message | None]:
        for byte in delivered:
            if byte >= _REALTIME:
                continue  # clock and its kin stand anywhere, even within a message
            if byte >= _STATUS:
                self._begin(byte)
            elif self._status == _SYSEX:
                continue
            elif self._status == 0:
                self.bad += 1
            else:
                yield self._take(byte)

    def _begin(self, status: int) -> None:
        if self._data:
            self.bad += 1
        self._data.clear()
        self._status = status if status <= _SYSEX or status in _COMMON else 0

    def _take(self, byte: int) -> Message | None:
        self._data.append(byte)
        status = self._status
        if len(self._data) < (_COMMON.get(status) or _LENGTHS[status & 0xF0]):
            return None
        data, self._data = self._data, []
        if status in _COMMON:
            self._status = 0  # no running status goes through a common message
            return None
        return _message(status, data)


def _message(status: int, data: Sequence[int]) -> Message | None:
    channel = (status & 0x0F) + 1
    match status & 0xF0:
        case 0x80:
            return Message("note", channel, data[0], 0)
        case 0x90:
            return Message("note", channel, data[0], data[1])
        case 0xB0:
            return Message("cc", channel, data[0], data[1])
        case 0xC0:
            return Message("program", channel, data[0], 127)
        case 0xE0:
            return Message("bend", channel, 0, data[0] | data[1] << 7)
    return None  # aftertouch: a pad's pressure, which nothing here is bound to
