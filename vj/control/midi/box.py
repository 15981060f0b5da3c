"""One box that is plugged in: its controls' grips, its banks and its lights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vj.control.midi.binding import BANKS, Binding, Layout, Light
from vj.control.midi.controls import Control, Move
from vj.control.midi.decoder import Decoder
from vj.control.midi.grip import Grip
from vj.control.midi.lights import Address, Lights
from vj.control.midi.messages import Message, Parser
from vj.control.midi.places import Places
from vj.types import ControlEvent, Value

RELEASE = 0.4
"""Seconds after its last move for which a fader is in a hand, and not told where to stand."""
BANK, SHIFT = "@bank/", "@shift/"


@dataclass(slots=True)
class _Lamps:
    """Lights of a bank: whose they are, by path too, and what those show that are nobody's."""

    lit: dict[Address, Grip] = field(default_factory=dict)
    at: dict[str, dict[Address, Grip]] = field(default_factory=dict)
    dark: dict[Address, int] = field(default_factory=dict)


class Box:
    """``hear`` its messages, ``turn`` its moves into wishes, and send what ``due`` says.

    ``bases`` (where all parameters stand) and ``places`` are the show's as they are now.
    """

    def __init__(self, name: str, layout: Layout) -> None:
        self.name, self.source = name, f"midi {name}"
        self.parser = Parser()
        self.lights = Lights()
        self.bank = 1
        self._shift: int | None = None
        self._all_stale = True
        self._stale: set[str] = set()  # paths whose lights are not up to date
        self._lamps: _Lamps | None = None
        self._at: dict[str, list[Grip]] = {}
        self._places = Places({})
        self._hands: dict[Address, float] = {}  # faders that are being moved, and since when
        self.use(layout)

    def use(self, layout: Layout) -> None:
        """Bind the controls by ``layout`` from now on."""
        self.layout = layout
        self._channel = layout.channel
        self.grips = [Grip(binding) for binding in layout.controls]
        self._by_control: dict[Control, list[Grip]] = {}
        for grip in self.grips:
            self._by_control.setdefault(grip.binding.control, []).append(grip)
        wide = {control.number for control in self._by_control if control.kind == "cc14"}
        self._decoder = Decoder(wide)
        self.reach(self._places)

    def reach(self, places: Places) -> None:
        """Other parameters are there: find each grip's place anew."""
        self._places = places
        self._at = {}
        for grip in self.grips:
            grip.reach(places)
            self._at.setdefault(grip.path, []).append(grip)
        self._lamps, self._all_stale = None, True

    # ------------------------------------------------------------------------------------- hearing

    def hear(self, message: Message, time: float) -> list[Move]:
        """The moves that are known by now."""
        if self.layout.banked and message.channel != self._channel:
            self._channel = message.channel
            self._anew()
        move = self._decoder.hear(message, time)
        return [move] if move else []

    def late(self, time: float) -> list[Move]:
        """Moves that waited for the second half of their value, and shall wait no longer."""
        return self._decoder.due(time)

    def turn(self, move: Move, time: float, bases: Mapping[str, Value]) -> list[ControlEvent]:
        """What a move asks for."""
        grips = self.active(move.control, move.channel)
        if not grips and move.control.kind == "program" and move.control not in self._by_control:
            place = self._places.find(f"@look/{move.control.number + 1}")
            return [ControlEvent(place.path, place.value, self.source)] if place and place.value is not None else []
        events = []
        for grip in grips:
            if grip.binding.target.startswith((BANK, SHIFT)):
                self._change_bank(grip, move)
            elif (event := grip.move(move, bases.get(grip.path, 0.0), time, self.source)) is not None:
                events.append(event)
                self.moved(event.path, but=grip)
        self._felt(grips, move, time)
        return events

    def active(self, control: Control, channel: int) -> list[Grip]:
        """The grips of a control in the bank that is on; those of that bank alone where it has some."""
        grips = [grip for grip in self._by_control.get(control, ()) if grip.binding.channel in (None, channel)]
        own = [grip for grip in grips if grip.binding.bank == self._bank]
        return own or [grip for grip in grips if grip.binding.bank == 0]

    @property
    def _bank(self) -> int:
        return self._shift or self.bank

    def _change_bank(self, grip: Grip, move: Move) -> None:
        before, which = self._bank, grip.binding.target.rpartition("/")[2]
        grip.down = 2 * move.value > move.top or (move.control.kind == "note" and move.value > 0)
        if grip.binding.target.startswith(SHIFT):
            self._shift = int(which) if grip.down else None
        elif grip.down:
            beside = {"next": self.bank % self.banks + 1, "previous": (self.bank - 2) % self.banks + 1}
            self.bank = beside.get(which) or int(which)
        if self._bank != before:
            self._anew()

    @property
    def banks(self) -> int:
        """How many banks the layout has."""
        told = [grip.binding.bank for grip in self.grips]
        told += [int(which) for grip in self.grips if grip.binding.target.startswith(BANK)
                 and (which := grip.binding.target.rpartition("/")[2]).isdecimal()]
        return min(max([1, *told]), BANKS)

    def moved(self, path: str, but: Grip | None = None) -> None:
        """A parameter went somewhere else, by another hand than the grip ``but``."""
        for grip in self._at.get(path, ()):
            if grip is not but:
                grip.arm()
        self.touched(path)

    def touched(self, path: str) -> None:
        """What shows this parameter is not up to date."""
        if path in self._at:
            self._stale.add(path)

    def lost(self) -> None:
        """Too much has changed to be told one by one."""
        self._all_stale = True
        for grip in self.grips:
            grip.arm()

    def _anew(self) -> None:
        """The box stands for other things now: take them over first, show all of them."""
        for grip in self.grips:
            grip.arm()
        self.renew()

    # -------------------------------------------------------------------------------------- showing

    def renew(self) -> None:
        """Nothing is known of what the box shows: it was plugged in, or it changed its bank."""
        self.lights.forget()
        self._lamps, self._all_stale = None, True

    def _felt(self, grips: Iterable[Grip], move: Move, time: float) -> None:
        """A fader stands where it was moved; what a button shows by itself is not known."""
        for grip in grips:
            light = grip.binding.light
            if light is None:
                continue
            address = self._address(grip.binding, light)
            if grip.binding.button:
                self.lights.forget(address)
            elif grip.binding.coding is None and light.control is None:
                top = grip.binding.control.top
                self.lights.stands(address, round(move.position * top))
                self._hands[address] = time
            self.touched(grip.path)

    def _address(self, binding: Binding, light: Light) -> Address:
        return Address(light.control or binding.control, light.channel or binding.channel or self._channel)

    def due(self, time: float, bases: Mapping[str, Value]) -> list[tuple[int, ...]]:
        """The bytes to send now."""
        over = [address for address, since in self._hands.items() if time - since >= RELEASE]
        for address in over:
            del self._hands[address]
        if over:
            self._all_stale = True
        if self._all_stale or self._stale:
            self._show(bases)
        return self.lights.due(time)

    def _show(self, bases: Mapping[str, Value]) -> None:
        lamps = self._lamps = self._lamps or self._hang()
        if self._all_stale:
            for address, dark in lamps.dark.items():
                self.lights.show(address, dark)
        chosen = [lamps.lit] if self._all_stale else [lamps.at[path] for path in self._stale if path in lamps.at]
        self._all_stale = False
        self._stale.clear()
        for lit in chosen:
            for address, grip in lit.items():
                if address not in self._hands and grip.binding.light is not None:
                    self.lights.show(address, self._value(grip, grip.binding.light, address, bases))

    def _hang(self) -> _Lamps:
        """Who has which light in this bank: the first that is bound to it."""
        lamps = _Lamps()
        for grip in self.grips:
            light, binding = grip.binding.light, grip.binding
            if light is None or grip not in self.active(binding.control, binding.channel or self._channel):
                continue
            address = self._address(binding, light)
            if lamps.lit.setdefault(address, grip) is grip:
                lamps.at.setdefault(grip.path, {})[address] = grip
        for grip in self.grips:  # what does nothing in this bank is dark
            light, binding = grip.binding.light, grip.binding
            if light is not None and binding.button and (address := self._address(binding, light)) not in lamps.lit:
                lamps.dark[address] = light.absent
        return lamps

    def _value(self, grip: Grip, light: Light, address: Address, bases: Mapping[str, Value]) -> int:
        target = grip.binding.target
        if target.startswith(BANK):
            return light.on if target.rpartition("/")[2] == str(self.bank) or grip.down else light.off
        if target.startswith(SHIFT):
            return light.on if grip.down else light.off
        if grip.place is None:
            return light.absent
        shown = grip.shows(bases.get(grip.path, 0.0))
        if grip.binding.button:
            return light.on if shown else light.off
        return round(shown * address.control.top)
