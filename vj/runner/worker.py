"""The generator process: takes a deck's newest request, draws it, hands the picture over, then the next deck's.

It knows generators and nothing else of the show. It ends by itself when the show ends, however that happens: its
request pipe runs dry, and on Linux the kernel is asked to kill it with its parent.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from vj import registry
from vj.clock import now
from vj.mailbox import Turns
from vj.runner.check import checked, out_of_memory, sentence
from vj.runner.device import free_memory, pick_device
from vj.runner.lending import lent
from vj.runner.memory import SharedFrames
from vj.runner.wire import Drawn, Idle, Loading, Reply, Setup, Trouble, receive, send
from vj.types import Generator, GenRequest, Image, VjError

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO

    from vj.types import Pixels

IDLE_S = 1.0
"""Longest silence of a healthy process that has nothing to draw."""
KEEP = 3
"""Generators kept loaded: going back to the look before is instant."""
RETRY_S = 5.0
"""Before a generator that would not load is tried again."""
_ERROR_PAUSE_S = 0.05
_NICE = 5
_SPARE_NICE = 10
"""A third of the generator's weight: ready within seconds even where no core is idle."""


@runtime_checkable
class Talking(Protocol):
    """A generator that opens files while it draws: it says so by ``loading`` (the next image may take long), and tells
    sentences for the performer.
    """

    def live(self, loading: Callable[[str], None], say: Callable[[str], None]) -> None: ...


class Shelf:
    """The loaded generators, most recently used last."""

    def __init__(self, package: str, device: str, tell: Callable[[Reply], None]) -> None:
        self._package = package
        self._device = device
        self._tell = tell
        self._loaded: dict[str, Generator] = {}
        self._retry_at: dict[str, float] = {}

    def get(self, name: str) -> Generator | None:
        """The generator, loaded if need be; None while one that failed to load rests."""
        if name not in self._loaded:
            if now() < self._retry_at.get(name, 0.0):
                return None
            self._load(name)
        generator = self._loaded.pop(name, None)
        if generator is not None:
            self._loaded[name] = generator
        return generator

    def drop_others(self, name: str) -> None:
        """Keep only this one, to make room."""
        for other in [n for n in self._loaded if n != name]:
            self._loaded.pop(other).close()

    def _load(self, name: str) -> None:
        self._tell(Loading(name))
        try:
            generator: Generator = registry.load(self._package, name, "Generator")()
            if isinstance(generator, Talking):
                generator.live(lambda what: self._tell(Loading(what)), lambda sentence: self._tell(Trouble(sentence)))
            generator.load(self._device)
        except Exception as error:
            self._retry_at[name] = now() + RETRY_S
            free_memory()
            self._tell(Trouble(f"{name} did not load: {sentence(error)}"))
            return
        while len(self._loaded) >= KEEP:
            self._loaded.pop(next(iter(self._loaded))).close()
        self._loaded[name] = generator


class Worker:
    """Draws requests into shared memory, the decks' in turn. ``tell`` sends a message to the show."""

    def __init__(self, shelf: Shelf, requests: Turns[GenRequest], frames: SharedFrames,
                 tell: Callable[[Reply], None], rate: float = 0.0) -> None:
        self._shelf = shelf
        self._requests = requests
        self._frames = frames
        self._tell = tell
        self._period = 1.0 / rate if rate > 0 else 0.0
        self._pictures: dict[str, Pixels] = {}
        self._said = ("", 0.0)

    def run(self) -> None:
        """Until the process ends."""
        self._tell(Idle())
        due = now()
        while True:
            request = self._requests.take(IDLE_S)
            if request is None:
                self._tell(Idle())
                continue
            self.draw(request)
            due = max(due + self._period, now() - self._period)
            if self._period:
                time.sleep(max(due - now(), 0.0))

    def draw(self, request: GenRequest) -> None:
        """One request, whatever it does: what fails is told and the next one is tried."""
        try:
            generator = self._shelf.get(request.generator)
            if generator is None:
                time.sleep(_ERROR_PAUSE_S)
                return
            began = now()
            image = checked(generator.render(lent(request, self._pictures)))
            self._pictures[request.deck] = image.pixels
            self._hand_over(image, image.cost or now() - began, request.deck)
        except Exception as error:
            self._recover(request.generator, error)

    def _hand_over(self, image: Image, cost: float, deck: str) -> None:
        height, width, _ = image.pixels.shape
        slot = self._frames.free_slot(image.pixels.nbytes)
        while slot is None:  # the show copies within a millisecond; if it is stopped, so are we
            time.sleep(0.0005)
            slot = self._frames.free_slot(image.pixels.nbytes)
        slot_bytes = self._frames.write(slot, image.pixels)
        self._tell(Drawn(slot, slot_bytes, (width, height), image.tick_index, image.time, image.camera, cost,
                         self._requests.replaced, deck))

    def _recover(self, name: str, error: Exception) -> None:
        if out_of_memory(error):
            self._shelf.drop_others(name)
            free_memory()
        if isinstance(error, VjError):  # a sentence of its own, which stands until it is mended
            self._mention(f"{name}: {sentence(error)}")
        else:
            self._tell(Trouble(f"{name} failed on one image: {sentence(error)}"))
        time.sleep(_ERROR_PAUSE_S)

    def _mention(self, text: str) -> None:
        """Tell what is wrong with every image once, and again now and then."""
        before, at = self._said
        if text != before or now() - at > RETRY_S:
            self._said = text, now()
            self._tell(Trouble(text))


def main() -> None:
    """The process: read the setup, then draw until the show is gone."""
    inlet, outlet = _take_pipes()
    setup: Setup = receive(inlet)
    _settle(setup.parent)
    requests: Turns[GenRequest] = Turns()
    threading.Thread(target=_listen, args=(inlet, requests), name="requests", daemon=True).start()

    def tell(reply: Reply) -> None:
        try:
            send(outlet, reply)
        except OSError:
            os._exit(0)

    Worker(_warm(setup, tell), requests, SharedFrames(setup.memory), tell, setup.rate).run()


def _warm(setup: Setup, tell: Callable[[Reply], None]) -> Shelf:
    """The shelf with its first generator. A spare makes it on a thread that gives way to the rest."""
    if not setup.spare:
        return _stock(setup, tell)
    with ThreadPoolExecutor(1, initializer=_give_way) as quiet:
        return quiet.submit(_stock, setup, tell).result()


def _stock(setup: Setup, tell: Callable[[Reply], None]) -> Shelf:
    device = pick_device(setup.device)
    shelf = Shelf(setup.package, device, tell)
    if setup.spare and device != "cpu":  # no second helping of the card's memory, only what takes long on the host
        importlib.import_module("torch")
    elif setup.preload:
        shelf.get(setup.preload)
    return shelf


def _give_way() -> None:
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _SPARE_NICE)


def _take_pipes() -> tuple[FileIO, FileIO]:
    """Our two pipes, out of reach of a library that prints or reads."""
    inlet, outlet = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return open(inlet, "rb", buffering=0), open(outlet, "wb", buffering=0)


def _settle(parent: int) -> None:
    """Leave Ctrl-C to the show, give way to it, and don't outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICE)
    if sys.platform == "linux":
        import ctypes

        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)


def _listen(inlet: FileIO, requests: Turns[GenRequest]) -> None:
    """Requests into the mailbox. When the pipe ends the show is gone, and nothing here is worth keeping."""
    try:
        while True:
            request: GenRequest = receive(inlet)
            requests.put(request.deck, request)
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main()
