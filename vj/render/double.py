"""A compositor without a GPU: for tests and for rehearsing everything but the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vj.types import Features, Image, LatentPoint, Params, Pixels, Tick


class FakeFrame:
    """Pixels in memory that pass for a frame on the GPU."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self.size = (pixels.shape[1], pixels.shape[0])

    def read(self) -> Pixels:
        """(H, W, 4) uint8 RGBA. A copy."""
        return self._pixels.copy()


class FakeCompositor:
    """Shows the newest image's middle colour, lit by the kick; ``chains`` keeps every chain it was given,
    ``decks`` those that hang.
    """

    def __init__(self, size: tuple[int, int] = (32, 18)) -> None:
        self.size = size
        self.chains: list[tuple[str, ...]] = []
        self.decks: dict[str, tuple[str, ...]] = {}
        self.images: dict[str, int] = {}

    def use(self, effects: Sequence[str], deck: str = "a") -> None:
        """Remember the chain."""
        self.chains.append(tuple(effects))
        self.decks[deck] = tuple(effects)

    def rest(self, deck: str) -> None:
        """Forget the deck."""
        self.decks.pop(deck, None)
        self.images.pop(deck, None)

    def arrange(self, first: str) -> None:
        """Every order looks the same here."""

    def render(self, tick: Tick, features: Features, params: Params, images: Mapping[str, Image | None],
               points: Mapping[str, LatentPoint]) -> FakeFrame:
        """One flat colour per deck image, black before the first."""
        pixels = np.zeros((self.size[1], self.size[0], 4), np.uint8)
        pixels[..., 3] = 255
        for name, image in images.items():
            if image is not None:
                self.images[name] = image.tick_index
                middle = image.pixels[image.pixels.shape[0] // 2, image.pixels.shape[1] // 2, :3]
                pixels[..., :3] = np.maximum(pixels[..., :3], middle)
        pixels[0, 0, 0] = round(255 * min(features.kick, 1.0))
        return FakeFrame(pixels)

    def close(self) -> None:
        """Nothing to give back."""
