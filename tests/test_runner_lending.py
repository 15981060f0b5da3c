"""A deck draws over the other deck's picture: live the newest, offline the one that was asked for before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vj.mailbox import Turns
from vj.params.props import OTHER
from vj.runner import worker
from vj.runner.inline import InlineRunner
from vj.runner.lending import lent
from vj.runner.memory import SharedFrames
from vj.runner.shelf import Shelf
from vj.runner.wire import Drawn, Loading, Reply, Trouble
from vj.runner.worker import Worker
from vj.types import Features, GenRequest, LatentPoint, Tick


def request(index: int, deck: str = "a", picture: str = "", generator: str = "overlay", **params: Any) -> GenRequest:
    return GenRequest(generator, Tick(index, index / 30, 1 / 30), Features(), params, LatentPoint((1.0,)), 5, (8, 8),
                      deck, {}, picture)


def test_only_who_asks_is_lent_a_picture() -> None:
    mine, others = np.zeros((4, 4, 4), np.uint8), np.ones((4, 4, 4), np.uint8)
    plain, over = request(0), request(0, picture=OTHER)
    assert lent(plain, {"a": mine, "b": others}) is plain
    assert lent(over, {"a": mine, "b": others}).image_in is others
    assert lent(over, {"a": mine}).image_in is None, "a deck is not another"


@pytest.mark.parametrize("workers", [1, 3])
def test_offline_it_is_the_picture_asked_for_before(workers: int) -> None:
    runner = InlineRunner(workers=workers, package="runner_plugins")
    try:
        waiting = []
        for index in range(0, 40, 2):
            waiting.append(runner.submit(request(index, "a")))
            waiting.append(runner.submit(request(index + 1, "b", OTHER)))
        drawn = [int(future.result().pixels[0, 0, 0]) for future in waiting]
        assert drawn[0::2] == list(range(0, 40, 2))
        assert drawn[1::2] == [index + 1 for index in range(0, 40, 2)]
    finally:
        runner.close()


@pytest.mark.parametrize("workers", [1, 3])
def test_two_decks_over_each_other_end(workers: int) -> None:
    runner = InlineRunner(workers=workers, package="runner_plugins")
    try:
        waiting = [runner.submit(request(0, deck, OTHER)) for _ in range(10) for deck in "ab"]
        assert [int(future.result(20).pixels[0, 0, 0]) for future in waiting] == list(range(20))
    finally:
        runner.close()


class Desk:
    """A worker without its process: what it tells, and the memory it draws into."""

    def __init__(self) -> None:
        self.told: list[Reply] = []
        self.frames = SharedFrames.create()
        self.worker = Worker(Shelf("runner_plugins", "cpu", self.tell), Turns(), self.frames, self.tell)

    def tell(self, reply: Reply) -> None:
        self.told.append(reply)
        if isinstance(reply, Drawn):
            self.pixels = self.frames.read(reply.slot, reply.slot_bytes, reply.size)

    def draw(self, *args: Any, **params: Any) -> int:
        self.worker.draw(request(*args, **params))
        return int(self.pixels[0, 0, 0])


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(worker, "_ERROR_PAUSE_S", 0.0)
    made = Desk()
    yield made
    made.frames.close()


def test_live_it_is_the_newest_picture(desk: Desk) -> None:
    assert desk.draw(7, "a") == 7
    assert desk.draw(9, "b", OTHER) == 8
    assert desk.draw(20, "b", OTHER) == 8
    assert desk.draw(30, "a", OTHER) == 9


def test_a_generator_that_opens_files_says_so(desk: Desk) -> None:
    desk.draw(1, "a")
    assert desk.told[:3] == [Loading("overlay"), Trouble("on cpu"), Loading("a file")]


def test_a_sentence_is_told_once_and_not_with_every_image(desk: Desk) -> None:
    desk.draw(1)
    for index in range(5):
        desk.worker.draw(request(index, fail=True))
    assert [reply for reply in desk.told if isinstance(reply, Trouble)][1:] == [
        Trouble("overlay: the file is gone: bring it back", blank=True)]
