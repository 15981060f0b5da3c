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
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vj.clock import now
from vj.mailbox import Turns
from vj.runner.check import checked, out_of_memory, sentence
from vj.runner.device import free_memory, pick_device
from vj.runner.gifts import Beginning, Underway
from vj.runner.lending import lent
from vj.runner.lost import EXIT, lost
from vj.runner.memory import SharedFrames
from vj.runner.shares import Shares
from vj.runner.shelf import RETRY_S, Shelf
from vj.runner.wire import Drawn, Idle, Reply, Setup, Trouble, receive, send
from vj.types import GenRequest, Image, VjError

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO

    from vj.types import Pixels

IDLE_S = 1.0
"""Longest silence of a healthy process that has nothing to draw."""
LEAD_S = 0.0015
"""The next picture is begun so long before the device is done with this one: the host's part of it takes that long,
and what is begun earlier would only wait and grow old.
"""
FREE_S = 1e-4
"""A picture that cost less was there already, and tells nothing of those that are drawn."""
_ERROR_PAUSE_S = 0.05
_NICE = 5
_SPARE_NICE = 10
"""A third of the generator's weight: ready within seconds even where no core is idle."""


@dataclass(slots=True)
class _Begun:
    """A picture under way: for whom, by what, since when, how long it is thought to take."""

    request: GenRequest
    picture: Underway
    at: float
    expected: float


class Worker:
    """Draws requests into shared memory, the decks' in turn. ``tell`` sends a message to the show.

    One picture may be under way on the device while the one before is handed over and the next is begun.
    """

    def __init__(self, shelf: Shelf, requests: Turns[GenRequest], frames: SharedFrames,
                 tell: Callable[[Reply], None], rate: float = 0.0) -> None:
        self._shelf = shelf
        self._requests = requests
        self._frames = frames
        self._tell = tell
        self._period = 1.0 / rate if rate > 0 else 0.0
        self._pictures: dict[str, Pixels] = {}
        self._said = ("", 0.0)
        self._begun: _Begun | None = None
        self._usual: dict[str, float] = {}

    def run(self) -> None:
        """Until the process ends."""
        self._tell(Idle())
        due = now()
        while True:
            request = self._requests.take(self._patience())
            if request is None:
                if not self.finish():
                    self._tell(Idle())
                continue
            self.draw(request)
            due = max(due + self._period, now() - self._period)
            if self._period:
                self.finish()
                time.sleep(max(due - now(), 0.0))

    def draw(self, request: GenRequest) -> None:
        """One request, whatever it does: what fails is told and the next one is tried.

        A picture of a device may be left under way; ``finish``, or the next request, hands it over.
        """
        if self._begun is not None and self._begun.request.generator != request.generator:
            self.finish()  # the other one may have to be loaded first
        try:
            generator = self._shelf.get(request.generator)
            if generator is None:
                self.finish()
                time.sleep(_ERROR_PAUSE_S)
                return
            request = lent(request, self._pictures)
            began = now()
            if not isinstance(generator, Beginning):
                self.finish()
                self._hand_over(request, checked(generator.render(request)), began)
                return
            picture = generator.begin(request)
            self.finish()
            self._keep(request, picture, began)
        except Exception as error:
            self._recover(request.generator, error)

    def finish(self) -> bool:
        """Wait for the picture that is under way, if any, and hand it over."""
        begun, self._begun = self._begun, None
        if begun is None:
            return False
        deck = begun.request.deck
        self._charge(deck, -begun.expected)
        try:
            image = checked(begun.picture.image())
            self._hand_over(begun.request, image, begun.at)
            if image.cost > FREE_S:
                usual = self._usual.get(deck, image.cost)
                self._usual[deck] = min(image.cost, usual + 0.2 * (image.cost - usual))
        except Exception as error:
            self._recover(begun.request.generator, error)
        return True

    def _keep(self, request: GenRequest, picture: Underway | None, began: float) -> None:
        """Hand it over where it is there, else leave it under way."""
        if picture is None:
            return
        expected = self._usual.get(request.deck, 0.0)
        self._begun = _Begun(request, picture, began, 0.0 if picture.ready else expected)
        if picture.ready or not expected:
            self.finish()
        else:
            self._charge(request.deck, expected)

    def _patience(self) -> float:
        """How long to wait for a request: while a picture is under way not at all, but only when it is nearly done."""
        if self._begun is None:
            return IDLE_S
        left = self._begun.at + self._begun.expected - LEAD_S - now()
        if left > 0.0 and not self._begun.picture.ready:
            time.sleep(left)
        return 0.0

    def _charge(self, deck: str, seconds: float) -> None:
        if isinstance(self._requests, Shares):
            self._requests.charge(deck, seconds)

    def _hand_over(self, request: GenRequest, image: Image, began: float) -> None:
        cost = image.cost or now() - began
        self._pictures[request.deck] = image.pixels
        self._charge(request.deck, cost)
        height, width, _ = image.pixels.shape
        slot = self._frames.free_slot(image.pixels.nbytes)
        while slot is None:  # the show copies within a millisecond; if it is stopped, so are we
            time.sleep(0.0005)
            slot = self._frames.free_slot(image.pixels.nbytes)
        slot_bytes = self._frames.write(slot, image.pixels)
        self._tell(Drawn(slot, slot_bytes, (width, height), image.tick_index, image.time, image.camera, cost,
                         self._requests.replaced, request.deck))

    def _recover(self, name: str, error: Exception) -> None:
        leave_if_lost(error)
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
            self._tell(Trouble(text, blank=True))


def leave_if_lost(error: Exception) -> None:
    """End the process where the device is lost to it: the show starts another, and nothing here could."""
    why = lost(error)
    if why:
        sys.stderr.write(f"{why}\n")
        sys.stderr.flush()
        os._exit(EXIT)


def main() -> None:
    """The process: read the setup, then draw until the show is gone."""
    inlet, outlet = _take_pipes()
    setup: Setup = receive(inlet)
    _settle(setup.parent)
    requests: Shares[GenRequest] = Shares()
    speaking = threading.Lock()
    threading.Thread(target=_listen, args=(inlet, requests), name="requests", daemon=True).start()

    def tell(reply: Reply) -> None:
        try:
            with speaking:
                send(outlet, reply)
        except OSError:
            os._exit(0)

    try:
        Worker(_warm(setup, tell), requests, SharedFrames(setup.memory), tell, setup.rate).run()
    except Exception as error:
        leave_if_lost(error)
        raise


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
