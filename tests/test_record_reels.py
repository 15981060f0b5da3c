"""Recordings that begin and end while the show runs."""

from __future__ import annotations

import threading
from pathlib import Path
from time import sleep

import numpy as np

from vj.record.recorder import Recorder, RecordStatus
from vj.record.reels import Reels
from vj.types import Tick, VjError


class FakeTape:
    """A recorder without a file."""

    def __init__(self, path: Path) -> None:
        self.path, self.start, self.times, self.samples, self.error, self.closed = path, None, [], 0, "", False

    @property
    def status(self) -> RecordStatus:
        return RecordStatus(str(self.path), "fake", frames=len(self.times), seconds=float(len(self.times)),
                            error=self.error, closed=self.closed)

    def begin(self, seconds):
        self.start = seconds

    def put(self, tick, frame):
        self.times.append(tick.time)

    def sound(self, samples):
        self.samples += len(samples)

    def close(self):
        self.closed = True


class Picture:
    size = (32, 16)

    def read(self):
        return np.full((16, 32, 4), 90, np.uint8)


def tick(number: int) -> Tick:
    return Tick(number, number / 30, 1 / 30)


def until(reels: Reels, first: int, true) -> int:
    """Ticks until something is so; the next tick's number."""
    for number in range(first, first + 500):
        if true():
            return number
        reels.put(tick(number), Picture())
        sleep(0.002)
    raise AssertionError("it never came")


def test_a_recording_counts_from_the_first_frame_after_its_file_is_ready():
    gate, tapes = threading.Event(), []

    def opener(path):
        gate.wait(5.0)
        tapes.append(FakeTape(path))
        return tapes[-1]

    reels = Reels(opener)
    reels.put(tick(0), Picture())
    reels.start(Path("a.mkv"))
    reels.put(tick(1), Picture())
    assert reels.on
    assert not reels.running
    gate.set()
    last = until(reels, 2, lambda: reels.running)
    reels.sound(np.zeros((10, 2), np.float32))
    assert tapes[0].start == tapes[0].times[0] == (last - 1) / 30
    assert tapes[0].samples == 10
    assert reels.news == ["recording to a.mkv"]


def test_each_start_is_a_new_file_and_all_are_ended():
    tapes = []
    reels = Reels(lambda path: tapes.append(FakeTape(path)) or tapes[-1])
    last = 0
    for name in ("a.mkv", "b.mkv"):
        reels.start(Path(name))
        last = until(reels, last, lambda: reels.running)
        reels.stop()
    assert not reels.on
    reels.close()
    assert [str(tape.path) for tape in tapes] == ["a.mkv", "b.mkv"]
    assert all(tape.closed for tape in tapes)
    assert [status.closed for status in reels.ended] == [True, True]


def test_a_file_that_cannot_be_opened_is_told_and_the_show_goes_on():
    def opener(path):
        raise VjError("no room on the disk")

    reels = Reels(opener)
    reels.start(Path("a.mkv"))
    until(reels, 0, lambda: bool(reels.news))
    assert reels.news == ["no room on the disk"]
    assert not reels.on


def test_a_recording_that_fails_is_ended_and_told():
    tapes = []
    reels = Reels(lambda path: tapes.append(FakeTape(path)) or tapes[-1])
    reels.start(Path("a.mkv"))
    last = until(reels, 0, lambda: reels.running)
    tapes[0].error = "the disk is full"
    reels.put(tick(last), Picture())
    assert not reels.on
    assert "the disk is full" in reels.news
    assert reels.error == "the disk is full"


def test_stopped_before_the_file_was_ready_nothing_is_recorded():
    gate, tapes = threading.Event(), []

    def opener(path):
        gate.wait(5.0)
        tapes.append(FakeTape(path))
        return tapes[-1]

    reels = Reels(opener)
    reels.start(Path("a.mkv"))
    reels.stop()
    gate.set()
    until(reels, 0, lambda: bool(tapes) and tapes[0].closed)
    assert not reels.running
    assert tapes[0].times == []


def test_two_real_files_from_one_show(tmp_path):
    reels = Reels(lambda path: Recorder.open(path, (32, 16), 30.0, 8000, hardware=False))
    last = 0
    for name in ("one.mkv", "two.mkv"):
        reels.start(tmp_path / name)
        last = until(reels, last, lambda: reels.running)
        for number in range(last, last + 30):
            reels.sound(np.zeros((266, 2), np.float32))
            reels.put(tick(number), Picture())
        last += 30
        reels.stop()
    reels.close()
    assert [Path(status.path).name for status in reels.ended] == ["one.mkv", "two.mkv"]
    for status in reels.ended:
        assert status.error == ""
        assert 0.9 < status.seconds < 1.2
        assert Path(status.path).stat().st_size > 1000
