"""The screens that are there, and which one is meant. Also the one way into GLFW."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vj.registry import suggest
from vj.types import VjError


@dataclass(frozen=True, slots=True)
class Monitor:
    """A screen. ``position`` and ``size`` in desktop coordinates."""

    name: str
    position: tuple[int, int]
    size: tuple[int, int]
    refresh: int
    primary: bool


def list_monitors() -> list[Monitor]:
    """The screens that are there, the primary first; none without a display."""
    try:
        glfw = open_glfw()
    except VjError:
        return []
    found = []
    for index, monitor in enumerate(glfw.get_monitors()):
        mode = glfw.get_video_mode(monitor)
        if mode is not None:
            found.append(Monitor(as_text(glfw.get_monitor_name(monitor)), tuple(glfw.get_monitor_pos(monitor)),
                                 (mode.size.width, mode.size.height), mode.refresh_rate, index == 0))
    return found


def pick_monitor(monitors: Sequence[Monitor], wish: str) -> Monitor:
    """By number (from 0), whole name, or part of a name. Raises VjError naming what there is."""
    if wish.isdecimal() and int(wish) < len(monitors):
        return monitors[int(wish)]
    for matches in (lambda name: name == wish, lambda name: wish.lower() in name.lower()):
        found = [monitor for monitor in monitors if matches(monitor.name)]
        if found:
            return found[0]
    raise VjError(f"there is no monitor {wish!r}{suggest(wish, [monitor.name for monitor in monitors])}")


def under_window(monitors: Sequence[Monitor], window: Sequence[int]) -> Monitor | None:
    """The monitor that holds most of a window (x, y, width, height)."""
    def shared(monitor: Monitor) -> int:
        sides = [min(window[i] + window[i + 2], monitor.position[i] + monitor.size[i])
                 - max(window[i], monitor.position[i]) for i in (0, 1)]
        return max(sides[0], 0) * max(sides[1], 0)
    return max(monitors, key=shared, default=None)


def open_glfw() -> Any:
    """GLFW, initialised. Raises VjError without a display. Its errors are asked for, not printed as warnings."""
    import glfw
    glfw.ERROR_REPORTING = "ignore"
    if not glfw.init():
        _, words = glfw.get_error()
        raise VjError(f"there is no display to open a window on ({as_text(words) or 'GLFW could not start'})")
    return glfw


def as_text(words: Any) -> str:
    """GLFW hands out bytes or text."""
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words or "")
