"""The ISF reader: inputs, passes, size expressions, and errors that name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.render import glsl, isf
from vj.render.expr import parse_size, size_value
from vj.types import VjError

HEADER = """/*{
  "DESCRIPTION": "A  test",
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "level", "TYPE": "float", "MIN": 1, "MAX": 8, "DEFAULT": 2, "CURVE": "log", "LABEL": "how much"},
    {"NAME": "hit", "TYPE": "event"},
    {"NAME": "flip", "TYPE": "bool", "DEFAULT": 1},
    {"NAME": "mode", "TYPE": "long", "VALUES": [3, 5], "LABELS": ["low", "high"], "DEFAULT": 5},
    {"NAME": "count", "TYPE": "long", "MIN": 1, "MAX": 9, "DEFAULT": 4},
    {"NAME": "at", "TYPE": "point2D", "MIN": [0, -1], "MAX": [1, 1], "DEFAULT": [0.5, 0]},
    {"NAME": "ink", "TYPE": "color", "DEFAULT": [1, 0.5, 0, 1]}
  ],
  "PASSES": [{"TARGET": "small", "PERSISTENT": true, "WIDTH": "floor($WIDTH/2)", "HEIGHT": "$HEIGHT/$level"}, {}]
}*/
"""


def parse(text, name="x.fs"):
    return isf.parse(text, Path(name))


def header(inputs="", rest=""):
    return f'/*{{\n"INPUTS": [\n{inputs}\n]{rest}\n}}*/\nvoid main() {{ gl_FragColor = vec4(1.0); }}\n'


def test_inputs_become_parameters():
    effect = parse(HEADER + "void main() {}")
    specs = {spec.name: spec for spec in effect.params}
    assert list(specs) == ["level", "hit", "flip", "mode", "count", "at_x", "at_y", "ink"]
    assert (specs["level"].lo, specs["level"].hi, specs["level"].default, specs["level"].curve) == (1, 8, 2, "log")
    assert specs["level"].smooth > 0
    assert specs["level"].help == "how much"
    assert specs["hit"].kind == "trigger"
    assert specs["flip"].default is True
    assert specs["mode"].choices == ("low", "high")
    assert specs["mode"].default == "high"
    assert specs["count"].kind == "integer"
    assert specs["count"].default == 4
    assert (specs["at_y"].lo, specs["at_y"].hi, specs["at_x"].default) == (-1, 1, 0.5)
    assert specs["ink"].default == "#ff8000ff"
    assert effect.description == "A test"
    assert effect.role == "filter"


def test_passes_have_sizes_and_memory():
    effect = parse(HEADER + "void main() {}")
    small = effect.targets["small"]
    assert small.persistent
    assert len(effect.passes) == 2
    assert effect.passes[1].target == ""
    sizes = {"WIDTH": 641.0, "HEIGHT": 360.0, "level": 4.0}
    assert size_value(small.width, sizes, 8192) == 320
    assert size_value(small.height, sizes, 8192) == 90


@pytest.mark.parametrize(("names", "role"), [
    ([], "generator"), (["inputImage"], "filter"), (["startImage", "endImage"], "transition")])
def test_role_follows_the_images(names, role):
    inputs = [f'{{"NAME": "{name}", "TYPE": "image"}}' for name in names]
    inputs.append('{"NAME": "progress", "TYPE": "float"}')
    assert parse(header(",\n".join(inputs))).role == role


@pytest.mark.parametrize(("text", "value"), [
    ("7", 7), ("$WIDTH", 100), ("$WIDTH/2.0", 50), ("floor($WIDTH / 3)", 33), ("max($HEIGHT, 60) - 2*5", 50),
    ("-(1-4)*2", 6), ("$WIDTH % 30", 10), ("ceil($WIDTH/3)", 34), ("min(pow(2, 5), $HEIGHT)", 32), ("$WIDTH/0", 1),
    ("0-5", 1), ("9999999", 8192), ("sqrt(0-1)", 1)])
def test_size_expressions(text, value):
    assert size_value(parse_size(text), {"WIDTH": 100.0, "HEIGHT": 50.0}, 8192) == value


@pytest.mark.parametrize("text", [
    "", "$", "1 +", "(1", "1 2", "__import__('os')", "$WIDTH.real", "exec(1)", "min(1)", "floor 3", "1;2", "$nobody",
    "(" * 99, "1" * 101, "lambda: 1"])
def test_bad_size_expressions_are_refused(text):
    with pytest.raises(VjError, match="size expression"):
        parse_size(text)


@pytest.mark.parametrize(("text", "line", "words"), [
    ("void main() {}", 1, "expected a leading"),
    ("/*{\n\"A\": 1,\n}*/", 3, "bad JSON"),
    ("\n\n/*{\n\"A\": }*/", 4, "bad JSON"),
    ("/*[1]*/", 1, "JSON object"),
    (header('{"NAME": "ok", "TYPE": "float"},\n{"NAME": "odd", "TYPE": "sphere"}'), 4, "unknown type 'sphere'"),
    (header('{"NAME": "mic", "TYPE": "audio"}'), 3, "unknown type 'audio'"),
    (header('{"NAME": "mask", "TYPE": "image"}'), 3, "nothing feeds the image mask"),
    (header('{"NAME": "a b", "TYPE": "float"}'), 3, "letters, digits and _"),
    (header('{"NAME": "x", "TYPE": "float"},\n{"NAME": "x", "TYPE": "bool"}'), 3, "two inputs are called x"),
    (header('{"NAME": "x", "TYPE": "float", "MIN": 2, "MAX": 1, "DEFAULT": 3}'), 3, "DEFAULT 3 should lie"),
    (header('{"NAME": "x", "TYPE": "float", "DEFAULT": "big"}'), 3, "finite number"),
    (header('{"NAME": "x", "TYPE": "float", "DEFAULT": NaN}'), 1, "NaN is not a number"),
    (header('{"NAME": "x", "TYPE": "long", "VALUES": [1, 2], "LABELS": ["a"]}'), 3, "LABELS"),
    (header('{"NAME": "x", "TYPE": "color", "DEFAULT": [1]}'), 3, "three or four"),
    (header('{"NAME": "x", "TYPE": "point2D", "DEFAULT": [1, 2, 3]}'), 3, "two numbers"),
    (header("", ',\n"PASSES": [{"TARGET": "t", "WIDTH": "open(1)"}]'), 5, "calls 'open'"),
    (header("", ',\n"IMPORTED": {"x": {"PATH": "a.png"}}'), 5, "imported pictures"),
    (header('{"NAME": "startImage", "TYPE": "image"}'), 3, "expected inputImage alone"),
    ("/*" + "[" * 100_000 + "*/", 1, "bad JSON"),
])
def test_errors_name_file_and_line(text, line, words):
    with pytest.raises(VjError) as caught:
        parse(text, "odd.fs")
    assert str(caught.value).startswith(f"odd.fs:{line}: ")
    assert words in str(caught.value)


def test_files_are_bounded(tmp_path):
    path = tmp_path / "big.fs"
    path.write_text("/*{}*/\n" + "// x\n" * 60_000)
    with pytest.raises(VjError, match=r"big\.fs.*256 kB"):
        isf.load(path)
    with pytest.raises(VjError, match="cannot be read"):
        isf.load(tmp_path / "missing.fs")
    path.write_bytes(b"\xff\xfe/*{}*/")
    with pytest.raises(VjError, match="UTF-8"):
        isf.load(path)


def test_program_text_keeps_the_authors_lines():
    effect = parse("/*{\n}*/\n// drei Größen\nvoid main() {\n    gl_FragColor = texture2D(x, vec2(0));\n}\n")
    author = glsl.fragment(effect).split("#line 1 1\n")[1].split("\n")
    assert author[2] == "// drei Gr??en"
    assert author[4].strip() == "isf_FragColor = texture(x, vec2(0));"


@pytest.mark.parametrize("log", [
    "0:3(1): warning: x\n0:12(5): error: `foo' undeclared", "1(12) : error C1503: undefined variable \"foo\"",
    "ERROR: 1:12: 'foo' : undeclared identifier"])
def test_every_drivers_complaint_is_understood(log):
    assert glsl.complaint(parse(header()), log).startswith("x.fs:12: ")
    assert "foo" in glsl.complaint(parse(header()), log)


def test_an_unknown_complaint_still_names_the_file():
    assert glsl.complaint(parse(header()), "link error: too many samplers").startswith("x.fs: link error")
