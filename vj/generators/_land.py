"""Where ``terrain`` draws: noise becomes heights, heights a lit and coloured land. Imports torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch

from vj.camera import content_map
from vj.generators._canvas import Canvas, finish, graded
from vj.generators._pictures import Moment, Pictures
from vj.models import relief, surface
from vj.models.diffusion.sources import fitted
from vj.models.latent import latent
from vj.models.stylize import best_precision
from vj.models.terrain import GRAIN, SIGMA_MAX, SIGMA_MIN, Terrain, sigma_of
from vj.models.terrain_weights import read_weights
from vj.params.props import NONE, OTHER
from vj.types import GenRequest, VjError

if TYPE_CHECKING:
    from torch import Tensor

    from vj.generators._base import Knobs
    from vj.types import Pixels

WORLD = 513
"""The terrain's own world among those that a seed makes."""
STATIONS = 12
"""The journey turns the palette: after so many stations it is back home."""
LEVEL, SPREAD = -0.45, 0.17
"""Of the heights that the network draws: their mean, and how far they lie from it."""
LOW, HIGH = -1.0, 0.2
"""The heights of black and of white in a picture that is drawn over: about those that the network draws."""
STEEP = 0.32
"""The relief's height, over that of a painted world."""
DEEP = 0.5, 0.5
"""From height to how near things are: lower ground is darker, but not lost."""
EDGE = 6
"""Rows and columns at the edges that the network doesn't draw well."""
_LUMA = (0.2126, 0.7152, 0.0722)


def _precision(device: torch.device | str) -> torch.dtype:
    """Half precision where it is float16. Heights in bfloat16 come in steps, which shimmer while the land goes by."""
    half = best_precision(device)
    return half if half == torch.float16 else torch.float32


class Land:
    """Draws requests on ``device``. ``say`` is told what cannot be had; without it that is an error."""

    def __init__(self, device: str, say: Callable[[str], None] | None = None, network: Terrain | None = None,
                 pictures: Pictures | None = None) -> None:
        self._device = device
        self._canvas = Canvas(device)
        self._network = network or Terrain(read_weights(), device, _precision(device))
        self._pictures = pictures or Pictures()
        self._say, self._told = say, ""

    def draw(self, request: GenRequest, knobs: Knobs, size: tuple[int, int]) -> Tensor:
        """sRGB (H, W, 3) 0..1."""
        world = self._canvas.world(knobs.text("world"))
        heights, held = self.heights(request, knobs, size)
        field = (heights[EDGE:-EDGE, EDGE:-EDGE] - LEVEL) / SPREAD
        camera, scale = request.point.camera, knobs.number("scale")
        a, b, c, d, tx, ty = content_map(camera)
        view = a * scale, b * scale, c * scale, d * scale, tx, ty
        seen = relief.land(field, view, camera.zoom, size, knobs.number("detail"), held=held)
        table = self._canvas.table(world, knobs.number("hue"), knobs.number("vivid"))
        fields = torch.stack([seen, seen * STEEP, seen * DEEP[0] + DEEP[1], seen])
        drawn = surface.draw(fields, table, finish(world, knobs, request.point.journey / STATIONS))
        return graded(surface.encode(drawn.lit()), knobs.number("contrast"), knobs.number("brightness"))

    def heights(self, request: GenRequest, knobs: Knobs, size: tuple[int, int]) -> tuple[Tensor, bool]:
        """(h, w) -1..1 what the network makes of the walk's noise; and whether it was drawn over a picture."""
        width, height = grid(size, int(knobs.number("cells")))
        source = self._source(request, knobs, (width, height))
        sigma = SIGMA_MAX if source is None else sigma_of(knobs.number("strength"))
        if source is not None and sigma <= SIGMA_MIN:
            return source, True
        noise = latent(request.point, request.seed, WORLD, width * height).reshape(height, width)
        noisy = torch.from_numpy((noise * sigma).astype(np.float32)).to(self._device)
        if source is not None:
            noisy += source
        return self._network.heights(noisy[None, None], sigma, knobs.number("rugged"))[0, 0], source is not None

    def close(self) -> None:
        """Let go of files and devices."""
        self._pictures.close()

    def _source(self, request: GenRequest, knobs: Knobs, cells: tuple[int, int]) -> Tensor | None:
        """(h, w) heights of the picture that is drawn over; None for noise alone, also where it cannot be had."""
        name = request.picture or knobs.text("picture")
        if name in ("", NONE) or (name == OTHER and request.image_in is None):
            return None
        if request.image_in is not None and name == OTHER:
            return raised(request.image_in, cells, self._device)
        beat = request.features.beat
        moment = Moment(request.tick.time, beat.count + beat.phase, knobs.number("picture_beats"),
                        knobs.number("picture_fade"))
        try:
            return raised(self._pictures.at(name, request.files, moment, cells), cells, self._device)
        except VjError as error:
            self._mention(str(error))
            return None

    def _mention(self, sentence: str) -> None:
        """Tell a sentence, and not with every image. Raises it where nobody listens."""
        if self._say is None:
            raise VjError(sentence)
        if sentence != self._told:
            self._told = sentence
            self._say(sentence)


def grid(size: tuple[int, int], cells: int) -> tuple[int, int]:
    """(width, height) of the field for a picture: its shape, about ``cells`` squared in all, multiples of ``GRAIN``."""
    high = max(round(cells / GRAIN * math.sqrt(size[1] / size[0])), 2)
    return max(round((cells / GRAIN) ** 2 / high), 2) * GRAIN, high * GRAIN


def raised(picture: Pixels, cells: tuple[int, int], device: str) -> Tensor:
    """A picture (H, W, 3 or 4) as heights (h, w): the bright is high."""
    rgb = fitted(picture, cells, device).float() / 255.0
    return (rgb @ torch.tensor(_LUMA, device=rgb.device)) * (HIGH - LOW) + LOW
