"""The launch seam on doubles: the fastest way wins, a way that fails is done without, and the show goes on."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable

import pytest

from vj.models.diffusion.launch import (
    GIVE_UP,
    LOOK,
    REST,
    WARM,
    Captured,
    Compiled,
    Launch,
    Pool,
    is_out_of_memory,
    seconds_of,
)


class Stage:
    """Counts what is printed, and by which way; each way has a speed and may fail on demand."""

    def __init__(self) -> None:
        self.printed: list[str] = []
        self.told: list[str] = []
        self.speed = {"eager": 9.0}

    def eager(self) -> None:
        self.printed.append("eager")

    def seconds(self, run: Callable[[], None]) -> float:
        run()
        return self.speed[self.printed.pop()]

    def launch(self, *ways: Stumbling) -> Launch:
        return Launch(self.eager, ways, self.told.append, self.seconds)


class Stumbling:
    """A way that fails when it is told to: while it is made, or while it prints."""

    def __init__(self, stage: Stage, name: str, speed: float) -> None:
        self.name, self.stage = name, stage
        self.making: Exception | None = None
        self.printing: Exception | None = None
        self.unfinished = 0
        self.made = self.forgotten = 0
        stage.speed[name] = speed

    def ready(self, paint: Callable[[], None]) -> Callable[[], None] | None:
        if self.making is not None:
            raise self.making
        if self.unfinished > 0:
            self.unfinished -= 1
            return None
        self.made += 1
        return self.print

    def print(self) -> None:
        if self.printing is not None:
            raise self.printing
        self.stage.printed.append(self.name)

    def wait(self) -> None:
        self.unfinished = 0

    def forget(self) -> None:
        self.forgotten += 1


def show(launch: Launch, pictures: int) -> None:
    for _ in range(pictures):
        launch()
        if launch.due:
            launch.improve()


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_the_first_pictures_go_call_by_call_and_then_the_graph_takes_over(stage: Stage) -> None:
    launch = stage.launch(Stumbling(stage, "graph", 4.0))
    show(launch, WARM + 2)
    assert stage.printed == ["eager"] * WARM + ["graph"] * 2
    assert not launch.due


@pytest.mark.parametrize(("graph", "compiled", "best"), [(4.0, 3.0, "compiled"), (3.0, 4.0, "graph"),
                                                         (9.5, 10.0, "eager"), (4.0, 3.95, "graph")])
def test_the_way_that_measures_best_is_kept(stage: Stage, graph: float, compiled: float, best: str) -> None:
    ways = Stumbling(stage, "graph", graph), Stumbling(stage, "compiled", compiled)
    launch = stage.launch(*ways)
    show(launch, WARM + 1)
    assert launch.name == best
    assert stage.printed[-1] == best
    assert all(way.forgotten for way in ways if way.name != best)


def test_a_graph_that_fails_costs_no_picture_and_is_made_again(stage: Stage) -> None:
    way = Stumbling(stage, "graph", 4.0)
    launch = stage.launch(way)
    show(launch, WARM + 1)
    way.printing = RuntimeError("CUDA error:\n  launch failed")
    show(launch, 1)
    way.printing = None
    assert len(stage.printed) == WARM + 2
    assert stage.printed[-1] == "eager"
    assert stage.told == ["the graph failed, pictures are drawn without it and it is made again later "
                          "(RuntimeError: CUDA error: launch failed)"]
    show(launch, REST + 1)
    assert launch.name == "graph"
    assert len(stage.printed) == WARM + 2 + REST + 1
    assert way.made == 2


def test_while_the_fastest_rests_the_next_one_prints(stage: Stage) -> None:
    graph, compiled = Stumbling(stage, "graph", 4.0), Stumbling(stage, "compiled", 3.0)
    launch = stage.launch(graph, compiled)
    show(launch, WARM + 1)
    compiled.printing = RuntimeError("no")
    show(launch, 2)
    assert launch.name == "graph"
    compiled.printing = None
    show(launch, REST + 1)
    assert launch.name == "compiled"


def test_a_way_that_never_works_is_left_alone_in_the_end(stage: Stage) -> None:
    way = Stumbling(stage, "graph", 4.0)
    way.making = RuntimeError("capture is not possible")
    launch = stage.launch(way)
    show(launch, WARM + REST * 2**GIVE_UP)
    assert len(stage.told) == GIVE_UP
    assert "left alone" in stage.told[-1]
    assert not launch.due
    assert set(stage.printed) == {"eager"}


def test_what_is_made_aside_does_not_hold_up_the_show(stage: Stage) -> None:
    way = Stumbling(stage, "compiled", 3.0)
    way.unfinished = 2
    launch = stage.launch(way)
    show(launch, WARM)
    assert not launch.due
    show(launch, 2 * LOOK + 1)
    assert launch.name == "compiled"
    assert stage.printed.count("eager") == WARM + 2 * LOOK


def test_before_a_show_everything_is_made_at_once(stage: Stage) -> None:
    way = Stumbling(stage, "compiled", 3.0)
    way.unfinished = 1000
    launch = stage.launch(Stumbling(stage, "graph", 4.0), way)
    launch.settle()
    assert launch.name == "compiled"


def test_what_the_last_resort_raises_is_raised(stage: Stage) -> None:
    def broken() -> None:
        raise ValueError("the model is broken")

    with pytest.raises(ValueError, match="broken"):
        Launch(broken, [], stage.told.append)()


def test_a_lack_of_memory_is_not_hidden(stage: Stage) -> None:
    way = Stumbling(stage, "graph", 4.0)
    launch = stage.launch(way)
    show(launch, WARM + 1)
    way.printing = MemoryError()
    with pytest.raises(MemoryError):
        launch()
    assert launch.name == "eager"


def test_forgetting_goes_back_to_call_by_call(stage: Stage) -> None:
    launch = stage.launch(Stumbling(stage, "graph", 4.0))
    show(launch, WARM + 1)
    launch.forget()
    assert launch.name == "eager"
    show(launch, 2)
    assert launch.name == "graph"


def test_compiling_goes_on_aside_and_its_failure_is_told_once(stage: Stage) -> None:
    begun, go = threading.Event(), threading.Event()

    def rehearsal() -> None:
        begun.set()
        go.wait(10.0)

    graph = Stumbling(stage, "captured", 2.0)
    way = Compiled(lambda: (stage.eager, rehearsal), graph)
    assert way.ready(stage.eager) is None
    assert begun.wait(10.0)
    assert way.ready(stage.eager) is None
    go.set()
    way.wait()
    made = way.ready(stage.eager)
    assert made is not None
    made()
    assert stage.printed == ["captured"]

    def broken() -> tuple[Callable[[], None], Callable[[], None]]:
        raise RuntimeError("no compiler")

    way = Compiled(broken, graph)
    way.wait()
    with pytest.raises(RuntimeError, match="no compiler"):
        way.ready(stage.eager)


def test_what_counts_as_a_lack_of_memory() -> None:
    import torch

    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"))
    assert not is_out_of_memory(RuntimeError("CUDA error: an illegal memory access"))


def test_a_run_is_timed() -> None:
    assert 0.0 < seconds_of(lambda: sum(range(1000))) < 1.0


class Graph:
    """Stands for a captured graph: something that may be let go."""

    def replay(self) -> None: ...


def test_a_pool_is_shared_as_long_as_a_graph_lives_in_it_and_no_capture_has_failed(
        monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    handles = itertools.count(1)
    used: list[int] = []
    failing = [False]

    def capture(paint: Callable[[], None], handle: int) -> Graph:
        used.append(handle)
        if failing[0]:
            raise RuntimeError("CUDA error: operation failed due to a previous error during capture")
        return Graph()

    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: next(handles))
    monkeypatch.setattr("vj.models.diffusion.launch.capture", capture)
    pool = Pool()
    one, two = Captured(pool), Captured(pool)
    for way in (one, two):
        way.ready(lambda: None)
    one.forget()
    one.ready(lambda: None)
    assert used == [1, 1, 1], "one graph was there all the time"
    one.forget()
    two.forget()
    one.ready(lambda: None)
    assert used[3:] == [2], "torch gave the first up with its last graph"
    failing[0] = True
    with pytest.raises(RuntimeError):
        two.ready(lambda: None)
    failing[0] = False
    two.ready(lambda: None)
    assert used[4:] == [2, 3]


def test_a_slow_way_is_not_tried_for_long() -> None:
    runs: list[int] = []
    seconds_of(lambda: (runs.append(1), time.sleep(0.06))[0])
    assert len(runs) == 3


def test_when_drawing_call_by_call_fails_too_it_is_no_matter_of_the_launch(stage: Stage) -> None:
    lost = RuntimeError("CUDA error: an illegal memory access was encountered")

    def paint() -> None:
        if way.printing is not None:
            raise lost
        stage.eager()

    way = Stumbling(stage, "graph", 4.0)
    launch = Launch(paint, [way], stage.told.append, stage.seconds)
    show(launch, WARM + 1)
    way.printing = lost
    with pytest.raises(RuntimeError, match="illegal memory access"):
        launch()
    assert stage.told == [], "nobody is told that pictures go on"
