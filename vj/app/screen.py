"""Where the picture goes: a window with its keys, or none. Decides the output's size and rate by the GPU found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vj.app.common import Format
from vj.console import Console
from vj.engine import Engine, Parts
from vj.options import Options
from vj.types import Tick

if TYPE_CHECKING:
    from moderngl import Context

    from vj.performance import Screen
    from vj.render.compositor import GLCompositor
    from vj.render.effects import EffectLibrary

SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "software")
"""OpenGL renderers that draw on the CPU: there the picture starts smaller."""
ON_GPU, ON_CPU = Format((1280, 720), 60.0), Format((640, 360), 30.0)


@dataclass(frozen=True, slots=True)
class Screening:
    """The compositor, its shelf of effects, and the window where there is one."""

    form: Format
    effects: EffectLibrary
    compositor: GLCompositor
    screen: Screen | None = None
    slack: float = 0.0

    @classmethod
    def open(cls, options: Options, stack: ExitStack) -> Screening:
        """Open a window, or a context without one. Raises VjError when the machine has none."""
        from vj.render.compositor import GLCompositor
        from vj.render.context import headless_context
        from vj.render.effects import EffectLibrary

        context = headless_context()
        form = format_of(options, context)
        effects = EffectLibrary.open()
        compositor = GLCompositor(context, form.size, effects)
        stack.callback(compositor.close)
        return cls(form, effects, compositor)

    def hands(self, parts: Parts, engine: Engine, console: Console) -> Callable[[Tick], bool]:
        """What is asked each tick: keys, changed shaders. True ends the show."""

        def none(tick: Tick) -> bool:
            for message in self.compositor.poll(tick.time):
                console.message(message)
            return False

        return none


def format_of(options: Options, context: Context) -> Format:
    """Size and rate as asked for, or as this renderer can."""
    renderer = str(context.info.get("GL_RENDERER", "")).lower()
    usual = ON_CPU if any(name in renderer for name in SOFTWARE) else ON_GPU
    return Format(options.size or usual.size, options.fps or usual.fps)
