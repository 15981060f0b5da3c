"""An ISF effect on the GPU: its program, its own buffers, and how its inputs become uniforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vj.render import glsl
from vj.render.expr import size_value
from vj.render.isf import Effect, Input
from vj.render.surface import MAX_SIDE, Surface, set_uniform
from vj.types import Value, Values, VjError

if TYPE_CHECKING:
    from moderngl import Context, Program, Texture, VertexArray

    from vj.render.surface import State

Uniforms = Mapping[str, Any]


class Shader:
    """A compiled effect, one program a pass.

    Raises VjError naming the file and the author's line when it does not compile.
    """

    def __init__(self, context: Context, effect: Effect) -> None:
        self.effect = effect
        self.programs = tuple(_program(context, effect, index) for index in range(len(effect.passes)))
        self.arrays: tuple[VertexArray, ...] = tuple(context.vertex_array(program, []) for program in self.programs)

    def draw(self, index: int, target: Surface, images: Mapping[str, Texture], uniforms: Uniforms) -> None:
        """Draw pass ``index`` over the whole ``target``."""
        program = self.programs[index]
        for unit, (name, texture) in enumerate(images.items()):
            texture.use(unit)
            set_uniform(program, name, unit)
        for name, value in uniforms.items():
            set_uniform(program, name, value)
        set_uniform(program, "RENDERSIZE", (float(target.size[0]), float(target.size[1])))
        target.framebuffer.use()
        self.arrays[index].render(vertices=3)

    def release(self) -> None:
        """Give the programs back."""
        for array, program in zip(self.arrays, self.programs, strict=True):
            array.release()
            program.release()


def _program(context: Context, effect: Effect, index: int) -> Program:
    import moderngl
    try:
        return context.program(vertex_shader=glsl.VERTEX, fragment_shader=glsl.fragment(effect, index))
    except moderngl.Error as error:
        raise VjError(glsl.complaint(effect, str(error))) from error


class Instance:
    """A shader at work in one place: it has its own buffers, so the same shader may stand twice in a chain."""

    def __init__(self, context: Context, shader: Shader, size: tuple[int, int]) -> None:
        self._context = context
        self.shader = shader
        self._size = size
        self._buffers: dict[str, list[Surface]] = {}
        for name in shader.effect.targets:
            self._resize(name, {spec.name: spec.default for spec in shader.effect.params})

    def draw(self, images: Mapping[str, Texture], values: Values, uniforms: Uniforms, output: Surface) -> Texture:
        """Run all passes. Returns the picture: ``output``'s texture, or the effect's own buffer if it ends in one."""
        effect = self.shader.effect
        settings = {**uniforms, **{i.name: uniform(i, values) for i in effect.inputs if i.type != "image"}}
        picture = output.texture
        for index, step in enumerate(effect.passes):
            surface = self._target(step.target, values) if step.target else output
            fronts = {name: pair[0].texture for name, pair in self._buffers.items()}
            self.shader.draw(index, surface, {**images, **fronts}, settings)
            if step.target:
                self._buffers[step.target].reverse()
            picture = surface.texture
        return picture

    def clear(self) -> None:
        """Forget what the persistent buffers remember."""
        for pair in self._buffers.values():
            for surface in pair:
                surface.clear()

    def state(self) -> State:
        """The persistent buffers."""
        return {name: pair[0].pixels() for name, pair in self._buffers.items() if self._persists(name)}

    def restore(self, state: State) -> None:
        """Put back what ``state`` gave."""
        for name, pixels in state.items():
            if name in self._buffers and self._persists(name):
                self._buffers[name][0].write(pixels)

    def release(self) -> None:
        """Give the buffers back; the shader is shared and stays."""
        for pair in self._buffers.values():
            for surface in pair:
                surface.release()
        self._buffers.clear()

    def _persists(self, name: str) -> bool:
        return self.shader.effect.targets[name].persistent

    def _target(self, name: str, values: Values) -> Surface:
        """Where a pass draws: always the back buffer, so that it may read what it wrote last."""
        self._resize(name, values)
        return self._buffers[name][-1]

    def _resize(self, name: str, values: Values) -> None:
        step = self.shader.effect.targets[name]
        known = {spec.name: spec.default for spec in self.shader.effect.params} | dict(values)
        numbers = {key: float(value) for key, value in known.items() if not isinstance(value, str)}
        numbers |= {"WIDTH": float(self._size[0]), "HEIGHT": float(self._size[1])}
        size = (size_value(step.width, numbers, MAX_SIDE), size_value(step.height, numbers, MAX_SIDE))
        pair = self._buffers.get(name, [])
        if pair and pair[0].size == size:
            return
        for surface in pair:
            surface.release()
        self._buffers[name] = [Surface(self._context, size) for _ in range(2)]


def uniform(item: Input, values: Values) -> Any:
    """The value of one input as GLSL takes it; a parameter missing from ``values`` is at its default."""
    got: list[Value] = [values.get(spec.name, spec.default) for spec in item.specs]
    match item.type:
        case "float":
            return float(got[0])
        case "bool" | "event":
            return bool(got[0])
        case "long":
            return _long(item, got[0])
        case "point2D":
            return float(got[0]), float(got[1])
        case _:
            return rgba(str(got[0]))


def _long(item: Input, value: Value) -> int:
    if isinstance(value, str):
        choices = item.specs[0].choices
        return item.values[choices.index(value) if value in choices else 0]
    return int(value)


def rgba(code: str) -> tuple[float, float, float, float]:
    """``#rrggbb`` or ``#rrggbbaa`` as four levels 0..1."""
    digits = code.removeprefix("#").ljust(8, "f")
    red, green, blue, alpha = (int(digits[at:at + 2], 16) / 255 for at in (0, 2, 4, 6))
    return red, green, blue, alpha
