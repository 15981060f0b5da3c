"""The live recorder: in sync, there after a kill, and never in the way of the show."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time

import av
import numpy as np
import pytest

from vj.record import recorder as recorder_module
from vj.record.encoder import choose_encoder
from vj.record.movie import Movie
from vj.record.recorder import Recorder
from vj.record.soundtrack import Soundtrack
from vj.types import Tick, VjError

SIZE = (64, 36)
RATE = 44_100


class Picture:
    def __init__(self, level=0, size=SIZE):
        self.level, self.size = level, size

    def read(self):
        return np.full((self.size[1], self.size[0], 4), self.level, np.uint8)


def tick(index, seconds):
    return Tick(index, seconds, 1 / 30)


def settle(recorder, seconds=5.0):
    """Wait until the encoder thread has taken everything, or has ended."""
    patience = time.monotonic() + seconds
    while len(recorder._shots) and recorder._thread.is_alive() and time.monotonic() < patience:
        time.sleep(0.005)


def feed(recorder, index, seconds, level=0, sound=None):
    if index % 8 == 0:
        settle(recorder)
    if sound is not None:
        recorder.sound(sound)
    recorder.put(tick(index, seconds), Picture(level))


def pictures(path):
    with av.open(str(path)) as container:
        return [(float(f.pts * f.time_base), f.to_ndarray(format="gray").mean()) for f in container.decode(video=0)]


def sound_of(path):
    """Samples of one side, and the time of the first."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), float(frames[0].pts * frames[0].time_base)


@pytest.mark.parametrize("name", ["show.mkv", "show.mp4", "SHOW.MP4"])
def test_a_show_is_recorded(tmp_path, name):
    recorder = Recorder.open(tmp_path / name, (320, 180), 30)
    for n in range(60):
        if n % 8 == 0:
            settle(recorder)
        recorder.sound(np.full((1470, 2), 0.25, np.float32))
        recorder.put(tick(n, n / 30), Picture(n * 4, (320, 180)))
    recorder.close()
    recorder.close()
    status = recorder.status
    assert (status.frames, status.dropped, status.stale, status.error, status.closed) == (60, 0, 0, "", True)
    assert status.seconds == pytest.approx(59 / 30)
    assert status.bytes == (tmp_path / name).stat().st_size
    assert status.disk_free > 0
    seen = pictures(recorder.path)
    assert [moment for moment, _ in seen] == pytest.approx([n / 30 for n in range(60)], abs=0.001)
    assert [level for _, level in seen] == pytest.approx([n * 4 for n in range(60)], abs=4)
    samples, _ = sound_of(recorder.path)
    assert len(samples) == pytest.approx(2 * RATE, abs=2048)
    assert samples[5000:-5000] == pytest.approx(0.25, abs=0.03)
    with av.open(str(recorder.path)) as container:
        video = container.streams.video[0].codec_context
        assert (video.width, video.height, video.colorspace, video.color_range) == (320, 180, 1, 1)
        keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.is_keyframe and p.pts is not None]
    assert keys == pytest.approx([0.0, 1.0], abs=0.04)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_picture_and_sound_stay_together_for_ten_minutes(tmp_path, suffix):
    """A flash and a click every 20 s of ten minutes, on ticks that come late, jitter and pause, decoded again."""
    rng, rate = np.random.default_rng(3), 16_000
    recorder = Recorder.open(tmp_path / f"long{suffix}", SIZE, 10, rate)
    now, given, index, marks = 0.0, 0, 0, []
    while now < 600.0:
        due = (len(marks) + 0.5) * 20.0
        flash = now >= due
        new = round(now * rate) - given
        block = np.zeros((new, 1), np.float32)
        if flash:
            marks.append(now)
            block[-1:] = 0.9
        given += new
        feed(recorder, index, now, 255 if flash else 0, block)
        index += 1
        now += 0.1 * (1.0005 + rng.uniform(0, 0.3)) + (0.3 if rng.uniform() < 0.005 else 0.0)
    recorder.close()
    assert recorder.status.frames == index
    flashes = [moment for moment, level in pictures(recorder.path) if level > 128]
    samples, begin = sound_of(recorder.path)
    loud = np.abs(samples)
    clicks = [begin + n / rate for n in np.flatnonzero(loud > 0.3) if loud[n] == loud[max(0, n - 9999):n + 9999].max()]
    assert len(marks) == len(flashes) == len(clicks) == 30
    assert np.abs(np.array(flashes) - np.array(marks)).max() < 0.002
    assert np.abs(np.array(flashes) - np.array(clicks)).max() < 0.002


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_recording_begun_in_mid_show_starts_at_nought(tmp_path, suffix):
    recorder = Recorder.open(tmp_path / f"late{suffix}", SIZE, 30, start=100.0)
    for n in range(30):
        feed(recorder, n, 100 + n / 30, sound=np.zeros((1470, 2), np.float32))
    recorder.close()
    moments = [moment for moment, _ in pictures(recorder.path)]
    assert (moments[0], moments[-1]) == pytest.approx((0.0, 29 / 30), abs=0.002)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
@pytest.mark.parametrize("rate", [RATE, None])
def test_a_show_without_sound_has_a_silent_track_or_none(tmp_path, suffix, rate):
    recorder = Recorder.open(tmp_path / f"mute{suffix}", SIZE, 30, rate)
    for n in range(60):
        feed(recorder, n, n / 30)
    recorder.close()
    assert len(pictures(recorder.path)) == 60
    with av.open(str(recorder.path)) as container:
        assert len(container.streams.audio) == (1 if rate else 0)
    if rate:
        samples, _ = sound_of(recorder.path)
        assert len(samples) == pytest.approx(2 * RATE, abs=2048)
        assert not samples.any()


def test_times_that_stand_still_or_jump_back_break_nothing(tmp_path):
    recorder = Recorder.open(tmp_path / "odd.mkv", SIZE, 30)
    times = [0.0, 0.0, 0.1, 0.1, 0.1000001, 0.05, float("nan"), float("inf"), -1.0, 0.2, 0.2005, 3.0]
    for n, seconds in enumerate(times):
        feed(recorder, n, seconds)
    recorder.close()
    assert recorder.status.error == ""
    assert recorder.status.stale == 8
    assert [moment for moment, _ in pictures(recorder.path)] == pytest.approx([0.0, 0.1, 0.2, 3.0], abs=0.001)


def test_a_strange_rate_and_many_channels_are_taken(tmp_path):
    recorder = Recorder.open(tmp_path / "x.mp4", SIZE, 30, 50_000)
    for n in range(60):
        feed(recorder, n, n / 30, sound=np.full((1667, 8), np.nan, np.float32))
    recorder.close()
    assert recorder.status.error == ""
    with av.open(str(recorder.path)) as container:
        assert container.streams.audio[0].rate == 48_000
        assert sum(f.samples for f in container.decode(audio=0)) / 48_000 == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("size", [(63, 35), (1, 1)])
def test_odd_sizes_are_recorded(tmp_path, size):
    recorder = Recorder.open(tmp_path / "odd.mkv", size, 30)
    for n in range(5):
        recorder.put(tick(n, n / 30), Picture(200, size))
    recorder.close()
    assert recorder.status.error == ""
    assert len(pictures(recorder.path)) == 5


def test_an_older_recording_is_never_written_over(tmp_path):
    (tmp_path / "show.mkv").write_bytes(b"yesterday")
    names = []
    for _ in range(2):
        recorder = Recorder.open(tmp_path / "show.mkv", SIZE, 30)
        recorder.put(tick(0, 0.0), Picture())
        recorder.close()
        names.append(recorder.path.name)
    assert names == ["show-2.mkv", "show-3.mkv"]
    assert (tmp_path / "show.mkv").read_bytes() == b"yesterday"


def test_a_recording_without_a_frame_leaves_no_file(tmp_path):
    recorder = Recorder.open(tmp_path / "nothing.mkv", SIZE, 30)
    recorder.close()
    assert recorder.status.error == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "word"), [
    ("show.avi", r"\.mkv or \.mp4, not \.avi"), ("show", "without a suffix"),
    ("nowhere/show.mkv", "its folder is not there"), ("file/show.mkv", "not a folder")])
def test_a_place_that_cannot_be_is_told_at_once(tmp_path, name, word):
    (tmp_path / "file").write_text("")
    with pytest.raises(VjError, match=word) as trouble:
        Recorder.open(tmp_path / name, SIZE, 30)
    assert name in str(trouble.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_forbidden_place_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(VjError, match="not allowed"):
        Recorder.open(tmp_path / "show.mkv", SIZE, 30)


@pytest.mark.parametrize(("size", "fps"), [((0, 0), 30), (SIZE, 0), (SIZE, float("nan")), ((99_999, 2), 30)])
def test_an_impossible_format_is_told(tmp_path, size, fps):
    with pytest.raises(VjError, match="cannot be recorded"):
        Recorder.open(tmp_path / "show.mkv", size, fps)
    assert list(tmp_path.iterdir()) == []


def test_a_nearly_full_disk_is_told_at_once(tmp_path):
    with pytest.raises(VjError, match=r"only \d+ MB are free"):
        Recorder.open(tmp_path / "show.mkv", SIZE, 30, low_disk=10**18)
    assert list(tmp_path.iterdir()) == []


def test_recording_ends_before_the_disk_is_full(tmp_path, monkeypatch):
    free = iter([10**12, 10**12, 10**12, 10**6])
    usage = shutil.disk_usage(tmp_path)
    recorder = Recorder.open(tmp_path / "show.mkv", SIZE, 30)
    monkeypatch.setattr(recorder_module.shutil, "disk_usage", lambda path: usage._replace(free=next(free)))
    for n in range(90):
        feed(recorder, n, n / 30)
    settle(recorder)
    recorder._thread.join(5.0)
    status = recorder.status
    assert "recording ended at 1.5 s, only 0 MB are free" in status.error
    assert status.dropped > 0
    recorder.close()
    assert len(pictures(recorder.path)) == status.frames == 46


def test_a_vanished_folder_is_told_and_the_show_goes_on(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    recorder = Recorder.open(folder / "show.mkv", SIZE, 30)
    for n in range(60):
        if n == 20:
            settle(recorder)
            shutil.rmtree(folder)
        feed(recorder, n, n / 30)
    recorder.close()
    assert "the file is gone; the recording ended at" in recorder.status.error


class Stuck(Movie):
    """A movie on a disk that does not answer until it is let go."""

    answer = threading.Event()

    def frame(self, pixels, seconds):
        self.answer.wait(20.0)
        return super().frame(pixels, seconds)


def test_a_stuck_disk_drops_and_counts_and_never_waits(tmp_path):
    Stuck.answer.clear()
    path = tmp_path / "slow.mkv"
    movie = Stuck.open(path, choose_encoder((640, 360), 30, hardware=False), RATE)
    recorder = Recorder(movie, path, Soundtrack(RATE), queue=10)
    recorder._thread.start()
    spent = []
    for n in range(100):
        began = time.perf_counter()
        recorder.sound(np.zeros((1470, 2), np.float32))
        recorder.put(tick(n, n / 30), Picture(0, (640, 360)))
        spent.append(time.perf_counter() - began)
        if n == 0:
            settle(recorder)
    assert np.median(spent) < 0.002
    assert recorder.status.dropped == 89
    Stuck.answer.set()
    recorder.close()
    status = recorder.status
    assert (status.frames, status.error, status.lost_samples) == (11, "", 0)
    samples, _ = sound_of(path)
    assert len(samples) / RATE == pytest.approx(100 / 30, abs=0.05), "no sound is lost and none is shifted"


def test_a_disk_that_stays_stuck_does_not_hold_up_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "CLOSE_PATIENCE", 0.1)
    Stuck.answer.clear()
    path = tmp_path / "slow.mkv"
    recorder = Recorder(Stuck.open(path, choose_encoder(SIZE, 30, hardware=False), RATE), path, Soundtrack(RATE))
    recorder._thread.start()
    recorder.put(tick(0, 0.0), Picture())
    recorder.close()
    assert "too slow to end the recording" in recorder.status.error
    Stuck.answer.set()
    recorder._thread.join(5.0)


LIMITED = """
    import resource, signal, sys
    sys.path.insert(0, "tests")
    from test_record_recorder import *
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    recorder = Recorder.open(sys.argv[1], (320, 180), 30)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    rng = np.random.default_rng(0)

    class Noise(Picture):
        def read(self):
            return rng.integers(0, 255, (180, 320, 4), dtype=np.uint8)

    for n in range(120):
        if n % 8 == 0:
            settle(recorder)
        recorder.sound(np.zeros((1470, 2), np.float32))
        recorder.put(tick(n, n / 30), Noise())
    recorder.close()
    print(recorder.status.error)
"""


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_full_disk_ends_the_recording_and_not_the_show(tmp_path, suffix):
    path = tmp_path / f"full{suffix}"
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(LIMITED), str(path)], capture_output=True, text=True,
                            timeout=60, check=True)
    assert f"{path}: the file has grown as large as this system lets it; the recording ended at" in result.stdout
    assert len(played(path)) > 3


def played(path):
    """Frames up to a torn end, as a player shows them."""
    moments = []
    with av.open(str(path)) as container:
        try:
            for frame in container.decode(video=0):
                moments.append(float(frame.pts * frame.time_base))  # noqa: PERF401
        except av.error.InvalidDataError:
            pass
    return moments


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_full_from_the_start_is_one_sentence(tmp_path):
    path = tmp_path / "full.mkv"
    path.symlink_to("/dev/full")
    recorder = Recorder(Movie.open(path, choose_encoder(SIZE, 30, hardware=False), RATE), path, Soundtrack(RATE))
    recorder._thread.start()
    for n in range(60):
        feed(recorder, n, n / 30)
    recorder.close()
    assert recorder.status.error == f"{path}: the disk is full; the recording ended at {recorder.status.seconds:.1f} s"


CHILD = """
    import sys, time
    sys.path.insert(0, "tests")
    from test_record_recorder import *
    recorder = Recorder.open(sys.argv[1], SIZE, 30)
    began, given = time.perf_counter(), 0
    for n in range(100_000):
        seconds = time.perf_counter() - began
        new = round(seconds * RATE) - given
        given += new
        recorder.sound(np.random.default_rng(n).uniform(-0.5, 0.5, (new, 2)).astype(np.float32))
        recorder.put(tick(n, seconds), Picture(n % 256))
        print(seconds, flush=True)
        time.sleep(1 / 30)
"""


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
@pytest.mark.parametrize("after", [1.4, 3.1])
def test_a_killed_recording_plays_to_within_a_second(tmp_path, suffix, after):
    path = tmp_path / f"killed{suffix}"
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(CHILD), str(path)], stdout=subprocess.PIPE)
    last = 0.0
    while last < after:
        last = float(child.stdout.readline())
    os.kill(child.pid, signal.SIGKILL)
    last = max([last, *map(float, child.stdout.read().split(b"\n")[:-1])])
    child.wait()
    child.stdout.close()
    moments = played(path)
    assert moments[0] == pytest.approx(0.0, abs=0.05)
    assert last - moments[-1] < 1.0
    samples, begin = sound_of(path)
    assert last - (begin + len(samples) / RATE) < 1.0
