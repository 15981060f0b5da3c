"""Learning: which control is it that the hand moves, and of what kind is it?

A pad is known at once; what turns is known after three or four messages; a lone 127 is known for a button when nothing
follows it. An endless encoder is turned slowly to the left, which is the only way to tell its coding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from vj.control.midi.binding import Binding, Light
from vj.control.midi.controls import Control
from vj.control.midi.decoder import LSB
from vj.control.midi.messages import Message
from vj.control.midi.relative import ENOUGH, coding_turned_left
from vj.types import ParamSpec

PATIENCE = 30.0
"""Seconds for which a control is awaited."""
QUIET = 0.6
"""Seconds after a lone 127 until it is a button that says nothing when it is let go."""
QUIET_TURNED = 1.5
"""The same for a parameter that is turned rather than pressed."""
DISTINCT = 3
"""Values of a fader from which it is known."""
KEPT = 64
"""Messages of one control that are looked at."""
CROWD = 64
"""Controls that may move at once."""
_DATA, _DATA_LSB = 6, 38
_SELECT = (98, 99)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was learnt: on the box called ``box``, this binding."""

    box: str
    binding: Binding


@dataclass(slots=True)
class _Record:
    """What one control said since learning began."""

    values: list[int] = field(default_factory=list)
    last: float = 0.0
    nrpn: int | None = None


class Learning:
    """Listens on behalf of ``target`` since ``began`` seconds."""

    def __init__(self, target: str, spec: ParamSpec, began: float) -> None:
        self.target, self._spec, self._began = target, spec, began
        self._records: dict[tuple[str, str, int, int], _Record] = {}
        self._order: list[tuple[str, str, int, int]] = []
        self._chosen: dict[tuple[str, int, int], int] = {}

    def over(self, time: float) -> bool:
        """Has nobody moved anything for too long?"""
        return time - self._began > PATIENCE

    def hear(self, box: str, message: Message, time: float) -> Heard | None:
        """A message; what it settles, if it does."""
        if message.kind == "cc" and message.number in _SELECT:
            self._chosen[box, message.channel, message.number] = message.value
        key = (box, message.kind, message.channel, message.number)
        if key not in self._records and len(self._records) >= CROWD:
            return None
        record = self._records.setdefault(key, _Record())
        record.values = [*record.values[1 - KEPT:], message.value]
        record.last = time
        self._order = [*self._order[1 - KEPT:], key]
        binding = self._settled(key, record)
        return Heard(box, binding) if binding else None

    def due(self, time: float) -> Heard | None:
        """A button that has said 127 and nothing since."""
        quiet = QUIET if self._spec.kind in ("switch", "trigger", "choice") else QUIET_TURNED
        for (box, kind, channel, number), record in self._records.items():
            if kind == "cc" and set(record.values) <= {0, 127} and 127 in record.values and len(record.values) < 3 \
                    and time - record.last >= quiet:
                return Heard(box, self._button(Control("cc", number), channel))
        return None

    def _settled(self, key: tuple[str, str, int, int], record: _Record) -> Binding | None:
        box, kind, channel, number = key
        match kind:
            case "note":
                return self._button(Control("note", number), channel) if record.values[-1] else None
            case "program":
                return self._button(Control("program", number), channel)
            case "bend":
                return self._fader(Control("bend"), channel) if len(set(record.values)) >= DISTINCT else None
        nrpn = self._nrpn(box, channel)
        if number in _SELECT or (nrpn is not None and number in (_DATA, _DATA_LSB)):
            return self._entry(key, nrpn)
        return self._turned(key, record)

    def _nrpn(self, box: str, channel: int) -> int | None:
        low, high = (self._chosen.get((box, channel, half)) for half in _SELECT)
        return None if low is None or high is None or (low, high) == (127, 127) else high << 7 | low

    def _entry(self, key: tuple[str, str, int, int], nrpn: int | None) -> Binding | None:
        box, kind, channel, _ = key
        data = [value for half in (_DATA, _DATA_LSB)
                for value in self._values((box, kind, channel, half))]
        return self._fader(Control("nrpn", nrpn), channel) if nrpn is not None and len(data) >= DISTINCT else None

    def _values(self, key: tuple[str, str, int, int]) -> Sequence[int]:
        record = self._records.get(key)
        return record.values if record else ()

    def _turned(self, key: tuple[str, str, int, int], record: _Record) -> Binding | None:
        box, kind, channel, number = key
        values = record.values
        if set(values) == {0, 127} and values[-1] == 0 and len(values) < DISTINCT:
            return self._button(Control("cc", number), channel)
        if coding := coding_turned_left(values):
            return Binding(Control("cc", number), self.target, channel, coding=coding, light=Light())
        if len(set(values)) < DISTINCT or len(values) < ENOUGH:
            return None
        for coarse, fine in ((number, number + LSB), (number - LSB, number)):
            pair = (box, kind, channel, coarse), (box, kind, channel, fine)
            if 0 <= coarse < LSB and all(self._values(half) for half in pair):
                return self._paired(coarse, channel, pair)
        return self._fader(Control("cc", number), channel)

    def _paired(self, coarse: int, channel: int, pair: tuple[tuple[str, str, int, int], ...]) -> Binding | None:
        """Two numbers 32 apart are halves of one value where they take turns, and two controls where they don't."""
        turns = [key for key in self._order if key in pair]
        changes = sum(first != second for first, second in pairwise(turns))
        if changes >= 0.8 * (len(turns) - 1):
            return self._fader(Control("cc14", coarse), channel) if len(turns) >= 2 * DISTINCT else None
        busier = max(pair, key=lambda key: len(self._values(key)))
        return self._fader(Control("cc", busier[3]), channel)

    def _fader(self, control: Control, channel: int) -> Binding:
        return Binding(control, self.target, channel, light=Light())

    def _button(self, control: Control, channel: int) -> Binding:
        """Press for press: a choice goes on, a switch and a number change sides."""
        light = None if control.kind == "program" else Light()
        if self._spec.kind == "choice":
            return Binding(control, self.target, channel, step=1.0, light=light)
        return Binding(control, self.target, channel, press="toggle", light=light)
