"""All the numbers of one picture in one small upload.

A picture is asked for with some hundred numbers: the walk's weights, the steps' table, the feedback's motion. They
stand side by side in one buffer on the device, at addresses that never change, and travel in one copy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from vj.models.diffusion.marks import Mark, mark

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

SLOTS = 4
"""Letters under way: the host may be this many pictures ahead before it waits for a copy."""


class Letter:
    """Named arrays of float32 on the host, and the same on the device once they are sent.

    ``fields``: name -> shape. ``on_device[name]`` is a view that keeps its address.
    """

    def __init__(self, fields: Mapping[str, tuple[int, ...]], device: str) -> None:
        total = sum(math.prod(shape) for shape in fields.values())
        pinned = device.startswith("cuda")
        self._there = torch.zeros(total, device=device)
        self._slots = [torch.zeros(total, pin_memory=pinned) for _ in range(SLOTS if pinned else 1)]
        self._sent: list[Mark | None] = [None] * len(self._slots)
        self._turn = 0
        self._at = _places(fields)
        self._shapes = dict(fields)
        self.on_device = {name: self._there[part].view(fields[name]) for name, part in self._at.items()}
        self._host: dict[str, NDArray[np.float32]] = self._open(0)

    def write(self, name: str, values: ArrayLike) -> None:
        """Put values, of the field's shape or one that broadcasts to it."""
        self._host[name][...] = values

    def read(self, name: str) -> NDArray[np.float32]:
        """The field as it was last written."""
        return self._host[name]

    def send(self) -> None:
        """Begin the copy. What isn't written anew stays as it was."""
        slot = self._slots[self._turn]
        self._there.copy_(slot, non_blocking=True)
        if len(self._slots) > 1:
            self._sent[self._turn] = mark()
            self._turn = (self._turn + 1) % len(self._slots)
            before = self._sent[self._turn]
            if before is not None:
                before.synchronize()  # that copy is three pictures old: there is nothing to wait for
            self._slots[self._turn].copy_(slot)
            self._host = self._open(self._turn)

    def _open(self, turn: int) -> dict[str, NDArray[np.float32]]:
        flat = self._slots[turn].numpy()
        return {name: flat[part].reshape(self._shapes[name]) for name, part in self._at.items()}


def _places(fields: Mapping[str, tuple[int, ...]]) -> dict[str, slice]:
    begin, places = 0, {}
    for name, shape in fields.items():
        places[name] = slice(begin, begin + math.prod(shape))
        begin += math.prod(shape)
    return places
