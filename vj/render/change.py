"""From one picture to another, through a transition shader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.render.chain import Shaders
from vj.render.deck import smoothstep
from vj.render.shader import Instance, Uniforms
from vj.render.surface import Painter, Surface

if TYPE_CHECKING:
    from moderngl import Texture

    from vj.render.surface import State


class Transitions:
    """The transition shaders at work."""

    def __init__(self, shaders: Shaders, size: tuple[int, int]) -> None:
        self.shaders = shaders
        self._size = size
        self._instances: dict[str, Instance] = {}

    def prepare(self) -> None:
        """Compile all that are on the shelf."""
        for name in self.shaders.library.names("transitions"):
            self.shaders.get(name, "transitions")

    def draw(self, name: str, pair: tuple[Texture, Texture], progress: float, uniforms: Uniforms,
             output: Surface) -> Texture:
        """One frame of the transition ``name`` from the first picture to the second."""
        shader = self.shaders.get(name, "transitions")
        instance = self._instances.get(name)
        if instance is None or instance.shader is not shader:
            if instance is not None:
                instance.release()
            self._instances[name] = instance = Instance(self.shaders.context, shader, self._size)
        images = {"startImage": pair[0], "endImage": pair[1]}
        return instance.draw(images, {"progress": progress}, uniforms, output)

    def release(self) -> None:
        """Give the memory back."""
        for instance in self._instances.values():
            instance.release()


class LookChange:
    """Turns the picture that was, held still, into the picture that is."""

    def __init__(self, transitions: Transitions, size: tuple[int, int], painters: Mapping[str, Painter]) -> None:
        self._transitions = transitions
        self._painters = painters
        self._from = Surface(transitions.shaders.context, size)
        self._to = Surface(transitions.shaders.context, size)
        self._since = -1.0
        self._length = 0.0

    def begin(self, picture: Texture, length: float = 0.0) -> Texture:
        """Start from a copy of ``picture``, which is returned; ``length`` seconds, or ``mix/time`` when that is 0."""
        self._painters["hold"].draw(self._from.framebuffer, {"image": picture}, {})
        self._since, self._length = 0.0, length
        return self._from.texture

    def end(self) -> None:
        """The picture that is stands there at once."""
        self._since = -1.0

    def draw(self, picture: Texture, dt: float, mix: Mapping[str, Any], uniforms: Uniforms) -> Texture:
        """``picture``, or what is between while a change goes on."""
        if self._since < 0.0:
            return picture
        self._since += dt
        length = self._length or float(mix.get("time", 0.35))
        if self._since >= length:
            self._since = -1.0
            return picture
        name = "crossfade" if self._length else str(mix.get("transition", "crossfade"))
        progress = smoothstep(0.0, length, self._since)
        return self._transitions.draw(name, (self._from.texture, picture), progress, uniforms, self._to)

    def state(self) -> State:
        """How far it is, and where it came from."""
        state: State = {"numbers": np.array([self._since, self._length])}
        return state | ({"from": self._from.pixels()} if self._since >= 0.0 else {})

    def restore(self, state: State) -> None:
        """Put back what ``state`` gave."""
        self._since, self._length = (float(x) for x in state["numbers"])
        if "from" in state:
            self._from.write(state["from"])

    def release(self) -> None:
        """Give the memory back."""
        self._from.release()
        self._to.release()
