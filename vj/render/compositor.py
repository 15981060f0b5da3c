"""The picture of a tick: a strip for each deck (idle scene, effect chain, change of look), the mixer, the master.

A deck that nobody sees is not drawn, and one that sleeps is not there at all: a show on one deck pays for one.

Everything between the decks and the master is half float in display values (what ISF shaders expect), so nothing bands
and there is head-room for bloom; light is only mixed where it matters (bloom, limiter). Same inputs, same bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.params.crossfade import position
from vj.params.places import DECKS, FIRST
from vj.render.chain import Shaders
from vj.render.change import LookChange, Transitions
from vj.render.effects import EffectLibrary
from vj.render.limiter import GATED_VERTEX
from vj.render.master import Master
from vj.render.pulse import Pulse
from vj.render.shader import Instance, Uniforms
from vj.render.strip import Strip
from vj.render.surface import MAX_SIDE, Painter, Surface
from vj.types import Features, Tick, VjError

if TYPE_CHECKING:
    from moderngl import Context, Texture

    from vj.render.frame import GLFrame
    from vj.render.surface import State
    from vj.types import Image, LatentPoint, Params, Values

UNFREEZE = 0.25
"""Seconds from a frozen picture back into the running one."""
RELOAD = 0.1
"""Seconds from the old version of a shader to the new one."""
REHEARSAL = (32, 18)
"""Size of the picture that effects are tried on."""
_PAINTERS = ("copy", "hold", "mix", "upscale", "deck", "warp", "drift", "measure", "flashes", "gate", "spread",
             "output")


@dataclass(frozen=True, slots=True)
class _Now:
    """The tick that is drawn, with all that drawing a deck needs."""

    tick: Tick
    params: Params
    points: Mapping[str, LatentPoint]
    uniforms: Uniforms


class GLCompositor:
    """Draws the picture. Reads the mounts ``fx/<effect>``, ``b/fx/<effect>``, ``mix`` and ``master``; anything missing
    is at its default.

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
        self._idle_name = idle
        self._inner = inner
        self._idle = Instance(context, self._shaders.get(idle, "generators"), inner)
        self._scene = Surface(context, inner)
        self._idled: Texture | None = None  # the idle scene of this tick, where it was drawn
        self._transitions = Transitions(self._shaders, inner)
        self._order = DECKS  # the decks by their voices: who stands first, who second
        self._begins = FIRST  # who stood first when the fader left its end: a wipe does not turn round in a swap
        self._strips = {FIRST: self._new_strip(FIRST)}
        self._seen: tuple[str, ...] = (FIRST,)
        self._both: Surface | None = None  # where two decks are mixed
        self._change = LookChange(self._transitions, inner, self._painters)  # out of a picture of both decks
        self._master = Master(context, size, self._painters)
        self._pulse = Pulse()
        self._now: _Now | None = None
        self._picture: Texture | None = None
        self._frozen: Surface | None = None

    def _new_strip(self, name: str) -> Strip:
        place = DECKS[self._order.index(name)]
        return Strip(name, place, self._transitions, self._inner, self._painters)

    # ------------------------------------------------------------------------------------ the chain

    @property
    def effects(self) -> tuple[str, ...]:
        """The first deck's chain as it stands."""
        return self._strips[self._order[0]].chain.names

    def prepare(self, effects: Sequence[str]) -> None:
        """Compile ahead, so that ``use`` never stalls. Raises VjError naming the shader's file and line."""
        self._strips[self._order[0]].chain.prepare(effects)
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

    def use(self, effects: Sequence[str], deck: str = FIRST) -> None:
        """Make this a deck's effect chain; its picture turns over within ``mix/time``. On VjError the old one stays."""
        strip = self._strip(deck)
        strip.chain.prepare(effects)
        if tuple(effects) == strip.chain.names:
            return
        self._turn_over(strip)
        strip.chain.use(effects)

    def rest(self, deck: str) -> None:
        """There is nothing on the second deck any more: where it was seen, the picture turns over to the first."""
        if deck == self._order[0] or deck not in self._strips:
            return
        if deck in self._seen and self._picture is not None:
            self._picture = self._change.begin(self._picture)
            self._seen = self._order[:1]
        self._strips.pop(deck).release()

    def arrange(self, first: str) -> None:
        """This deck stands first from now on, and the other one second; both go on as they are."""
        self._order = (first, next(name for name in DECKS if name != first))
        self._strip(first)
        for name, strip in self._strips.items():
            strip.stand(DECKS[self._order.index(name)])

    def poll(self, time: float) -> list[str]:
        """Hot reload: one message for each shader file that changed or is broken. Cheap; for live shows only."""
        messages = self._shaders.poll(time)
        if messages:
            for strip in self._strips.values():
                if strip.chain.outdated:
                    self._turn_over(strip, RELOAD)
                    strip.chain.reload()
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
                self._strip(name).deck.accept(tick, image)
        uniforms = self._pulse.uniforms(tick, features, bool(master.get("flash_limit", True)))
        now, self._idled = _Now(tick, params, points, uniforms), None
        self._now = now
        frozen = self._is_frozen(bool(master.get("freeze", False)))
        for strip in self._strips.values():
            strip.wait(0.0 if frozen and strip.name in self._seen else tick.dt)
        if frozen and self._frozen is not None:
            return self._master.draw(self._frozen.texture, tick.dt, master)
        self._picture = self._change.draw(self._mixed(now), tick.dt, params.get("mix", {}), uniforms)
        return self._master.draw(self._picture, tick.dt, master)

    def aside(self, name: str) -> Texture | None:
        """A deck's picture of the tick that was rendered last, whether it was seen or not; None where there is none.
        Costs a drawing where it was not.
        """
        strip, now = self._strips.get(name), self._now
        if strip is None or now is None or not strip.deck.alive:
            return None
        return strip.picture if strip.fresh else self._draw(strip, now)

    def other(self) -> Texture | None:
        """As ``aside``, of the deck that the crossfader is away from."""
        over = self._now is not None and position(self._now.params.get("mix", {})) >= 0.5
        return self.aside(self._order[0 if over and self._order[1] in self._strips else 1])

    def _turn_over(self, strip: Strip, length: float = 0.0) -> None:
        """Begin a change of look. What goes on in the whole picture goes on in that of the only deck that is seen."""
        if self._seen != (strip.name,):
            strip.turn_over(strip.picture, length)
            return
        self._picture = strip.turn_over(self._picture, length)
        self._change.end()

    def _strip(self, name: str) -> Strip:
        if name not in self._strips:
            self._strips[name] = self._new_strip(name)
        return self._strips[name]

    def _is_frozen(self, freeze: bool) -> bool:
        """Hold a copy of the picture while frozen; let it go into the running one afterwards."""
        if freeze and self._frozen is None and self._picture is not None:
            self._frozen = Surface(self.context, self._inner)
            self._copy(self._picture, self._frozen)
        elif not freeze and self._frozen is not None:
            self._change.begin(self._frozen.texture, UNFREEZE)
            for strip in self._strips.values():
                strip.change.end()
            self._frozen.release()
            self._frozen = None
        return self._frozen is not None

    def _mixed(self, now: _Now) -> Texture:
        """The decks that are seen, through the crossfader."""
        at = self._at(now.params.get("mix", {}))
        self._seen = self._order[:1] if at <= 0.0 else self._order[1:] if at >= 1.0 else self._order
        for name, strip in self._strips.items():
            if name not in self._seen:
                strip.pass_by(now.tick)
        pictures = [self._draw(self._strips[name], now) for name in self._seen]
        if len(pictures) == 1:
            self._begins = self._order[0]
            return pictures[0]
        if self._begins != self._order[0]:
            pictures, at = pictures[::-1], 1.0 - at
        self._both = self._both or Surface(self.context, self._inner)
        name = str(now.params.get("mix", {}).get("blend", "crossfade"))
        return self._transitions.draw(name, (pictures[0], pictures[1]), at, now.uniforms, self._both)

    def _at(self, mix: Values) -> float:
        """Where the picture stands between the decks: where the fader does, as far as both of them have a picture."""
        second = self._strips.get(self._order[1])
        if second is None:
            return 0.0
        here, there = self._strips[self._order[0]].presence, second.presence
        most = max(here, there)
        if most <= 0.0:
            return 0.0
        fader = position(mix)
        return fader * there / most + (1.0 - fader) * (1.0 - here / most)

    def _draw(self, strip: Strip, now: _Now) -> Texture:
        view = now.points[strip.name].camera if strip.name in now.points else None
        return strip.draw(now.tick, view, now.params, now.uniforms, lambda: self._draw_idle(now))

    def _draw_idle(self, now: _Now) -> Texture:
        """The idle scene, drawn once a tick: it has a memory."""
        if self._idled is None:
            self._idled = self._idle.draw({}, now.params.get("fx/idle", {}), now.uniforms, self._scene)
        return self._idled

    def _copy(self, source: Texture, target: Surface) -> None:
        self._painters["hold"].draw(target.framebuffer, {"image": source}, {})

    # ------------------------------------------------------------------------------------ the state

    def state(self) -> State:
        """Everything the next frame depends on, as arrays. The same chain must stand when it is put back."""
        parts: dict[str, Any] = {"change": self._change, "master": self._master, "idle": self._idle,
                                 **{f"strip.{name}": strip for name, strip in self._strips.items()}}
        state: State = {"kick": np.array(self._pulse.kick), "begins": np.array(DECKS.index(self._begins))}
        for part, holder in parts.items():
            state |= {f"{part}/{name}": array for name, array in holder.state().items()}
        if self._frozen is not None:
            state["frozen"] = self._frozen.pixels()
        return state

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what ``state`` gave. Raises VjError where it does not fit this size or chain."""
        self._pulse.kick = float(state["kick"])
        self._begins = DECKS[int(state.get("begins", 0))]
        for name in sorted({key.split("/")[0].removeprefix("strip.") for key in state if key.startswith("strip.")}):
            self._strip(name).restore(_under(state, f"strip.{name}/"))
        for part, holder in (("change", self._change), ("master", self._master), ("idle", self._idle)):
            holder.restore(_under(state, f"{part}/"))
        if "frozen" in state:
            self._frozen = Surface(self.context, self._inner)
            self._frozen.write(state["frozen"])

    def close(self) -> None:
        """Give everything on the GPU back; the context stays its owner's."""
        parts: list[Any] = [*self._strips.values(), self._change, self._transitions, self._master, self._idle,
                            self._shaders, self._scene, *self._painters.values()]
        for part in parts + [surface for surface in (self._frozen, self._both) if surface is not None]:
            part.release()


def inside(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """``scale`` of ``size``, in whole pixels, at least 16."""
    return max(round(size[0] * scale), 16), max(round(size[1] * scale), 16)


def _under(state: Mapping[str, Any], prefix: str) -> State:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
