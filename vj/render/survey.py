"""What this machine can draw on. Asked in a probe's process: a broken driver may crash here."""

from __future__ import annotations

from typing import Any

from vj.render.context import headless_context, window_context
from vj.types import VjError


def headless() -> dict[str, str]:
    """Renderer and version of OpenGL without a window. Raises VjError where there is none."""
    return _describe(headless_context())


def window() -> dict[str, Any]:
    """Renderer and version of OpenGL in a (hidden) window, and the ``monitors``. Raises VjError without a display."""
    import glfw

    glfw.ERROR_REPORTING = "ignore"
    if not glfw.init():
        raise VjError("no display")
    try:
        return {**_describe_window(), "monitors": _monitors()}
    finally:
        glfw.terminate()


def _describe_window() -> dict[str, str]:
    import glfw

    for hint, value in ((glfw.VISIBLE, glfw.FALSE), (glfw.CONTEXT_VERSION_MAJOR, 3), (glfw.CONTEXT_VERSION_MINOR, 3),
                        (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE), (glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE)):
        glfw.window_hint(hint, value)
    surface = glfw.create_window(64, 64, "vj", None, None)
    if not surface:
        raise VjError("no window with OpenGL 3.3 can be opened")
    glfw.make_context_current(surface)
    return _describe(window_context())


def _monitors() -> list[dict[str, Any]]:
    import glfw

    found = []
    for number, monitor in enumerate(glfw.get_monitors()):
        name, mode = glfw.get_monitor_name(monitor), glfw.get_video_mode(monitor)
        found.append({"number": number, "name": name.decode() if isinstance(name, bytes) else str(name),
                      "size": f"{mode.size.width}x{mode.size.height}", "hz": mode.refresh_rate})
    return found


def _describe(context: Any) -> dict[str, str]:
    told = {"renderer": str(context.info["GL_RENDERER"]), "version": str(context.info["GL_VERSION"])}
    context.release()
    return told
