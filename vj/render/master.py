"""The last step: brightness, fades, blackout, flash limiter, 8 bit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vj.params.crossfade import CURVES
from vj.params.spec import choice, number, switch
from vj.render.frame import GLFrame
from vj.render.limiter import Limiter
from vj.render.surface import Painter, Surface
from vj.types import ParamSpec, Values

if TYPE_CHECKING:
    from moderngl import Context, Texture

    from vj.render.surface import State

MASTER_PARAMS: tuple[ParamSpec, ...] = (
    number("brightness", 1.0, 0.0, 1.5, smooth=0.1, help="brightness of the whole picture"),
    number("fade", 0.0, 0.0, 1.0, smooth=0.1, help="fade to black: 0 is the picture, 1 is black"),
    switch("blackout", False, help="everything to black, and back"),
    number("blackout_time", 0.25, 0.02, 5.0, curve="log", unit="s", smooth=0.0,
           help="time constant of the blackout's fade"),
    switch("freeze", False, help="hold the picture as it is"),
    switch("flash_limit", True, help="at most three full-field flashes a second; off is the operator's own decision"),
)

TRANSITIONS = ("crossfade", "luma", "wipe", "zoom", "add", "screen", "lighten", "multiply", "difference")


def mix_params(transitions: Sequence[str] = TRANSITIONS) -> tuple[ParamSpec, ...]:
    """What the mount ``mix`` takes, with the transitions that are on the shelf."""
    transitions = sorted(transitions, key=lambda name: (*TRANSITIONS, name).index(name))
    first = "crossfade" if "crossfade" in transitions else transitions[0]
    return (
        number("crossfade", 0.0, 0.0, 1.0, smooth=0.05, help="from deck a (0) to deck b (1)"),
        choice("curve", "linear", CURVES, help="how the crossfader goes: evenly, softly, at once in the middle"),
        choice("blend", first, transitions, help="how deck a turns into deck b under the crossfader"),
        choice("transition", first, transitions, help="how one look turns into another on a deck"),
        number("time", 0.35, 0.0, 8.0, unit="s", smooth=0.0, help="how long a change of look takes"),
    )


MIX_PARAMS = mix_params()

_BLACK = 0.998


class Master:
    """Turns the finished picture into the frame that is shown. Holds the blackout's state and the flash book."""

    def __init__(self, context: Context, size: tuple[int, int], painters: Mapping[str, Painter]) -> None:
        self._painters = painters
        self._outputs = [Surface(context, size, "f1") for _ in range(3)]  # the first was shown last
        self._limiter = Limiter(context, size, painters)
        self._dark = 0.0

    def draw(self, picture: Texture, dt: float, values: Values) -> GLFrame:
        """The frame of this tick."""
        blackout = bool(values.get("blackout", False))
        self._darken(blackout, dt, float(values.get("blackout_time", 0.25)))
        gain = float(values.get("brightness", 1.0)) * (1.0 - float(values.get("fade", 0.0))) * (1.0 - self._dark)
        shown, output = self._outputs[0], self._outputs[-1]
        self._painters["output"].draw(output.framebuffer, {"picture": picture}, {"gain": gain})
        self._limiter.draw(output, picture, shown.texture, gain=gain, dt=dt,
                           limit=bool(values.get("flash_limit", True)), blackout=blackout)
        self._outputs.insert(0, self._outputs.pop())
        return GLFrame(output.texture)

    def _darken(self, blackout: bool, dt: float, tau: float) -> None:
        aim = 1.0 if blackout else 0.0
        self._dark = aim + (self._dark - aim) * math.exp(-dt / max(tau, 1e-3))
        if abs(self._dark - aim) < 1.0 - _BLACK:
            self._dark = aim

    def state(self) -> State:
        """The picture shown last, the blackout, the flash book."""
        return {"dark": np.array(self._dark), "shown": self._outputs[0].pixels(),
                **{f"flash.{name}": pixels for name, pixels in self._limiter.state().items()}}

    def restore(self, state: State) -> None:
        """Put back what ``state`` gave."""
        self._dark = float(state["dark"])
        self._outputs[0].write(state["shown"])
        self._limiter.restore({k.removeprefix("flash."): v for k, v in state.items() if k.startswith("flash.")})

    def release(self) -> None:
        """Give the memory back."""
        for surface in self._outputs:
            surface.release()
        self._limiter.release()
