"""The default: a world's flowing content, painted by a network that knows 26 styles and everything between."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vj import clock
from vj.generators._base import Knobs, about, checked_size, image, to_pixels
from vj.generators._knobs import CONTENT
from vj.generators._worlds import STYLES, World
from vj.params.spec import number
from vj.types import GenRequest, Image, VjError

if TYPE_CHECKING:
    from torch import Tensor

    from vj.generators._canvas import Canvas
    from vj.models.stylize import Stylizer


GRID = 4
"""The network halves twice, so it works on sides that are multiples of four."""


class Painter:
    """Stage one draws the walk's point in a world; stage two paints it in the style the journey has reached."""

    NAME = "painter"
    HELP = "Worlds of random networks, painted in 26 styles that melt into each other. No download, no GPU needed."
    PARAMS = (
        *CONTENT,
        number("paint", 0.5, 0.0, 1.0, smooth=0.2, help="From bare content to all paint; 0.5 as the world was made."),
        number("own_colour", 0.5, 0.0, 1.0, smooth=0.2,
               help="From the style's colours to the world's; 0.5 as the world was made."),
        number("shadow", 0.5, 0.0, 1.0, smooth=0.1,
               help="The world's own light and shadow over the paint; 0.5 as the world was made."),
        number("calm", 0.4, 0.0, 1.0, smooth=0.2, help="Soften the finest strokes, which shimmer when they move."),
        number("dwell", 0.6, 0.0, 1.0, smooth=0.5, help="How long the journey stays at a pure style; 0 always moves."),
    )
    PURE = True

    def __init__(self) -> None:
        self._canvas: Canvas | None = None
        self._stylizer: Stylizer | None = None

    def load(self, device: str) -> None:
        from vj.generators._canvas import Canvas
        from vj.models.stylize import Stylizer, best_precision, read_weights

        self._canvas = Canvas(device)
        self._stylizer = Stylizer(read_weights(), device, best_precision(device))

    def render(self, request: GenRequest) -> Image:
        import torch

        start = clock.now()
        size, knobs = checked_size(request), Knobs(self.PARAMS, request.params)
        with torch.inference_mode():
            pixels = to_pixels(self._picture(request, knobs, size))
        return image(request, pixels, start)

    def close(self) -> None:
        self._canvas = self._stylizer = None

    def _picture(self, request: GenRequest, knobs: Knobs, size: tuple[int, int]) -> Tensor:
        """sRGB (H, W, 3) 0..1."""
        import torch

        from vj.generators._canvas import evened, graded
        from vj.models import blend

        if self._canvas is None or self._stylizer is None:
            raise VjError("the generator painter was not loaded")
        world = self._canvas.world(knobs.text("world"))
        surface = self._canvas.content(request, world, knobs, evened(size, GRID))
        rgb = blend.to_paint(surface)
        amount = about(world.paint, knobs.number("paint"))
        if amount > 0.0:
            styles = styles_at(world, request.point.journey, knobs.number("dwell"))
            own = about(world.own, knobs.number("own_colour"))
            painted = blend.calmed(self._stylizer.paint_pixels(rgb, styles), knobs.number("calm"))
            rgb = torch.lerp(rgb, blend.recoloured(painted, surface, own), amount)
        rgb = blend.relit(rgb, surface, about(world.shadow, knobs.number("shadow")))[:size[1], :size[0]]
        return graded(rgb, knobs.number("contrast"), knobs.number("brightness"))


def styles_at(world: World, journey: float, dwell: float) -> list[float]:
    """The 26 style weights at a position of the world's tour, in stations; they sum to 1."""
    station = math.floor(journey)
    share = eased(journey - station, dwell)
    weights = [0.0] * STYLES
    weights[world.tour[station % len(world.tour)]] += 1.0 - share
    weights[world.tour[(station + 1) % len(world.tour)]] += share
    return weights


def eased(share: float, dwell: float) -> float:
    """A smoothstep that stays at both ends for ``dwell`` of the way (at most 0.8)."""
    rest = 0.8 * dwell / 2.0
    x = min(max((share - rest) / (1.0 - 2.0 * rest), 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


Generator = Painter
