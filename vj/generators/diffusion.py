"""Few-step diffusion: prompts, pictures and the walk's noise become a picture, one network pass for each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vj import clock
from vj.generators._base import Knobs, checked_size
from vj.models.diffusion.profile import PROFILES
from vj.params.props import NONE, OTHER
from vj.params.spec import choice, integer, number, text
from vj.types import Camera, GenRequest, Image, VjError

if TYPE_CHECKING:
    from vj.generators._atelier import Atelier
    from vj.models.diffusion.foresight import Pick
    from vj.types import Pixels

STRETCH = 8
"""A model works on sides that are multiples of eight pixels."""


class Diffusion:
    """One model at a time, for both decks; what it remembers from image to image it remembers by deck."""

    NAME = "diffusion"
    HELP = "Pictures from words by few-step diffusion models, over noise, images, video, a camera or the other deck."
    NEEDS = "a model: vj models fetch sd-turbo"
    VIEW = False
    PARAMS = (
        replace(choice("model", "sd-turbo", tuple(PROFILES), help="Which of the models that `vj models` has."),
                guarded=True),
        number("strength", 1.0, 0.0, 1.0, smooth=0.15,
               help="From holding the picture it starts from to drawing from noise alone."),
        choice("picture", NONE, (NONE, OTHER), help="What it draws over: a picture of the command line, another deck."),
        number("picture_beats", 8.0, 0.25, 64.0, curve="log", unit="beats", smooth=0.0,
               help="How long each image of a folder stays."),
        number("picture_fade", 0.25, 0.0, 1.0, smooth=0.0, help="The share of that time in which the next one comes."),
        number("world", 0.0, 0.0, 64.0, smooth=0.8, help="Points on the walk by number; between two of them is a way."),
        number("home", 0.0, 0.0, 1.0, smooth=0.4, help="From walking free to standing at the world's point."),
        number("feedback", 0.0, 0.0, 1.0, smooth=0.2, help="How much of the picture before comes back."),
        number("feed_zoom", 0.15, -1.0, 1.0, unit="octaves/s", smooth=0.2, help="How fast what comes back grows."),
        number("feed_angle", 0.0, -1.0, 1.0, unit="rad/s", smooth=0.2, help="How fast what comes back turns."),
        number("feed_x", 0.0, -1.0, 1.0, unit="1/s", smooth=0.2, help="How fast what comes back moves to the right."),
        number("feed_y", 0.0, -1.0, 1.0, unit="1/s", smooth=0.2, help="How fast what comes back moves down."),
        number("feed_decay", 0.0, 0.0, 4.0, curve="square", unit="s", smooth=0.2,
               help="How long the trail is that comes back; 0 is the last picture alone."),
        number("calm", 0.3, 0.0, 1.0, smooth=0.3, help="Less flicker, softer moves; a hit stays a hit."),
        integer("steps", 0, 0, 8, help="Passes of the network for an image; 0 is what the model was made for."),
        number("guidance", 1.0, 1.0, 4.0, smooth=0.2,
               help="How firmly the prompt is followed, where the model can; over 1 takes twice the work."),
        integer("ahead", 4, 1, 8,
                help="Pictures drawn at once for the moments to come, on a GPU; a kick or a hand throws them away."),
        text("negative", help="What shall not be seen, where the guidance is over 1."),
        choice("lora", NONE, (NONE,), help="A LoRA of the command line."),
        number("lora_scale", 1.0, -1.0, 2.0, smooth=0.2, help="How strong the LoRA is; negative turns it round."),
        choice("lora2", NONE, (NONE,), help="Another LoRA of the command line."),
        number("lora2_scale", 1.0, -1.0, 2.0, smooth=0.2, help="How strong the other LoRA is."),
    )
    PURE = False

    def __init__(self) -> None:
        self._atelier: Atelier | None = None
        self._loading: Callable[[str], None] | None = None
        self._say: Callable[[str], None] | None = None

    def live(self, loading: Callable[[str], None], say: Callable[[str], None]) -> None:
        """A show is on: tell by ``loading`` what will take long, and by ``say`` what a performer should know."""
        self._loading, self._say = loading, say

    def load(self, device: str) -> None:
        """The model itself is opened when it is first asked for: which one that is a request says."""
        from vj.generators._atelier import Atelier

        self._atelier = Atelier(device, loading=self._loading, say=self._say)

    def render(self, request: GenRequest) -> Image:
        start = clock.now()
        size, knobs = checked_size(request), Knobs(self.PARAMS, request.params)
        if self._atelier is None:
            raise VjError("the generator diffusion was not loaded")
        pixels = self._atelier.draw(request, knobs, wanted(size))
        return Image(cut(pixels, size), request.tick.index, request.tick.time, Camera(), clock.now() - start)

    def begin(self, request: GenRequest) -> _Begun | None:
        """As ``render``, for a live show: it does not wait for the device, and what goes as expected is drawn ahead.

        None where there is nothing newer to show, or the first model is still being opened.
        """
        start = clock.now()
        size, knobs = checked_size(request), Knobs(self.PARAMS, request.params)
        if self._atelier is None:
            raise VjError("the generator diffusion was not loaded")
        picture = self._atelier.begin(request, knobs, wanted(size))
        return None if picture is None else _Begun(picture, request, size, start)

    def close(self) -> None:
        if self._atelier is not None:
            self._atelier.close()
        self._atelier = None


@dataclass(frozen=True, slots=True)
class _Begun:
    """A picture under way, and what it answers."""

    picture: Pick
    request: GenRequest
    size: tuple[int, int]
    start: float

    @property
    def ready(self) -> bool:
        """It is there."""
        return self.picture.ready

    def image(self) -> Image:
        """The picture; waits for it. Its cost is the device's time, or the wall's where the device has no clock."""
        pixels, seconds, tick = self.picture.pixels(), self.picture.seconds(), self.request.tick
        cost = clock.now() - self.start if seconds is None else max(seconds, 1e-6)
        return Image(cut(pixels, self.size), tick.index, tick.time, Camera(), cost)


def wanted(size: tuple[int, int]) -> tuple[int, int]:
    """The size a model draws for a picture of ``size``."""
    return -(-size[0] // STRETCH) * STRETCH, -(-size[1] // STRETCH) * STRETCH


def cut(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """The part of a picture that was asked for; one drawn smaller for want of memory stays whole."""
    import numpy as np

    return np.ascontiguousarray(pixels[:size[1], :size[0]])


Generator = Diffusion
