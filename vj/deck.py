"""One deck: a generator on its own walk, and what it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vj.params.spec import integer, number
from vj.types import Camera, Features, GenRequest, LatentPoint, Params, Tick, Values
from vj.walk.queue import queued
from vj.walk.sphere import Walk

DECK_PARAMS = (
    integer("lines", 192, 64, 1088, unit="px", help="Height of the generated image; the output is filled from it"),
    number("rate", 0.0, 0.0, 60.0, unit="1/s", smooth=0.0, help="Images asked for a second; 0 is as many as it can"),
    number("rest", 2.0, 0.5, 60.0, unit="1/s", smooth=0.0,
           help="Images asked for a second, at most, while the crossfader is wholly at the other deck"),
)


@dataclass(slots=True)
class Deck:
    """One generator on its own walk. ``size`` is the output's: images take its shape, at ``lines`` height.

    ``files`` are the show's, by name. Where the generator draws no view of its own (``views`` false), the view on the
    display does not pan or turn: that would slide an image about that knows nothing of it.

    ``name`` is where the deck stands in the tree, ``voice`` who it is to the generator and on the wall: decks that
    change places keep their voices.
    """

    name: str
    walk: Walk
    size: tuple[int, int]
    generator: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    views: bool = True
    voice: str = ""
    _due: float = field(default=0.0)
    _rests: bool = field(default=False)

    def step(self, tick: Tick, features: Features, params: Params, *,
             rests: bool = False) -> tuple[LatentPoint, GenRequest | None]:
        """Where the walk stands, and what to ask the generator for when its rate says so. ``rests``: nobody sees it."""
        point = self.walk.step(tick, features, params[f"{self.name}/walk"], params[f"{self.name}/drive"])
        point = replace(point, prompts=self._prompts(tick, features, params))
        seen = point if self.views else replace(point, camera=Camera(zoom=point.camera.zoom))
        deck, gen = params[f"{self.name}/deck"], params[f"{self.name}/gen"]
        if not self._is_due(tick, self._rate(deck, rests)):
            return seen, None
        request = GenRequest(self.generator, tick, features, gen, point, self.walk.seed,
                             image_size(self.size, int(deck["lines"])), self.voice or self.name, self.files,
                             str(gen.get("picture", "")))
        return seen, request

    def _prompts(self, tick: Tick, features: Features, params: Params) -> tuple[tuple[str, float], ...]:
        waiting = queued(params.get(f"{self.name}/queue", {}))
        return self.walk.prompts.step(tick, features.beat, params[f"{self.name}/prompt"], waiting)

    def _rate(self, deck: Values, rests: bool) -> float:
        """Images a second. A deck that is seen again asks at once."""
        rate = float(deck["rate"])
        if self._rests and not rests:
            self._due = 0.0
        self._rests = rests
        return min(rate or float(deck["rest"]), float(deck["rest"])) if rests else rate

    def _is_due(self, tick: Tick, rate: float) -> bool:
        if rate <= 0:
            return True
        if tick.time + 0.5 * tick.dt < self._due:
            return False
        self._due = max(self._due + 1.0 / rate, tick.time - tick.dt)
        return True


def image_size(output: tuple[int, int], lines: int) -> tuple[int, int]:
    """(width, height) of a generated image in the output's shape, in steps of 8 that every network can take."""
    height = max(round(lines / 8), 2) * 8
    return max(round(height * output[0] / output[1] / 8), 2) * 8, height
