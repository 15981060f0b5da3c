"""Where ``diffusion`` draws: it makes shots of requests. Imports torch when it is used."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vj.generators._models import Models, open_engine
from vj.generators._pictures import Moment, Pictures
from vj.generators._stands import stood
from vj.models.diffusion.foresight import Foresight
from vj.models.diffusion.profile import PROFILES
from vj.models.diffusion.shot import Feedback, Shot
from vj.params.props import NONE, OTHER
from vj.types import GenRequest, LatentPoint, VjError

if TYPE_CHECKING:
    from vj.generators._base import Knobs
    from vj.generators._models import Opening
    from vj.models.diffusion.engine import Engine
    from vj.models.diffusion.foresight import Pick
    from vj.types import Pixels

LONGEST_S = 0.5
"""Between two images of a deck; what moves does not make up for a longer pause."""
WAIT_S = 0.01
"""Between two looks whether a model is open, where a picture is waited for."""
STEPS = {"euler": 1, "lcm": 4}
"""Steps of a model that no profile knows, by its sampler."""


def silent(_: str) -> None:
    """Nobody listens."""


class Atelier:
    """Draws requests on ``device``. ``loading`` and ``say`` tell the performer. Without ``loading`` it is no live show,
    and a text is read when it is needed; without ``say`` what cannot be had is an error. ``opening`` is
    ``open_engine``, or a double's.
    """

    def __init__(self, device: str, *, loading: Callable[[str], None] | None = None,
                 say: Callable[[str], None] | None = None, opening: Opening = open_engine,
                 pictures: Pictures | None = None) -> None:
        self._models = Models(device, loading or silent, say, opening, live=loading is not None)
        self._pictures = pictures or Pictures()
        self._before: dict[str, GenRequest] = {}
        self._ahead: dict[str, tuple[Engine, Foresight]] = {}
        self._far = device.startswith("cuda")  # elsewhere several pictures take as long as one by one

    def draw(self, request: GenRequest, knobs: Knobs, size: tuple[int, int]) -> Pixels:
        """(H, W, 4) uint8. Raises VjError where the model cannot be had or cannot draw this."""
        while (found := self._shot(request, knobs, size)) is None:
            time.sleep(WAIT_S)
        engine, shot, _ = found
        self._before[request.deck] = request
        pixels: Pixels = engine.draw(shot)
        return pixels

    def begin(self, request: GenRequest, knobs: Knobs, size: tuple[int, int]) -> Pick | None:
        """Begin the picture, or hand out the one that was foreseen; None while there is nothing newer to show, or the
        deck's first model is being opened. Raises VjError as ``draw`` does.
        """
        found = self._shot(request, knobs, size)
        if found is None:
            return None
        engine, shot, turned = found
        ahead = self._looking_ahead(request.deck, engine)
        if turned:
            ahead.flush()
        most = int(knobs.number("ahead")) if self._far and not turned and known(engine, shot) else 1
        picture = ahead.begin(shot, request.tick.time, most)
        if picture is not None:
            self._before[request.deck] = request
        return picture

    @property
    def foreseen(self) -> tuple[int, int]:
        """Of the pictures that were drawn ahead: how many were shown, and how many were thrown away."""
        ahead = [foresight for _, foresight in self._ahead.values()]
        return sum(one.used for one in ahead), sum(one.wasted for one in ahead)

    def _looking_ahead(self, deck: str, engine: Engine) -> Foresight:
        before = self._ahead.get(deck)
        if before is None or before[0] is not engine:
            self._ahead[deck] = engine, Foresight(engine)
        return self._ahead[deck][1]

    def close(self) -> None:
        """Give everything back."""
        self._models.close()
        self._pictures.close()

    def _shot(self, request: GenRequest, knobs: Knobs, size: tuple[int, int]) -> tuple[Engine, Shot, bool] | None:
        """Who draws it, what, and whether a LoRA was turned since; None while the first model is being opened."""
        found = self._models.use(request.deck, knobs.text("model"), request.files)
        if found is None:
            return None
        name, model = found
        turned = self._models.tune(model, loras(knobs), request.files)
        self._models.read(model, (text for text, _ in request.point.prompts))
        return model.engine, self._made(name, model.engine.parts.sampler, request, knobs, size), turned

    def _made(self, name: str, sampler: str, request: GenRequest, knobs: Knobs, size: tuple[int, int]) -> Shot:
        before = self._before.get(request.deck)
        dt = request.tick.time - before.tick.time if before is not None else 0.0
        dt = min(dt, LONGEST_S) if dt > 0.0 else request.tick.dt
        profile = PROFILES.get(name)
        guidance = knobs.number("guidance") if profile is None or profile.guided else 0.0
        return Shot(
            stood(request.point, knobs.number("world"), knobs.number("home")), request.seed, size,
            prompt=mixed(request.point.prompts), negative=knobs.text("negative") if guidance > 1.0 else "",
            steps=steps(name, sampler, int(knobs.number("steps"))), strength=knobs.number("strength"),
            guidance=guidance if guidance > 1.0 else 0.0, source=self._source(request, knobs, size),
            feedback=moved(knobs, request.point, before.point if before is not None else request.point, dt),
            calm=knobs.number("calm"), dt=dt, deck=request.deck)

    def _source(self, request: GenRequest, knobs: Knobs, size: tuple[int, int]) -> Pixels | None:
        """(h, w, 3) what is drawn over; None for noise alone, also where the picture cannot be had."""
        name = request.picture or knobs.text("picture")
        if name in ("", NONE):
            return None
        if name == OTHER:
            return None if request.image_in is None else request.image_in[..., :3]
        beat = request.features.beat
        moment = Moment(request.tick.time, beat.count + beat.phase, knobs.number("picture_beats"),
                        knobs.number("picture_fade"))
        try:
            return self._pictures.at(name, request.files, moment, size)
        except VjError as error:
            self._models.mention(str(error))
            return None


def known(engine: Engine, shot: Shot) -> bool:
    """Its prompts are read already."""
    return all(engine.parts.encoder.known(text) is not None for text, _ in shot.prompt)


def mixed(prompts: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """The texts that have a weight; the empty one where there is none."""
    return tuple((text, weight) for text, weight in prompts if weight > 0.0) or (("", 1.0),)


def loras(knobs: Knobs) -> dict[str, float]:
    """The LoRAs that are asked for, by name."""
    scales = {knobs.text(slot): knobs.number(f"{slot}_scale") for slot in ("lora2", "lora")}
    scales.pop(NONE, None)
    return scales


def steps(name: str, sampler: str, asked: int) -> int:
    """How many: as asked for, or as the model was made for; never more than help it."""
    profile = PROFILES.get(name)
    if profile is None:
        return asked or STEPS.get(sampler, 1)
    return min(asked or profile.steps, profile.most_steps)


def moved(knobs: Knobs, point: LatentPoint, before: LatentPoint, dt: float) -> Feedback:
    """How what comes back moves: by the knobs, and as the walk's view pans and turns."""
    pan, turn = (0.0, 0.0), 0.0
    if dt > 0.0:
        pan = (point.camera.x - before.camera.x) / dt, (point.camera.y - before.camera.y) / dt
        turn = (point.camera.angle - before.camera.angle) / dt
    return Feedback(knobs.number("feedback"), knobs.number("feed_zoom"), knobs.number("feed_angle") + turn,
                    knobs.number("feed_x") - pan[0], knobs.number("feed_y") - pan[1], knobs.number("feed_decay"))
