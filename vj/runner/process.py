"""The live runner: a generator in a process of its own that may die, hang or run out of memory without harm.

Each deck leaves its newest request and takes its newest picture; the show never waits. A supervisor thread sees the
process end (at once, its pipe closes) or hang, and starts another. Everything a picture needs is in the request, so the
new process goes on where the old one was.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque

from vj.clock import now
from vj.mailbox import Latest, Turns
from vj.runner.child import Child, Orders
from vj.runner.device import default_threads
from vj.runner.wire import Loading, Reply, Trouble
from vj.types import GenRequest, Image, RunnerStatus

log = logging.getLogger(__name__)

BACKOFF = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the n-th restart in a row; the last for all that follow."""
HEALTHY_S = 6.0
"""A process that drew this long was well: its end is a first end again, and a spare is made ready."""
SPARE_AGAIN_S = 60.0
"""Before another spare is made after one that ended while it waited."""
GIVE_UP = 4
"""After so many processes without one picture the state is ``failed``; trying goes on."""
_LOOK_S = 0.05
_FPS_WINDOW = 2.0
_FPS_EACH = 0.1
_MOST = 512
_MESSAGE_S = 5.0
_BLANK_S = 1.0
"""Without a picture for so long, none comes."""


class ProcessRunner:
    """Runs generators of ``package`` in one supervised process.

    ``device``: auto, cuda, mps or cpu; decided in the process. ``threads`` for torch, 0 for a share that leaves the
    show its cores. ``rate``: most images a second, 0 for as many as it can. A process silent for ``stall_s`` while
    drawing, or ``load_s`` while loading and drawing its first, is replaced.

    With ``standby`` a second process has torch imported and the generator loaded, and waits: it takes over within a
    tenth of a second, where a fresh start takes 2 to 4 s on two busy cores. It costs about 220 MB and, made at a low
    priority once the first one is well, hardly a frame. On a GPU it only holds the imports, none of the card's memory.
    """

    def __init__(self, device: str = "auto", threads: int = 0, rate: float = 0.0, *, standby: bool = True,
                 package: str = "vj.generators", stall_s: float = 10.0, load_s: float = 120.0) -> None:
        self.status = RunnerStatus()
        self._orders = Orders(package, device, threads or default_threads(), rate, stall_s, load_s)
        self._requests: Turns[GenRequest] = Turns()
        self._images: dict[str, Latest[Image]] = {}
        self._child: Child | None = None
        self._spare: Child | None = None
        self._spare_at = 0.0 if standby else math.inf
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._generator = ""
        self._state = "starting"
        self._count = self._restarts = self._replaced = self._barren = 0
        self._arrivals: deque[float] = deque(maxlen=_MOST)
        self._fps, self._fps_at = 0.0, 0.0
        self._message, self._message_at, self._repeats = "", 0.0, 0
        self._logged: deque[str] = deque(maxlen=50)

    def start(self, preload: str = "") -> None:
        """Start the process; ``preload`` names the generator to load before the first request."""
        self._generator = preload
        self._thread = threading.Thread(target=self._supervise, name="generator-supervisor", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The process of this moment, None between two."""
        child = self._child
        return child.pid if child else None

    def exchange(self, request: GenRequest | None, deck: str = "a") -> Image | None:
        """Leave a deck's newest request, if any; its newest picture, once, or None. Never waits."""
        if request is not None:
            self._generator = request.generator
            self._requests.put(deck, request)
        self._refresh()
        images = self._images.get(deck)
        return images.take() if images is not None else None

    def close(self) -> None:
        """End the process and the supervisor. Can be called twice."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    # ------------------------------------------------------------------------------------ supervisor

    def _supervise(self) -> None:
        try:
            self._keep_running()
        finally:
            self._dismiss_spare()

    def _keep_running(self) -> None:
        in_a_row = 0
        while not self._closing.is_set():
            began, images = now(), self._run_one()
            if self._closing.is_set():
                return
            self._barren = 0 if images else self._barren + 1
            in_a_row = 1 if images and now() - began > HEALTHY_S else in_a_row + 1
            self._restarts += 1
            self._state = "failed" if self._barren >= GIVE_UP else "restarting"
            self._refresh()
            self._closing.wait(BACKOFF[min(in_a_row, len(BACKOFF)) - 1])

    def _run_one(self) -> int:
        """One process from its start to its end; how many images it drew."""
        try:
            child = self._take_spare() or self._open(spare=False)
        except OSError as error:
            self._trouble(f"the generator process did not start: {error}")
            return 0
        self._child = child
        try:
            why = self._watch(child)
            if not self._closing.is_set():
                self._trouble(f"the generator process ended ({why or child.epitaph()}) and is started again")
        finally:
            self._child = None
            child.close()
            self._replaced += child.replaced
        return child.images

    def _open(self, *, spare: bool) -> Child:
        child = Child.open(self._orders)
        child.serve(self._generator, self._requests, self._hear, self._show, spare=spare)
        return child

    def _watch(self, child: Child) -> str:
        """Wait for its end; a process that hangs is ended here, and why is returned."""
        began = last = now()
        while not child.dead.wait(_LOOK_S) and not self._closing.is_set():
            last, passed = now(), now() - last
            if child.images and last - began > HEALTHY_S:
                self._tend_spare(last)
            if child.stalled(passed):
                child.kill()
                return f"silent for {'too long while loading' if child.images == 0 else 'too long'}"
        return ""

    # ----------------------------------------------------------------------------------- the spare

    def _tend_spare(self, at: float) -> None:
        """Have a spare ready, but don't insist where one ends by itself."""
        if self._spare is not None and self._spare.dead.is_set():
            self._dismiss_spare()
            self._spare_at = at + SPARE_AGAIN_S
        if self._spare is None and at >= self._spare_at:
            try:
                self._spare = self._open(spare=True)
            except OSError:
                self._spare_at = at + SPARE_AGAIN_S

    def _take_spare(self) -> Child | None:
        """The spare, on stage; None where it is not ready (a fresh process at full priority is faster then)."""
        spare = self._spare
        if spare is None or not spare.ready or spare.dead.is_set():
            self._dismiss_spare()
            return None
        self._spare = None
        spare.promote()
        return spare

    def _dismiss_spare(self) -> None:
        if self._spare is not None:
            self._spare.close()
            self._spare = None

    # ------------------------------------------------------------------------------- its replies

    def _hear(self, reply: Reply) -> None:
        if isinstance(reply, Trouble):
            self._blank("failed" if reply.blank else self._state)
            self._trouble(reply.text)
        elif isinstance(reply, Loading) and self._state in ("starting", "failed") and self._barren < GIVE_UP:
            self._blank("loading")

    def _blank(self, state: str) -> None:
        """The state while no picture comes; what goes wrong beside a picture does not change it."""
        if not self._arrivals or now() - self._arrivals[-1] > _BLANK_S:
            self._state = state

    def _show(self, deck: str, image: Image) -> None:
        self._count += 1
        self._arrivals.append(now())
        self._images.setdefault(deck, Latest()).put(image)
        self._state = "ready"
        if self._message and now() - self._message_at > _MESSAGE_S:
            self._message, self._repeats = "", 0
        self._refresh()

    def _trouble(self, text: str) -> None:
        self._repeats = self._repeats + 1 if text == self._message else 1
        if text not in self._logged:
            self._logged.append(text)
            log.warning(text)
        self._message, self._message_at = text, now()
        self._refresh()

    def _refresh(self) -> None:
        child = self._child
        dropped = self._requests.replaced + self._replaced + (child.replaced if child else 0)
        times = f" ({self._repeats} times)" if self._repeats > 1 else ""
        if now() - self._fps_at > _FPS_EACH:
            self._fps, self._fps_at = self._measured(), now()
        self.status = RunnerStatus(self._state, self._count, self._fps, self._restarts, dropped,
                                   self._message + times)

    def _measured(self) -> float:
        """Images a second over the last two; falls towards 0 when none come."""
        at = now()
        recent = [t for t in tuple(self._arrivals) if t > at - _FPS_WINDOW]
        return (len(recent) - 1) / max(at - recent[0], 1e-3) if len(recent) > 1 else 0.0
