"""The offline runner: every frame, the same bytes whatever the number of workers."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from vj.runner.inline import InlineRunner
from vj.types import Features, GenRequest, Image, LatentPoint, Tick, Value, VjError


def request(index: int, generator: str = "actor", **params: Value) -> GenRequest:
    tick = Tick(index, index / 30, 1 / 30)
    return GenRequest(generator, tick, Features(), params, LatentPoint((1.0,)), 5, (48, 32))


@pytest.fixture(params=[1, 3])
def runner(request: pytest.FixtureRequest) -> Iterator[InlineRunner]:
    made = InlineRunner(workers=request.param, package="runner_plugins")
    yield made
    made.close()


def test_every_request_gets_its_own_picture(runner: InlineRunner) -> None:
    for index in range(20):
        image = runner.exchange(request(index))
        assert image.tick_index == index
        assert (image.pixels == index).all()
    assert runner.status.state == "ready"
    assert runner.status.images == 20
    assert runner.status.fps > 0
    assert runner.status.dropped == 0


def drawn_by(workers: int) -> list[Image]:
    runner = InlineRunner(workers=workers, package="runner_plugins")
    try:
        waiting = [runner.submit(request(index, "noisy")) for index in range(16)]
        return [future.result() for future in waiting]
    finally:
        runner.close()


def test_the_picture_does_not_depend_on_the_number_of_workers() -> None:
    one, three = drawn_by(1), drawn_by(3)
    for a, b in zip(one, three, strict=True):
        assert a.tick_index == b.tick_index
        assert np.array_equal(a.pixels, b.pixels)
    assert not np.array_equal(one[0].pixels, one[1].pixels)
    assert (one[0].pixels[0, 0] == 1).all(), "one torch thread each"


def test_pure_generators_are_drawn_side_by_side() -> None:
    runner = InlineRunner(workers=3, package="runner_plugins")
    try:
        waiting = [runner.submit(request(index, act="meet")) for index in range(6)]
        assert [future.result().tick_index for future in waiting] == list(range(6))
    finally:
        runner.close()


def test_a_generator_with_a_memory_draws_in_order(runner: InlineRunner) -> None:
    waiting = [runner.submit(request(index, "plain")) for index in range(30)]
    assert [int(future.result().pixels[0, 0, 0]) for future in waiting] == list(range(1, 31))


@pytest.mark.parametrize(("use", "words"), [
    ({"act": "fail"}, r"actor failed at tick 12 \(0\.40 s\): ValueError: no such colour"),
    ({"act": "wrong"}, r"actor failed at tick 12 .* expected pixels uint8 \(H, W, 4\), got float32"),
    ({"generator": "broken"}, r"broken failed at tick 12 .* OSError: the weights are missing"),
    ({"generator": "planes"}, r"there is no generator called 'planes'; did you mean 'plain'\?"),
])
def test_what_fails_is_told_with_generator_and_tick(runner: InlineRunner, use: dict[str, str], words: str) -> None:
    with pytest.raises(VjError, match=words):
        runner.exchange(request(12, **use))
    assert runner.exchange(request(13)).tick_index == 13


def test_close_forgets_what_waits_and_can_be_called_twice() -> None:
    runner = InlineRunner(package="runner_plugins")
    waiting = [runner.submit(request(index, cost=0.05)) for index in range(50)]
    runner.close()
    runner.close()
    assert sum(not future.cancelled() for future in waiting) < 5
    assert not [t for t in threading.enumerate() if t.name.startswith("generate")]
