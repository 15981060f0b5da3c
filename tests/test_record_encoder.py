"""The encoder that is really there, and colours that come back."""

from fractions import Fraction

import av
import numpy as np
import pytest

from vj.record import encoder
from vj.record.encoder import Converter, Encoding, choose_encoder, even_size, frame_rate
from vj.types import VjError


def pixels(width, height, colour):
    picture = np.full((height, width, 4), 255, np.uint8)
    picture[..., :3] = colour
    return picture


def test_the_chosen_encoder_encodes():
    encoding = choose_encoder((320, 180), 30)
    context = av.CodecContext.create(encoding.codec, "w")
    encoding.apply(context, Fraction(1, 30))
    frames = [Converter(encoding).convert(pixels(320, 180, (n * 20, 0, 0))) for n in range(10)]
    for n, frame in enumerate(frames):
        frame.pts, frame.time_base = n, Fraction(1, 30)
    packets = [packet for frame in [*frames, None] for packet in context.encode(frame)]
    assert len(packets) == 10
    assert encoding.codec in encoding.describe()


def test_a_chip_that_does_not_open_is_passed_over(monkeypatch):
    chips = ("h264_vapourware", "yuv420p", {}), ("libx264", "nv12", {"preset": "nonsense"})
    monkeypatch.setattr(encoder, "HARDWARE", chips)
    assert choose_encoder((64, 36), 30).pixel_format == "yuv420p"
    monkeypatch.setattr(encoder, "HARDWARE", (("libx264", "nv12", {"preset": "ultrafast"}),))
    assert choose_encoder((64, 36), 30).pixel_format == "nv12"
    assert choose_encoder((64, 36), 30, hardware=False).pixel_format == "yuv420p"
    assert choose_encoder((64, 36), 30, "render").pixel_format == "yuv420p"


def test_a_render_is_encoded_alike_on_every_machine(monkeypatch):
    here = choose_encoder((64, 36), 30, "render")
    monkeypatch.setattr(encoder.os, "cpu_count", lambda: 64)
    assert choose_encoder((64, 36), 30, "render") == here


@pytest.mark.parametrize(("cores", "size", "preset", "threads"), [
    (2, (640, 360), "ultrafast", "1"), (16, (640, 360), "superfast", "1"), (2, (1920, 1080), "ultrafast", "2"),
    (16, (1920, 1080), "superfast", "3"), (8, (3840, 2160), "ultrafast", "8")])
def test_a_live_encoder_leaves_cores_to_the_show(monkeypatch, cores, size, preset, threads):
    monkeypatch.setattr(encoder, "_encodes", lambda encoding: True)
    monkeypatch.setattr(encoder.os, "cpu_count", lambda: cores)
    options = choose_encoder(size, 60, hardware=False).options
    assert (options["preset"], options["threads"]) == (preset, threads)


def test_no_encoder_at_all_is_told(monkeypatch):
    monkeypatch.setattr(encoder, "_encodes", lambda encoding: False)
    with pytest.raises(VjError, match=r"no H\.264 encoder of this machine takes 64x36 at 30"):
        choose_encoder((64, 36), 30)


@pytest.mark.parametrize(("size", "even"), [((640, 360), (640, 360)), ((641, 361), (642, 362)), ((1, 1), (2, 2))])
def test_even_sizes(size, even):
    assert even_size(size) == even


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (-4, 4), (20_000, 4)])
def test_impossible_sizes(size):
    with pytest.raises(VjError, match=f"{size[0]}x{size[1]}"):
        even_size(size)


@pytest.mark.parametrize(("fps", "exact"), [
    (30, Fraction(30)), (29.97, Fraction(30_000, 1001)), (59.94, Fraction(60_000, 1001)),
    (23.976, Fraction(24_000, 1001)), (25, Fraction(25)), (12.5, Fraction(25, 2)), (144, Fraction(144)),
    (0.5, Fraction(1, 2))])
def test_frame_rates_are_what_a_video_means(fps, exact):
    assert frame_rate(fps) == exact


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf"), 5000])
def test_impossible_rates(fps):
    with pytest.raises(VjError, match="frames a second"):
        frame_rate(fps)


@pytest.mark.parametrize(("colour", "yuv"), [  # ITU-R BT.709, 8 bits, limited range
    ((255, 255, 255), (235, 128, 128)), ((0, 0, 0), (16, 128, 128)), ((255, 0, 0), (63, 102, 240)),
    ((0, 255, 0), (173, 42, 26)), ((0, 0, 255), (32, 240, 118))])
def test_colours_are_bt709(colour, yuv):
    frame = Converter(Encoding("libx264", (64, 36), Fraction(30))).convert(pixels(64, 36, colour))
    planes = [np.frombuffer(plane, np.uint8)[0] for plane in frame.planes]
    assert planes == pytest.approx(yuv, abs=1)
    assert (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc) == (1, 1, 1, 1)


def test_an_odd_side_repeats_its_last_line_and_nothing_is_scaled():
    picture = pixels(63, 35, (0, 0, 0))
    picture[:, -1] = 255
    frame = Converter(Encoding("libx264", (64, 36), Fraction(30))).convert(picture)
    light = frame.to_ndarray(format="gray")
    assert light.shape == (36, 64)
    assert light[:, 62:].min() > 230
    assert light[:, :62].max() < 20


def test_a_frame_of_another_size_is_fitted():
    frame = Converter(Encoding("libx264", (64, 36), Fraction(30))).convert(pixels(128, 72, (9, 9, 9)))
    assert (frame.width, frame.height) == (64, 36)


def test_a_view_with_a_stride_of_its_own_is_taken_as_it_looks():
    picture = np.zeros((72, 128, 4), np.uint8)
    picture[::2, ::2] = 255
    frame = Converter(Encoding("libx264", (64, 36), Fraction(30))).convert(picture[::2, ::2])
    assert frame.to_ndarray(format="gray").min() > 230
