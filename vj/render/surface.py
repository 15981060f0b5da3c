"""Textures that can be drawn into, and the small programs that draw them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.config import data_dir
from vj.render.glsl import VERTEX
from vj.types import VjError

if TYPE_CHECKING:
    from moderngl import Context, Framebuffer, Texture
    from numpy.typing import NDArray

    State = dict[str, NDArray[Any]]

MAX_SIDE = 8192
_DTYPES = {"f1": np.uint8, "f2": np.float16, "f4": np.float32}


class Surface:
    """An RGBA texture with its framebuffer. ``dtype``: f1 (8 bit), f2 (half float: no banding, head-room), f4."""

    def __init__(self, context: Context, size: tuple[int, int], dtype: str = "f2", linear: bool = True) -> None:
        import moderngl
        self.size = size
        self.dtype = dtype
        self.texture: Texture = context.texture(size, 4, dtype=dtype)
        self.texture.repeat_x = self.texture.repeat_y = False
        mode = moderngl.LINEAR if linear else moderngl.NEAREST
        self.texture.filter = (mode, mode)
        self.framebuffer: Framebuffer = context.framebuffer([self.texture])
        self.clear()

    def clear(self) -> None:
        """To transparent black."""
        self.framebuffer.clear()

    def pixels(self) -> NDArray[Any]:
        """(H, W, 4) as stored, bottom row first. A copy."""
        width, height = self.size
        return np.frombuffer(self.texture.read(), _DTYPES[self.dtype]).reshape(height, width, 4).copy()

    def write(self, pixels: NDArray[Any]) -> None:
        """Put back what ``pixels`` gave. Raises VjError where the size is another."""
        if pixels.shape != (self.size[1], self.size[0], 4) or pixels.dtype != _DTYPES[self.dtype]:
            raise VjError(f"a saved picture of {pixels.shape} does not fit one of {self.size[0]}x{self.size[1]}")
        self.texture.write(np.ascontiguousarray(pixels))

    def release(self) -> None:
        """Give the memory back."""
        self.framebuffer.release()
        self.texture.release()


class Painter:
    """One program of our own, from ``shaders/internal/<name>.frag``, drawn over a whole surface."""

    def __init__(self, context: Context, name: str, vertex: str = VERTEX) -> None:
        folder = data_dir("shaders") / "internal"
        source = (folder / f"{name}.frag").read_text(encoding="utf-8")
        for include in ("master",):
            source = source.replace(f"#include {include}", (folder / f"{include}.glsl").read_text(encoding="utf-8"))
        self._program = context.program(vertex_shader=vertex, fragment_shader=source)
        self._array = context.vertex_array(self._program, [])
        self._samplers: dict[str, int] = {}

    def draw(self, target: Framebuffer, images: Mapping[str, Texture], uniforms: Mapping[str, Any]) -> None:
        """Draw with ``images`` bound by their names; a uniform the compiler dropped is passed over."""
        for unit, (name, texture) in enumerate(images.items()):
            texture.use(unit)
            set_uniform(self._program, name, unit)
        for name, value in uniforms.items():
            set_uniform(self._program, name, value)
        target.use()
        self._array.render(vertices=3)

    def release(self) -> None:
        self._array.release()
        self._program.release()


def set_uniform(program: Any, name: str, value: Any) -> None:
    """Set a uniform if the program still has it after optimisation."""
    member = program.get(name, None)
    if member is not None:
        member.value = value
