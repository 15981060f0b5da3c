"""The flash limiter against the worst that can be fed to it, counted by WCAG's own rule on the finished frames."""

from __future__ import annotations

import numpy as np
import pytest
from render_kit import context, library, tick
from render_kit import flat as flat_picture

from vj.render.compositor import GLCompositor
from vj.types import Beat, Features, Image, LatentPoint

FPS = 60.0
SECONDS = 3
SIZE = (96, 54)


def flat(level, index, fps=60.0):
    return flat_picture(level, index, SIZE, fps)


def luminance(pixels):
    """Relative luminance (sRGB, IEC 61966-2-1) of (H, W, 4) bytes."""
    c = pixels[..., :3] / 255.0
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def opposing_changes(levels):
    """Frame numbers at which an opposing change of 10 % or more, darker side below 0.8, is complete."""
    found, extreme, direction = [], levels[0], 0
    for index, level in enumerate(levels):
        change = level - extreme
        if abs(change) >= 0.1 and np.sign(change) != direction and min(level, extreme) < 0.8:
            found.append(index)
            direction, extreme = np.sign(change), level
        elif np.sign(change) == direction:
            extreme = level
    return found


def most_flashes(levels, fps=FPS):
    """The most flashes (pairs of opposing changes) within any one second."""
    changes = np.array(opposing_changes(levels))
    counts = [np.count_nonzero((changes >= start) & (changes < start + fps)) for start in range(len(levels))]
    return max(counts) / 2


def record(make, *, limit=True, effects=(), params=None, fps=FPS, seconds=SECONDS):
    """The luminance of every frame (N, H, W) after a second of fading in."""
    made = GLCompositor(context(), SIZE, library())
    made.use(effects)
    shots = []
    for index in range(int(fps * (seconds + 1.5))):
        beat = index / fps * 2
        features = Features(index / fps, 0.5, beat=Beat(120.0, int(beat), beat % 1.0))
        frame = made.render(tick(index, fps), features, {"master": {"flash_limit": limit}, **(params or {})},
                            {"a": make(index)}, {"a": LatentPoint((1.0,))})
        if index > fps * 1.2:
            shots.append(luminance(frame.read()))
    made.close()
    return np.stack(shots)


def square(hertz, low, high, fps=FPS):
    return lambda index: flat(high if index / fps * hertz % 1.0 < 0.5 else low, index, fps=fps)


def test_the_counter_itself_counts():
    strobe = (np.arange(240) // 3 % 2).astype(float)
    assert most_flashes(strobe) == 10
    assert most_flashes(np.linspace(0, 1, 240)) <= 0.5
    assert most_flashes(0.5 + 0.04 * strobe) == 0


@pytest.mark.parametrize(("hertz", "low", "high", "fps"), [
    (10, 0.0, 1.0, 60.0), (5, 0.0, 1.0, 60.0), (15, 0.0, 1.0, 30.0), (30, 0.0, 1.0, 60.0), (4, 0.1, 0.6, 60.0),
    (7, 0.3, 0.9, 60.0), (10, (0.1, 0.0, 0.4), (1.0, 0.9, 0.2), 60.0)])
def test_a_full_field_strobe_is_held_to_three_flashes_a_second(hertz, low, high, fps):
    free = record(square(hertz, low, high, fps), limit=False, fps=fps).mean(axis=(1, 2))
    held = record(square(hertz, low, high, fps), fps=fps).mean(axis=(1, 2))
    assert most_flashes(free, fps) > 3, "not a strobe at all"
    assert most_flashes(held, fps) <= 3
    assert held.min() >= free.min() - 0.01
    assert held.max() <= free.max() + 0.01
    assert np.ptp(held) > 0.1, "three flashes are still allowed"


def test_red_flashes_are_held_too():
    """Saturated red: WCAG counts it by (R - G - B) * 320 changing by more than 20."""
    made = GLCompositor(context(), SIZE, library())
    reds = []
    for index in range(300):
        frame = made.render(tick(index, FPS), Features(), {}, {"a": square(10, 0.0, (0.6, 0.0, 0.0))(index)}, {})
        reds.append((frame.read()[..., 0].mean() / 255) ** 2.2)
    made.close()
    assert most_flashes(np.array(reds[90:]) * 320 / 20 * 0.1 * 0.6) <= 3


@pytest.mark.parametrize("share", [0.5, 0.25])
def test_a_large_part_of_the_picture_may_not_strobe_either(share):
    def make(index):
        pixels = flat(0.3, index, fps=FPS).pixels.copy()
        pixels[:, : int(share * SIZE[0]), :3] = 255 if index // 3 % 2 else 0
        return Image(pixels, index, index / FPS)

    inside = record(make)[:, :, : int(share * SIZE[0]) - 3].mean(axis=(1, 2))
    assert most_flashes(inside) <= 3


def test_opposite_halves_do_not_hide_each_other():
    def make(index):
        pixels = np.full((SIZE[1], SIZE[0], 4), 255, np.uint8)
        pixels[:, : SIZE[0] // 2, :3] *= index // 3 % 2
        pixels[:, SIZE[0] // 2:, :3] *= 1 - index // 3 % 2
        return Image(pixels, index, index / FPS)

    shots = record(make)
    assert most_flashes(shots[:, :, :42].mean(axis=(1, 2))) <= 3
    assert most_flashes(shots[:, :, 54:].mean(axis=(1, 2))) <= 3


@pytest.mark.parametrize("hertz", [1, 2, 2.8])
def test_what_is_allowed_is_left_alone(hertz):
    free, held = (record(square(hertz, 0.0, 1.0), limit=limit) for limit in (False, True))
    assert np.abs(free - held)[60:].max() < 0.01


def test_a_sparkle_is_left_alone():
    def make(index):
        pixels = flat(0.3, index, fps=FPS).pixels.copy()
        pixels[24:28, 36:40, :3] = 255 if index // 3 % 2 else 0
        return Image(pixels, index, index / FPS)

    free, held = (record(make, limit=limit, seconds=2) for limit in (False, True))
    assert np.abs(free - held).max() < 0.01


@pytest.mark.parametrize("values", [
    {"sync": False, "rate": 15.0}, {"sync": True, "per_beat": "4"}, {"sync": False, "rate": 15.0, "kind": "dark"},
    {"sync": False, "rate": 15.0, "kind": "invert"}])
def test_the_strobe_effect_flashes_evenly_within_the_limit(values):
    params = {"fx/strobe": {"amount": 1.0, **values}}
    def make(index):
        return flat(0.7 if values.get("kind") else 0.25, index, fps=FPS)

    free, held = (record(make, limit=limit, effects=["strobe"], params=params).mean(axis=(1, 2))
                  for limit in (False, True))
    assert most_flashes(free) > 5
    assert 1.5 <= most_flashes(held) <= 3
    gaps = np.diff(opposing_changes(held[90:])[::2])
    assert gaps.max() - gaps.min() <= 3, "it should keep its rhythm"


def test_a_blackout_falls_at_once_even_in_the_middle_of_a_strobe():
    made = GLCompositor(context(), SIZE, library())
    levels = []
    for index in range(240):
        master = {"blackout": index >= 200, "blackout_time": 0.02}
        frame = made.render(tick(index, FPS), Features(), {"master": master},
                            {"a": square(10, 0.0, 1.0)(index)}, {"a": LatentPoint((1.0,))})
        levels.append(frame.read()[..., :3].max())
    made.close()
    assert levels[210:] == [0] * 30


def test_a_blackout_toggled_wildly_is_three_flashes_at_most():
    made = GLCompositor(context(), SIZE, library())
    levels = []
    for index in range(300):
        master = {"blackout": index > 90 and index // 4 % 2 == 0, "blackout_time": 0.02}
        frame = made.render(tick(index, FPS), Features(), {"master": master}, {"a": flat(1.0, index, fps=FPS)}, {})
        levels.append(luminance(frame.read()).mean())
    made.close()
    assert int(most_flashes(np.array(levels[80:]))) <= 3, "a last fall without a return is no flash"


def test_switched_on_it_takes_hold_at_once():
    made = GLCompositor(context(), SIZE, library())
    levels = []
    for index in range(240):
        frame = made.render(tick(index, FPS), Features(), {"master": {"flash_limit": index >= 120}},
                            {"a": square(10, 0.0, 1.0)(index)}, {})
        levels.append(luminance(frame.read()).mean())
    made.close()
    assert len(opposing_changes(levels[120:180])) <= 6
    assert len(opposing_changes(levels[121:150])) <= 1, "the book was kept while it was off"
