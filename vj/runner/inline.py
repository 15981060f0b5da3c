"""The offline runner: every request is drawn, in this process, and waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from vj import registry
from vj.clock import now
from vj.params.props import OTHER
from vj.runner.check import checked, sentence
from vj.runner.device import limit_threads, pick_device
from vj.runner.lending import of_another
from vj.types import Generator, GenRequest, Image, RunnerStatus, VjError


class InlineRunner:
    """Draws each request. The picture depends on the request alone, whatever the number of ``workers``.

    Pure generators are drawn on ``workers`` threads at once, each with a generator of its own and one torch thread
    (a sum split over more threads rounds differently). A generator with a memory gets one thread and its requests
    in order. What is drawn over another deck's picture is drawn over the last one that was asked for before it.
    """

    def __init__(self, device: str = "cpu", workers: int = 1, *, package: str = "vj.generators") -> None:
        self.status = RunnerStatus()
        self._wish = device
        self._device = ""
        self._package = package
        self._pool = ThreadPoolExecutor(max(workers, 1), "generate")
        self._single = ThreadPoolExecutor(1, "generate-in-order")
        self._mine = threading.local()
        self._all: list[Generator] = []
        self._newest: dict[str, Future[Image]] = {}
        self._lock = threading.Lock()
        self._images = 0
        self._began = 0.0

    def submit(self, request: GenRequest) -> Future[Image]:
        """Begin a picture. The future raises VjError naming generator and tick where it fails."""
        kind: Callable[[], Generator] = registry.load(self._package, request.generator, "Generator")
        pure = bool(getattr(kind, "PURE", False))
        self._began = self._began or now()
        pool, before = self._pool if pure else self._single, of_another(request.deck, self._newest)
        lender = before if request.picture == OTHER else None
        self._newest[request.deck] = future = pool.submit(self._draw, kind, request, lender)
        return future

    def exchange(self, request: GenRequest) -> Image:
        """This request's picture, however long it takes."""
        return self.submit(request).result()

    def close(self) -> None:
        """Finish what is being drawn, forget what waits, close the generators. Can be called twice."""
        for pool in (self._pool, self._single):
            pool.shutdown(cancel_futures=True)
        while self._all:
            self._all.pop().close()

    def _draw(self, kind: Callable[[], Generator], request: GenRequest, lender: Future[Image] | None) -> Image:
        if lender is not None:  # asked for before this one, so it is drawn, or being drawn
            request = replace(request, image_in=lender.result().pixels)
        try:
            generator = self._own(kind, request.generator)
            image = checked(generator.render(request))
        except Exception as error:
            raise VjError(f"{request.generator} failed at tick {request.tick.index} "
                          f"({request.tick.time:.2f} s): {sentence(error)}") from error
        self._count()
        return image

    def _own(self, kind: Callable[[], Generator], name: str) -> Generator:
        """This thread's generator of that name."""
        loaded: dict[str, Generator] = self._mine.__dict__.setdefault("loaded", {})
        if name not in loaded:
            generator = kind()
            with self._lock:
                self._device = self._device or pick_device(self._wish)
                generator.load(self._device)
                self._all.append(generator)
            limit_threads(1)
            loaded[name] = generator
        return loaded[name]

    def _count(self) -> None:
        with self._lock:
            self._images += 1
            fps = self._images / max(now() - self._began, 1e-6)
            self.status = RunnerStatus("ready", self._images, fps)
