"""The compositor: idle scene, warp, cross-fade, freeze, blackout, change of look, state; the same bytes twice."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from render_kit import NO_CHANGE, SIZE, context, features, flat, image, library, play, tick, world

from vj.render.compositor import GLCompositor
from vj.render.frame import DelayedReader
from vj.render.strip import Strip
from vj.types import Camera, Features, Image, LatentPoint, VjError

CHAIN = ("feedback_zoom", "bloom", "trails", "grade", "strobe")


@pytest.fixture
def compositor():
    made = GLCompositor(context(), SIZE, library())
    yield made
    made.close()


def none(index):
    return None


def error(a, b, rim=0):
    """Mean absolute difference in 8-bit steps, without the rim."""
    inside = (slice(rim, a.shape[0] - rim), slice(rim, a.shape[1] - rim), slice(0, 3))
    return np.abs(a[inside].astype(float) - b[inside].astype(float)).mean()


def test_idle_moves_and_hears_before_the_first_image(compositor):
    first = play(compositor, 1, start=5, make=none)
    later = play(compositor, 1, start=62, make=none)
    assert first[..., :3].mean() > 8
    assert first[..., 3].min() == 255
    assert error(first, later) > 2
    kicked = compositor.render(tick(63), features(0), {}, {}, {}).read()
    assert kicked[..., :3].mean() > later[..., :3].mean() + 1


def test_first_image_fades_in_from_idle(compositor):
    idle = play(compositor, 5, make=none)
    start = play(compositor, 2, start=5, make=lambda i: flat(0.6, i))
    assert error(start, idle) < 12
    done = play(compositor, 40, start=7, make=lambda i: flat(0.6, i))
    assert np.abs(done[..., :3].astype(int) - 153).max() <= 1


@pytest.mark.parametrize("camera", [
    Camera(), Camera(x=0.2), Camera(y=-0.15), Camera(zoom=0.3), Camera(angle=0.12),
    Camera(x=-0.1, y=0.07, zoom=0.25, angle=-0.1)])
def test_warp_is_the_picture_made_there(compositor, camera):
    made_at = Camera(x=0.3, y=-0.2, zoom=0.1, angle=0.4)
    view = Camera(*(getattr(made_at, f) + getattr(camera, f) for f in ("x", "y", "zoom", "angle")))
    shown = play(compositor, 45, make=lambda i: image(i, made_at), camera=view)
    assert error(shown, world(view, SIZE), rim=14) < 1.5
    if camera != Camera():
        assert error(shown, world(made_at, SIZE), rim=14) > 4, "the test would not see a missing warp"


def test_a_fresh_picture_is_shown_untouched(compositor):
    shown = play(compositor, 45)
    assert np.abs(shown.astype(int) - world(Camera(), SIZE).astype(int)).max() <= 1


@pytest.mark.parametrize("size", [(80, 45), (64, 64), (320, 180), (45, 90), (7, 3)])
def test_images_of_any_size_cover_the_picture(compositor, size):
    shown = play(compositor, 45, make=lambda i: image(i, size=size))
    width, height = SIZE
    aspect = min(1.0, size[0] / size[1] / (width / height))
    y, x = np.mgrid[0:height, 0:width]
    u, v = ((x + 0.5) / width * 2 - 1) * width / height * aspect, ((y + 0.5) / height * 2 - 1) * aspect
    expected = np.stack([0.5 + 0.4 * np.sin(3 * u + 1), 0.5 + 0.4 * np.cos(2.5 * v),
                         0.5 + 0.4 * np.sin(2 * u - 3 * v)], -1) * 255
    if min(size) > 16:
        assert error(shown, expected, rim=6) < 2.5
    assert shown[..., :3].min() > 0


def test_upscaling_keeps_edges_sharper_than_bilinear(compositor):
    step = np.zeros((9, 16, 4), np.uint8)
    step[:, 8:] = 255
    shown = play(compositor, 45, make=lambda i: Image(step, i, i / 30))[45, :, 0].astype(float)
    bilinear = np.interp((np.arange(160) + 0.5) / 10, np.arange(16) + 0.5, step[0, :, 0])
    assert np.abs(np.diff(shown)).max() > 1.15 * np.abs(np.diff(bilinear)).max()
    assert shown[40] == 0
    assert shown[120] == 255


def test_between_two_images_the_fade_is_even(compositor):
    """One image every six ticks: brightness climbs in equal steps, without a jump where an image arrives."""
    def make(index):
        return flat(0.2 + 0.1 * (index // 6 % 7), index) if index % 6 == 0 else None

    play(compositor, 84, make=make)
    levels = [play(compositor, 1, start=i, make=make)[..., 0].mean() for i in range(84, 84 + 36)]
    steps = np.diff(levels)[7:30]
    assert steps == pytest.approx(0.1 * 255 / 6, abs=0.9)


def test_an_image_every_tick_is_shown_at_once(compositor):
    play(compositor, 40, make=lambda i: flat(0.2, i))
    assert abs(play(compositor, 1, start=40, make=lambda i: flat(0.8, i))[..., 0].mean() - 204) < 1


def test_camera_motion_is_smooth_between_images(compositor):
    """12 images a second, the camera sliding: every display frame is near the picture of its own instant."""
    size = SIZE
    for index in range(80):
        view = Camera(x=0.01 * index)
        picture = image(index - 2, Camera(x=0.01 * (index - 2)), size) if index % 5 == 0 else None
        point = LatentPoint((1.0,), camera=view)
        shown = compositor.render(tick(index), features(index), {}, {"a": picture}, {"a": point})
        if index > 60:
            assert error(shown.read(), world(view, size), rim=12) < 2.0, index


def test_a_dead_generator_leaves_a_picture_that_moves_and_then_the_idle_scene(compositor):
    play(compositor, 40)
    params = {"mix": NO_CHANGE}
    shots = [play(compositor, 15, start=40 + 15 * n, make=none, params=params) for n in range(24)]
    moves = [error(a, b) for a, b in itertools.pairwise(shots)]
    assert min(moves[1:]) > 0.4, "it stood still"
    assert all(shot[..., :3].mean() > 12 for shot in shots)
    quiet = [play(compositor, 1, start=i, make=none, hears=lambda i: Features(i / 30)) for i in range(400, 430)]
    assert max(error(a, b) for a, b in itertools.pairwise(quiet)) < 4
    alone = GLCompositor(context(), SIZE, library())
    assert error(play(compositor, 3, start=430, make=none), play(alone, 3, start=430, make=none)) < 4
    alone.close()
    back = play(compositor, 45, start=433)
    assert error(back, world(Camera(), SIZE)) < 1


def test_when_the_generator_comes_back_nothing_jumps(compositor):
    play(compositor, 40)
    melted = play(compositor, 60, start=40, make=none)
    back = play(compositor, 1, start=100)
    assert error(back, melted) < 10
    assert error(play(compositor, 40, start=101), world(Camera(), SIZE)) < 1


def test_images_of_no_use_are_refused(compositor):
    for pixels in (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 4), np.float32), np.zeros((0, 4, 4), np.uint8)):
        with pytest.raises(VjError, match="an image should be"):
            play(compositor, 1, make=lambda i, p=pixels: Image(p, i, 0.0))


@pytest.mark.parametrize("size", [(0, 10), (10, -1), (10, 9000)])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(VjError, match="not possible"):
        GLCompositor(context(), size, library())


@pytest.mark.parametrize("size", [(1, 1), (161, 91), (33, 200)])
def test_odd_sizes_work(size):
    made = GLCompositor(context(), size, library())
    made.use(CHAIN)
    assert play(made, 3).shape == (size[1], size[0], 4)
    made.close()


# ------------------------------------------------------------------------------------- the master


def settled(compositor, level=0.6, **master):
    play(compositor, 45, make=lambda i: flat(level, i))
    return play(compositor, 45, start=45, make=lambda i: flat(level, i), params={"master": master})


def test_blackout_is_black_and_comes_back(compositor):
    assert settled(compositor, blackout=True, blackout_time=0.1)[..., :3].max() == 0
    assert play(compositor, 60, start=90, make=lambda i: flat(0.6, i))[..., 0].mean() == pytest.approx(153, abs=2)


def test_blackout_fades(compositor):
    play(compositor, 45, make=lambda i: flat(0.6, i))
    params = {"master": {"blackout": True, "blackout_time": 0.3}}
    levels = [play(compositor, 1, start=45 + i, make=lambda i: flat(0.6, i), params=params)[..., 0].mean()
              for i in range(9)]
    assert np.all(np.diff(levels) < 0)
    assert levels[-1] == pytest.approx(153 * np.exp(-1), abs=3)


def test_fade_and_brightness(compositor):
    assert settled(compositor, fade=0.5)[..., 0].mean() == pytest.approx(76.5, abs=2)
    assert settled(compositor, fade=1.0)[..., :3].max() == 0
    assert settled(compositor, brightness=1.5)[..., 0].mean() == pytest.approx(229.5, abs=2)


def test_freeze_holds_the_picture_and_blackout_still_works(compositor):
    before = play(compositor, 45)
    moving = {"make": lambda i: image(i, Camera(x=0.05 * i)), "params": {"master": {"freeze": True}}}
    assert np.array_equal(play(compositor, 20, start=45, **moving), before)
    moving["params"] = {"master": {"freeze": True, "blackout": True, "blackout_time": 0.05}}
    assert play(compositor, 20, start=65, **moving)[..., :3].max() == 0
    moving["params"] = {}
    assert error(play(compositor, 30, start=85, **moving), before) > 5


def test_dark_gradients_are_dithered(compositor):
    ramp = np.zeros((2, 8, 4), np.uint8)
    ramp[:, :4] = 10
    ramp[:, 4:] = 12
    shown = play(compositor, 45, make=lambda i: Image(ramp, i, i / 30))[:, 70:90, 0].astype(float)
    middle = shown.mean(axis=0)
    assert np.count_nonzero((middle > 10.05) & (middle < 11.95) & (np.abs(middle - 11) > 0.02)) > 4


# ------------------------------------------------------------------------------------- the chain


def test_use_changes_the_look_within_the_mix_time(compositor):
    play(compositor, 45)
    before = play(compositor, 1, start=45)
    compositor.use(["mirror"])
    first = play(compositor, 1, start=46, params={"mix": {"time": 0.5}})
    later = play(compositor, 20, start=47, params={"mix": {"time": 0.5}})
    assert compositor.effects == ("mirror",)
    assert error(first, before) < 3
    assert error(later, before) > 10
    assert error(later, later[:, ::-1]) < 1


def test_a_chain_that_fails_leaves_the_old_one(compositor):
    compositor.use(["mirror"])
    for wrong in (["mirror", "no_such_effect"], ["crossfade"]):
        with pytest.raises(VjError):
            compositor.use(wrong)
        with pytest.raises(VjError):
            compositor.prepare(wrong)
    assert compositor.effects == ("mirror",)
    play(compositor, 2)


def test_the_look_may_change_at_any_moment(compositor):
    """Buffers are given back while their picture is still on screen: nothing may crash or flash black."""
    for index in range(30):
        compositor.use([["trails"], ["feedback_zoom", "bloom"], [], ["trails", "kaleidoscope"]][index % 4])
        params = {"master": {"freeze": index % 7 == 3}}
        assert play(compositor, 1, start=index, params=params)[..., :3].mean() > 5


def test_an_effect_that_stays_keeps_its_memory(compositor):
    compositor.use(["trails"])
    play(compositor, 45, make=lambda i: flat(0.9, i))
    compositor.use(["trails", "grain"])
    params = {"mix": NO_CHANGE, "fx/trails": {"time": 4.0, "amount": 1.0}}
    assert play(compositor, 2, start=45, make=lambda i: flat(0.1, i), params=params)[..., 0].mean() > 180


def test_two_decks_crossfade(compositor):
    point = LatentPoint((1.0,))
    def both(index, at):
        images = {"a": flat(0.2, index), "b": flat(0.8, index)}
        return compositor.render(tick(index), features(index), {"mix": {"crossfade": at}}, images,
                                 {"a": point, "b": point}).read()[..., 0].mean() / 255
    for index in range(40):
        both(index, 0.0)
    assert both(40, 0.0) == pytest.approx(0.2, abs=0.01)
    for index in range(41, 80):
        both(index, 1.0)
    assert both(80, 1.0) == pytest.approx(0.8, abs=0.01)
    assert 0.3 < both(81, 0.5) < 0.75


POINTS = {"a": LatentPoint((1.0,)), "b": LatentPoint((1.0,))}


def decks(compositor, indices, at=0.0, levels=(0.2, 0.8), mix=(), params=()):
    """Ticks with an image on every deck; the last frame's mean, 0..1."""
    frame = None
    for index in indices:
        images = {name: flat(level, index) for name, level in zip("ab", levels, strict=True)}
        frame = compositor.render(tick(index), features(index),
                                  {"mix": {"crossfade": at, "time": 0.0, **dict(mix)}, **dict(params)}, images, POINTS)
    return frame.read()[..., :3].mean() / 255


def test_each_deck_has_its_own_effects(compositor):
    compositor.use(["grade"])
    compositor.use(["mirror", "grade"], "b")
    dark = {"b/fx/grade": {"gain": 0.5, "vignette": 0.0}, "fx/grade": {"vignette": 0.0}}
    assert decks(compositor, range(40), 0.0, (0.6, 0.6), params=dark) == pytest.approx(0.6, abs=0.02)
    assert decks(compositor, range(40, 80), 1.0, (0.6, 0.6), params=dark) == pytest.approx(0.3, abs=0.03)
    assert compositor.effects == ("grade",)


def test_a_deck_that_nobody_sees_is_not_drawn(compositor, monkeypatch):
    drawn = []
    draw = Strip.draw
    monkeypatch.setattr(Strip, "draw", lambda strip, *rest: (drawn.append(strip.name), draw(strip, *rest))[1])
    decks(compositor, range(40), 0.0)
    assert set(drawn) == {"a"}
    drawn.clear()
    decks(compositor, range(40, 60), 1.0)
    assert set(drawn) == {"b"}
    drawn.clear()
    decks(compositor, range(60, 62), 0.5)
    assert drawn == ["a", "b"] * 2


def test_the_unseen_deck_can_be_looked_at_and_is_drawn_once_a_tick(compositor, monkeypatch):
    decks(compositor, range(40), 0.0)
    drawn = []
    draw = Strip.draw
    monkeypatch.setattr(Strip, "draw", lambda strip, *rest: (drawn.append(strip.name), draw(strip, *rest))[1])
    assert compositor.other().read() == compositor.aside("b").read()
    assert drawn == ["b"]
    assert np.frombuffer(compositor.aside("b").read(), np.float16).reshape(-1, 4)[:, 0].mean() == pytest.approx(
        0.8, abs=0.01)
    assert compositor.aside("a") is not None
    assert drawn == ["b"]
    decks(compositor, range(40, 42), 1.0)
    drawn.clear()
    assert np.frombuffer(compositor.other().read(), np.float16).reshape(-1, 4)[:, 0].mean() == pytest.approx(
        0.2, abs=0.01)
    assert drawn == ["a"]


def test_without_a_second_deck_there_is_no_other(compositor):
    play(compositor, 3, params={"mix": {"crossfade": 1.0}})
    assert compositor.other() is None
    assert compositor.aside("a") is not None


def test_a_deck_without_an_image_yet_leaves_the_other_on_the_wall(compositor):
    compositor.use(["mirror"], "b")
    for index in range(40):
        shown = compositor.render(tick(index), features(index), {"mix": {"crossfade": 1.0}},
                                  {"a": flat(0.6, index), "b": None}, POINTS).read()
    assert np.abs(shown[..., :3].astype(int) - 153).max() <= 1
    levels = [decks(compositor, [index], 1.0, (0.6, 0.2)) for index in range(40, 80)]
    assert levels[0] > 0.55, "it comes in, it does not jump"
    assert max(b - a for a, b in itertools.pairwise(levels)) < 0.02
    assert levels[-1] == pytest.approx(0.2, abs=0.01)


def test_a_deck_put_to_sleep_while_it_is_seen_turns_over_to_the_other(compositor):
    decks(compositor, range(40), 1.0)
    compositor.rest("b")
    levels = [decks_of_a(compositor, index) for index in range(40, 60)]
    assert levels[0] > 0.6
    assert levels[-1] == pytest.approx(0.2, abs=0.01)
    compositor.rest("b")
    compositor.rest("a")
    assert decks_of_a(compositor, 60) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("blend", ["crossfade", "wipe"])
def test_decks_that_change_places_with_the_fader_leave_the_wall_as_it_is(compositor, blend):
    def frame(compositor, index, swapped):
        fx = {"grade": {"gain": 0.5}}, {"trails": {"amount": 0.9}}
        roots = ("b/", "") if swapped else ("", "b/")
        mounts = {f"{root}fx/{name}": values for root, own in zip(roots, fx, strict=True)
                  for name, values in own.items()}
        views = {"a": LatentPoint((1.0,), camera=Camera(x=0.01 * index)),
                 "b": LatentPoint((1.0,), camera=Camera(zoom=0.01 * index))}
        images = {name: image(index, views[name].camera) for name in views} if index % 4 == 0 else {}
        if swapped:
            compositor.arrange("b")
        params = {"mix": {"crossfade": 0.7 if swapped else 0.3, "time": 0.0, "blend": blend}, **mounts}
        return compositor.render(tick(index), features(index), params, images, views).read()

    def played(compositor, at):
        compositor.use(["grade"])
        compositor.use(["trails"], "b")
        return np.stack([frame(compositor, index, index >= at) for index in range(32)])

    whole, other = played(compositor, 99), GLCompositor(context(), SIZE, library())
    changed = played(other, 17)
    other.close()
    assert np.abs(changed.astype(int) - whole.astype(int)).max() <= 1


def decks_of_a(compositor, index):
    return compositor.render(tick(index), features(index), {"mix": {"crossfade": 1.0, "time": 0.4}},
                             {"a": flat(0.2, index)}, {"a": POINTS["a"]}).read()[..., :3].mean() / 255


def test_a_change_of_look_on_one_deck_leaves_the_other_alone(compositor):
    compositor.use(["grade"], "b")
    decks(compositor, range(40), 0.0, mix={"time": 4.0})
    compositor.use(["mirror"], "b")
    assert decks(compositor, range(40, 44), 0.0, mix={"time": 4.0}) == pytest.approx(0.2, abs=0.01)
    before = decks(compositor, [44], 0.5, mix={"time": 4.0})
    compositor.use(["mirror"])
    assert decks(compositor, [45], 0.5, mix={"time": 4.0}) == pytest.approx(before, abs=0.02)


@pytest.mark.parametrize(("blend", "middle"), [
    ("add", 0.9), ("screen", 0.72), ("lighten", 0.6), ("multiply", 0.18), ("difference", 0.3), ("crossfade", 0.474)])
def test_blends_have_both_decks_in_the_middle_and_one_at_each_end(compositor, blend, middle):
    mix = {"blend": blend}
    assert decks(compositor, range(40), 0.0, (0.3, 0.6), mix) == pytest.approx(0.3, abs=0.01)
    assert decks(compositor, range(40, 80), 0.5, (0.3, 0.6), mix) == pytest.approx(middle, abs=0.01)
    near = [decks(compositor, [80 + n], at, (0.3, 0.6), mix) for n, at in enumerate((0.001, 0.999))]
    assert near == pytest.approx([0.3, 0.6], abs=0.02)
    assert decks(compositor, range(82, 120), 1.0, (0.3, 0.6), mix) == pytest.approx(0.6, abs=0.01)


def test_freezing_while_both_are_seen_holds_the_mixture_and_lets_go_softly(compositor):
    def frame(index, freeze):
        images = {"a": flat(0.2 if index < 40 else 0.9, index), "b": flat(0.8 if index < 40 else 0.9, index)}
        params = {"mix": {"crossfade": 0.5, "time": 0.0}, "master": {"freeze": freeze}}
        return compositor.render(tick(index), features(index), params, images, POINTS).read()[..., 0].mean() / 255

    before = [frame(index, False) for index in range(40)][-1]
    assert [frame(index, True) for index in range(40, 60)][-1] == pytest.approx(before, abs=0.005)
    after = [frame(index, False) for index in range(60, 75)]
    assert max(b - a for a, b in itertools.pairwise([before, *after])) < 0.2
    assert after[-1] == pytest.approx(0.9, abs=0.01)


# ------------------------------------------------------------------------------------- same bytes


def show(compositor, frames, start=0):
    """An uneven show: images come and pause, cameras move, kicks hit. One array of all frames."""
    shots = []
    for i in range(start, start + frames):
        picture = image(i, Camera(x=0.02 * i, zoom=0.003 * i)) if i % 3 == 0 and not 30 < i < 55 else None
        params = {"master": {"blackout": 70 < i < 76}, "mix": {"transition": "luma", "time": 0.6}}
        view = LatentPoint((1.0,), camera=Camera(x=0.02 * i, zoom=0.003 * i))
        shots.append(compositor.render(tick(i), features(i), params, {"a": picture}, {"a": view}).read())
    return np.stack(shots)


def test_same_inputs_same_bytes():
    runs = []
    for _ in range(2):
        made = GLCompositor(context(), SIZE, library())
        made.use(CHAIN)
        runs.append(show(made, 80))
        made.close()
    assert np.array_equal(runs[0], runs[1])
    assert len({frame.tobytes() for frame in runs[0]}) == 80


def two_deck_show(compositor, frames, start=0):
    """As ``show``, on both decks, with the fader going to and fro and resting at its ends."""
    shots = []
    for i in range(start, start + frames):
        images = {"a": image(i, Camera(x=0.02 * i)) if i % 3 == 0 else None,
                  "b": image(i, Camera(zoom=0.01 * i)) if i % 5 == 0 and i > 4 else None}
        views = {"a": LatentPoint((1.0,), camera=Camera(x=0.02 * i)),
                 "b": LatentPoint((1.0,), camera=Camera(zoom=0.01 * i))}
        fader = min(max(1.4 * np.sin(i / 9.0) + 0.5, 0.0), 1.0)
        params = {"mix": {"crossfade": fader, "blend": "screen", "time": 0.6}}
        shots.append(compositor.render(tick(i), features(i), params, images, views).read())
    return np.stack(shots)


@pytest.mark.parametrize("cut", [3, 7, 18, 26, 41])
def test_an_interrupted_show_on_two_decks_goes_on_bit_for_bit(cut):
    def made():
        compositor = GLCompositor(context(), SIZE, library())
        compositor.use(CHAIN[:2])
        compositor.use(CHAIN[1:4], "b")
        return compositor

    whole = made()
    two_deck_show(whole, cut)
    state = {key: np.array(value) for key, value in whole.state().items()}
    expected = two_deck_show(whole, 12, cut)
    again = made()
    again.restore(state)
    assert np.array_equal(two_deck_show(again, 12, cut), expected)
    for compositor in (whole, again):
        compositor.close()


@pytest.mark.parametrize("cut", [1, 2, 20, 31, 47, 54, 56, 72])
def test_an_interrupted_show_goes_on_bit_for_bit(cut):
    whole = GLCompositor(context(), SIZE, library())
    whole.use(CHAIN)
    show(whole, cut)
    state = {key: np.array(value) for key, value in whole.state().items()}
    expected = show(whole, 12, cut)
    whole.close()
    second = GLCompositor(context(), SIZE, library())
    second.use(CHAIN)
    second.restore(state)
    assert np.array_equal(show(second, 12, cut), expected)
    second.close()


def test_state_keeps_a_change_of_look_and_a_frozen_picture():
    for frozen in (False, True):
        whole = GLCompositor(context(), SIZE, library())
        show(whole, 10)
        whole.use(CHAIN)
        params = {"master": {"freeze": frozen}, "mix": {"time": 2.0}}
        play(whole, 3, start=10, params=params)
        state = whole.state()
        expected = play(whole, 3, start=13, params=params)
        second = GLCompositor(context(), SIZE, library())
        second.use(CHAIN)
        second.restore(state)
        assert np.array_equal(play(second, 3, start=13, params=params), expected)
        whole.close()
        second.close()


def test_a_state_that_does_not_fit_is_refused(compositor):
    compositor.use(["trails"])
    play(compositor, 2)
    state = compositor.state()
    other = GLCompositor(context(), (64, 36), library())
    other.use(["trails"])
    with pytest.raises(VjError, match="does not fit"):
        other.restore(state)
    other.use([])
    with pytest.raises(VjError, match="effects"):
        other.restore(state)
    other.close()


def test_state_is_plain_arrays(compositor, tmp_path):
    compositor.use(CHAIN)
    play(compositor, 3)
    np.savez(tmp_path / "state.npz", **compositor.state())
    with np.load(tmp_path / "state.npz", allow_pickle=False) as kept:
        compositor.restore(dict(kept))


def test_a_frame_is_a_copy_top_row_first(compositor):
    top = np.zeros((90, 160, 4), np.uint8)
    top[:45] = 255
    first = play(compositor, 45, make=lambda i: Image(top, i, i / 30))
    assert first[10].min() == 255
    assert first[80, :, :3].max() == 0
    kept = first.copy()
    play(compositor, 3, start=45, make=lambda i: flat(0.5, i))
    assert np.array_equal(first, kept)
    assert first.flags.c_contiguous


def test_the_delayed_reader_gives_every_frame_one_later(compositor):
    reader, direct, late = DelayedReader(context(), SIZE), [], []
    for index in range(4):
        frame = compositor.render(tick(index), features(index), {}, {}, {})
        direct.append(frame.read())
        late.append(reader.read(frame))
    late.append(reader.last())
    assert late[0] is None
    assert reader.last() is None
    assert all(np.array_equal(a, b) for a, b in zip(direct, late[1:], strict=True))
    reader.close()


@pytest.mark.parametrize("scale", [0.5, 0.75])
def test_drawn_smaller_it_is_the_same_show(scale):
    small = GLCompositor(context(), SIZE, library(), scale=scale)
    small.use(CHAIN[:2])
    params = {"fx/bloom": {"on": False}, "fx/feedback_zoom": {"on": False}}
    shown = play(small, 45, params=params)
    assert shown.shape == (SIZE[1], SIZE[0], 4)
    assert error(shown, world(Camera(), SIZE), rim=4) < 2
    state = small.state()
    expected = play(small, 3, start=45)
    small.restore(state)
    assert np.array_equal(play(small, 3, start=45), expected)
    small.close()


def test_a_rehearsal_compiles_what_it_has_time_for_and_changes_no_picture():
    compositor = GLCompositor(context(), (64, 36), library())
    try:
        left = iter([True, True, False])
        assert compositor.rehearse(["bloom", "trails", "edges"], lambda: next(left)) == 2
        assert {name for _, name in compositor._shaders._compiled} == {"idle", "bloom", "trails"}
        assert compositor.effects == ()
        assert compositor.rehearse(["no_such_effect"], lambda: True) == 1
    finally:
        compositor.close()
