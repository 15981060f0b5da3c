"""One deck's way to the mixer: its picture over the idle scene, its effects, its changes of look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from vj.params.places import PLACES
from vj.render.chain import Chain
from vj.render.change import LookChange, Transitions
from vj.render.deck import Deck
from vj.render.shader import Uniforms
from vj.render.surface import Painter, Surface
from vj.types import Camera, Params, Tick

if TYPE_CHECKING:
    from moderngl import Texture

    from vj.render.surface import State

LONGEST = 0.5
"""Seconds that effects make up for at most when a deck is drawn again."""


class Strip:
    """Draws the deck ``name`` as it would be on the wall by itself, with the effects' parameters of the ``place`` where
    it stands. ``picture`` is what it drew last.

    ``wait`` is told of every tick; only those whose picture somebody sees are followed by a ``draw``.
    """

    def __init__(self, name: str, place: str, transitions: Transitions, size: tuple[int, int],
                 painters: Mapping[str, Painter]) -> None:
        shaders = transitions.shaders
        self.name = name
        self.deck = Deck(shaders.context, size, painters)
        self.chain = Chain(shaders, size, painters, PLACES[place].fx)
        self.change = LookChange(transitions, size, painters)
        self.picture: Texture | None = None
        self.fresh = False  # is that of this tick?
        self._over = Surface(shaders.context, size)
        self._mix = painters["mix"]
        self._waited = 0.0

    def stand(self, place: str) -> None:
        """Another place, and the same picture."""
        self.chain.mount = PLACES[place].fx

    @property
    def presence(self) -> float:
        """How much there is of the deck, 0..1: nothing before its first image."""
        return self.deck.presence if self.deck.alive else 0.0

    def wait(self, seconds: float) -> None:
        """Another tick begins; so much time passes for the effects."""
        self._waited += seconds
        self.fresh = False

    def pass_by(self, tick: Tick) -> None:
        """Nobody sees the deck at this tick; it stays as present as its images are young."""
        if self.deck.alive:
            self.deck.pass_by(tick)

    def draw(self, tick: Tick, view: Camera | None, params: Params, uniforms: Uniforms,
             idle: Callable[[], Texture]) -> Texture:
        """The strip's picture of this tick. ``idle`` draws the scene that is there without an image."""
        dt, self._waited = min(self._waited, LONGEST), 0.0
        scene = self._scene(tick, view, uniforms, idle)
        effected = self.chain.draw(scene, dt, params, uniforms)
        self.picture = picture = self.change.draw(effected, dt, params.get("mix", {}), uniforms)
        self.fresh = True
        return picture

    def _scene(self, tick: Tick, view: Camera | None, uniforms: Uniforms, idle: Callable[[], Texture]) -> Texture:
        if not self.deck.alive:
            return idle()
        picture = self.deck.draw(tick, view, float(uniforms["vj_level"]))
        presence = self.deck.presence
        if presence >= 1.0:
            return picture
        self._mix.draw(self._over.framebuffer, {"under": idle(), "over": picture}, {"amount": presence})
        return self._over.texture

    def turn_over(self, picture: Texture | None, length: float) -> Texture | None:
        """Begin a change of look from ``picture``. It may lie in an effect's own buffer, so its copy is given back and
        takes its place.
        """
        if picture is not None:
            picture = self.picture = self.change.begin(picture, length)
        return picture

    def state(self) -> State:
        """Everything the next frame of this deck depends on."""
        state: State = {"waited": np.array(self._waited)}
        for part, holder in self._parts().items():
            state |= {f"{part}/{name}": array for name, array in holder.state().items()}
        return state

    def restore(self, state: State) -> None:
        """Put back what ``state`` gave; the same chain must stand."""
        self._waited = float(state["waited"])
        for part, holder in self._parts().items():
            holder.restore({key.removeprefix(f"{part}/"): value for key, value in state.items()
                            if key.startswith(f"{part}/")})

    def _parts(self) -> dict[str, Any]:
        return {"chain": self.chain, "change": self.change, "deck": self.deck}

    def release(self) -> None:
        """Give the memory back."""
        for part in (self.deck, self.chain, self.change, self._over):
            part.release()
