"""The double keeps the live runner's promises, in show time."""

import numpy as np
import pytest

from vj.runner.double import FakeRunner, sweep
from vj.types import Beat, Camera, Features, GenRequest, Image, LatentPoint, Tick


def request(index: int, fps: float = 60.0, deck: str = "a", **features: object) -> GenRequest:
    point = LatentPoint((0.6, -0.8), camera=Camera(zoom=index / 100))
    return GenRequest("any", Tick(index, index / fps, 1 / fps), Features(**features), {}, point, 1, (32, 18), deck)  # type: ignore[arg-type]


def play(runner: FakeRunner, start: int, stop: int) -> list[tuple[int, Image]]:
    given = [(index, runner.exchange(request(index))) for index in range(start, stop)]
    return [(index, image) for index, image in given if image is not None]


def test_pictures_come_late_and_at_the_rate() -> None:
    runner = FakeRunner(latency=0.1, rate=10)
    images = play(runner, 0, 120)
    assert 18 <= len(images) <= 20
    for index, image in images:
        assert 6 <= index - image.tick_index <= 7
        assert image.camera.zoom == image.tick_index / 100
        assert image.pixels.shape == (18, 32, 4)
    assert runner.status.state == "ready"
    assert runner.status.dropped > 80
    assert len(runner.requests) == 120


def test_each_picture_comes_once_and_they_only_go_forward() -> None:
    ticks = [image.tick_index for _, image in play(FakeRunner(latency=0.03, rate=30), 0, 200)]
    assert ticks == sorted(set(ticks))


def test_the_same_requests_give_the_same_show() -> None:
    one, two = (play(FakeRunner(latency=0.07, rate=13), 0, 100) for _ in range(2))
    assert [(i, m.tick_index) for i, m in one] == [(i, m.tick_index) for i, m in two]


def test_it_dies_and_comes_back() -> None:
    runner = FakeRunner(latency=0.05, rate=30, recovery=1.0)
    play(runner, 0, 60)
    runner.die()
    silent = play(runner, 60, 120)
    assert silent == []
    assert runner.status.state == "restarting"
    assert runner.status.restarts == 1
    assert len(play(runner, 120, 180)) > 15
    assert runner.status.state == "ready"


def test_the_first_picture_can_be_late() -> None:
    runner = FakeRunner(latency=0.0, rate=30, first=2.0)
    assert play(runner, 0, 120) == []
    assert runner.status.state == "starting"
    assert play(runner, 120, 130)


def test_two_decks_are_drawn_in_turn_and_each_gets_its_own() -> None:
    runner = FakeRunner(latency=0.02, rate=20)
    images: dict[str, list[Image]] = {"a": [], "b": []}
    for index in range(240):
        for deck in "ab":
            image = runner.exchange(request(index, deck=deck), deck)
            if image is not None:
                images[deck].append(image)
    assert abs(len(images["a"]) - len(images["b"])) <= 1
    assert 60 <= len(images["a"]) + len(images["b"]) <= 80
    both = sorted(image.tick_index for deck in "ab" for image in images[deck])
    assert both == sorted(set(both)), "one generator draws one picture at a time"


def test_a_deck_that_asks_seldom_leaves_the_rest_to_the_other() -> None:
    runner = FakeRunner(latency=0.0, rate=30)
    seen = {"a": 0, "b": 0}
    for index in range(240):
        for deck in ("a", "b") if index % 30 == 0 else ("a",):
            seen[deck] += runner.exchange(request(index, deck=deck), deck) is not None
        seen["b"] += runner.exchange(None, "b") is not None
    assert seen["b"] == 8
    assert seen["a"] >= 100


@pytest.mark.parametrize("phase", [0.25, 0.75])
def test_the_bar_stands_where_the_music_is(phase: float) -> None:
    pixels = sweep(request(0, rms=1.0, beat=Beat(bar_phase=phase)))
    assert np.argmax(pixels[9, :, 0]) == pytest.approx(phase * 31, abs=1)
    assert sweep(request(0, rms=0.0, beat=Beat(bar_phase=phase)))[..., :3].max() < pixels[..., :3].max()
