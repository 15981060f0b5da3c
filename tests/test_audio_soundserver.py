"""The sound server's own sources: listed, opened by name, and no other put in the place of a lost one."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from vj.audio import soundserver
from vj.audio.naming import Device

PULSE = Device("pulse", "ALSA", 32, 44100, False, 3)
SOURCES = [
    {"index": 0, "name": "speakers.monitor", "description": "Monitor of Speakers",
     "sample_specification": "float32le 2ch 44100Hz"},
    {"index": 4, "name": "usb.left", "description": "USB Audio", "sample_specification": "s16le 1ch 48000Hz"},
    {"index": 5, "name": "usb.right", "description": "USB Audio", "sample_specification": "s16le 8ch 96000Hz"},
    {"index": 6, "name": "odd", "description": None, "sample_specification": "s24le 4ch 48000Hz"},
    {"index": 7, "name": "broken", "sample_specification": "?"}]


class Server:
    """A ``pactl`` in the path that answers from a file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._answers = folder / "answers.json"
        self.sources, self.outputs = list(SOURCES), []
        program = folder / "pactl"
        program.write_text(f"#!/bin/sh\n[ \"$1 $2 $3\" = '-f json list' ] && cat {folder}/$4.json\n")
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        self.folder = folder
        self.write()

    def write(self) -> None:
        (self.folder / "sources.json").write_text(json.dumps(self.sources))
        (self.folder / "source-outputs.json").write_text(json.dumps(self.outputs))

    def hears(self, pid: int, source: int) -> None:
        """Process ``pid`` is connected to the source of this number."""
        self.outputs = [{"index": 9, "source": source, "properties": {"application.process.id": str(pid)}}]
        self.write()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(tmp_path, monkeypatch)


def test_each_source_is_an_input_by_its_title(server: Server) -> None:
    found = soundserver.inputs([PULSE])
    assert [(d.name, d.channels, d.rate, d.source) for d in found] == [
        ("Monitor of Speakers", 2, 44100, "speakers.monitor"), ("usb.left", 1, 48000, "usb.left"),
        ("usb.right", 8, 96000, "usb.right"), ("odd", 4, 48000, "odd")], "two of one title go by their own names"
    assert {(d.host_api, d.index, d.default) for d in found} == {("PulseAudio", 3, False)}


def test_there_are_none_without_the_way_to_them(server: Server) -> None:
    assert soundserver.inputs([Device("hw:0", "ALSA", 2, 48000, True, 0)]) == []
    assert soundserver.inputs([PULSE, Device("x", "PulseAudio", 2, 48000, False, 1)]) == [], "PortAudio lists them"


@pytest.mark.parametrize("answer", ["", "no json", "{}", "[1, 2]", "[{}]"])
def test_a_server_that_answers_nonsense_has_none(server: Server, answer: str) -> None:
    (server.folder / "sources.json").write_text(answer)
    assert soundserver.inputs([PULSE]) == []
    assert soundserver.sources() == {}


def test_without_pactl_nobody_knows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert soundserver.inputs([PULSE]) == []
    assert soundserver.place(1) is None


def test_a_stream_put_on_another_source_when_its_own_went_away_is_lost(server: Server) -> None:
    guard = soundserver.Guard("usb.left", 77)
    guard.look()
    server.hears(77, 4)
    guard.look()
    assert (guard.source, guard.moved) == ("usb.left", False)
    server.sources = [s for s in server.sources if s["name"] != "usb.left"]
    server.hears(77, 0)
    guard.look()
    assert guard.moved


def test_a_hand_may_move_it_in_the_mixer(server: Server) -> None:
    guard = soundserver.Guard("usb.left", 77)
    server.hears(77, 4)
    guard.look()
    server.hears(77, 0)
    guard.look()
    assert (guard.source, guard.moved) == ("speakers.monitor", False)


def test_the_default_is_pinned_to_what_it_was(server: Server) -> None:
    guard = soundserver.Guard("", 77)
    server.hears(77, 5)
    guard.look()
    assert guard.source == "usb.right"
    server.sources = server.sources[:1]
    server.hears(77, 0)
    guard.watch(0.0)
    assert guard.moved


@pytest.mark.parametrize("before", [None, "mine"])
def test_only_what_is_opened_meanwhile_hears_the_source(monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    if before:
        monkeypatch.setenv("PULSE_SOURCE", before)
    with soundserver.listening_to("usb.left"):
        assert os.environ["PULSE_SOURCE"] == "usb.left"
    assert os.environ.get("PULSE_SOURCE") == before
    with soundserver.listening_to(""):
        assert os.environ.get("PULSE_SOURCE") == before
