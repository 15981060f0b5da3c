"""Every shader that comes with vj, over its whole range; and the shelf they stand on."""

from __future__ import annotations

import os

import numpy as np
import pytest
from render_kit import NO_CHANGE, SIZE, context, image, library, play

from vj.render.chain import Shaders
from vj.render.compositor import GLCompositor
from vj.render.effects import EffectLibrary
from vj.render.master import TRANSITIONS
from vj.render.shader import Instance
from vj.render.surface import Surface
from vj.types import Camera, VjError

OWN = ["bloom", "displace", "duotone", "edges", "feedback_zoom", "grade", "grain", "kaleidoscope", "mirror",
       "pulse_zoom", "rgb_split", "strobe", "trails", "tunnel"]
DARK_ON_PURPOSE = {("grade", "gain", 0.0), ("edges", "dim", 1.0)}


@pytest.fixture(scope="module")
def compositor():
    made = GLCompositor(context(), SIZE, library())
    play(made, 40)
    yield made
    made.close()


def settings(name):
    """Every number at both ends, every choice, every switch both ways."""
    for spec in library().get(name).params:
        match spec.kind:
            case "number":
                yield from ({spec.name: spec.lo}, {spec.name: spec.hi})
            case "choice":
                yield from ({spec.name: choice} for choice in spec.choices)
            case "switch":
                yield {spec.name: not spec.default}


def shown(compositor, name, values, frames=4):
    compositor.use([])
    compositor.use([name])
    params = {"mix": NO_CHANGE, "master": {"flash_limit": False}, f"fx/{name}": values}
    def moving(index):
        return image(index, Camera(x=0.1 * index))

    return play(compositor, frames, start=43, params=params, make=moving)  # with a kick and a beat on the way


def test_the_shelf_holds_what_was_promised():
    assert set(OWN) <= set(library().names())
    assert set(TRANSITIONS) == set(library().names("transitions"))
    assert "idle" in library().names("generators")


@pytest.mark.parametrize("name", OWN)
def test_effect_is_alive_over_its_whole_range(compositor, name):
    plain = shown(compositor, "grain", {"mix": 0.0}).astype(float)
    picture = shown(compositor, name, {})
    assert picture[..., :3].mean() > 20, "black at its defaults"
    assert np.abs(picture - plain).mean() > 0.5, "does nothing at its defaults"
    for values in settings(name):
        ((key, value),) = values.items()
        level = shown(compositor, name, values)[..., :3].mean()
        assert level > 4 or (name, key, value) in DARK_ON_PURPOSE, values


@pytest.mark.parametrize("name", OWN)
def test_effect_says_what_it_is(name):
    effect = library().get(name)
    assert effect.description
    assert effect.role == "filter"
    specs = library().specs(name)
    assert {"on", "mix"} <= {spec.name for spec in specs}
    assert all(spec.help for spec in specs), "an input without a LABEL"
    assert len({spec.name for spec in specs}) == len(specs)


@pytest.mark.parametrize("name", OWN)
def test_mix_zero_and_off_leave_the_picture_alone(compositor, name):
    plain = shown(compositor, "grain", {"on": False})
    assert np.array_equal(shown(compositor, name, {"mix": 0.0}), plain)
    assert np.array_equal(shown(compositor, name, {"on": False}), plain)


@pytest.mark.parametrize("name", TRANSITIONS)
def test_transition_begins_and_ends_in_its_pictures(name):
    gl, shaders = context(), Shaders(context(), library())
    start, end, out = (Surface(gl, SIZE) for _ in range(3))
    start.write(np.full((SIZE[1], SIZE[0], 4), 0.2, np.float16))
    end.write(np.full((SIZE[1], SIZE[0], 4), 0.7, np.float16))
    instance = Instance(gl, shaders.get(name, "transitions"), SIZE)
    levels = []
    for progress in (0.0, 0.8, 1.0):
        instance.draw({"startImage": start.texture, "endImage": end.texture}, {"progress": progress}, {}, out)
        levels.append(out.pixels()[..., :3].astype(float))
    assert np.abs(levels[0] - 0.2).max() < 0.02
    assert np.abs(levels[2] - 0.7).max() < 0.02
    assert 0.2 < levels[1].mean() < (0.8 if name == "add" else 0.75)


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(VjError, match="did you mean 'bloom'"):
        library().get("blom")
    with pytest.raises(VjError, match="no effect called"):
        library().get("../effects/bloom")


# ------------------------------------------------------------------------------------- hot reload

GOOD = "/*{}*/\nvoid main() {\n    gl_FragColor = vec4(LEVEL, 0.0, 0.0, 1.0);\n}\n"


def save(path, text, stamp):
    path.write_text(text)
    os.utime(path, ns=(stamp, stamp))


@pytest.fixture
def edited(tmp_path):
    folder = tmp_path / "effects"
    folder.mkdir()
    path = folder / "mine.fs"
    save(path, GOOD.replace("LEVEL", "0.25"), 1)
    made = GLCompositor(context(), (64, 36), EffectLibrary([tmp_path, *library()._folders]))
    made.use(["mine"])
    yield made, path
    made.close()


def red(compositor, start):
    frames = play(compositor, 10, start=start, make=lambda index: None, params={"mix": NO_CHANGE})
    return frames[..., 0].mean() / 255


def test_a_saved_shader_is_on_screen(edited):
    compositor, path = edited
    assert red(compositor, 0) == pytest.approx(0.25, abs=0.01)
    save(path, GOOD.replace("LEVEL", "0.75"), 2)
    assert compositor.poll(0.1) == [f"{path} read again"]
    assert red(compositor, 10) == pytest.approx(0.75, abs=0.01)
    assert compositor.poll(0.2) == []


@pytest.mark.parametrize(("broken", "line"), [
    (GOOD.replace("LEVEL", "no_such_thing"), 3),
    (GOOD.replace("LEVEL", "0.5").replace("void main", "\nfloat f() { return }\nvoid main"), 3),
    ("/*{\n  \"INPUTS\": [}\n}*/\nvoid main() {}", 2)])
def test_a_broken_shader_names_its_line_and_the_old_one_stays(edited, broken, line):
    compositor, path = edited
    red(compositor, 0)
    save(path, broken, 2)
    messages = [m for m in compositor.poll(1.0) if not m.endswith("read again")]
    assert len(messages) == 1
    assert messages[0].startswith(f"{path}:{line}: ")
    assert red(compositor, 10) == pytest.approx(0.25, abs=0.01)
    assert compositor.poll(2.0) == [], "said once"
    save(path, GOOD.replace("LEVEL", "0.5"), 3)
    compositor.poll(3.0)
    assert red(compositor, 20) == pytest.approx(0.5, abs=0.01)


def test_a_shader_that_vanishes_goes_on(edited):
    compositor, path = edited
    path.unlink()
    assert compositor.poll(1.0) == []
    assert red(compositor, 0) == pytest.approx(0.25, abs=0.01)


def test_files_are_looked_at_twice_a_second_only(edited):
    compositor, path = edited
    compositor.poll(1.0)
    save(path, GOOD.replace("LEVEL", "0.75"), 2)
    assert compositor.poll(1.4) == []
    assert compositor.poll(1.5) != []


def test_no_pass_may_write_nan(tmp_path):
    (tmp_path / "effects").mkdir()
    (tmp_path / "effects" / "bad.fs").write_text(
        '/*{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}], "PASSES": [{"TARGET": "t", "PERSISTENT": true}]}*/\n'
        "void main() { gl_FragColor = vec4(sqrt(-1.0 - TIME), 1.0 / (TIME - TIME), 0.5, 1.0) + IMG_THIS_PIXEL(t); }")
    made = GLCompositor(context(), (64, 36), EffectLibrary([tmp_path, *library()._folders]))
    made.use(["bad"])
    play(made, 5, make=image)
    assert np.isfinite(made.state()["strip.a/chain/0.t"]).all()
    made.close()
