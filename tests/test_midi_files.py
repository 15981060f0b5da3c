"""Binding files: read with clear errors, found by the names of ports, written without losing a word."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from vj.app.common import declared_tree
from vj.config import data_dir
from vj.control.midi.binding import LITS, PRESSES, Binding, Layout, Light
from vj.control.midi.bindingfile import CONTROL_KEYS, KEYS, LIGHT_KEYS, parse_layout, read_layout
from vj.control.midi.controls import Control
from vj.control.midi.filetext import added, created, table_of, without
from vj.control.midi.places import Places
from vj.control.midi.relative import CODINGS
from vj.control.midi.shelf import Shelf, file_stem
from vj.control.midi.takeover import MODES
from vj.types import VjError

GIVEN = data_dir("presets") / "bindings"
PORTS = {
    "APC MINI:APC MINI MIDI 1 24:0": "Akai APC mini", "APC mini mk2:APC mini mk2 Control 28:0": "Akai APC mini mk2",
    "Launch Control XL:Launch Control XL MIDI 1 20:0": "Novation Launch Control XL",
    "nanoKONTROL2:nanoKONTROL2 nanoKONTROL2 _ CTR 20:0": "Korg nanoKONTROL2",
    "nanoKONTROL2 SLIDER/KNOB": "Korg nanoKONTROL2", "nanoKONTROL2 0": "Korg nanoKONTROL2",
    "Some Box MIDI 1": "eight faders",
}


def control(**keys) -> str:
    text = "\n".join(f"{key} = {value}" for key, value in {"control": "'cc 1'", "target": "'/a/x'", **keys}.items())
    return f"[[controls]]\n{text}\n"


def parsed(text: str) -> Layout:
    reading = parse_layout(text, "box.toml")
    assert reading.wrong == ()
    return reading.layout


# -------------------------------------------------------------------------------------- the given ones


@pytest.mark.parametrize("path", sorted(GIVEN.glob("*.toml")), ids=lambda path: path.stem)
def test_a_given_layout_is_right_and_reaches_something_with_every_look(path):
    reading = read_layout(path)
    assert reading.wrong == ()
    assert len(reading.layout.controls) >= 8
    keys = [(b.control, b.bank, b.channel) for b in reading.layout.controls]
    assert len(set(keys)) == len(keys)
    for look in ("velvet_hour", "acid_chapel"):
        places = Places({p: spec for p, spec, _ in declared_tree(look).items()})
        assert [b.target for b in reading.layout.controls if places.lacks(b.target)] == []
        reached = [b.target for b in reading.layout.controls if b.target and places.find(b.target)]
        assert len(reached) >= 8
        plain = [b.target for b in reading.layout.controls if b.target.startswith("/")]
        assert set(plain) <= set(reached)


@pytest.mark.parametrize(("port", "name"), PORTS.items())
def test_a_box_is_known_by_its_port(tmp_path, port, name):
    layout = Shelf(tmp_path, GIVEN).layout(port)
    assert layout is not None
    assert layout.name == name


def test_nothing_in_a_name_is_a_pattern(tmp_path):
    (tmp_path / "dots.toml").write_text("match = ['A.*B', '(x+)+$']\n" + control())
    shelf = Shelf(tmp_path, tmp_path / "none")
    assert shelf.layout("AxxB") is None
    assert shelf.layout("my A.*b 1") is not None


# ---------------------------------------------------------------------------------------------- reading


def test_everything_a_control_can_say():
    binding, = parsed(control(
        control="'cc14 3'", channel=5, bank=2, takeover="'scaled'", range="[0.2, 0.8]", invert="true", when="'beat'",
        light="{ on = 1, off = 2, absent = 3, control = 'cc 9', channel = 4 }")).controls
    assert replace(binding, where="") == Binding(
        Control("cc14", 3), "/a/x", 5, 2, takeover="scaled", low=0.8, high=0.2, when="beat",
        light=Light(1, 2, 3, Control("cc", 9), 4))
    binding, = parsed(control(relative="'signed2'", speed=2, accelerate="true")).controls
    assert (binding.coding, binding.speed, binding.accelerate) == ("signed2", 2.0, True)
    binding, = parsed(control(control="'note 4'", set="'up'", button="'momentary'", step=-1)).controls
    assert (binding.set, binding.press, binding.step) == ("up", "momentary", -1)


def test_a_row_of_controls():
    layout = parsed(control(control="'note 8..10'", target="'@look/{n}'", light="{ control = 'cc 20' }"))
    assert [(str(b.control), b.target, str(b.light.control)) for b in layout.controls] == [
        ("note 8", "@look/1", "cc 20"), ("note 9", "@look/2", "cc 21"), ("note 10", "@look/3", "cc 22")]
    layout = parsed(control(control="'cc 0..1'", target="['/a/x', '']"))
    assert [b.target for b in layout.controls] == ["/a/x", ""]


@pytest.mark.parametrize(("lights", "pad", "fader"), [("all", True, True), ("buttons", True, False),
                                                      ("none", False, False)])
def test_which_controls_have_lights(lights, pad, fader):
    layout = parsed(f"lights = '{lights}'\n" + control() + control(control="'note 1'"))
    assert [b.light is not None for b in layout.controls] == [fader, pad]
    layout = parsed(f"lights = '{lights}'\n" + control(light="true") + control(control="'note 1'", light="false"))
    assert [b.light is not None for b in layout.controls] == [True, False]


@pytest.mark.parametrize(("keys", "told"), [
    ({"control": "'knob 1'"}, "'control': a control is one of"), ({"control": "5"}, "'control' must be a text"),
    ({"target": "'a/x'"}, "'target': a target is a path"), ({"target": "3"}, "'target' must be a path"),
    ({"target": "['/a/x', '/a/y']"}, "a list of 1"), ({"channel": 17}, "'channel' must be a channel from 1 to 16"),
    ({"channel": "true"}, "'channel'"), ({"bank": 9}, "'bank' must be"), ({"relative": "'three'"}, "'relative' must be "
     "one of twos, signed"), ({"takeover": "'soft'"}, "'takeover' must be one of pickup"), ({"range": "[0, 2]"},
     "'range' must be two different numbers"), ({"range": "[0.5, 0.5]"}, "'range'"), ({"range": "[nan, 1]"}, "'range'"),
    ({"speed": "inf"}, "'speed'"), ({"set": "[1]"}, "'set'"), ({"step": "'x'"}, "'step'"), ({"when": "'soon'"},
     "'when' must be one of now"), ({"light": "3"}, "'light' must be true, false or a table"), ({"light":
     "{ on = 'gren' }"}, "did you mean"), ({"light": "{ on = 128 }"}, "'on'"), ({"light": "{ of = 1 }"}, "unknown key"),
    ({"tagret": "'/a'"}, "unknown key 'tagret'"), ({"relative": "'twos'", "step": "1"}, "'relative' is for encoders"),
])
def test_what_is_wrong_is_told_with_file_line_and_key_and_left_out(keys, told):
    text = "name = 'Box'\n[colours]\ngreen = 3\n\n" + control(control="'cc 7'") + control(**keys)
    reading = parse_layout(text, "/somewhere/box.toml")
    assert [str(binding.control) for binding in reading.layout.controls] == ["cc 7"]
    wrong, = reading.wrong
    assert "/somewhere/box.toml, line 8: control 2" in wrong
    assert told in wrong


@pytest.mark.parametrize(("text", "told"), [
    ("name = 'x' y", "line 1"), ("name = 3", "'name' must be"), ("mach = ['x']", "did you mean 'match'"),
    ("match = 'x'", "'match' must be a list"), ("colours = { green = 300 }", "'green' must be"), ("controls = 3",
     "'controls' must be"), ("lights = 'some'", "'lights' must be one of"), ("channel = 0", "'channel'"),
    ("x = " + "[" * 5000, "box.toml"), ("\n".join(control(control="'cc 0..127'") for _ in range(9)), "at most 1024"),
])
def test_a_file_that_is_wrong_as_a_whole_is_refused(text, told):
    with pytest.raises(VjError, match=r"box\.toml") as raised:
        parse_layout(text, "box.toml")
    assert told in str(raised.value)


def test_files_that_are_no_texts_or_too_long_are_told(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.toml").write_bytes(b"#" * 300_000)
    (tmp_path / "c.toml").mkdir()
    (tmp_path / "d.toml").write_text("match = ['D']\n" + control())
    shelf = Shelf(tmp_path, tmp_path / "none")
    assert len(shelf.news) == 3
    assert all(str(tmp_path) in sentence for sentence in shelf.news)
    assert shelf.layout("D 1") is not None


# ------------------------------------------------------------------------------------------ changing


HAND = """# mine
name = "Box"
match = ["Box"]

# the big one
[[controls]]
control = "cc 1"   # left
target = "/a/x"

[[controls]]
control = "cc 2..3"
target = ["/a/y", "/a/x"]

# the end
[colours]
red = 3
"""


def test_adding_keeps_every_word():
    text = added(HAND, Binding(Control("cc", 9), "/a/z", 3, coding="twos", light=Light()))
    assert text.startswith(HAND.rstrip())
    assert parsed(text).controls[-1].coding == "twos"
    assert len(parsed(text).controls) == 4


def test_taking_away_takes_only_that():
    text = without(HAND, "/a/x")
    assert [(str(b.control), b.target) for b in parsed(text).controls] == [("cc 2", "/a/y"), ("cc 3", "")]
    one_each = HAND.replace('["/a/y", "/a/x"]', '"/a/y"').replace("2..3", "2")
    text = without(one_each, "/a/y")
    assert "# the big one" in text
    assert "# left" in text
    assert [b.target for b in parsed(text).controls] == ["/a/x"]


def test_an_odd_way_of_writing_is_rewritten_rather_than_spoilt():
    inline = 'match = ["Box"]\ncontrols = [{ control = "cc 1", target = "/a/x", light = { on = 5 } }]\n'
    text = added(inline, Binding(Control("note", 9), "/a/z"))
    assert [b.target for b in parsed(text).controls] == ["/a/x", "/a/z"]
    assert parsed(text).controls[0].light == Light(5)
    assert parsed(without(text, "/a/x")).controls[0].target == "/a/z"
    assert without(inline, "/a/x").count("controls") == 0


@pytest.mark.parametrize("binding", [
    Binding(Control("cc", 1), "/a/x", light=Light()), Binding(Control("cc14", 1), "/a/x", 3, 2, low=0.9, high=0.1),
    Binding(Control("bend"), "@fx/1/2", takeover="scaled", light=Light(3, 4, 5, Control("cc", 3), 2)),
    Binding(Control("note", 5), "@look/next", press="toggle", when="bar"),
    Binding(Control("nrpn", 500), "/a/x", coding="offset", speed=3.0, accelerate=True),
    Binding(Control("note", 5), "/a/x", set="quo\"te\\n", light=Light()),
    Binding(Control("note", 5), "/a/x", set=False),
])
def test_what_is_written_is_what_is_read(binding):
    text = added(created("A \"box\"\n\x00", ["A"]), binding)
    read, = parsed(text).controls
    assert replace(read, where="") == binding


def test_only_what_does_not_go_without_saying_is_written():
    assert table_of(Binding(Control("cc", 1), "/a/x", light=Light())) == {"control": "cc 1", "target": "/a/x"}


@pytest.mark.parametrize(("name", "stem"), [("nanoKONTROL2", "nanokontrol2"), ("../../etc/passwd", "etc_passwd"),
                                            ("...", "box"), ("x" * 500, "x" * 60), ("Büchse \x00/1", "b_chse_1")])
def test_a_file_s_name_cannot_lead_astray(name, stem):
    assert file_stem(name) == stem


def learnt(n: int, target: str = "/a/x") -> Binding:
    return Binding(Control("cc", n), target, 1, light=Light())


def test_what_is_learnt_goes_before_what_was_given_control_by_control(tmp_path):
    shelf, port = Shelf(tmp_path, GIVEN), "nanoKONTROL2 1"
    shelf.learn("Korg nanoKONTROL2", ("nanoKONTROL2",), learnt(0))
    layout = shelf.layout(port)
    targets = {str(b.control): b.target for b in layout.controls}
    assert targets["cc 0"] == "/a/x"
    assert targets["cc 1"] == "@fx/1/2"
    assert [path.name for path in tmp_path.iterdir()] == ["korg_nanokontrol2.toml"]
    assert Shelf(tmp_path, GIVEN).layout(port) == layout


def test_a_parameter_learnt_again_is_turned_by_the_new_control_only(tmp_path):
    shelf = Shelf(tmp_path, tmp_path / "none")
    shelf.learn("Box", ("Box",), learnt(1))
    shelf.learn("Box", ("Box",), learnt(1, "/a/y"))  # the same control, another parameter: both
    shelf.learn("Box", ("Box",), learnt(2))
    assert [(b.control.number, b.target) for b in shelf.layout("Box").controls] == [(1, "/a/y"), (2, "/a/x")]


def test_undo_goes_back_step_by_step_to_the_letter(tmp_path):
    path = tmp_path / "box.toml"
    path.write_text(HAND)
    shelf = Shelf(tmp_path, tmp_path / "none")
    shelf.learn("Box", ("Box",), learnt(5, "/a/z"))
    shelf.learn("Other", ("Other",), learnt(5))
    assert "CC 5 of Other" in shelf.undo()
    assert not (tmp_path / "other.toml").exists()
    assert "CC 5 of Box" in shelf.undo()
    assert path.read_text() == HAND
    assert shelf.undo() == ""


def test_forgetting_silences_what_was_given_too(tmp_path):
    shelf = Shelf(tmp_path, GIVEN)
    layout = shelf.layout("Some Box")
    assert shelf.forget("Some Box", ("Some Box",), layout, "/mix/crossfade") == 1
    after = {str(b.control): b.target for b in shelf.layout("Some Box").controls}
    assert after["cc 7"] == ""
    assert after["cc 8"] == "/master/brightness"
    assert shelf.forget("Some Box", ("Some Box",), layout, "/a/nothing") == 0
    shelf.learn("Some Box", ("Some Box",), learnt(7))
    assert [b.target for b in shelf.layout("Some Box").controls if b.control.number == 7] == ["", "/a/x"]
    shelf.undo()
    shelf.undo()
    assert shelf.layout("Some Box") == layout


def test_a_file_of_one_s_own_can_be_all_there_is(tmp_path):
    (tmp_path / "mine.toml").write_text("match = ['nanoKONTROL2']\nonly = true\n" + control())
    assert len(Shelf(tmp_path, GIVEN).layout("nanoKONTROL2").controls) == 1


def test_a_broken_file_is_put_aside_and_never_lost(tmp_path):
    path = tmp_path / "box.toml"
    for n, text in enumerate(("controls = [", "not toml at all"), 1):
        path.write_text(text)
        shelf = Shelf(tmp_path, tmp_path / "none")
        assert len(shelf.news) == 1
        shelf.learn("Box", ("Box",), learnt(1))
        assert (tmp_path / f"box.toml.broken{n}").read_text() == text
        assert f"box.toml.broken{n}" in shelf.news[-1]
        assert len(shelf.layout("Box").controls) == 1


def test_comments_that_do_not_come_along_are_kept_beside(tmp_path):
    (tmp_path / "box.toml").write_text(HAND)
    shelf = Shelf(tmp_path, tmp_path / "none")
    shelf.learn("Box", ("Box",), learnt(9, "/a/z"))
    assert shelf.news == []
    shelf.learn("Box", ("Box",), learnt(9, "/a/x"))  # one of a row goes: the row must be written anew
    assert (tmp_path / "box.toml.before1").read_text().startswith(HAND.rstrip())
    assert "kept as box.toml.before1" in shelf.news[0]


def test_a_crash_halfway_leaves_the_old_file(tmp_path, monkeypatch):
    shelf = Shelf(tmp_path, tmp_path / "none")
    shelf.learn("Box", ("Box",), learnt(1))
    before = (tmp_path / "box.toml").read_text()

    def fails(*_args):
        raise OSError("no space left")

    monkeypatch.setattr("vj.control.midi.shelf.os.replace", fails)
    with pytest.raises(VjError, match=r"box\.toml: this binding file cannot be written: no space"):
        shelf.learn("Box", ("Box",), learnt(2, "/a/y"))
    assert (tmp_path / "box.toml").read_text() == before
    assert tomllib.loads(before)["controls"][0]["control"] == "cc 1"


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    shelf = Shelf(Path(tmp_path / "file" / "bindings"), tmp_path)
    with pytest.raises(VjError, match="cannot be written"):
        shelf.learn("Box", ("Box",), learnt(1))


def test_the_document_s_example_is_right_and_says_all_there_is():
    text = (data_dir("presets").parent / "docs" / "control.md").read_text("utf-8")
    if "## MIDI" not in text:
        pytest.fail("docs/control.md has no part on MIDI")
    part = text[text.index("## MIDI"):]
    example = part.split("```toml\n")[1].split("```")[0]
    layout = parsed(example)
    assert len(layout.controls) == 2 + 8 + 16 + 5
    for key in (*KEYS, *CONTROL_KEYS, *LIGHT_KEYS, *CODINGS, *MODES, *PRESSES, *LITS):
        assert key in part, key
    for given in GIVEN.glob("*.toml"):
        name = tomllib.loads(given.read_text("utf-8"))["name"]
        assert name == "eight faders" or name.split()[-1] in part
