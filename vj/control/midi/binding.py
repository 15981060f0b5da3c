"""What a box's controls do: bindings, and the layout of them that a file describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from vj.control.midi.controls import Control
from vj.control.midi.relative import Coding
from vj.control.midi.takeover import Mode
from vj.types import Value, When

Press = Literal["toggle", "momentary"]
PRESSES: tuple[Press, ...] = get_args(Press)
Lit = Literal["all", "buttons", "none"]
LITS: tuple[Lit, ...] = get_args(Lit)
BANKS = 8


@dataclass(frozen=True, slots=True)
class Light:
    """What a control shows: ``on`` and ``off`` of a button, ``absent`` where there is nothing to press for; a fader or
    ring shows its value. ``control`` and ``channel`` are its own unless they differ from what is moved.
    """

    on: int = 127
    off: int = 0
    absent: int = 0
    control: Control | None = None
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """``control`` turns ``target``: a path, or a place on the stage (see ``vj.control.midi.places``); empty is nothing.

    ``channel`` None is any; ``bank`` 0 is every bank. ``low`` and ``high``: the part of the knob space that it goes
    through. ``coding`` of an endless encoder, ``speed`` how far one click of it goes. A button has ``press``, ``set``
    (the value it sets) or ``step`` (how far it goes on).
    """

    control: Control
    target: str
    channel: int | None = None
    bank: int = 0
    coding: Coding | None = None
    speed: float = 1.0
    accelerate: bool = False
    takeover: Mode = "pickup"
    low: float = 0.0
    high: float = 1.0
    press: Press | None = None
    set: Value | None = None
    step: float | None = None
    when: When = "now"
    light: Light | None = None
    where: str = ""

    @property
    def button(self) -> bool:
        """Is it pressed, not turned?"""
        told = self.press is not None or self.set is not None or self.step is not None
        return self.control.kind in ("note", "program") or told


@dataclass(frozen=True, slots=True)
class Layout:
    """One box as files describe it; without a ``name`` it is called as its port is.

    ``match``: literal parts of its ports' names; ``outputs`` those of the ports that its lights hang on. ``channel``:
    where lights are before anything was heard. ``banked``: another channel is another bank of the box's own. ``only``:
    nothing but this, whatever else is known of the box.
    """

    name: str
    match: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    fallback: bool = False
    only: bool = False
    channel: int = 1
    banked: bool = False
    lights: Lit = "all"
    colours: Mapping[str, int] = field(default_factory=dict)
    controls: tuple[Binding, ...] = ()

    def matches(self, port: str) -> int:
        """How many letters of ``port`` this layout knows; 0 where it is not meant."""
        return max((len(part) for part in self.match if part.casefold() in port.casefold()), default=0)
