"""The first stage that ``cppn`` and ``painter`` share: a world's content at the walk's point. Imports torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from vj.camera import content_map
from vj.generators._base import Knobs
from vj.generators._worlds import World, worlds
from vj.models import palette, surface
from vj.models.cppn import LATENT, MARGIN, Network
from vj.models.device import check_device
from vj.models.heap import keep_pages
from vj.models.latent import latent
from vj.models.pattern import Finish
from vj.models.surface import Surface
from vj.types import GenRequest, VjError

_TABLES = 64
"""Colour tables kept; 24 KiB each."""

INNER = 2
"""The network runs on every second pixel: its fields are smooth, what is crisp is drawn from them."""


class Canvas:
    """Draws worlds on one device. Keeps each world's weights and the last colour tables: speed, not memory."""

    def __init__(self, device: str) -> None:
        keep_pages()
        check_device(device)
        self.device = torch.device(device)
        self._networks: dict[str, Network] = {}
        self._tables: dict[tuple[str, float, float], Tensor] = {}

    def world(self, name: str) -> World:
        """The world of that name. Raises VjError when there is none."""
        try:
            return worlds()[name]
        except KeyError:
            raise VjError(f"there is no world called {name!r}") from None

    def content(self, request: GenRequest, world: World, knobs: Knobs, size: tuple[int, int],
                turn: float = 0.0) -> Surface:
        """The world where the walk stands; both sides of ``size`` are even. ``turn``: where its palette starts."""
        width, height = size
        network = self._network(world)
        z = latent(request.point, request.seed, world.pattern.seed, LATENT)
        camera = request.point.camera
        fields = network.fields(z, content_map(camera), camera.zoom, (width // INNER, height // INNER),
                                scale=knobs.number("scale"), warp=knobs.number("warp"), detail=knobs.number("detail"))
        table = self.table(world, knobs.number("hue"), knobs.number("vivid"))
        return surface.draw(surface.enlarge(fields, size, MARGIN), table, finish(world, knobs, turn))

    def table(self, world: World, hue: float, vivid: float) -> Tensor:
        """The palette's ring (TABLE, 3) of linear light, turned by ``hue`` and strengthened by ``vivid``."""
        key = (world.name, round(hue, 3), round(vivid, 3))
        if key not in self._tables:
            if len(self._tables) >= _TABLES:
                self._tables.clear()
            rows = palette.gradient(world.palette, surface.TABLE, hue=key[1], chroma=key[2])
            self._tables[key] = torch.from_numpy(rows.astype(np.float32)).to(self.device)
        return self._tables[key]

    def _network(self, world: World) -> Network:
        if world.name not in self._networks:
            self._networks[world.name] = Network(world.pattern, self.device)
        return self._networks[world.name]


def finish(world: World, knobs: Knobs, turn: float) -> Finish:
    """The world's surface as the knobs turn it."""
    own = world.finish
    relief = knobs.number("relief")
    return replace(own, cycles=own.cycles * knobs.number("cycles"),
                   shift=(own.shift + knobs.number("shift") + turn) % 1.0, relief=own.relief * relief,
                   gloss=own.gloss * relief, ripple=own.ripple * knobs.number("ripple"),
                   depth=min(own.depth * knobs.number("depth"), 1.0))


def graded(rgb: Tensor, contrast: float, brightness: float) -> Tensor:
    """sRGB 0..1 (H, W, 3): exposure in linear light, then an S-curve that keeps black, white and the middle."""
    rgb = (rgb * brightness ** (1 / 2.2)).clamp_(0.0, 1.0)
    return torch.lerp(rgb, rgb * rgb * (3.0 - 2.0 * rgb), contrast)


def evened(size: tuple[int, int], step: int) -> tuple[int, int]:
    """The next size whose sides are whole multiples of ``step``."""
    return -(-size[0] // step) * step, -(-size[1] // step) * step
