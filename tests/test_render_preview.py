"""The small copy for a page: taken only while somebody looks, at its own rate, a frame later, the right way up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vj.control.views import OTHER, PROGRAM, Views
from vj.render.context import headless_context
from vj.render.double import FakeFrame
from vj.render.frame import GLFrame
from vj.render.preview import Preview, small
from vj.render.surface import Surface
from vj.types import Tick, VjError

if TYPE_CHECKING:
    from moderngl import Texture

SIZE = (640, 360)


@pytest.fixture(scope="module")
def frame() -> Iterator[GLFrame]:
    """Red above, blue below."""
    try:
        context = headless_context()
    except VjError as error:
        pytest.skip(str(error))
    surface = Surface(context, SIZE, "f1")
    pixels = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    pixels[:180, :, 2] = 255  # GL's first row is the lowest
    pixels[180:, :, 0] = 255
    surface.write(pixels)
    frame = GLFrame(surface.texture)
    frame.context = context  # type: ignore[attr-defined]
    yield frame
    surface.release()


def shown(preview: Preview, views: Views, frame: GLFrame, frames: int, fps: float = 60.0) -> int:
    """How many pictures come of so many frames."""
    count = 0
    for n in range(frames):
        preview.put(Tick(n, n / fps, 1 / fps), frame)
        count += views.take(PROGRAM) is not None
    return count


def made(frame: GLFrame, views: Views, rate: float = 15.0) -> Preview:
    return Preview(frame.context, SIZE, views, look=lambda: "iron", rate=rate)  # type: ignore[attr-defined]


def test_nobody_looks_and_nothing_is_made(frame: GLFrame) -> None:
    views = Views()
    preview = made(frame, views)
    assert shown(preview, views, frame, 120) == 0
    preview.close()


@pytest.mark.parametrize(("fps", "rate", "least", "most"), [(60.0, 15.0, 29, 31), (30.0, 15.0, 29, 31),
                                                            (144.0, 9.0, 17, 19), (10.0, 15.0, 9, 11)])
def test_it_keeps_its_rate(frame: GLFrame, fps: float, rate: float, least: int, most: int) -> None:
    """In two seconds; with few frames every other one."""
    views = Views()
    views.wanted = frozenset({PROGRAM})
    preview = made(frame, views, rate)
    assert least <= shown(preview, views, frame, round(2 * fps), fps) <= most
    preview.close()


def test_the_picture_is_upright_and_says_whose_it_is(frame: GLFrame) -> None:
    views = Views()
    views.wanted = frozenset({PROGRAM})
    preview = made(frame, views)
    preview.put(Tick(0, 0.0, 1 / 60), frame)
    assert views.take(PROGRAM) is None, "it is brought home while the next frame is drawn"
    preview.put(Tick(1, 1 / 60, 1 / 60), frame)
    newest = views.take(PROGRAM)
    assert newest is not None
    look, pixels = newest
    assert look == "iron"
    assert pixels.shape == (216, 384, 4)
    assert pixels[10, 100].tolist() == [255, 0, 0, 255]
    assert pixels[-10, 100].tolist() == [0, 0, 255, 255]
    preview.close()


def test_a_picture_under_way_is_handed_over_when_the_looker_has_gone(frame: GLFrame) -> None:
    views = Views()
    views.wanted = frozenset({PROGRAM})
    preview = made(frame, views)
    preview.put(Tick(0, 0.0, 1 / 60), frame)
    views.wanted = frozenset()
    assert shown(preview, views, frame, 60) == 1
    preview.close()


def test_a_frame_that_is_not_on_the_gpu_is_passed_over(frame: GLFrame) -> None:
    views = Views()
    views.wanted = frozenset({PROGRAM})
    preview = made(frame, views)
    for n in range(20):
        preview.put(Tick(n, n / 60, 1 / 60), FakeFrame(np.zeros((9, 16, 4), np.uint8)))
    assert views.take(PROGRAM) is None
    preview.close()


@pytest.mark.parametrize(("size", "expected"), [
    ((1280, 720), (384, 216)), ((1920, 1080), (384, 216)), ((640, 360), (384, 216)), ((320, 180), (320, 180)),
    ((1080, 1920), (122, 216)), ((3440, 1440), (516, 216)), ((16, 16), (16, 16)), ((8192, 16), (8192, 16)),
])
def test_its_size(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert small(size) == expected


def test_the_other_deck_is_drawn_for_who_looks_at_it_alone_and_at_half_the_rate(frame: GLFrame) -> None:
    views, drawn = Views(), []

    def other() -> Texture:
        drawn.append(1)
        return frame.texture

    preview = Preview(frame.context, SIZE, views, look=lambda: "iron", rate=15.0, other=other)  # type: ignore[attr-defined]
    views.wanted = frozenset({PROGRAM})
    assert shown(preview, views, frame, 120) >= 29
    assert not drawn
    views.wanted = frozenset({PROGRAM, OTHER})
    counts = {PROGRAM: 0, OTHER: 0}
    for n in range(120):
        preview.put(Tick(n, n / 60, 1 / 60), frame)
        for name in counts:
            counts[name] += views.take(name) is not None
    assert len(drawn) in (14, 15, 16)
    assert abs(counts[OTHER] - len(drawn)) <= 1
    assert 27 <= counts[PROGRAM] <= 31
    preview.close()


def test_where_there_is_no_other_deck_nothing_comes(frame: GLFrame) -> None:
    views = Views()
    views.wanted = frozenset({OTHER})
    preview = made(frame, views)
    for n in range(60):
        preview.put(Tick(n, n / 60, 1 / 60), frame)
    assert views.take(OTHER) is None
    preview.close()
