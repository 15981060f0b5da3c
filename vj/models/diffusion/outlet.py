"""Pictures on their way to the host: copied while the next one is drawn, and nobody's but the taker's.

No call here waits for the device as a whole. A picture's copy into pinned memory has an event of its own, and who takes
the picture waits for that event only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vj.models.diffusion.marks import Mark, mark, reached, seconds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

SLOTS = 3
"""Pictures that may be under way at once."""


class Ticket:
    """Pictures that are being drawn. ``pixels`` gives them, (rows, H, W, 4) uint8, the taker's own."""

    def __init__(self, pinned: Tensor, done: Mark | None, began: Mark | None) -> None:
        self._pinned: Tensor | None = pinned
        self._done, self._began = done, began
        self._pixels: Pixels | None = None

    @property
    def ready(self) -> bool:
        """They can be had without waiting."""
        return self._pinned is None or self._done is None or reached(self._done)

    def pixels(self) -> Pixels:
        """Wait for the copy. The same arrays when asked again."""
        if self._pixels is None:
            if self._done is not None:
                self._done.synchronize()
            pinned, self._pinned = self._pinned, None
            assert pinned is not None  # noqa: S101 - it is let go only here
            copied: Pixels = pinned.numpy().copy()
            self._pixels = copied
        return self._pixels

    def seconds(self) -> float | None:
        """How long the device took, for pictures that are there; None where it has no clock of its own."""
        if self._done is None or self._began is None:
            return None
        return seconds(self._began, self._done)


class Outlet:
    """Pinned memory for pictures of any size, in turn."""

    def __init__(self, device: str) -> None:
        self._cuda = device.startswith("cuda")
        self._pinned: list[Tensor | None] = [None] * SLOTS
        self._tickets: list[Ticket | None] = [None] * SLOTS
        self._turn = 0

    def begin(self) -> Mark | None:
        """A mark before the drawing, for ``send``."""
        return mark() if self._cuda else None

    def send(self, rgba: Tensor, began: Mark | None = None) -> Ticket:
        """Begin to copy (rows, H, W, 4) as it will be when the device has come so far."""
        if not self._cuda:
            return Ticket(rgba.cpu().clone(), None, None)
        self._turn = (self._turn + 1) % SLOTS
        before = self._tickets[self._turn]
        if before is not None:
            before.pixels()  # not taken yet: into memory of its own, for this one's place is needed
        pinned = self._pinned[self._turn]
        if pinned is None or pinned.shape != rgba.shape:
            pinned = self._pinned[self._turn] = torch.empty(rgba.shape, dtype=torch.uint8, pin_memory=True)
        pinned.copy_(rgba, non_blocking=True)
        ticket = self._tickets[self._turn] = Ticket(pinned, mark(), began)
        return ticket
