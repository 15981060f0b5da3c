"""The picture of a tick: decks, idle scene, effect chain, change of look, master.

Everything between the decks and the master is half float in display values (what ISF shaders expect), so nothing bands
and there is head-room for bloom; light is only mixed where it matters (bloom, limiter). Same inputs, same bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.render.chain import Chain, Shaders
from vj.render.change import LookChange, Transitions
from vj.render.deck import Deck
from vj.render.effects import EffectLibrary
from vj.render.limiter import GATED_VERTEX
from vj.render.master import Master
from vj.render.pulse import Pulse
from vj.render.shader import Instance, Uniforms
from vj.render.surface import MAX_SIDE, Painter, Surface
from vj.types import Features, Tick, VjError

if TYPE_CHECKING:
    from moderngl import Context, Texture

    from vj.render.frame import GLFrame
    from vj.render.surface import State
    from vj.types import Image, LatentPoint, Params

DECKS = ("a", "b")
UNFREEZE = 0.25
"""Seconds from a frozen picture back into the running one."""
RELOAD = 0.1
"""Seconds from the old version of a shader to the new one."""
REHEARSAL = (32, 18)
"""Size of the picture that effects are tried on."""
_PAINTERS = ("copy", "hold", "mix", "upscale", "deck", "warp", "drift", "measure", "flashes", "gate", "spread",
             "output")


class GLCompositor:
    """Draws the picture. Reads the mounts ``fx/<effect>``, ``mix`` and ``master``; anything missing is at its default.

    The GL context must be current in the calling thread. ``size`` is (width, height) of the output in pixels;
    everything before the master is drawn at ``scale`` of it, which a renderer on the CPU needs to keep up.
    """

    def __init__(self, context: Context, size: tuple[int, int], library: EffectLibrary, *, idle: str = "idle",
                 scale: float = 1.0) -> None:
        if not all(1 <= side <= MAX_SIDE for side in size):
            raise VjError(f"a picture of {size[0]}x{size[1]} is not possible; each side should be 1 to {MAX_SIDE}")
        self.size = size
        inner = inside(size, scale)
        self.context = context
        self._shaders = Shaders(context, library)
        self._painters = {name: Painter(context, name) for name in _PAINTERS}
        self._painters["limited"] = Painter(context, "limited", GATED_VERTEX)
        self._decks = {name: Deck(context, inner, self._painters) for name in DECKS[:1]}
        self._idle_name = idle
        self._inner = inner
        self._idle = Instance(context, self._shaders.get(idle, "generators"), inner)
        self._room = [Surface(context, inner) for _ in range(3)]  # idle, mixed with it, two decks
        self._chain = Chain(self._shaders, inner, self._painters)
        self._transitions = Transitions(self._shaders, inner)
        self._change = LookChange(self._transitions, inner, self._painters)
        self._master = Master(context, size, self._painters)
        self._pulse = Pulse()
        self._picture: Texture | None = None
        self._frozen: Surface | None = None

    # ------------------------------------------------------------------------------------ the chain

    @property
    def effects(self) -> tuple[str, ...]:
        """The chain that stands."""
        return self._chain.names

    def prepare(self, effects: Sequence[str]) -> None:
        """Compile ahead, so that ``use`` never stalls. Raises VjError naming the shader's file and line."""
        self._chain.prepare(effects)
        self._transitions.prepare()

    def rehearse(self, effects: Sequence[str], go_on: Callable[[], bool]) -> int:
        """Compile effects and draw each once, small: drivers do the rest of their work at the first drawing, and a
        look that is recalled should not wait for it. Stops when ``go_on`` says no; how many were done. A shader that
        is broken says so when it is used.
        """
        still = Pulse().uniforms(Tick(0, 0.0, 1.0 / 60.0), Features(), True)
        room = [Surface(self.context, REHEARSAL) for _ in range(2)]
        done = 0
        for name in effects:
            if not go_on():
                break
            with contextlib.suppress(VjError):
                instance = Instance(self.context, self._shaders.get(name), REHEARSAL)
                instance.draw(dict.fromkeys(instance.shader.effect.images, room[0].texture), {}, still, room[1])
                instance.release()
                self.context.finish()
            done += 1
        for surface in room:
            surface.release()
        return done

    def use(self, effects: Sequence[str]) -> None:
        """Make this the effect chain; the picture turns over within ``mix/time``. On VjError the old chain stays."""
        self._chain.prepare(effects)
        if tuple(effects) == self._chain.names:
            return
        self._turn_over()
        self._chain.use(effects)

    def poll(self, time: float) -> list[str]:
        """Hot reload: one message for each shader file that changed or is broken. Cheap; for live shows only."""
        messages = self._shaders.poll(time)
        if messages:
            if self._chain.outdated:
                self._turn_over(RELOAD)
                self._chain.reload()
            shader = self._shaders.get(self._idle_name, "generators")
            if shader is not self._idle.shader:
                self._idle.release()
                self._idle = Instance(self.context, shader, self._inner)
        return messages

    # ------------------------------------------------------------------------------------ the frame

    def render(self, tick: Tick, features: Features, params: Params, images: Mapping[str, Image | None],
               points: Mapping[str, LatentPoint]) -> GLFrame:
        """The frame of this tick. ``images`` holds each deck's newest image, or None where nothing newer came."""
        master = params.get("master", {})
        for name, image in images.items():
            if name in DECKS:
                self._deck(name).accept(tick, image)
        uniforms = self._pulse.uniforms(tick, features, bool(master.get("flash_limit", True)))
        if self._is_frozen(bool(master.get("freeze", False))) and self._frozen is not None:
            return self._master.draw(self._frozen.texture, tick.dt, master)
        scene = self._scene(tick, params, points, uniforms)
        picture = self._chain.draw(scene, tick.dt, params, uniforms)
        self._picture = self._change.draw(picture, tick.dt, params.get("mix", {}), uniforms)
        return self._master.draw(self._picture, tick.dt, master)

    def _turn_over(self, length: float = 0.0) -> None:
        """Begin a change of look. The picture may lie in an effect's own buffer, so the copy takes its place."""
        if self._picture is not None:
            self._picture = self._change.begin(self._picture, length)

    def _deck(self, name: str) -> Deck:
        if name not in self._decks:
            self._decks[name] = Deck(self.context, self._inner, self._painters)
        return self._decks[name]

    def _is_frozen(self, freeze: bool) -> bool:
        """Hold a copy of the picture while frozen; let it go into the running one afterwards."""
        if freeze and self._frozen is None and self._picture is not None:
            self._frozen = Surface(self.context, self._inner)
            self._copy(self._picture, self._frozen)
        elif not freeze and self._frozen is not None:
            self._change.begin(self._frozen.texture, UNFREEZE)
            self._frozen.release()
            self._frozen = None
        return self._frozen is not None

    def _scene(self, tick: Tick, params: Params, points: Mapping[str, LatentPoint], uniforms: Uniforms) -> Texture:
        """The decks, crossfaded, over the idle scene where they are not there."""
        alive = [name for name in DECKS if name in self._decks and self._decks[name].alive]
        if not alive:
            return self._draw_idle(uniforms, params)
        drawn = {name: self._draw_deck(name, tick, points, uniforms) for name in alive}
        presence = max(self._decks[name].presence for name in alive)
        mix = params.get("mix", {})
        at = float(mix.get("crossfade", 0.0))
        picture = drawn[alive[0]]
        if len(alive) == 2 and at > 0.0:
            name = str(mix.get("transition", "crossfade"))
            picture = self._transitions.draw(name, (drawn["a"], drawn["b"]), at, uniforms, self._room[2])
        if presence >= 1.0:
            return picture
        under = self._draw_idle(uniforms, params)
        self._painters["mix"].draw(self._room[1].framebuffer, {"under": under, "over": picture}, {"amount": presence})
        return self._room[1].texture

    def _draw_deck(self, name: str, tick: Tick, points: Mapping[str, LatentPoint], uniforms: Uniforms) -> Texture:
        view = points[name].camera if name in points else None
        return self._decks[name].draw(tick, view, float(uniforms["vj_level"]))

    def _draw_idle(self, uniforms: Uniforms, params: Params) -> Texture:
        return self._idle.draw({}, params.get("fx/idle", {}), uniforms, self._room[0])

    def _copy(self, source: Texture, target: Surface) -> None:
        self._painters["hold"].draw(target.framebuffer, {"image": source}, {})

    # ------------------------------------------------------------------------------------ the state

    def state(self) -> State:
        """Everything the next frame depends on, as arrays. The same chain must stand when it is put back."""
        parts: dict[str, Any] = {"chain": self._chain, "change": self._change, "master": self._master,
                                 "idle": self._idle, **{f"deck.{name}": deck for name, deck in self._decks.items()}}
        state: State = {"kick": np.array(self._pulse.kick)}
        for part, holder in parts.items():
            state |= {f"{part}/{name}": array for name, array in holder.state().items()}
        if self._frozen is not None:
            state["frozen"] = self._frozen.pixels()
        return state

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what ``state`` gave. Raises VjError where it does not fit this size or chain."""
        self._pulse.kick = float(state["kick"])
        for part, holder in (("chain", self._chain), ("change", self._change), ("master", self._master),
                             ("idle", self._idle)):
            holder.restore(_under(state, f"{part}/"))
        for name in sorted({key.split("/")[0].removeprefix("deck.") for key in state if key.startswith("deck.")}):
            self._deck(name).restore(_under(state, f"deck.{name}/"))
        if "frozen" in state:
            self._frozen = Surface(self.context, self._inner)
            self._frozen.write(state["frozen"])

    def close(self) -> None:
        """Give everything on the GPU back; the context stays its owner's."""
        parts: list[Any] = [self._chain, self._change, self._transitions, self._master, self._idle, self._shaders,
                            *self._decks.values(), *self._room, *self._painters.values()]
        for part in parts + ([self._frozen] if self._frozen else []):
            part.release()


def inside(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """``scale`` of ``size``, in whole pixels, at least 16."""
    return max(round(size[0] * scale), 16), max(round(size[1] * scale), 16)


def _under(state: Mapping[str, Any], prefix: str) -> State:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
