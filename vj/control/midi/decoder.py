"""From messages to moves of controls: halves of fine values put together, NRPN numbers remembered."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from vj.control.midi.controls import COARSE, FINE, Control, Move
from vj.control.midi.messages import Message

PAUSE = 0.03
"""Seconds of silence after which the next half is the first of a pair."""
WAIT = 0.008
"""Seconds that a first half waits for its second: three bytes take one millisecond on a cable."""
LSB = 32
"""A fine half's number above its coarse one."""
_ENTRY, _ENTRY_LSB, _NRPN_LSB, _NRPN, _RPN_LSB, _RPN = 6, 38, 98, 99, 100, 101
NONE = 127
"""Half of the number that means no parameter."""


@dataclass(slots=True)
class Pair:
    """One fine value in two halves, which come in either order; a half that stays the same may be left out.

    Where a fine half never comes the coarse one is all there is.
    """

    coarse: int = 0
    fine: int = 0
    both: bool = False
    fine_first: bool = False
    _time: float = -math.inf
    _first: bool | None = None  # the fine half, or the coarse one, opened this pair
    _waits: bool = False

    def hear(self, value: int, time: float, *, fine: bool) -> tuple[int, int] | None:
        """A half has come: (value, top), or None while the other half is awaited."""
        self._learn_order(time, fine)
        self._time = time
        if fine:
            self.fine, self.both = value, True
        else:
            self.coarse = value
        if not self.both:
            return value, COARSE
        self._waits = fine == self.fine_first
        return None if self._waits else self.value

    def _learn_order(self, time: float, fine: bool) -> None:
        if time - self._time > PAUSE:
            self._first = fine
        elif self._first is not None and fine != self._first:
            self.fine_first, self._first = self._first, None

    def due(self, time: float) -> tuple[int, int] | None:
        """The value, when a half has waited in vain: the other one stays."""
        if not self._waits or time - self._time < WAIT:
            return None
        self._waits = False
        return self.value

    @property
    def value(self) -> tuple[int, int]:
        """(value, top) of both halves."""
        return self.coarse << 7 | self.fine, FINE


@dataclass(slots=True)
class _Entry:
    """The parameter that data entry on one channel is for."""

    coarse: int = NONE
    fine: int = NONE
    registered: bool = False

    @property
    def number(self) -> int | None:
        if self.registered or (self.coarse, self.fine) == (NONE, NONE):
            return None
        return self.coarse << 7 | self.fine

    @property
    def chosen(self) -> bool:
        return (self.coarse, self.fine) != (NONE, NONE)


class Decoder:
    """Reads one port's messages. ``wide``: numbers of coarse halves that are 14-bit controls; all other CCs are plain,
    for many a box has buttons where another has fine halves.
    """

    def __init__(self, wide: Collection[int] = ()) -> None:
        self._wide = frozenset(wide)
        self._pairs: dict[tuple[Control, int], Pair] = {}
        self._entries: dict[int, _Entry] = {}

    def hear(self, message: Message, time: float) -> Move | None:
        """What has moved, if that is known yet. ``time`` in seconds."""
        if message.kind != "cc":
            control = Control(message.kind, message.number)
            return Move(control, message.channel, message.value, control.top)
        if _NRPN_LSB <= message.number <= _RPN:
            self._choose(message)
            return None
        entry = self._entries.get(message.channel)
        if entry is not None and entry.chosen and message.number in (_ENTRY, _ENTRY_LSB):
            return self._entered(entry, message, time)
        for half, fine in ((message.number, False), (message.number - LSB, True)):
            if half in self._wide:
                return self._half(Control("cc14", half), message, time, fine=fine)
        return Move(Control("cc", message.number), message.channel, message.value, COARSE)

    def due(self, time: float) -> list[Move]:
        """Moves whose second half did not come."""
        told = [(key, pair.due(time)) for key, pair in self._pairs.items()]
        return [Move(control, channel, *value) for (control, channel), value in told if value is not None]

    def _choose(self, message: Message) -> None:
        entry = self._entries.setdefault(message.channel, _Entry())
        entry.registered = message.number in (_RPN, _RPN_LSB)
        if message.number in (_NRPN, _RPN):
            entry.coarse = message.value
        else:
            entry.fine = message.value

    def _entered(self, entry: _Entry, message: Message, time: float) -> Move | None:
        if entry.number is None:
            return None
        return self._half(Control("nrpn", entry.number), message, time, fine=message.number == _ENTRY_LSB)

    def _half(self, control: Control, message: Message, time: float, *, fine: bool) -> Move | None:
        key = control, message.channel
        if key not in self._pairs and len(self._pairs) >= FINE:
            self._pairs.clear()  # nobody has that many knobs
        value = self._pairs.setdefault(key, Pair()).hear(message.value, time, fine=fine)
        return None if value is None else Move(control, message.channel, *value)
