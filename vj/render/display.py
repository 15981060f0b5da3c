"""The window on the wall: a frame a refresh, keys in, words for the operator on top. And its double without a window.

Fullscreen is a borderless window laid over the chosen monitor, never exclusive mode: a projector that is unplugged then
cannot take the show with it (glfw#2849). Monitors are polled once a second besides, since callbacks are not reliable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from vj.render.context import headless_context, window_context
from vj.render.monitors import Monitor, as_text, list_monitors, open_glfw, pick_monitor, under_window
from vj.render.overlay import WARNING, Overlay
from vj.render.surface import Painter
from vj.types import VjError

if TYPE_CHECKING:
    from moderngl import Context

    from vj.render.frame import GLFrame

USUAL_REFRESH = 60.0
"""Hz, where the monitor does not say."""
POLL_MONITORS = 1.0
"""Seconds between two looks at which monitors are there."""
_KEYS = {"SPACE": 32, "ESCAPE": 256, "ENTER": 257, "TAB": 258, "RIGHT": 262, "LEFT": 263, "DOWN": 264, "UP": 265,
         **{f"F{n}": 289 + n for n in range(1, 13)}, **{chr(code): code for code in (*range(48, 58), *range(65, 91))}}
_NAMES = {code: name for name, code in _KEYS.items()}


@dataclass(frozen=True, slots=True)
class Words:
    """What the operator reads: a ``status`` line below, a short ``message`` above, the ``help`` in the middle."""

    status: str = ""
    message: str = ""
    help: str = ""


class Display(Protocol):
    """Where frames are seen. ``context`` is the GL context that the compositor draws in.

    ``glass``: seconds, estimated, from a frame's being presented until the middle of it is lit; None where nobody
    sees it.
    """

    context: Context
    fullscreen: bool

    @property
    def glass(self) -> float | None: ...

    @property
    def closing(self) -> bool: ...

    def present(self, frame: GLFrame, time: float, words: Words = Words()) -> None: ...

    def keys(self) -> list[str]: ...

    def held(self) -> set[str]: ...

    def cancel_closing(self) -> None: ...

    def toggle_fullscreen(self) -> None: ...

    def close(self) -> None: ...


class HeadlessDisplay:
    """The double: a context without a window. Keys are pressed by ``press``; frames are counted and let go."""

    glass: float | None = None

    def __init__(self, context: Context) -> None:
        self.context = context
        self.fullscreen = False
        self.closing = False
        self.presented = 0
        self.words = Words()
        self.down: set[str] = set()
        self._pressed: list[str] = []

    @classmethod
    def open(cls) -> HeadlessDisplay:
        """Raises VjError where there is no OpenGL without a window."""
        return cls(headless_context())

    def press(self, key: str) -> None:
        """As if the operator had pressed it."""
        self._pressed.append(key)

    def present(self, frame: GLFrame, time: float, words: Words = Words()) -> None:
        """Count the frame."""
        self.presented += 1
        self.words = words

    def keys(self) -> list[str]:
        """The keys pressed since the last call, in order."""
        pressed, self._pressed = self._pressed, []
        return pressed

    def held(self) -> set[str]:
        """The keys that are ``down``."""
        return self.down

    def cancel_closing(self) -> None:
        """The first wish to close is taken back."""
        self.closing = False

    def toggle_fullscreen(self) -> None:
        self.fullscreen = not self.fullscreen

    def close(self) -> None:
        """Give the context back."""
        self.context.release()


class WindowDisplay:
    """A GLFW window. Made by :meth:`open`; call everything from the main thread."""

    def __init__(self, glfw: Any, window: Any, context: Context, monitor: str | None) -> None:
        self.context = context
        self.fullscreen = False
        self._glfw = glfw
        self._window = window
        self._monitor = monitor
        self._painter = Painter(context, "copy")
        self._overlay = Overlay(context)
        self._pressed: list[str] = []
        self._down: set[str] = set()
        self._windowed = (*glfw.get_window_pos(window), *glfw.get_window_size(window))
        self._next_poll = 0.0
        self._lost = False
        self._cover = False
        self._refresh = USUAL_REFRESH
        glfw.set_key_callback(window, self._on_key)

    @classmethod
    def open(cls, size: tuple[int, int], *, title: str = "vj", monitor: str | None = None, fullscreen: bool = False,
             vsync: bool = True, cover: bool = False) -> WindowDisplay:
        """A window of ``size`` on ``monitor`` (a name, part of one, or its number). Raises VjError without a display.

        ``cover``: fill the window and cut what does not fit, instead of bars.
        """
        glfw = open_glfw()
        if monitor is not None:
            pick_monitor(list_monitors(), monitor)
        for hint, value in ((glfw.CONTEXT_VERSION_MAJOR, 3), (glfw.CONTEXT_VERSION_MINOR, 3),
                            (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE), (glfw.OPENGL_FORWARD_COMPAT, True),
                            (glfw.AUTO_ICONIFY, False)):
            glfw.window_hint(hint, value)
        window = glfw.create_window(*size, title, None, None)
        if not window:
            code, words = glfw.get_error()
            raise VjError(f"the window could not be opened: {as_text(words) or code}")
        glfw.make_context_current(window)
        glfw.swap_interval(1 if vsync else 0)
        display = cls(glfw, window, window_context(), monitor)
        display._cover = cover
        if fullscreen:
            display.toggle_fullscreen()
        return display

    @property
    def glass(self) -> float | None:
        """One refresh: half of it is the mean wait for the next one, half passes until the middle is scanned out."""
        return 1.0 / self._refresh

    @property
    def closing(self) -> bool:
        """Whether the window was asked to close."""
        return bool(self._glfw.window_should_close(self._window))

    def cancel_closing(self) -> None:
        """The operator is asked twice: the first wish is taken back."""
        self._glfw.set_window_should_close(self._window, False)

    def present(self, frame: GLFrame, time: float, words: Words = Words()) -> None:
        """Show the frame, letterboxed (or covering), with the operator's words over it."""
        window = self._glfw.get_framebuffer_size(self._window)
        if 0 not in window:
            screen = self.context.screen
            screen.viewport = (0, 0, *window)
            screen.clear(0.0, 0.0, 0.0, 1.0)
            screen.viewport = fit(frame.size, window, self._cover)
            self._painter.draw(screen, {"image": frame.texture}, {})
            screen.viewport = (0, 0, *window)
            screen.use()
            self._overlay.panel(words.status, window, "bottom")
            self._overlay.panel(words.message, window, "top", WARNING)
            self._overlay.panel(words.help, window, "centre")
            self._overlay.end()
        self._glfw.swap_buffers(self._window)
        if time >= self._next_poll:
            self._refresh = self._refresh_here()
        self._watch_monitors(time)

    def keys(self) -> list[str]:
        """The keys pressed since the last call, by name (``SPACE``, ``F1``, ``B``), in order."""
        self._glfw.poll_events()
        pressed, self._pressed = self._pressed, []
        return pressed

    def held(self) -> set[str]:
        """The keys that are down, by name; none while the window has not the keyboard."""
        return self._down if self._glfw.get_window_attrib(self._window, self._glfw.FOCUSED) else set()

    def toggle_fullscreen(self) -> None:
        """Lay the window over the chosen monitor, or put it back where it was."""
        self.fullscreen = not self.fullscreen
        glfw, window = self._glfw, self._window
        if self.fullscreen:
            self._windowed = (*glfw.get_window_pos(window), *glfw.get_window_size(window))
        glfw.set_window_attrib(window, glfw.DECORATED, not self.fullscreen)
        glfw.set_input_mode(window, glfw.CURSOR, glfw.CURSOR_HIDDEN if self.fullscreen else glfw.CURSOR_NORMAL)
        self._settle(list_monitors())

    def close(self) -> None:
        """Close the window and leave GLFW."""
        self._overlay.release()
        self._painter.release()
        self.context.release()
        self._glfw.destroy_window(self._window)
        self._glfw.terminate()

    def _on_key(self, _window: Any, key: int, _scan: int, action: int, _mods: int) -> None:
        if key not in _NAMES:
            return
        if action == self._glfw.PRESS:
            self._pressed.append(_NAMES[key])
            self._down.add(_NAMES[key])
        elif action == self._glfw.RELEASE:
            self._down.discard(_NAMES[key])

    def _settle(self, monitors: Sequence[Monitor]) -> None:
        """Put the window where it belongs with the monitors that are there."""
        x, y, width, height = self._windowed
        if self.fullscreen:
            wanted = self._wanted(monitors)
            if wanted is None:
                return
            (x, y), (width, height) = wanted.position, wanted.size
        self._glfw.set_window_pos(self._window, x, y)
        self._glfw.set_window_size(self._window, width, height)

    def _wanted(self, monitors: Sequence[Monitor]) -> Monitor | None:
        if self._monitor is not None:
            try:
                return pick_monitor(monitors, self._monitor)
            except VjError:
                return None
        return under_window(monitors, self._windowed)

    def _refresh_here(self) -> float:
        """Hz of the monitor that the window lies on."""
        glfw, window = self._glfw, self._window
        under = under_window(list_monitors(), (*glfw.get_window_pos(window), *glfw.get_window_size(window)))
        return (under.refresh if under else 0) or USUAL_REFRESH

    def _watch_monitors(self, time: float) -> None:
        """A chosen monitor that goes hides the output; when it is back, so is the picture. Rendering goes on."""
        if time < self._next_poll:
            return
        self._next_poll = time + POLL_MONITORS
        if not self.fullscreen or self._monitor is None:
            return
        monitors = list_monitors()
        lost = self._wanted(monitors) is None
        if lost and not self._lost:
            self._glfw.hide_window(self._window)
        elif self._lost and not lost:
            self._glfw.show_window(self._window)
            self._settle(monitors)
        self._lost = lost


def fit(picture: tuple[int, int], window: tuple[int, int], cover: bool = False) -> tuple[int, int, int, int]:
    """Viewport (x, y, width, height) of a picture in a window, its shape kept: with bars, or covering."""
    scales = (window[0] / picture[0], window[1] / picture[1])
    scale = max(scales) if cover else min(scales)
    width, height = round(picture[0] * scale), round(picture[1] * scale)
    return (window[0] - width) // 2, (window[1] - height) // 2, width, height
