"""What a websocket's packets wish for, as events."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from vj.control.osc.packet import messages
from vj.types import ControlEvent, ParamSpec, Value

if TYPE_CHECKING:
    from vj.control.mirror import Mirror


class Wishes:
    """Turns packets into wishes: plain addresses, one value each. ``refused`` counts what was not believed."""

    def __init__(self, mirror: Mirror, emit: Callable[[ControlEvent], bool]) -> None:
        self._mirror, self._emit = mirror, emit
        self.refused = 0

    def perform(self, packet: bytes, source: str, trusted: bool) -> None:
        """Ask for what ``packet`` says; what is guarded only where ``source`` is ``trusted``."""
        try:
            found = messages(packet)
        except ValueError:
            self.refused += 1
            return
        for path, values in found:
            spec = self._mirror.specs.get(path)
            value = asked(spec, values[0] if values else True) if spec and (trusted or not spec.guarded) else None
            if value is None or not self._emit(ControlEvent(path, value, source)):
                self.refused += 1


def asked(spec: ParamSpec, value: Value | None) -> Value | None:
    """``value`` as the parameter can take it: numbers within the range; None where it cannot be made to fit."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if spec.kind in ("text", "colour"):
        return value if isinstance(value, str) else None
    if spec.kind == "choice" and isinstance(value, str):
        return value if value in spec.choices else None
    if isinstance(value, str):
        return None
    if spec.kind in ("switch", "trigger"):
        return bool(value)
    return min(max(value, spec.lo), spec.hi)
