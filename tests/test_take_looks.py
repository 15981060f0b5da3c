"""A take brings the performer's looks with it: what was changed since, or is gone, renders as it was played."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import pytest
from hands import CALM, WILD, look

from vj.app.offline import brought
from vj.params.looks import look_text
from vj.record.take import Take, TakeHeader, TakeWriter, TrackRef
from vj.types import ControlEvent, Tick, VjError

ROOT = Path(__file__).parent.parent


def take(folder, items, **header):
    """A take with these looks (name, text) and events (second, path, value), in order."""
    writer = TakeWriter.open(folder, TakeHeader("velvet_hour", 5, (64, 36), 10.0, **header))
    for item in items:
        if len(item) == 2:
            writer.look(item[0], lambda text=item[1]: text)
        else:
            time, path, value = item
            writer.event(Tick(round(time * 10), time, 0.1), ControlEvent(path, value, "hand"))
    writer.close(Tick(30, 3.0, 0.1))
    return writer.folder


def test_each_version_of_a_look_is_the_one_that_was_meant(tmp_path):
    first, second = look_text(look("mine", CALM)), look_text(look("mine", WILD))
    folder = take(tmp_path / "t", [("mine", first), (0.5, "/show/look", "mine"), (0.6, "/show/look", "other"),
                                   ("mine", second), (0.9, "/show/morph", "mine"), ("_4", first),
                                   (1.0, "/pad/a", "_4"), (1.1, "/a/gen/word", "mine")])
    loaded = Take.load(folder)
    assert [event.value for _, event in loaded.events] == ["mine", "other", "mine@2", "_4", "mine"]
    assert loaded.diagnostics == ()
    shelf = brought(loaded.looks, "here")
    assert shelf.find("mine") == look("mine", CALM)
    assert shelf.find("mine@2") == look("mine", WILD)
    assert shelf.find("_4").effects == ("glow", "tint")
    assert "velvet_hour" in shelf.names


@pytest.mark.parametrize("line", [{"name": "../x", "toml": ""}, {"name": "x"}, {"name": "X", "toml": "a"},
                                  {"name": "x" * 41, "toml": ""}, {"toml": "a"}])
def test_a_bad_look_line_is_told_and_left_out(tmp_path, line):
    folder = take(tmp_path / "t", [(0.5, "/show/look", "velvet_hour")])
    with (folder / "take.jsonl").open("a") as file:
        file.write(json.dumps({"kind": "look", **line}) + "\n")
    loaded = Take.load(folder)
    assert len(loaded.diagnostics) == 1
    assert loaded.looks == {}


def test_a_look_too_long_for_a_line_ends_the_take_with_a_sentence(tmp_path):
    folder = tmp_path / "t"
    writer = TakeWriter.open(folder, TakeHeader("velvet_hour", 5, (64, 36), 10.0))
    writer.look("mine", lambda: "#" * 70_000)
    writer.close()
    assert "'mine'" in writer.error


def test_a_brought_look_that_is_none_is_told(tmp_path):
    with pytest.raises(VjError, match="take: look mine"):
        brought({"mine": "generator = "}, "take")


MINE = """
mood = "mine"
generator = "test_pattern"
effects = ["grade", "mirror"]
[sources.pump]
kind = "beat_wave"
[[routes]]
source = "pump"
target = "/fx/grade/gain"
depth = 0.4
[values]
"/a/walk/speed" = 1.5
"/fx/grade/gain" = 1.4
"""
BESIDE = MINE.replace('"mirror"', '"kaleidoscope"').replace("1.4", "0.6")


@pytest.mark.slow
def test_a_take_renders_the_same_wherever_the_looks_have_gone(tmp_path):
    track = tmp_path / "click.wav"
    subprocess.run([sys.executable, ROOT / "scripts" / "make_click", "-o", track, "--duration", "3"], check=True,
                   capture_output=True)
    folder = take(tmp_path / "t", [
        ("mine", MINE), (0.0, "/show/look", "mine"), (0.2, "/routes/2/target", "/a/walk/kick"),
        (0.3, "/sources/add", "lfo"), (0.3, "/routes/2/source", "lfo"), ("_1", MINE), (0.5, "/pad/a", "_1"),
        ("beside", BESIDE), (0.5, "/pad/d", "beside"), (0.6, "/pad/x", 0.7), (0.7, "/pad/y", 0.4),
        (0.8, "/show/morph_unit", "seconds"), (0.8, "/show/morph_time", 1.0), (0.9, "/show/morph", "beside"),
        ("mine", MINE.replace("1.4", "1.9")), (2.3, "/show/look", "mine"), (2.6, "/show/recall", "_1"),
    ], track=TrackRef.of(track, tmp_path / "t", 3.0))
    films = []
    for home in ("one", "two"):
        (tmp_path / home / "looks").mkdir(parents=True)
        if home == "two":
            (tmp_path / home / "looks" / "mine.toml").write_text(BESIDE)
        film = tmp_path / f"{home}.mkv"
        subprocess.run([sys.executable, "-m", "vj.cli", "render", str(folder), "-o", str(film), "--device", "cpu"],
                       check=True, cwd=ROOT, env={**os.environ, "VJ_HOME": str(tmp_path / home)}, capture_output=True)
        with av.open(str(film)) as opened:
            films.append([frame.to_ndarray(format="rgb24").tobytes() for frame in opened.decode(video=0)])
    assert len(films[0]) == 30
    assert films[0] == films[1]
    assert len(set(films[0])) > 20
