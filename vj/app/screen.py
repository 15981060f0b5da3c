"""Where the picture goes: a window with its keys, or none. Decides the output's size and rate by the GPU found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vj.app.common import Format
from vj.clock import now
from vj.options import Options

if TYPE_CHECKING:
    from moderngl import Context

    from vj.control.views import Views
    from vj.render.compositor import GLCompositor
    from vj.render.display import Display
    from vj.render.effects import EffectLibrary
    from vj.render.preview import Preview
    from vj.stage import Stage

SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "software")
"""OpenGL renderers that draw on the CPU: there the picture starts smaller."""
WINDOW_SLACK = 0.1
"""At a monitor's own rate the vertical blank paces; the clock keeps this share of a period out of its way."""
REHEARSAL = 2.0
"""Seconds at most that are spent on shaders before a show."""
ON_GPU, ON_CPU = Format((1280, 720), 60.0), Format((640, 360), 30.0)
CPU_SCALE = 0.6
"""Share of the output's size that the effects are drawn at on a CPU: a third of the work, and no smaller than the
generated image."""


@dataclass(frozen=True, slots=True)
class Screening:
    """The display, the compositor that draws in its context, and the shelf of effects."""

    form: Format
    display: Display
    effects: EffectLibrary
    compositor: GLCompositor

    @classmethod
    def open(cls, options: Options, stack: ExitStack) -> Screening:
        """Open a window, or a context without one. Raises VjError when the machine has none."""
        from vj.render.compositor import GLCompositor
        from vj.render.display import HeadlessDisplay, WindowDisplay
        from vj.render.effects import EffectLibrary

        display: Display
        if options.headless:
            display = HeadlessDisplay.open()
        else:
            display = WindowDisplay.open(options.size or ON_GPU.size, monitor=options.monitor,
                                         fullscreen=options.fullscreen)
        stack.callback(display.close)
        form = format_of(options, display.context)
        effects = EffectLibrary.open()
        scale = CPU_SCALE if on_cpu(display.context) else 1.0
        compositor = GLCompositor(display.context, form.size, effects, scale=scale)
        stack.callback(compositor.close)
        return cls(form, display, effects, compositor)

    def preview(self, views: Views, look: Callable[[], str], stack: ExitStack) -> Preview:
        """A sink that keeps ``views`` supplied while somebody looks, from the display's context. ``look`` names what is
        on the wall.
        """
        from vj.render.preview import RATE, Preview

        rate = RATE * CPU_SCALE if on_cpu(self.display.context) else RATE
        preview = Preview(self.display.context, self.form.size, views, look=look, rate=rate,
                          other=self.compositor.other)
        stack.callback(preview.close)
        return preview

    def rehearse(self, stage: Stage) -> None:
        """What the looks need is read and compiled before the show begins, as far as there is time: the generator needs
        longer to be ready. What is left is compiled when it is used.
        """
        until = now() + REHEARSAL
        names = sorted(stage.shelf.names, key=lambda name: name != stage.look)
        wanted: dict[str, None] = {}
        for name in names:
            if now() < until:
                wanted |= dict.fromkeys(stage.ready(name))
        self.compositor.rehearse(list(wanted), lambda: now() < until)

    @property
    def slack(self) -> float:
        """How much of a frame's time is left to the screen's own rhythm."""
        return WINDOW_SLACK if not isinstance(self.display, _headless()) and self.form.fps >= 50 else 0.0


def _headless() -> type:
    from vj.render.display import HeadlessDisplay

    return HeadlessDisplay


def format_of(options: Options, context: Context) -> Format:
    """Size and rate as asked for, or as this renderer can."""
    usual = ON_CPU if on_cpu(context) else ON_GPU
    return Format(options.size or usual.size, options.fps or usual.fps)


def on_cpu(context: Context) -> bool:
    """Whether OpenGL draws on the CPU here."""
    renderer = str(context.info.get("GL_RENDERER", "")).lower()
    return any(name in renderer for name in SOFTWARE)
