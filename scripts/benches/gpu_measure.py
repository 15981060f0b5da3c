"""How a picture's time is taken: on the device, on the wall, and on its way into the memory that the show reads."""

from __future__ import annotations

import math
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benches import gpu_models
from benches.gpu_rivals import PROMPT
from benches.table import percentile
from vj.clock import now
from vj.models.diffusion import marks
from vj.models.diffusion.engine import Engine, Shot
from vj.models.diffusion.loader import Parts
from vj.runner.memory import SharedFrames
from vj.types import LatentPoint

STEP = 0.02
"""Radians of the walk from picture to picture."""
LEAST = 5
"""Runs of everything that is measured."""


@dataclass(frozen=True)
class Spans:
    """Seconds of each of many runs."""

    what: str
    seconds: tuple[float, ...]
    rows: int = 1
    floor: float = 0.0

    @property
    def rate(self) -> float:
        """Pictures a second, all of them over all of the time."""
        return self.rows * len(self.seconds) / sum(self.seconds)

    def cells(self) -> list[str]:
        p50, p95, p99 = (1e3 * percentile(self.seconds, share) for share in (0.5, 0.95, 0.99))
        near = f"{self.floor * 1e3:.2f} ms, {self.floor * 1e3 / p50:.0%}" if self.floor else ""
        return [self.what, f"{p50:.2f}", f"{p95:.2f}", f"{p99:.2f}", f"{self.rate:.1f}", near]


@dataclass(frozen=True)
class Bench:
    """One model at one size on this device."""

    parts: Parts
    size: tuple[int, int]
    tiny: bool
    seconds: float
    ways: tuple[str, ...]
    ceilings: tuple[float, float]
    work: float
    """Operations of one picture."""

    @property
    def name(self) -> str:
        return f"{self.parts.name} {self.size[0]}x{self.size[1]}"

    def shot(self, number: int, **more: Any) -> Shot:
        """The walk's n-th moment: a great circle of the sphere."""
        angle = STEP * number
        point = LatentPoint((math.cos(angle), math.sin(angle) * 0.6, math.sin(angle) * 0.8, *[0.0] * 9))
        return replace(Shot(point, 1, self.size, ((PROMPT, 1.0),), calm=0.3, dt=1 / 120), **more)

    def floor(self, rows: int = 1) -> float:
        """Seconds that no program beats here: the larger of arithmetic and of reading the weights once."""
        rate, width = self.ceilings
        return max(rows * self.work / rate, gpu_models.weight_bytes(self.parts) / width)


def repeated(run: Callable[[int], object], seconds: float, least: int = 0, most: int = 4000) -> tuple[float, ...]:
    """Wall seconds of each run until ``seconds`` have passed, ``LEAST`` runs or more."""
    spans: list[float] = []
    began = now()
    while len(spans) < (least or LEAST) or (now() - began < seconds and len(spans) < most):
        start = now()
        run(len(spans))
        spans.append(now() - start)
    return tuple(spans)


def on_device(run: Callable[[], object], bench: Bench) -> tuple[float, ...]:
    """The device's own seconds of each run, or the wall's where it has no clock."""
    for _ in range(3):
        run()
    if not bench.parts.device.startswith("cuda"):
        return repeated(lambda _: run(), bench.seconds / 4)
    return tuple(marks.span(run) for _ in range(len(repeated(lambda _: marks.span(run), bench.seconds / 4))))


def into_mailbox(engine: Engine, bench: Bench, rows: int = 1) -> tuple[float, ...]:
    """Seconds between pictures as they lie in the shared memory, copied out by a reader as a show would."""
    frames = SharedFrames.create()
    full: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()

    def read() -> None:
        other = SharedFrames(str(os.dup(int(frames.handle))))
        while (news := full.get()) is not None:
            other.read(*news, bench.size)
        other.close()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    waiting: list[Any] = []

    def draw(number: int) -> None:
        """Begin the next pictures, then hand over those before: the device never waits for the host."""
        shots = [bench.shot(number * rows + row) for row in range(rows)]
        waiting.append(engine.begin(shots[0]) if rows == 1 else engine.begin_ahead(shots))
        if len(waiting) > 1:
            for pixels in waiting.pop(0).pixels():
                while (slot := frames.free_slot(pixels.nbytes)) is None:
                    pass
                full.put((slot, frames.write(slot, pixels)))

    for number in range(4):
        draw(number)
    spans = repeated(draw, bench.seconds)
    full.put(None)
    reader.join()
    frames.close()
    return spans


def flops(parts: Parts, size: tuple[int, int]) -> float:
    """Of one picture, counted call by call."""
    engine = Engine.open(parts, ways=())
    shot = Bench(parts, size, True, 0.0, (), (1.0, 1.0), 0.0).shot(0)
    with FlopCounterMode(display=False) as counter:
        engine.draw(shot)
    return float(counter.get_total_flops())


def ceilings(device: str, tiny: bool) -> tuple[float, float]:
    """What this device reaches: operations a second in a large product, bytes a second in a large copy."""
    side, count = (512, 1 << 22) if tiny else (8192, 1 << 30)
    kind = gpu_models.dtype_of(device)
    a, b = (torch.randn(side, side, device=device, dtype=kind) for _ in range(2))
    here, there = (torch.empty(count, dtype=torch.uint8, device=device) for _ in range(2))
    span = marks.span if device.startswith("cuda") else lambda run: repeated(lambda _: run(), 0.0, 1)[0]
    product = min(span(lambda: a @ b) for _ in range(10))
    copy = min(span(lambda: there.copy_(here)) for _ in range(10))
    return 2.0 * side**3 / product, 2.0 * count / copy
