"""Offline renders in segments: interrupted, resumed and joined without a changed bit."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from fractions import Fraction

import av
import numpy as np
import pytest

from vj.record.segments import SegmentWriter
from vj.types import Tick, VjError

SIZE, FPS, FRAMES = (64, 48), 30.0, 100
RATE = 44_100


class Picture:
    """A moving picture that depends on its index alone."""

    size = SIZE

    def __init__(self, index, size=SIZE):
        self.index, self.size = index, size

    def read(self):
        width, height = self.size
        y, x = np.mgrid[0:height, 0:width]
        pixels = np.empty((height, width, 4), np.uint8)
        for channel in range(4):
            pixels[..., channel] = (x * (3 + channel) + y * 5 + self.index * (7 + channel)) % 256
        return pixels


class Tone:
    """A click every half second, as an AudioSource."""

    channels = 1

    def __init__(self, seconds, rate=RATE):
        self.rate = rate
        self._samples = np.zeros((round(seconds * rate), 1), np.float32)
        self._samples[::rate // 2] = 0.9
        self._at = 0

    def read(self, until):
        begin, self._at = self._at, min(round(until * self.rate), len(self._samples))
        return self._samples[begin:self._at]

    def close(self):
        pass


def play(writer, frames, begin=None):
    """As the app does: a checkpoint before each segment, then its frames."""
    for index in range(writer.resume_point.frame if begin is None else begin, frames):
        if index and writer.begins(index):
            writer.checkpoint(index, {"index": np.array(index), "feedback": np.full((2, 2), index, np.float32)})
        writer.put(Tick(index, index / FPS, 1 / FPS), Picture(index))


def start(path, resume=False, fps=FPS, seconds=1.0, **settings):
    return SegmentWriter.open(path, SIZE, fps, settings={"look": "velvet", **settings}, resume=resume, seconds=seconds)


def decoded(path):
    with av.open(str(path)) as container:
        return [hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest() for frame in container.decode(video=0)]


def times(path):
    with av.open(str(path)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """One render from start to end."""
    target = tmp_path_factory.mktemp("straight") / "out.mp4"
    writer = start(target)
    play(writer, FRAMES)
    assert writer.finish(Tone(FRAMES / FPS)) == target
    return target


def test_a_render_is_all_there(straight):
    assert times(straight) == pytest.approx([n / FPS for n in range(FRAMES)], abs=1e-4)
    assert len(set(decoded(straight))) > FRAMES // 2
    assert [path.name for path in straight.parent.iterdir()] == ["out.mp4"]
    with av.open(str(straight)) as container:
        video, audio = container.streams.video[0].codec_context, container.streams.audio[0].codec_context
        assert (video.name, video.width, video.height, audio.name) == ("h264", 64, 48, "aac")
        assert (video.colorspace, video.color_primaries, video.color_trc, video.color_range) == (1, 1, 1, 1)


def test_the_colours_come_back(tmp_path):
    writer = start(tmp_path / "out.mp4")
    play(writer, 30)
    with av.open(str(writer.finish())) as container:
        frame = next(container.decode(video=0))
        seen = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray().astype(int)
    assert np.abs(seen.mean((0, 1)) - Picture(0).read()[..., :3].mean((0, 1))).max() < 6


def test_twice_the_same_is_the_same_file(straight, tmp_path):
    writer = start(tmp_path / "again.mp4")
    play(writer, FRAMES)
    assert writer.finish(Tone(FRAMES / FPS)).read_bytes() == straight.read_bytes()


@pytest.mark.parametrize("stop", [1, 29, 30, 31, 75, 90])
def test_interrupted_and_resumed_gives_the_same_frames(straight, tmp_path, stop):
    target = tmp_path / "out.mp4"
    writer = start(target)
    play(writer, stop)
    assert writer.interrupt(Tone(FRAMES / FPS)) == target
    # x264 looks ahead, so only the whole segments are those of a full render.
    assert len(decoded(target)) == stop
    assert decoded(target)[:stop // 30 * 30] == decoded(straight)[:stop // 30 * 30]

    writer = start(target, resume=True)
    point = writer.resume_point
    # Without the checkpoint that frame 30, 90 would have brought, the segment before is done again.
    assert point.frame == (stop - 1) // 30 * 30
    if point.frame:
        assert int(point.state["index"]) == point.frame
        assert point.state["feedback"].dtype == np.float32
    play(writer, FRAMES)
    assert writer.finish(Tone(FRAMES / FPS)).read_bytes() == straight.read_bytes()


def test_interrupted_three_times(straight, tmp_path):
    target = tmp_path / "out.mp4"
    for stop in (40, 65, 70):
        writer = start(target, resume=True)
        play(writer, stop)
        writer.interrupt()
    writer = start(target, resume=True)
    play(writer, FRAMES)
    writer.finish()
    assert decoded(target) == decoded(straight)


def test_a_broken_checkpoint_costs_one_segment(straight, tmp_path):
    target = tmp_path / "out.mp4"
    writer = start(target)
    play(writer, 75)
    writer.close()
    (tmp_path / "out.mp4.parts" / "000002.npz").write_bytes(b"PK nonsense")
    writer = start(target, resume=True)
    assert writer.resume_point.frame == 30
    play(writer, FRAMES)
    writer.finish()
    assert decoded(target) == decoded(straight)


def test_a_pickle_in_a_checkpoint_is_never_opened(tmp_path):
    target = tmp_path / "out.mp4"
    writer = start(target)
    play(writer, 40)
    writer.close()
    evil = tmp_path / "out.mp4.parts" / "000001.npz"
    with evil.open("wb") as file:
        np.savez(file, index=np.array([{"x": 1}], dtype=object))
    assert start(target, resume=True).resume_point.frame == 0


def test_an_unfinished_render_is_never_thrown_away(tmp_path):
    target = tmp_path / "out.mp4"
    writer = start(target)
    play(writer, 40)
    writer.close()
    with pytest.raises(VjError, match="--resume"):
        start(target)
    with pytest.raises(VjError, match="look was 'velvet', now 'mist'"):
        start(target, resume=True, look="mist")
    with pytest.raises(VjError, match="fps was '30', now '25'"):
        start(target, resume=True, fps=25)
    (tmp_path / "out.mp4.parts" / "render.json").write_text("{")
    with pytest.raises(VjError, match=r"render\.json cannot be read"):
        start(target, resume=True)


def test_resume_without_anything_begins_anew(straight, tmp_path):
    writer = start(tmp_path / "out.mp4", resume=True)
    assert writer.resume_point.frame == 0
    play(writer, FRAMES)
    writer.finish()
    assert decoded(tmp_path / "out.mp4") == decoded(straight)


def test_settings_are_kept_as_json(tmp_path):
    writer = start(tmp_path / "out.mp4", seed=3, track={"sha256": "abc"})
    writer.close()
    kept = json.loads((tmp_path / "out.mp4.parts" / "render.json").read_text())
    assert (kept["seed"], kept["track"], kept["size"]) == (3, {"sha256": "abc"}, [64, 48])


def test_the_order_of_frames_is_held(tmp_path):
    writer = start(tmp_path / "out.mp4")
    with pytest.raises(ValueError, match="frame 3 came where 0"):
        writer.put(Tick(3, 0.1, 0.03), Picture(3))
    with pytest.raises(ValueError, match="no segment begins"):
        writer.checkpoint(7, {})
    writer.close()
    writer.close()
    with pytest.raises(VjError, match="closed"):
        writer.put(Tick(0, 0.0, 0.03), Picture(0))
    with pytest.raises(VjError, match="nothing was rendered"):
        writer.finish()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("fps", [30.0, 29.97, 60.0, 23.976, 12.5])
def test_sound_and_picture_are_in_time(tmp_path, suffix, fps):
    """A white frame every half second, a click at the same moment."""
    target = tmp_path / f"out{suffix}"
    writer = SegmentWriter.open(target, SIZE, fps, seconds=1.0)
    rate = Fraction(30_000, 1001) if fps == 29.97 else Fraction(24_000, 1001) if fps == 23.976 else Fraction(fps)
    frames = int(3 * rate)

    class Flash(Picture):
        def read(self):
            time = self.index / rate
            return np.full((48, 64, 4), 255 if time % Fraction(1, 2) < 1 / rate else 0, np.uint8)

    for index in range(frames):
        writer.put(Tick(index, float(index / rate), float(1 / rate)), Flash(index))
    writer.finish(Tone(3.0))
    with av.open(str(target)) as container:
        seen = [(float(f.pts * f.time_base), f.to_ndarray(format="gray").mean()) for f in container.decode(video=0)]
    flashes = [time for time, brightness in seen if brightness > 128]
    clicks = click_times(target)
    assert len(flashes) == len(clicks) == 6
    # The first frame at or after the click: less than one frame late, never early (Matroska counts milliseconds).
    for flash, click in zip(flashes, clicks, strict=True):
        assert -0.0015 <= flash - click <= float(1 / rate) + 0.0015


def click_times(path):
    with av.open(str(path)) as container:
        pieces, begin = [], None
        for frame in container.decode(audio=0):
            begin = float(frame.pts * frame.time_base) if begin is None else begin
            pieces.append(frame.to_ndarray()[0])
    loud = np.abs(np.concatenate(pieces))
    peaks = [n for n in np.flatnonzero(loud > 0.3) if loud[n] == loud[max(0, n - 4000):n + 4000].max()]
    return [begin + peak / RATE for peak in peaks]


def test_a_strange_rate_is_resampled(tmp_path):
    writer = start(tmp_path / "out.mp4")
    play(writer, 60)
    writer.finish(Tone(2.0, rate=50_000))
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].rate == 48_000
        assert sum(frame.samples for frame in container.decode(audio=0)) == pytest.approx(96_000, abs=2048)


@pytest.mark.parametrize("size", [(63, 47), (64, 47), (1, 1), (2, 2)])
def test_odd_sizes_grow_by_one_line(tmp_path, size):
    writer = SegmentWriter.open(tmp_path / "out.mp4", size, FPS)
    for index in range(3):
        writer.put(Tick(index, index / FPS, 1 / FPS), Picture(index, size))
    with av.open(str(writer.finish())) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height) == (size[0] + size[0] % 2, size[1] + size[1] % 2)


@pytest.mark.parametrize(("name", "word"), [("out.avi", r"\.mkv or \.mp4"), ("out", "without a suffix"),
                                            ("nowhere/out.mp4", "folder is not there"), ("folder.mp4", "is a folder")])
def test_a_target_that_cannot_be_is_told_at_once(tmp_path, name, word):
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(VjError, match=word):
        SegmentWriter.open(tmp_path / name, SIZE, FPS)


@pytest.mark.parametrize(("size", "fps"), [((0, 10), 30), ((10, -1), 30), ((99_999, 10), 30), (SIZE, 0),
                                           (SIZE, float("nan"))])
def test_a_size_or_rate_that_cannot_be_is_told(tmp_path, size, fps):
    with pytest.raises(VjError, match="cannot be recorded"):
        SegmentWriter.open(tmp_path / "out.mp4", size, fps)


LIMITED = """
    import resource, signal, sys
    sys.path.insert(0, "tests")
    from test_record_segments import Picture, start, play
    from vj.types import VjError
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    writer = start(sys.argv[1], seconds=0.2)
    play(writer, 20)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))
    try:
        play(writer, 10_000, begin=20)
    except VjError as error:
        print(error)
"""


def test_a_full_disk_is_told_and_what_is_done_stays(tmp_path):
    target = tmp_path / "out.mp4"
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(LIMITED), str(target)],
                            capture_output=True, text=True, timeout=60, check=False)
    assert "--resume goes on" in result.stdout, result.stderr
    done = sorted(path for path in (tmp_path / "out.mp4.parts").glob("*.mp4") if ".part." not in path.name)
    assert done
    assert all(len(decoded(path)) == 6 for path in done)
    writer = start(target, resume=True, seconds=0.2)
    play(writer, 40)
    writer.finish()
    assert len(decoded(target)) == 40


KILLED = """
    import os, signal, sys
    sys.path.insert(0, "tests")
    from test_record_segments import start, play
    writer = start(sys.argv[1])
    play(writer, 80)
    print("there", flush=True)
    signal.pause()
"""


def test_killed_and_resumed_gives_the_same_file(straight, tmp_path):
    target = tmp_path / "out.mp4"
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(KILLED), str(target)], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"there\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    writer = start(target, resume=True)
    assert writer.resume_point.frame in (30, 60)
    play(writer, FRAMES)
    assert writer.finish(Tone(FRAMES / FPS)).read_bytes() == straight.read_bytes()


