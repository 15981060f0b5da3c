"""Pictures to draw over: the right one at each moment, and a sentence for each that is none."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from vj.generators import _pictures, _stills
from vj.generators._camera import Camera, device_of
from vj.generators._pictures import Moment, Pictures, open_source
from vj.generators._stills import Folder, Still, faded, middle, mixed
from vj.generators._video import Video
from vj.types import VjError

SIZE = 32, 18


def frame(value: int, size: tuple[int, int] = (64, 36)) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), value, np.uint8), "rgb24")


def image(path: Path, value: int, size: tuple[int, int] = (64, 36)) -> Path:
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as out:
        stream: Any = out.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = *size, "rgb24"
        out.mux(stream.encode(frame(value, size)))
        out.mux(stream.encode())
    return path


def video(path: Path, frames: int = 20, fps: int = 10, key: int = 8) -> Path:
    """Each frame 10 brighter than the one before, up to 240."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        stream.codec_context.gop_size, stream.bit_rate = key, 4_000_000
        for n in range(frames):
            shown = frame(10 + 10 * n % 240).reformat(format="yuv420p")
            shown.pts, shown.time_base = n, Fraction(1, fps)
            out.mux(stream.encode(shown))
        out.mux(stream.encode())
    return path


def mean(picture: np.ndarray) -> float:
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    return float(picture.mean())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for n, value in enumerate((10, 100, 200)):
        image(tmp_path / f"{n}.png", value)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".hidden.png").write_bytes(b"")
    return tmp_path


# ------------------------------------------------------------------------------------------ stills


def test_a_still_stands_and_covers_the_size_asked_for(tmp_path: Path) -> None:
    still = Still(image(tmp_path / "a.png", 80, (300, 100)))
    for time in (0.0, 99.0):
        picture = still.at(Moment(time, time), SIZE)
        assert mean(picture) == 80
        assert picture.shape == (18, 54, 3), "its own shape, as large as covers"
    assert still.at(Moment(0, 0), (500, 500)).shape == (100, 300, 3), "never enlarged"


def test_a_folder_goes_by_the_beat_and_round(folder: Path) -> None:
    source = Folder.open(folder)
    shown = [mean(source.at(Moment(0.0, beats, 4.0, 0.0), SIZE)) for beats in (0, 3.9, 4, 8, 11.9, 12, 16, 4000)]
    assert shown == [10, 10, 100, 200, 200, 10, 100, 100]
    source.close()


def test_the_next_one_comes_in_softly(folder: Path) -> None:
    source = Folder.open(folder)
    way = [mean(source.at(Moment(0.0, beats / 16, 4.0, 0.5), SIZE)) for beats in range(80)]
    assert way[:33] == [10.0] * 33, "the first half stands"
    assert way[48] == pytest.approx(55, abs=1)
    assert way[64] == 100
    assert max(later - earlier for earlier, later in itertools.pairwise(way[:64])) < 6
    source.close()


def test_the_same_moment_is_the_same_picture_however_one_comes_there(folder: Path) -> None:
    one, other = Folder.open(folder), Folder.open(folder)
    walked = [one.at(Moment(0.0, beats / 8, 2.0, 0.4), SIZE) for beats in range(60)]
    jumped = {beats: other.at(Moment(0.0, beats / 8, 2.0, 0.4), SIZE) for beats in (59, 13, 40, 0)}
    for beats, picture in jumped.items():
        np.testing.assert_array_equal(picture, walked[beats])
    one.close()
    other.close()


def test_a_damaged_image_in_a_folder_is_passed_over(folder: Path) -> None:
    (folder / "1.png").write_bytes((folder / "1.png").read_bytes()[:60])
    source = Folder.open(folder)
    assert [mean(source.at(Moment(0.0, beats, 1.0, 0.0), SIZE)) for beats in (0, 1, 2, 3)] == [10, 200, 200, 10]
    for path in folder.glob("*.png"):
        path.write_bytes(b"nothing")
    bad = Folder.open(folder)
    with pytest.raises(VjError, match="cannot be read"):
        bad.at(Moment(0.0, 0.0), SIZE)
    source.close()
    bad.close()


def test_two_shapes_are_mixed_by_their_middles() -> None:
    wide, high = np.full((10, 60, 3), 100, np.uint8), np.full((60, 10, 3), 200, np.uint8)
    wide[:, :10] = 0
    wide[:, -10:] = 0
    mixture = faded(wide, high, 0.5, (20, 10))
    assert mixture.shape == (10, 20, 3)
    assert mean(mixture) == pytest.approx(150, abs=1)
    assert middle(wide, (20, 10)).shape == (10, 20, 3)
    assert middle(high, (20, 10)).shape == (5, 10, 3)
    assert [mixed(0.5, 0.0), mixed(0.2, 0.5), mixed(1.0, 0.5), mixed(0.75, 0.5)] == [0.0, 0.0, 1.0, 0.5]


# ------------------------------------------------------------------------------------------- video


def test_a_video_goes_by_the_clock_and_round(tmp_path: Path) -> None:
    source = Video.open(video(tmp_path / "v.mp4"))
    for n in [*range(20), 0, 13, 12, 3, 19, 25, 47, 2000]:
        assert mean(source.at(Moment(n / 10 + 0.05, 0.0), SIZE)) == pytest.approx(10 + 10 * (n % 20), abs=3), n
    source.close()


def test_a_video_is_the_same_however_one_comes_there(tmp_path: Path) -> None:
    path = video(tmp_path / "v.mkv", frames=60, fps=20)
    one, other = Video.open(path), Video.open(path)
    walked = [one.at(Moment(n / 20 + 0.02, 0.0), SIZE).copy() for n in range(60)]
    for n in (59, 3, 31, 30, 0):
        np.testing.assert_array_equal(other.at(Moment(n / 20 + 0.02, 0.0), SIZE), walked[n])
    one.close()
    other.close()


def test_a_video_that_is_cut_off_goes_as_far_as_it_can(tmp_path: Path) -> None:
    path = video(tmp_path / "v.avi", frames=40)
    path.write_bytes(path.read_bytes()[:-3000])
    source = Video.open(path)
    assert mean(source.at(Moment(0.05, 0.0), SIZE)) == pytest.approx(10, abs=3)
    assert mean(source.at(Moment(3.95, 0.0), SIZE)) > 100, "the last frame that is whole stands"
    source.close()


def test_sound_alone_is_no_picture(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "s.wav"), "w") as out:
        stream: Any = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        out.mux(stream.encode(sound))
    with pytest.raises(VjError, match="no picture or no length"):
        open_source(str(tmp_path / "s.wav"))


# ------------------------------------------------------------------------------------------ camera


def test_a_cameras_newest_picture_is_shown_and_its_end_is_told() -> None:
    closed: list[bool] = []
    gate = iter(range(3))

    def frames() -> Iterator[av.VideoFrame]:
        for n in gate:
            yield frame(50 + n)

    camera = Camera(frames(), lambda: closed.append(True), "front")
    camera._thread.join(10)
    with pytest.raises(VjError, match="the camera front gives no picture any more"):
        camera.at(Moment(0.0, 0.0), SIZE)
    camera.close()
    assert closed == [True]


def test_a_camera_that_goes_on_is_never_waited_for_after_its_first_picture() -> None:
    import threading

    hold, shown = threading.Event(), threading.Event()

    def frames() -> Iterator[av.VideoFrame]:
        yield frame(70)
        shown.set()
        hold.wait(20)
        yield frame(90)

    camera = Camera(frames(), lambda: None)
    assert mean(camera.at(Moment(0.0, 0.0), SIZE)) == 70
    assert shown.wait(10)
    assert mean(camera.at(Moment(1.0, 2.0), SIZE)) == 70, "no new one: the last one stands"
    hold.set()
    camera.close()


def test_a_driver_that_fails_is_a_sentence() -> None:
    def frames() -> Iterator[av.VideoFrame]:
        raise OSError("the cable is out")
        yield frame(0)

    camera = Camera(frames(), lambda: None, "top")
    with pytest.raises(VjError, match="the camera top gives no picture: the cable is out"):
        camera.at(Moment(0.0, 0.0), SIZE)
    camera.close()
    with pytest.raises(VjError, match="there is no camera /dev/video97"):
        Camera.open("97") if os.name == "posix" and os.uname().sysname == "Linux" else Camera.open("/dev/video97")


def test_every_system_has_its_names_for_cameras() -> None:
    assert device_of("", "linux") == "/dev/video0"
    assert device_of("2", "linux") == "/dev/video2"
    assert device_of("/dev/video7", "linux") == "/dev/video7"
    assert device_of("1", "darwin") == "1:none"
    assert device_of("HD Webcam", "win32") == "video=HD Webcam"


# ---------------------------------------------------------------------------------------- by name


def test_pictures_are_found_by_the_names_of_the_command_line(folder: Path, tmp_path: Path) -> None:
    files = {"picture/roses": str(folder), "picture/sea": str(video(tmp_path / "sea.mp4"))}
    pictures = Pictures()
    assert mean(pictures.at("roses", files, Moment(0.0, 0.0), SIZE)) == 10
    assert mean(pictures.at("sea", files, Moment(0.05, 0.0), SIZE)) == pytest.approx(10, abs=3)
    with pytest.raises(VjError, match="start vj with --picture moon=PATH"):
        pictures.at("moon", files, Moment(0.0, 0.0), SIZE)
    pictures.close()


@pytest.mark.parametrize(("name", "content", "said"), [
    ("a.png", b"no image at all", "damaged or no image"), ("a.jpg", b"", "damaged or no image"),
    ("a.mp4", b"\x00" * 500, "no image and no video"), ("a", b"text", "no image and no video")])
def test_a_file_that_is_none_is_a_sentence(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VjError, match=said):
        Pictures().at("x", {"picture/x": str(tmp_path / name)}, Moment(0.0, 0.0), SIZE)


def test_an_empty_folder_and_a_missing_path_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(VjError, match="there is no image in"):
        open_source(str(tmp_path))
    with pytest.raises(VjError, match="there is no picture at"):
        open_source(str(tmp_path / "gone.png"))


def test_what_failed_rests_a_while_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    time = [100.0]

    def opening(path: str) -> Any:
        opened.append(path)
        raise VjError("broken")

    monkeypatch.setattr(_pictures, "now", lambda: time[0])
    pictures = Pictures(opening)
    for _ in range(3):
        with pytest.raises(VjError, match="broken"):
            pictures.at("x", {"picture/x": "p"}, Moment(0.0, 0.0), SIZE)
    assert opened == ["p"]
    time[0] += _pictures.REST_S + 0.1
    with pytest.raises(VjError, match="broken"):
        pictures.at("x", {"picture/x": "p"}, Moment(0.0, 0.0), SIZE)
    assert opened == ["p", "p"]


def test_any_failure_of_a_decoder_is_a_sentence_and_closes_the_file() -> None:
    class Bad:
        closed = False

        def at(self, moment: Moment, size: tuple[int, int]) -> Any:
            raise RuntimeError("bits fell out")

        def close(self) -> None:
            self.closed = True

    bad = Bad()
    with pytest.raises(VjError, match="the picture p cannot be read: bits fell out"):
        Pictures(lambda _: bad).at("x", {"picture/x": "p"}, Moment(0.0, 0.0), SIZE)
    assert bad.closed


def test_only_so_many_are_open_at_once() -> None:
    class One:
        def __init__(self) -> None:
            self.closed = False

        def at(self, moment: Moment, size: tuple[int, int]) -> Any:
            return np.zeros((2, 2, 3), np.uint8)

        def close(self) -> None:
            self.closed = True

    made: list[One] = []

    def opening(_: str) -> Any:
        made.append(One())
        return made[-1]

    pictures = Pictures(opening)
    for n in range(_pictures.MOST_OPEN + 3):
        pictures.at(str(n), {f"picture/{n}": str(n)}, Moment(0.0, 0.0), SIZE)
    assert [one.closed for one in made] == [True] * 3 + [False] * _pictures.MOST_OPEN
    pictures.close()
    assert all(one.closed for one in made)


def test_an_image_of_monstrous_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = image(tmp_path / "big.png", 3)
    monkeypatch.setattr(_stills, "LARGEST", 64 * 36 - 1)
    with pytest.raises(VjError, match="64x36 pixels"):
        _stills.read_still(path, SIZE)


def test_a_playlist_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(VjError):
        open_source(str(tmp_path / "list.m3u8")).at(Moment(0.0, 0.0), SIZE)
