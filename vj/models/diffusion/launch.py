"""How a plate is printed: call by call, as a captured CUDA graph, or compiled whole and then captured.

A launch can fail on a long night: a driver hiccup, memory, a compiler's bug. Then the same picture is drawn call by
call, the faster way is made anew later, and the show goes on. Which way is fastest is measured, not believed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Protocol
from weakref import WeakSet

import torch

from vj import clock
from vj.models.diffusion import marks

log = logging.getLogger(__name__)

WARM = 3
"""Pictures drawn call by call before a capture: cuDNN has chosen its kernels, and memory is where it stays."""
REST = 60
"""Pictures after a failure before the way is tried again; twice as many after each further one."""
GIVE_UP = 6
"""Failures in a row after which a way is left alone."""
LOOK = 20
"""Pictures between two looks at a way that is being made aside."""
TRIALS, TRIALS_S = 12, 0.1
"""Runs of each way that is compared, and seconds after which three of them are enough: nothing else is drawn then."""
GAIN = 0.98
"""A new way replaces the old one when it takes less than this part of its time."""

Print = Callable[[], None]


class Way(Protocol):
    """A faster way of printing. ``ready`` makes it from the slow one, or gives None while it is being made aside.

    ``wait`` until that is done; ``forget`` what was made. Making it may raise, and so may what was made.
    """

    name: str

    def ready(self, paint: Print) -> Print | None: ...

    def wait(self) -> None: ...

    def forget(self) -> None: ...


class Launch:
    """Prints one plate by the fastest way that works. ``paint`` draws call by call and is the way of last resort.

    ``seconds(run)`` measures one way; ``tell`` hears in one sentence what went wrong.
    """

    def __init__(self, paint: Print, ways: Sequence[Way], tell: Callable[[str], None],
                 seconds: Callable[[Print], float] | None = None) -> None:
        self._paint, self._tell = paint, tell
        self._seconds = seconds or seconds_of
        self._tries = [_Try(way) for way in ways]
        self._best: _Try | None = None
        self._run = paint
        self._prints = 0

    @property
    def name(self) -> str:
        """The way it goes now."""
        return self._best.way.name if self._best else "eager"

    def __call__(self) -> None:
        """Print once. What the last resort raises goes to the caller, and so does a lack of memory."""
        self._prints += 1
        try:
            self._run()
        except Exception as error:
            if self._best is None:
                raise
            failed = self._best
            self.forget()
            if not is_out_of_memory(error):
                self._paint()  # where this fails too it is no matter of the launch
            self._failed(failed, error)
            if is_out_of_memory(error):
                raise

    @property
    def due(self) -> bool:
        """There is a way to make or to try; ``improve`` would print for that."""
        return self._prints >= WARM and any(trial.waits(self._prints) for trial in self._tries)

    def improve(self) -> None:
        """Make the ways that are due and keep the fastest. Prints many times over what the plate holds."""
        for trial in [t for t in self._tries if t.waits(self._prints)]:
            try:
                made = trial.way.ready(self._paint)
                if made is None:
                    trial.due = self._prints + LOOK
                else:
                    self._compare(trial, made)
            except Exception as error:
                self._failed(trial, error)

    def settle(self) -> None:
        """Make every way now, however long it takes: before a show."""
        for _ in range(WARM):
            self()
        for trial in self._tries:
            trial.due = min(trial.due, self._prints)
            trial.way.wait()
        self.improve()

    def forget(self) -> None:
        """Let go of what was captured; the next prints go call by call, and every way is due again."""
        for trial in self._tries:
            trial.way.forget()
            trial.tried = False
        self._best, self._run = None, self._paint

    def _compare(self, trial: _Try, made: Print) -> None:
        """Keep the faster of what runs now and what was made."""
        before, after = self._seconds(self._run), self._seconds(made)
        trial.tried, trial.failures = True, 0
        log.info("%s takes %.2f ms a picture, %s %.2f ms", self.name, before * 1e3, trial.way.name, after * 1e3)
        loser = self._best if after < before * GAIN else trial
        if loser is not None:
            loser.way.forget()
        if loser is not trial:
            self._best, self._run = trial, made

    def _failed(self, trial: _Try, error: Exception) -> None:
        trial.failures += 1
        trial.due = self._prints + REST * 2 ** (trial.failures - 1)
        trial.way.forget()
        again = "it is made again later" if trial.failures < GIVE_UP else "it is left alone from now on"
        self._tell(f"the {trial.way.name} failed, pictures are drawn without it and {again} "
                   f"({type(error).__name__}: {' '.join(str(error).split())[:160]})")


class _Try:
    """One way's fate: from which picture on it may be made, whether it has been, how often in a row it has failed."""

    def __init__(self, way: Way) -> None:
        self.way, self.due, self.tried, self.failures = way, 0, False, 0

    def waits(self, prints: int) -> bool:
        return not self.tried and self.due <= prints and self.failures < GIVE_UP


class Pool:
    """The memory that graphs share, who are replayed one after the other and leave nothing in it.

    torch gives a pool up with its last graph, and refuses one that a capture has failed in: then another is begun.
    """

    def __init__(self) -> None:
        self._graphs: WeakSet[Any] = WeakSet()
        self._handle: Any = None

    def handle(self) -> Any:
        """What ``torch.cuda.graph`` takes."""
        if not self._graphs:
            self._handle = torch.cuda.graph_pool_handle()
        return self._handle

    def join(self, graph: Any) -> None:
        """A graph was captured with ``handle``; it is in the pool for as long as it lives."""
        self._graphs.add(graph)

    def leave(self) -> None:
        """A capture has failed: those that are there go on, the next one begins another pool."""
        self._graphs = WeakSet()


class Captured:
    """A CUDA graph: all launches of a picture recorded once, sent as one. ``pool`` is shared by graphs in turn.

    ``quiet`` is held while recording: nothing else of this process may launch work meanwhile.
    """

    name = "graph"

    def __init__(self, pool: Pool, quiet: AbstractContextManager[object] | None = None) -> None:
        self._pool, self._quiet = pool, quiet or nullcontext()
        self._graph: torch.cuda.CUDAGraph | None = None

    def ready(self, paint: Print) -> Print:
        with self._quiet:
            try:
                self._graph = capture(paint, self._pool.handle())
            except Exception:
                self._pool.leave()
                raise
        self._pool.join(self._graph)
        return self._graph.replay

    def wait(self) -> None:
        """It is never made aside."""

    def forget(self) -> None:
        self._graph = None


class Compiled:
    """The whole picture through torch.compile, made on a thread of its own meanwhile, then captured.

    ``twin`` gives the compiled function and a run of it over buffers that are not the show's, which makes it compile.
    """

    def __init__(self, twin: Callable[[], tuple[Print, Print]], captured: Way, name: str = "compiled graph") -> None:
        self.name = name
        self._twin, self._captured = twin, captured
        self._thread: threading.Thread | None = None
        self._made: Print | None = None
        self._error: Exception | None = None

    def ready(self, paint: Print) -> Print | None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        if self._made is None:
            self._begin()
            return None
        return self._captured.ready(self._made)

    def wait(self) -> None:
        """Until it is compiled or has failed."""
        self._begin()
        thread = self._thread
        if thread is not None:
            thread.join()

    def forget(self) -> None:
        self._captured.forget()

    def _begin(self) -> None:
        if self._thread is None and self._made is None:
            self._thread = threading.Thread(target=self._compile, args=(torch.get_num_threads(),), name="compile",
                                            daemon=True)
            self._thread.start()

    def _compile(self, threads: int) -> None:
        try:
            torch.set_num_threads(threads)  # what is compiled holds for so many, and is used in another thread
            run, rehearsal = self._twin()
            rehearsal()
            self._made = run
        except Exception as error:
            self._error = error
        self._thread = None


def capture(paint: Print, pool: Any) -> torch.cuda.CUDAGraph:
    """Record ``paint`` after two warm runs aside, as CUDA asks. Raises what the driver raises.

    The warm runs are on the very stream that records: cuBLAS keeps a workspace for each stream, and one that is made
    while recording would hold a part of the graphs' pool for good.
    """
    here, aside = torch.cuda.current_stream(), recording()
    aside.wait_stream(here)
    with torch.cuda.stream(aside):
        for _ in range(2):
            paint()
    here.wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool, stream=aside, capture_error_mode="thread_local"):
        paint()
    return graph


@cache
def recording() -> torch.cuda.Stream:
    """The one stream of this process that graphs are recorded on."""
    return marks.stream()


def seconds_of(run: Print) -> float:
    """Seconds of one run, the median of up to ``TRIALS``, on the device's own clock where it has one."""
    spans: list[float] = []
    while len(spans) < TRIALS and (len(spans) < 3 or sum(spans) < TRIALS_S):
        spans.append(marks.span(run) if torch.cuda.is_available() else _wall_span(run))
    return sorted(spans)[len(spans) // 2]


def _wall_span(run: Print) -> float:
    began = clock.now()
    run()
    return clock.now() - began


def is_out_of_memory(error: BaseException) -> bool:
    """The device's memory, or the host's, is used up."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
