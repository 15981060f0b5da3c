"""OpenGL 3.3 core, with a window or without."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from vj.types import VjError

if TYPE_CHECKING:
    from moderngl import Context


def headless_context() -> Context:
    """A context that needs no display: EGL on Linux, the platform's own elsewhere."""
    import moderngl
    backend: dict[str, Any] = {"backend": "egl"} if sys.platform.startswith("linux") else {}
    try:
        return moderngl.create_context(standalone=True, require=330, **backend)
    except Exception as error:  # the driver layer raises bare Exception for everything
        raise VjError("OpenGL 3.3 without a window is not to be had here; on Debian or Ubuntu install libegl1 and "
                      f"libgl1-mesa-dri ({error})") from error


def window_context() -> Context:
    """The context of the window that is current in this thread."""
    import moderngl
    try:
        return moderngl.create_context(require=330)
    except Exception as error:
        raise VjError(f"the window has no OpenGL 3.3 ({error})") from error
