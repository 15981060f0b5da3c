"""The performer's looks on disk: whole or not at all, nothing lost, and what others change is seen."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hands import CALM, WILD, look

from vj.app import lookfiles
from vj.app.lookfiles import LookFiles, open_shelf
from vj.params.looks import look_text, read_look, read_looks
from vj.params.shelf import MOST_LOOKS, Shelf
from vj.types import VjError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VJ_HOME", str(tmp_path))
    monkeypatch.setattr(lookfiles, "LOOK_EVERY", 0.02)
    return tmp_path / "looks"


@pytest.fixture
def files(folder):
    opened = LookFiles.open()
    yield opened
    opened.close()


def until(what):
    deadline = time.monotonic() + 20
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def test_what_is_saved_is_there_next_time(folder, files):
    shelf = open_shelf(files)
    mine = look("mine", CALM)
    shelf.save(mine)
    shelf.rename("mine", "yours")
    files.close()
    assert sorted(path.name for path in folder.iterdir()) == ["yours.toml"]
    assert open_shelf().find("yours") == replace(mine, name="yours")
    assert "velvet_hour" in open_shelf().names


def test_what_is_overwritten_or_deleted_lies_in_the_trash(folder, files):
    shelf = open_shelf(files)
    for table in (CALM, WILD):
        shelf.save(look("mine", table))
    shelf.delete("mine")
    files.close()
    assert not list(folder.glob("*.toml"))
    trash = folder.parent / "trash"
    kept = [replace(read_look(path), name="mine") for path in sorted(trash.iterdir())]
    assert kept == [look("mine", CALM), look("mine", WILD)]


def test_what_another_program_changes_is_news_and_what_the_show_writes_is_none(folder, files):
    shelf = open_shelf(files)
    shelf.save(look("mine", CALM))
    until((folder / "mine.toml").exists)
    time.sleep(0.1)
    assert not shelf.refresh()
    (folder / "new.toml").write_text(look_text(look("new", WILD)))
    until(shelf.refresh)
    assert shelf.find("new") == look("new", WILD)
    (folder / "new.toml").unlink()
    until(shelf.refresh)
    assert "new" not in shelf.names


def test_a_file_that_is_none_is_said_and_the_old_look_stays(folder, files):
    said = []
    files.say = said.append
    shelf = open_shelf(files)
    shelf.save(look("mine", CALM))
    until((folder / "mine.toml").exists)
    time.sleep(0.1)
    (folder / "mine.toml").write_text("generator = ")
    until(lambda: said)
    shelf.refresh()
    assert "mine.toml" in said[0]
    assert shelf.find("mine") == look("mine", CALM)


def test_a_look_that_cannot_be_read_is_named_and_says_why_when_it_is_asked_for(folder):
    folder.mkdir()
    (folder / "torn.toml").write_text("mood = 'x'\ngenerator")
    (folder / "Not A Name.toml").write_text("")
    looks, broken = read_looks(folder)
    assert (looks, list(broken)) == ({}, ["torn"])
    shelf = open_shelf()
    assert "torn" in shelf.names
    with pytest.raises(VjError, match=r"torn\.toml: this look cannot be read"):
        shelf.find("torn")
    shelf.save(look("torn", CALM))
    assert shelf.find("torn") == look("torn", CALM)


def test_a_folder_that_cannot_be_written_is_told(folder, files):
    said = []
    files.say = said.append
    folder.write_text("a file where the folder should be")
    files.write(look("mine", CALM))
    assert "'mine'" in until(lambda: said)[0]


def test_there_is_an_end_to_how_many():
    shelf = Shelf({}, {f"look{n}": look(f"look{n}", CALM) for n in range(MOST_LOOKS)})
    with pytest.raises(VjError, match="500 looks already"):
        shelf.save(look("one_more", CALM))
    shelf.save(look("look7", WILD))


@pytest.mark.parametrize("name", ["mine", "_x", "_", "_99999999999", "../_1"])
def test_a_snapshot_has_a_snapshot_s_name(name):
    with pytest.raises(VjError, match="no snapshot's name"):
        Shelf({}).put(name, look("x", CALM))
