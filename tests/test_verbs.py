"""Recording, locking and ending a show, by wishes."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.app.verbs import RECORDING, SOURCE, VERBS, Verbs
from vj.control.keyboard import HELD
from vj.mailbox import Inbox
from vj.params.tree import ParamTree
from vj.types import ControlEvent, Tick, VjError


class FakeReels:
    def __init__(self):
        self.on, self.running, self.status, self.news, self.started = False, False, None, [], []

    def start(self, path):
        self.on = True
        self.started.append(path)

    def stop(self):
        self.on = False


class Show:
    def __init__(self, name=lambda: Path("a.mkv")):
        self.tree, self.inbox, self.reels = ParamTree(), Inbox(), FakeReels()
        for mount, specs in VERBS.items():
            self.tree.declare(mount, specs)
        self.tree.declare_readings("record", RECORDING)
        self.verbs = Verbs(self.tree, self.inbox, self.reels, name=name)

    def wish(self, path, value, source="page 1"):
        self.inbox.put(ControlEvent(path, value, source))
        self.turn()

    def turn(self):
        for event in self.inbox.drain():
            self.tree.apply(event)
            self.verbs.landed(Tick(0, 0.0, 1 / 30), event)


def test_every_verb_is_guarded():
    assert all(spec.guarded for specs in VERBS.values() for spec in specs)


def test_the_switch_records_and_stops():
    show = Show()
    show.wish("/record/on", True)
    show.wish("/record/on", True)
    assert show.reels.started == [Path("a.mkv")]
    show.wish("/record/on", False)
    assert not show.reels.on


def test_while_it_is_locked_nobody_stops_the_recording_and_the_switch_goes_back():
    show = Show()
    show.wish("/record/on", True)
    show.wish("/machine/lock", True)
    show.wish("/record/on", False)
    show.turn()
    assert show.reels.on
    assert show.tree.base("/record/on") is True
    assert any("locked" in sentence for sentence in show.verbs.news())
    show.wish("/record/on", False, HELD)
    assert not show.reels.on


def test_a_recording_that_failed_puts_the_switch_back():
    show = Show()
    show.wish("/record/on", True)
    show.reels.on = False
    show.reels.news = ["the disk is full"]
    assert show.verbs.news() == ["the disk is full"]
    show.turn()
    assert show.tree.base("/record/on") is False
    assert show.reels.started == [Path("a.mkv")]


def test_a_folder_that_cannot_be_made_is_a_sentence():
    def name():
        raise VjError("recordings cannot be kept in /x: no permission")

    show = Show(name)
    show.wish("/record/on", True)
    assert show.verbs.news() == ["recordings cannot be kept in /x: no permission"]
    show.turn()
    assert show.tree.base("/record/on") is False


def test_the_command_lines_choice_is_where_the_switches_stand():
    show = Show()
    show.reels.on = True
    show.verbs.begin(fullscreen=True)
    assert show.tree.base("/record/on") is True
    assert show.tree.base("/machine/fullscreen") is True
    assert show.reels.started == []


def test_the_disk_that_is_recorded_to_is_read_even_before_its_folder_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("VJ_RECORDINGS", str(tmp_path / "not" / "there"))
    show = Show()
    readings = show.verbs.readings(0.0)
    assert set(readings) == {spec.name for spec in RECORDING}
    assert readings["free_gb"] > 0
    assert readings["running"] is False


@pytest.mark.parametrize("source", ["page 1", SOURCE])
def test_quitting_ends_the_show(source):
    show = Show()
    show.wish("/machine/quit", True, source)
    assert show.verbs.ending
