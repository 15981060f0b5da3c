"""The generator process: pictures come, whatever happens to it, and nothing of it stays behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import psutil
import pytest

from vj.runner.process import ProcessRunner
from vj.types import Camera, Features, GenRequest, Image, LatentPoint, Tick, Value

SIZE = (160, 90)


class Show:
    """A loop of ticks before a runner, as the engine turns it."""

    def __init__(self, runner: ProcessRunner) -> None:
        self.runner = runner
        self.index = 0

    def request(self, generator: str = "actor", size: tuple[int, int] = SIZE, **params: Value) -> GenRequest:
        self.index += 1
        point = LatentPoint((1.0, 0.0), camera=Camera(zoom=0.5))
        return GenRequest(generator, Tick(self.index, self.index / 60, 1 / 60), Features(), params, point, 7, size)

    def until(self, wanted: Callable[[Image | None], object], timeout: float = 10.0, **use: object) -> Image | None:
        """Tick until ``wanted(image)``; the image that did it."""
        end = time.perf_counter() + timeout
        while time.perf_counter() < end:
            image = self.runner.exchange(self.request(**use))  # type: ignore[arg-type]
            if wanted(image):
                return image
            time.sleep(0.005)
        raise AssertionError(f"not within {timeout} s: {self.runner.status}")

    def image(self, **use: object) -> Image:
        image = self.until(lambda i: i is not None, **use)
        assert image is not None
        return image

    def fresh(self, **use: object) -> Image:
        """An image of a request made after this call."""
        first = self.index + 1
        image = self.until(lambda i: i is not None and i.tick_index >= first, **use)
        assert image is not None
        return image


@pytest.fixture
def show() -> Iterator[Show]:
    runner = ProcessRunner(device="cpu", package="runner_plugins", stall_s=1.5, standby=False)
    runner.start()
    yield Show(runner)
    runner.close()


def test_the_newest_picture_comes_with_its_tick_and_camera(show: Show) -> None:
    image = show.image()
    assert image.pixels.shape == (90, 160, 4)
    assert image.pixels.dtype == np.uint8
    assert (image.pixels == image.tick_index % 251).all()
    assert image.camera == Camera(zoom=0.5)
    assert image.time == pytest.approx(image.tick_index / 60)
    assert image.cost > 0
    later = show.image()
    assert later.tick_index > image.tick_index
    assert show.runner.status.state == "ready"


def test_nothing_runs_before_start_and_close_is_harmless() -> None:
    runner = ProcessRunner(package="runner_plugins")
    assert runner.pid is None
    runner.close()
    runner.close()


def test_an_image_is_a_copy_nobody_writes_to(show: Show) -> None:
    kept = show.image()
    before = kept.pixels.copy()
    for _ in range(12):
        show.image()
    assert (kept.pixels == before).all()


def test_no_picture_is_torn_while_many_fly(show: Show) -> None:
    show.image(size=(640, 360))
    end, seen = time.perf_counter() + 1.0, 0
    while time.perf_counter() < end:
        image = show.runner.exchange(show.request(size=(640, 360)))
        if image is not None:
            seen += 1
            assert (image.pixels == image.tick_index % 251).all()
    assert seen > 20


def test_exchange_never_waits(show: Show) -> None:
    """An image takes 0.4 s: the usual exchange is a thousand times shorter, the worst on a crowded machine ten."""
    show.image(size=(640, 360), cost=0.4)
    spans = []
    for _ in range(400):
        request = show.request(size=(640, 360), cost=0.4)
        began = time.perf_counter()
        show.runner.exchange(request)
        spans.append(time.perf_counter() - began)
        time.sleep(0.002)
    assert np.median(spans) < 1e-3
    assert np.percentile(spans, 99) < 0.04


def test_requests_that_come_too_fast_are_replaced_and_counted(show: Show) -> None:
    show.image(cost=0.05)
    before = show.runner.status.dropped
    for _ in range(40):
        show.runner.exchange(show.request(cost=0.05))
        time.sleep(0.005)
    image = show.fresh(cost=0.05)
    assert show.runner.status.dropped - before > 20
    assert show.index - image.tick_index < 40


def test_size_changes_up_and_down(show: Show) -> None:
    for size in (SIZE, (640, 360), (1280, 720), (33, 17), (800, 600)):
        image = show.until(lambda i, s=size: i is not None and i.pixels.shape[1::-1] == s, size=size)
        assert image is not None
        assert (image.pixels == image.tick_index % 251).all()


def test_generators_change_by_request_and_stay_loaded(show: Show) -> None:
    assert show.image().pixels[5, 5, 0] != 200
    first = show.fresh(generator="plain")
    assert first.pixels[5, 5, 0] == 200
    show.fresh(generator="actor")
    again = show.fresh(generator="plain")
    assert again.pixels[0, 0, 0] > first.pixels[0, 0, 0]
    assert show.runner.status.restarts == 0


def test_frozen_parameters_travel(show: Show) -> None:
    request = show.request()
    frozen = GenRequest("actor", request.tick, request.features, MappingProxyType({"act": "draw"}), request.point, 1,
                        SIZE)
    show.until(lambda i: i is not None or show.runner.exchange(frozen) is not None)


def test_rate_is_a_limit() -> None:
    runner = ProcessRunner(device="cpu", package="runner_plugins", rate=20)
    runner.start()
    try:
        show = Show(runner)
        show.image()
        end, images = time.perf_counter() + 1.5, 0
        while time.perf_counter() < end:
            images += runner.exchange(show.request()) is not None
            time.sleep(0.004)
        assert 10 <= images <= 33, "0.05 s each, and no burst to make up"
        assert 8 < runner.status.fps < 23
    finally:
        runner.close()


def test_what_a_library_prints_does_no_harm(show: Show) -> None:
    assert show.image(act="chatter").pixels.shape == (90, 160, 4)
    assert show.fresh(act="chatter").pixels.shape == (90, 160, 4)


# ------------------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(("act", "words"), [("fail", "ValueError: no such colour"), ("memory", "the card is full"),
                                            ("wrong", "expected pixels uint8")])
def test_an_error_on_one_image_is_told_and_the_next_image_comes(show: Show, act: str, words: str) -> None:
    show.image()
    pid = show.runner.pid
    show.until(lambda _: words in show.runner.status.message, act=act)
    assert "actor" in show.runner.status.message
    show.fresh()
    assert show.runner.pid == pid
    assert show.runner.status.restarts == 0


def test_a_generator_that_does_not_load_is_told_and_the_one_before_goes_on(show: Show) -> None:
    show.image()
    show.until(lambda _: "the weights are missing" in show.runner.status.message, generator="broken")
    show.until(lambda _: "no generator called 'actr'; did you mean 'actor'?" in show.runner.status.message,
               generator="actr")
    show.fresh()
    assert show.runner.status.restarts == 0


def test_killed_it_is_back_with_its_state_in_under_five_seconds(show: Show) -> None:
    show.image()
    for kill in range(1, 4):
        pid = show.runner.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        began = time.perf_counter()
        show.until(lambda _, pid=pid: show.runner.pid not in (pid, None))
        assert show.fresh().camera == Camera(zoom=0.5)
        assert time.perf_counter() - began < 5.0
        assert show.runner.status.restarts == kill
        assert "killed by SIGKILL" in show.runner.status.message


@pytest.mark.parametrize(("act", "words"), [("leave", "exit code 3"), ("crash", "Segmentation fault")])
def test_a_crash_says_how_and_is_survived(show: Show, act: str, words: str) -> None:
    show.image()
    show.until(lambda _: show.runner.status.restarts, act=act)
    assert words in show.runner.status.message
    show.fresh()


def test_a_lost_device_ends_the_process_in_its_own_words_and_is_survived(show: Show) -> None:
    show.image()
    show.until(lambda _: show.runner.status.restarts, act="lose")
    assert show.runner.status.message == ("the generator process ended (the graphics device is lost to it: CUDA error: "
                                          "device-side assert triggered) and is started again")
    show.fresh()
    assert show.runner.status.state == "ready"


def test_a_model_that_is_missing_is_no_start(show: Show) -> None:
    assert show.runner.status.state == "starting"
    show.until(lambda _: "did not load" in show.runner.status.message, generator="broken")
    assert show.runner.status.state == "failed"
    show.fresh()
    assert show.runner.status.state == "ready"
    show.until(lambda _: show.runner.status.message.startswith("broken"), generator="broken")


def test_a_hang_is_ended_and_survived(show: Show) -> None:
    show.image()
    began = time.perf_counter()
    show.until(lambda _: show.runner.status.restarts, act="hang")
    assert 1.4 < time.perf_counter() - began < 6.0
    assert "silent" in show.runner.status.message
    show.fresh()
    assert show.runner.status.state == "ready"


@pytest.fixture
def strict() -> Iterator[Show]:
    runner = ProcessRunner(device="cpu", package="runner_plugins", stall_s=1.0, load_s=1.2, standby=False)
    runner.start()
    yield Show(runner)
    runner.close()


def test_a_slow_load_with_signs_of_life_is_no_hang(strict: Show) -> None:
    began = time.perf_counter()
    strict.image(generator="patient")
    assert time.perf_counter() - began > 2.0, "twice as long as it may be silent"
    assert strict.runner.status.restarts == 0


def test_a_load_that_hangs_is_found(strict: Show) -> None:
    strict.image()
    strict.until(lambda _: strict.runner.status.restarts, generator="patient", hangs=True)
    assert "silent" in strict.runner.status.message
    strict.fresh()


def test_a_stopped_process_does_not_make_the_show_wait(show: Show) -> None:
    show.image()
    pid = show.runner.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    longest = 0.0
    while show.runner.status.restarts == 0:
        began = time.perf_counter()
        for _ in range(10):
            show.runner.exchange(show.request())
        longest = max(longest, time.perf_counter() - began)
        time.sleep(0.005)
    assert longest < 0.1
    show.fresh()


def test_a_generator_that_kills_every_process_ends_as_failed_and_another_heals_it(
        show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.runner.process.BACKOFF", (0.0, 0.05))
    show.until(lambda _: show.runner.status.state == "failed", generator="fatal", timeout=20)
    assert "driver fault 17" in show.runner.status.message
    show.fresh()
    assert show.runner.status.state == "ready"


# ------------------------------------------------------------------------------------------ the spare


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    monkeypatch.setattr("vj.runner.process.HEALTHY_S", 0.1)
    runner = ProcessRunner(device="cpu", package="runner_plugins", stall_s=1.5)
    runner.start()
    yield Show(runner)
    runner.close()


def workers() -> set[int]:
    return {p.pid for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE}


def spare_of(show: Show) -> int:
    """The spare's pid, once it waits."""
    show.until(lambda _: show.runner._spare is not None and show.runner._spare.ready)
    (spare,) = workers() - {show.runner.pid}
    return spare


def test_a_spare_takes_over_and_is_replaced_by_another(guarded: Show) -> None:
    guarded.image()
    first, spare = guarded.runner.pid, spare_of(guarded)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    guarded.until(lambda _: guarded.runner.pid == spare)
    assert guarded.fresh().camera == Camera(zoom=0.5)
    assert spare_of(guarded) not in (first, spare)
    assert guarded.runner.status.restarts == 1


def test_a_spare_that_ends_is_no_trouble(guarded: Show) -> None:
    guarded.image()
    spare = spare_of(guarded)
    os.kill(spare, signal.SIGKILL)
    guarded.until(lambda _: workers() == {guarded.runner.pid})
    guarded.fresh()
    assert guarded.runner.status.restarts == 0
    assert guarded.runner.status.message == ""
    pid = guarded.runner.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    guarded.until(lambda _: guarded.runner.pid not in (pid, None))
    guarded.fresh()


@pytest.mark.slow
def test_a_torch_generator_is_back_in_under_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.runner.process.HEALTHY_S", 0.1)
    runner = ProcessRunner(device="cpu")
    runner.start(preload="cppn")
    show = Show(runner)
    try:
        show.until(lambda i: i is not None, generator="cppn", timeout=60)
        show.until(lambda _: runner._spare is not None and runner._spare.ready, generator="cppn", timeout=90)
        pid = runner.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        began = time.perf_counter()
        show.until(lambda _: runner.pid not in (pid, None), generator="cppn")
        show.fresh(generator="cppn")
        assert time.perf_counter() - began < 5.0
    finally:
        runner.close()


def test_the_spare_leaves_with_the_show(guarded: Show) -> None:
    guarded.image()
    spare = spare_of(guarded)
    guarded.runner.close()
    assert gone(spare)
    assert workers() == set()


# -------------------------------------------------------------------------------------- nothing stays


def shm() -> set[str]:
    folder = Path("/dev/shm")
    return set(os.listdir(folder)) if folder.is_dir() else set()


def gone(pid: int, timeout: float = 3.0) -> bool:
    end = time.perf_counter() + timeout
    while time.perf_counter() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_closing_leaves_no_process_no_thread_no_file() -> None:
    me = psutil.Process()
    files, threads, names = me.num_fds(), set(threading.enumerate()), shm()
    runner = ProcessRunner(device="cpu", package="runner_plugins")
    runner.start(preload="actor")
    Show(runner).image(size=(640, 360))
    pid = runner.pid
    began = time.perf_counter()
    runner.close()
    assert time.perf_counter() - began < 3.0
    assert pid is not None
    assert gone(pid)
    assert me.num_fds() == files
    assert set(threading.enumerate()) == threads
    assert shm() == names


PARENT = """
import sys, time
from test_runner_process import Show
from vj.runner.process import ProcessRunner
runner = ProcessRunner(device="cpu", package="runner_plugins")
runner.start()
Show(runner).image(size=(640, 360))
print(runner.pid, flush=True)
{then}
"""


@pytest.mark.parametrize(("then", "kill"), [("time.sleep(60)", signal.SIGKILL), ("time.sleep(60)", signal.SIGTERM),
                                            ("sys.exit(0)", None)])
def test_when_the_show_dies_its_generator_goes_too(then: str, kill: signal.Signals | None) -> None:
    names = shm()
    path = os.pathsep.join(p for p in sys.path if p)
    with subprocess.Popen([sys.executable, "-c", PARENT.format(then=then)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        if kill:
            parent.send_signal(kill)
        _, errors = parent.communicate(timeout=10)
    assert gone(child)
    assert errors == ""
    assert shm() == names


def test_two_decks_take_turns_at_one_generator(show: Show) -> None:
    show.image()
    given: dict[str, list[int]] = {"a": [], "b": []}
    sizes = {"a": SIZE, "b": (320, 176)}
    end = time.perf_counter() + 20.0
    while min(map(len, given.values())) < 12 and time.perf_counter() < end:
        for deck, size in sizes.items():
            image = show.runner.exchange(replace(show.request(cost=0.01, size=size), deck=deck), deck)
            if image is not None:
                given[deck].append(image.tick_index)
                assert image.pixels.shape == (size[1], size[0], 4)
        time.sleep(0.002)
    assert min(map(len, given.values())) >= 12, given
    assert not set(given["a"]) & set(given["b"])
    first, last = max(ticks[1] for ticks in given.values()), min(ticks[-1] for ticks in given.values())
    shares = [sum(first <= tick <= last for tick in ticks) for ticks in given.values()]
    assert max(shares) <= 2 * min(shares) + 2, given
    assert show.runner.exchange(None, "c") is None
