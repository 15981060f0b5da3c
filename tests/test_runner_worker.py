"""The worker with pictures under way: the next one is begun before the last is handed over, no sooner than useful."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vj.runner import worker as workers
from vj.runner.memory import SharedFrames
from vj.runner.shares import Shares
from vj.runner.wire import Drawn, Reply, Trouble
from vj.runner.worker import LEAD_S, Worker
from vj.types import Features, GenRequest, Image, LatentPoint, Tick, VjError


def request(index: int, deck: str = "a", **params: Any) -> GenRequest:
    tick = Tick(index, index / 30, 1 / 30)
    return GenRequest("sketch", tick, Features(), params, LatentPoint((1.0,)), 5, (8, 8), deck)


class Clock:
    """Seconds that pass when a worker sleeps or waits for the device."""

    def __init__(self) -> None:
        self.time = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Sketch:
    """A generator on a device of its own clock: pictures one after the other, ``cost`` seconds each."""

    def __init__(self, clock: Clock, log: list[str]) -> None:
        self.clock, self.log, self.free_at = clock, log, 0.0

    def begin(self, request: GenRequest) -> Sketch.Picture | None:
        if request.params.get("stands"):
            return None
        if request.params.get("fails") == "begin":
            raise VjError("it cannot begin")
        self.log.append(f"begin {request.tick.index}")
        cost = float(request.params.get("cost", 0.02))
        self.free_at = max(self.free_at, self.clock.time) + cost
        return Sketch.Picture(self, request, self.free_at, cost)

    def render(self, request: GenRequest) -> Image:
        raise AssertionError("it can begin")

    def close(self) -> None: ...

    class Picture:
        def __init__(self, sketch: Sketch, request: GenRequest, done: float, cost: float) -> None:
            self.sketch, self.request, self.done, self.cost = sketch, request, done, cost

        @property
        def ready(self) -> bool:
            return self.sketch.clock.time >= self.done

        def image(self) -> Image:
            self.sketch.clock.time = max(self.sketch.clock.time, self.done)
            if self.request.params.get("fails") == "image":
                raise RuntimeError("the device stumbled")
            self.sketch.log.append(f"hand over {self.request.tick.index}")
            return Image(np.zeros((8, 8, 4), np.uint8), self.request.tick.index, self.request.tick.time,
                         cost=self.cost)


class Desk:
    """A worker without its process, on a clock of the test's."""

    def __init__(self) -> None:
        self.clock, self.log, self.told = Clock(), [], []
        self.frames, self.requests = SharedFrames.create(), Shares[GenRequest]()
        self.sketch = Sketch(self.clock, self.log)
        self.worker = Worker(self, self.requests, self.frames, self.tell)  # type: ignore[arg-type]

    def get(self, name: str) -> Sketch:
        """As a shelf's."""
        return self.sketch

    def tell(self, reply: Reply) -> None:
        self.told.append(reply)
        if isinstance(reply, Drawn):
            self.frames.read(reply.slot, reply.slot_bytes, reply.size)

    def put(self, *args: Any, **params: Any) -> None:
        self.requests.put(request(*args, **params).deck, request(*args, **params))

    def turn(self) -> bool:
        """One turn of the worker's loop."""
        self.worker._patience()
        asked = self.requests.take()
        if asked is not None:
            self.worker.draw(asked)
            return True
        return self.worker.finish()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Desk()
    monkeypatch.setattr(workers, "now", lambda: made.clock.time)
    monkeypatch.setattr(workers.time, "sleep", made.clock.sleep)
    yield made
    made.frames.close()


def test_the_first_picture_is_waited_for_and_then_the_next_is_begun_before_it_is_there(desk: Desk) -> None:
    desk.put(1)
    desk.turn()
    assert desk.log == ["begin 1", "hand over 1"]
    desk.put(2)
    desk.turn()
    assert desk.log[2:] == ["begin 2"], "left under way"
    desk.put(3)
    desk.turn()
    assert desk.log[3:] == ["begin 3", "hand over 2"]
    desk.turn()
    assert desk.log[5:] == ["hand over 3"]
    assert desk.turn() is False
    assert [reply.tick_index for reply in desk.told] == [1, 2, 3]


def test_the_next_is_taken_only_when_the_device_is_nearly_done(desk: Desk) -> None:
    desk.put(1)
    desk.turn()
    desk.put(2)
    desk.turn()
    desk.put(3)
    before = desk.clock.time
    desk.turn()
    assert desk.clock.slept == [pytest.approx(0.02 - LEAD_S)], "what comes meanwhile replaces it"
    assert desk.clock.time - before == pytest.approx(0.02), "and the device has not waited"


def test_a_picture_that_is_there_is_handed_over_at_once(desk: Desk) -> None:
    desk.put(1)
    desk.turn()
    desk.put(2, cost=0.0)
    desk.turn()
    assert desk.log == ["begin 1", "hand over 1", "begin 2", "hand over 2"]


def test_where_the_last_one_stands_nothing_is_handed_over(desk: Desk) -> None:
    desk.put(1)
    desk.turn()
    desk.put(2)
    desk.turn()
    desk.put(3, stands=True)
    desk.turn()
    assert [reply.tick_index for reply in desk.told] == [1, 2]


def test_a_failure_costs_its_own_picture_and_no_other(desk: Desk) -> None:
    for index, fails in enumerate(["", "", "image", "", "begin", ""], 1):
        desk.put(index, fails=fails)
        desk.turn()
    while desk.turn():
        pass
    assert [reply.tick_index for reply in desk.told if isinstance(reply, Drawn)] == [1, 2, 4, 6]
    assert [reply.text for reply in desk.told if isinstance(reply, Trouble)] == [
        "sketch failed on one image: RuntimeError: the device stumbled", "sketch: it cannot begin"]


def test_two_decks_share_the_device_by_its_time_whatever_is_under_way(desk: Desk) -> None:
    used = {"a": 0.0, "b": 0.0}
    for index in range(400):
        desk.put(index, "a", cost=0.01)
        desk.put(index, "b", cost=0.04)
        desk.turn()
    for reply in desk.told:
        used[reply.deck] += reply.cost
    assert used["a"] == pytest.approx(used["b"], rel=0.1)
