"""A whole show on two decks, offline: a take's gestures, what is asked of the generator, the same bytes every time."""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from sound import RATE, house, write_wav

from vj import offline
from vj.app.common import Format
from vj.app.offline import Job, _engine
from vj.clock import OfflineClock
from vj.options import Options
from vj.render.context import headless_context
from vj.runner.double import FakeRunner, sweep
from vj.types import ControlEvent, Frame, GenRequest, Image, Tick, VjError

SIZE, FPS = (160, 90), 30.0
LOOKS = ("acid_chapel", "iron_orchid")


class Wall:
    """A sink that keeps every frame, and what the decks asked for at it."""

    def __init__(self) -> None:
        self.frames: list[np.ndarray] = []

    def put(self, tick: Tick, frame: Frame) -> None:
        self.frames.append(frame.read())

    def close(self) -> None:
        """Nothing to give back."""


class Asked:
    """Paints at once what the double of the generator paints, and remembers who asked when."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []

    def submit(self, request: GenRequest) -> Future[Image]:
        self.asked.append((request.deck, request.tick.time))
        done: Future[Image] = Future()
        tick = request.tick
        done.set_result(Image(sweep(request), tick.index, tick.time, request.point.camera))
        return done


@pytest.fixture(scope="module", autouse=True)
def _gpu() -> None:
    try:
        headless_context().release()
    except VjError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("two") / "house.wav"
    write_wav(path, house(120.0, 6.0)[0], RATE)
    return path


def gestures(*rows: tuple[float, str, object]) -> list[tuple[float, ControlEvent]]:
    return [(time, ControlEvent(path, value, "take")) for time, path, value in rows]  # type: ignore[arg-type]


SHOW = gestures((0.0, "/a/deck/rate", 12.0), (0.0, "/b/deck/rate", 12.0), (1.0, "/b/show/look", LOOKS[1]),
                (1.5, "/mix/fade_unit", "seconds"), (1.5, "/mix/fade_time", 1.0), (2.0, "/mix/fade", True),
                (3.5, "/mix/blend", "screen"), (3.6, "/mix/crossfade", 0.5), (4.0, "/mix/swap", True),
                (4.5, "/b/show/look", "none"))


def played(track: Path, events: list[tuple[float, ControlEvent]], frames: int, depth: int = 2
           ) -> tuple[list[np.ndarray], list[tuple[str, float]]]:
    from vj.audio.source import TrackSource

    with ExitStack() as stack:
        source = TrackSource.open(track)
        stack.callback(source.close)
        job = Job(track, Options(look=LOOKS[0], seed=5, device="cpu"), Format(SIZE, FPS), events)
        wall = Wall()
        engine, _ = _engine(job, source, wall, stack)  # type: ignore[arg-type]
        runner = Asked()
        offline.render(engine, OfflineClock(FPS, frames), runner, depth)
        return wall.frames, runner.asked


def test_a_show_on_two_decks_is_the_same_every_time_and_one_deck_s_part_is_untouched(track: Path) -> None:
    frames, asked = played(track, SHOW, 150)
    again, _ = played(track, SHOW, 150, depth=6)
    assert all(np.array_equal(one, two) for one, two in zip(frames, again, strict=True))
    alone, by_one = played(track, SHOW[:1], 60)
    assert all(np.array_equal(one, two) for one, two in zip(frames[:60], alone, strict=True)), \
        "a deck that is loaded behind the fader does not touch the wall"
    assert not np.array_equal(frames[75], alone[-1])
    assert {deck for deck, _ in by_one} == {"a"}
    assert len(by_one) == sum(deck == "a" for deck, time in asked if time < 2.0)


def test_who_asks_for_images_and_how_often(track: Path) -> None:
    _, asked = played(track, SHOW, 150)

    def count(begin: float, end: float) -> Counter[str]:
        return Counter(deck for deck, time in asked if begin <= time < end - 1e-6)

    assert count(0.0, 1.0) == {"a": 12}, "asleep it asks for nothing"
    assert count(1.0, 2.0)["b"] in (3, 4), "behind the fader it stays warm"
    middle = count(2.1, 3.0)
    assert abs(middle["a"] - middle["b"]) <= 2
    assert middle["a"] >= 9
    assert count(3.1, 3.6)["a"] <= 2, "the fader is wholly at b"
    assert min(count(3.7, 4.5).values()) >= 8
    assert set(count(4.6, 5.0)) == {"b"}, "the one that is left after a swap has b's voice"


def test_the_wall_goes_on_through_a_swap(track: Path) -> None:
    frames, _ = played(track, SHOW, 150)
    steps = [np.abs(b[..., :3].astype(float) - a[..., :3].astype(float)).mean()
             for a, b in itertools.pairwise(frames[110:131])]
    swap = 120 - 110 - 1
    assert steps[swap] <= 1.5 * max(steps[:swap] + steps[swap + 1:])


def test_live_both_decks_get_their_images_and_the_sleeping_one_none(track: Path) -> None:
    """The live loop with the generator's double."""
    from vj.audio.source import TrackSource
    from vj.performance import Performance

    with ExitStack() as stack:
        source = TrackSource.open(track)
        stack.callback(source.close)
        events = gestures((1.0, "/b/show/look", LOOKS[1]), (1.0, "/mix/crossfade", 0.5), (3.0, "/b/show/look", "none"))
        job = Job(track, Options(look=LOOKS[0], device="cpu"), Format(SIZE, FPS), events)
        engine, _ = _engine(job, source, Wall(), stack)  # type: ignore[arg-type]
        runner = FakeRunner(latency=0.05, rate=12)
        performance = Performance(engine, OfflineClock(FPS, 120), runner)
        looks = []
        for tick in OfflineClock(FPS, 120):
            performance.turn(tick)
            looks.append((performance.status.look, performance.status.look_b))
    asked = Counter((request.deck, request.tick.time < 3.0) for request in runner.requests)
    assert asked["b", True] > 20
    assert asked["b", False] == 0
    assert looks[0] == (LOOKS[0], "")
    assert looks[45] == LOOKS
    assert looks[-1] == (LOOKS[0], "")
