"""The effect chain: which shaders stand in a row, compiled ahead, swapped whole or not at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vj.render.effects import EffectLibrary
from vj.render.isf import Effect
from vj.render.shader import Instance, Shader, Uniforms
from vj.render.surface import Painter, Surface
from vj.types import Params, Values, VjError

if TYPE_CHECKING:
    from moderngl import Context, Texture

    from vj.render.surface import State

SWITCH_TAU = 0.06
"""An effect switched on or off fades over this time constant, seconds, so that nothing pops."""
_SEEN = 1.0 / 512.0


class Shaders:
    """Compiled shaders by kind and name, each compiled once; a broken new version leaves the old one in place."""

    def __init__(self, context: Context, library: EffectLibrary) -> None:
        self.context = context
        self.library = library
        self._compiled: dict[tuple[str, str], Shader] = {}
        self._broken: set[int] = set()

    def get(self, name: str, kind: str = "effects") -> Shader:
        """Compile at first use. Raises VjError naming file and line."""
        if (kind, name) not in self._compiled:
            self._compiled[kind, name] = Shader(self.context, self.library.get(name, kind))
        return self._compiled[kind, name]

    def poll(self, time: float) -> list[str]:
        """Look for changed files; compile them. One message for each that changed, or that is broken."""
        messages = self.library.poll(time)
        for (kind, name), shader in list(self._compiled.items()):
            effect = self.library.get(name, kind)
            if effect is not shader.effect and id(effect) not in self._broken:
                messages += self._recompile(kind, name, effect)
        return messages

    def _recompile(self, kind: str, name: str, effect: Effect) -> list[str]:
        try:
            self._compiled[kind, name] = Shader(self.context, effect)
        except VjError as error:
            self._broken.add(id(effect))
            return [str(error)]
        return []

    def release(self) -> None:
        for shader in self._compiled.values():
            shader.release()


class Link:
    """One effect in the chain and how far it is faded in."""

    def __init__(self, name: str, instance: Instance) -> None:
        self.name = name
        self.instance = instance
        self.amount = -1.0  # not drawn yet: the first frame jumps to its place

    def fade(self, dt: float, values: Values) -> float:
        """How much of the effect is to be seen now."""
        own = {spec.name for spec in self.instance.shader.effect.params}
        on = 1.0 if "on" in own else float(values.get("on", True))
        mix = 1.0 if "mix" in own else float(values.get("mix", 1.0))
        aim = on * mix
        if aim > 0.0 and self.amount == 0.0:
            self.instance.clear()
        keep = 0.0 if self.amount < 0.0 else math.exp(-dt / SWITCH_TAU)
        self.amount = aim + (self.amount - aim) * keep
        if abs(self.amount - aim) < _SEEN:
            self.amount = aim
        return self.amount


class Chain:
    """Effects in a row, each with its parameters at ``mount`` and its name. Two room surfaces are used in turn; the
    result is good until the next ``draw``.
    """

    def __init__(self, shaders: Shaders, size: tuple[int, int], painters: Mapping[str, Painter],
                 mount: str = "fx/") -> None:
        self._shaders = shaders
        self.mount = mount
        self._size = size
        self._painters = painters
        self._links: list[Link] = []
        self._room = [Surface(shaders.context, size) for _ in range(3)]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(link.name for link in self._links)

    def prepare(self, effects: Sequence[str]) -> None:
        """Compile what is not compiled yet. Raises VjError; the chain stays as it is."""
        for name in effects:
            if self._shaders.get(name).effect.role == "transition":
                raise VjError(f"{name} is a transition, it cannot stand in the effect chain")

    def use(self, effects: Sequence[str]) -> None:
        """Make this the chain. An effect that stays keeps its memory."""
        self.prepare(effects)
        old = list(self._links)
        links = []
        for name in effects:
            kept = next((link for link in old if link.name == name), None)
            if kept is not None:
                old.remove(kept)
            links.append(kept or self._link(name))
        for link in old:
            link.instance.release()
        self._links = links

    @property
    def outdated(self) -> bool:
        """Whether a shader of the chain has been compiled anew."""
        return any(self._shaders.get(link.name) is not link.instance.shader for link in self._links)

    def reload(self) -> None:
        """Take newly compiled shaders into the chain, with empty buffers."""
        for link in self._links:
            shader = self._shaders.get(link.name)
            if shader is not link.instance.shader:
                link.instance.release()
                link.instance = Instance(self._shaders.context, shader, self._size)

    def draw(self, picture: Texture, dt: float, params: Params, uniforms: Uniforms) -> Texture:
        """Run ``picture`` through every effect that is on."""
        for link in self._links:
            values = params.get(self.mount + link.name, {})
            amount = link.fade(dt, values)
            if amount > 0.0:
                picture = self._through(link.instance, picture, amount, values, uniforms)
        return picture

    def _through(self, instance: Instance, picture: Texture, amount: float, values: Values,
                 uniforms: Uniforms) -> Texture:
        images = dict.fromkeys(instance.shader.effect.images, picture)
        over = instance.draw(images, values, uniforms, self._free(picture))
        if over.size != self._size:  # the effect ended in a smaller buffer of its own
            target = self._free(picture)
            self._painters["copy"].draw(target.framebuffer, {"image": over}, {})
            over = target.texture
        if amount >= 1.0:
            return over
        target = self._free(picture, over)
        self._painters["mix"].draw(target.framebuffer, {"under": picture, "over": over}, {"amount": amount})
        return target.texture

    def _free(self, *busy: Texture) -> Surface:
        return next(surface for surface in self._room if all(surface.texture is not texture for texture in busy))

    def _link(self, name: str) -> Link:
        return Link(name, Instance(self._shaders.context, self._shaders.get(name), self._size))

    def state(self) -> State:
        """Fades and persistent buffers, by place in the chain."""
        import numpy as np
        state: State = {"amounts": np.array([link.amount for link in self._links], np.float64)}
        for index, link in enumerate(self._links):
            state |= {f"{index}.{name}": pixels for name, pixels in link.instance.state().items()}
        return state

    def restore(self, state: State) -> None:
        """Put back what ``state`` gave; the same chain must stand."""
        if len(state["amounts"]) != len(self._links):
            raise VjError(f"the saved picture has {len(state['amounts'])} effects, the chain has {len(self._links)}")
        for index, link in enumerate(self._links):
            link.amount = float(state["amounts"][index])
            prefix = f"{index}."
            link.instance.restore({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})

    def release(self) -> None:
        """Give the memory back."""
        for link in self._links:
            link.instance.release()
        for surface in self._room:
            surface.release()
