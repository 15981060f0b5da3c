"""A stand-in for the generator process: same promises, no process, show time only. For tests and rehearsals."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from vj.types import GenRequest, Image, RunnerStatus

if TYPE_CHECKING:
    from vj.types import Pixels

Paint = Callable[[GenRequest], "Pixels"]


class FakeRunner:
    """Answers each ``1 / rate`` s of show time with the picture of a request ``latency`` s old.

    Time is the requests' own, so the same requests always give the same pictures at the same ticks. ``die`` does to
    it what kill -9 does to a process: no pictures for ``recovery`` s, then it goes on. ``requests`` keeps the last
    ones it was given. Of several decks it draws each deck's newest request in turn.
    """

    def __init__(self, latency: float = 0.05, rate: float = 15.0, *, first: float = 0.0, recovery: float = 2.0,
                 paint: Paint | None = None) -> None:
        self.status = RunnerStatus()
        self.requests: deque[GenRequest] = deque(maxlen=1000)
        self._latency = latency
        self._period = 1.0 / rate
        self._first = first
        self._recovery = recovery
        self._paint = paint or sweep
        self._busy: GenRequest | None = None
        self._waiting: dict[str, GenRequest] = {}  # whose turn is next stands first
        self._ready: dict[str, Image] = {}
        self._ready_at = self._next_at = -math.inf
        self._back_at: float | None = None
        self._dying = False
        self._images = self._restarts = self._dropped = 0

    def die(self) -> None:
        """Lose what is being drawn; the next exchange finds it restarting."""
        self._dying = True

    def exchange(self, request: GenRequest | None, deck: str = "a") -> Image | None:
        """The deck's newest picture that is ready by this request's time, once. Never waits."""
        if request is not None:  # only requests carry the time
            self.requests.append(request)
            self._go_on(request, request.tick.time)
        return self._ready.pop(deck, None)

    def close(self) -> None:
        """Nothing to give back."""

    def _go_on(self, request: GenRequest, at: float) -> None:
        if self._back_at is None:
            self._back_at = at + self._first
        if self._dying:
            self._die(at)
        self._finish(at)
        self._dropped += request.deck in self._waiting
        self._waiting[request.deck] = request
        if at >= self._back_at:
            self._begin(at)

    def _die(self, at: float) -> None:
        self._dying, self._busy = False, None
        self._waiting.clear()
        self._ready.clear()
        self._back_at = at + self._recovery
        self._restarts += 1
        self._report("restarting", "killed by hand")

    def _finish(self, at: float) -> None:
        request = self._busy
        if request is None or at < self._ready_at:
            return
        self._busy = None
        self._images += 1
        self._report("ready")
        tick = request.tick
        self._ready[request.deck] = Image(self._paint(request), tick.index, tick.time, request.point.camera,
                                          self._latency)

    def _begin(self, at: float) -> None:
        """The deck that has waited longest; whoever was served goes to the end of the row."""
        if self._busy is None and at >= self._next_at:
            request = self._waiting.pop(next(iter(self._waiting)))
            self._busy, self._ready_at, self._next_at = request, at + self._latency, at + self._period

    def _report(self, state: str, message: str = "") -> None:
        self.status = RunnerStatus(state, self._images, 1.0 / self._period if state == "ready" else 0.0,
                                   self._restarts, self._dropped, message)


def sweep(request: GenRequest) -> Pixels:
    """(H, W, 4): a soft bar that crosses once a bar of music, its colour from the walk, its light from the sound."""
    width, height = request.size
    across = np.linspace(0.0, 1.0, width, dtype=np.float32)
    distance = np.abs(across - request.features.beat.bar_phase)
    bar = np.exp(-((np.minimum(distance, 1.0 - distance) / 0.15) ** 2))  # (W,)
    light = 0.35 + 0.65 * request.features.rms
    hue = np.asarray((*request.point.weights, 0.0, 0.0, 0.0)[:3], np.float32)
    row = 255.0 * light * bar[:, None] * (0.6 + 0.4 * np.clip(hue, -1.0, 1.0))  # (W, 3)
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., :3] = np.clip(row, 0.0, 255.0).astype(np.uint8)
    return pixels
