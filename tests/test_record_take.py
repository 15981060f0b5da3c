"""Takes: written line by line, read back after any accident, found again when moved."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest

from vj.record.take import NAME, Take, TakeHeader, TakeWriter, TrackRef
from vj.types import ControlEvent, Tick, VjError

HEADER = TakeHeader(look="velvet", seed=7, size=(640, 360), fps=30.0, sound="sound.flac", date="2026-11-21",
                    settings={"a/walk/speed": 0.25, "fx/mirror/on": True})
EVENTS = [(Tick(3, 0.1, 0.033), ControlEvent("a/walk/speed", 0.5, "midi", unit=True)),
          (Tick(9, 0.3, 0.033), ControlEvent("look", "höhle", "keys", when="bar")),
          (Tick(9, 0.3, 0.033), ControlEvent("fx/mirror/on", False, "osc"))]


def write(folder, events=EVENTS, header=HEADER):
    writer = TakeWriter.open(folder, header)
    for tick, event in events:
        writer.event(tick, event)
    writer.close(Tick(30, 1.0, 0.033))
    writer.close()
    return writer.folder


def test_a_take_comes_back_as_it_was(tmp_path):
    take = Take.load(write(tmp_path / "new" / "take"))
    assert take.header == HEADER
    assert take.events == tuple((tick.time, event) for tick, event in EVENTS)
    assert (take.complete, take.ended, take.diagnostics) == (True, 1.0, ())


def test_a_second_take_in_the_same_folder_gets_its_own(tmp_path):
    first, second = write(tmp_path / "t"), write(tmp_path / "t", events=[])
    assert second != first
    assert len(Take.load(first).events) == 3
    assert Take.load(second).events == ()


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_is_no_complaint(tmp_path, cut):
    file = write(tmp_path) / NAME
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3]) + lines[3][:cut])
    take = Take.load(tmp_path)
    assert [event for _, event in take.events] == [event for _, event in EVENTS[:2]]
    assert not take.complete
    assert take.ended == 0.3
    assert take.diagnostics == ()


BAD = [
    ("not json", "not JSON"), ("[1]", "object"), ('{"kind":"dance"}', "kind"), ("[" * 20_000, "not JSON"),
    ('{"kind":"event","time":1,"path":"x","source":"s","value":NaN}', "NaN"),
    ('{"kind":"event","time":1,"path":"x","source":"s","value":1e999}', "value"),
    ('{"kind":"event","time":-1,"path":"x","source":"s","value":1}', "time"),
    ('{"kind":"event","time":true,"path":"x","source":"s","value":1}', "time"),
    ('{"kind":"event","time":1,"path":5,"source":"s","value":1}', "path"),
    ('{"kind":"event","time":1,"path":"x","source":"s","value":{"a":1}}', "value"),
    ('{"kind":"event","time":1,"path":"x","source":"s","value":1,"when":"now or never"}', "when"),
    ('{"kind":"event","time":1,"path":"x","source":"s","value":1,"unit":"yes"}', "unit"),
    ("x" * 200_000, "longer"), ("\udcff\udcfe", "not JSON"),
]


@pytest.mark.parametrize(("line", "word"), BAD)
def test_a_bad_line_is_left_out_and_told_with_its_number(tmp_path, line, word):
    file = write(tmp_path) / NAME
    lines = file.read_bytes().splitlines()
    lines.insert(2, line.encode("utf-8", "surrogateescape"))
    file.write_bytes(b"\n".join(lines) + b"\n")
    take = Take.load(tmp_path)
    assert len(take.events) == 3
    (complaint,) = take.diagnostics
    assert complaint.startswith(f"{file}:3: ")
    assert word in complaint


def test_complaints_are_bounded(tmp_path):
    file = write(tmp_path) / NAME
    with file.open("ab") as out:
        out.write(b"nonsense\n" * 1000)
    assert len(Take.load(tmp_path).diagnostics) == 100


@pytest.mark.parametrize(("change", "word"), [
    ({"kind": "event"}, "header"), ({"version": 99}, "version"), ({"size": [640]}, "size"), ({"size": [0, 5]}, "size"),
    ({"seed": 1.5}, "seed"), ({"fps": 0}, "fps"), ({"look": None}, "look"), ({"track": 3}, "track"),
    ({"track": {"path": "x"}}, "relative"), ({"settings": {"a": []}}, "settings"),
])
def test_a_bad_header_names_line_and_field(tmp_path, change, word):
    file = write(tmp_path) / NAME
    first, rest = file.read_text(encoding="utf-8").split("\n", 1)
    file.write_text(json.dumps({**json.loads(first), **change}) + "\n" + rest, encoding="utf-8")
    with pytest.raises(VjError, match=word) as trouble:
        Take.load(tmp_path)
    assert f"{NAME}:1: " in str(trouble.value)


def test_no_take_there(tmp_path):
    with pytest.raises(VjError, match="is no take"):
        Take.load(tmp_path / "nowhere")
    (tmp_path / NAME).write_bytes(b"")
    with pytest.raises(VjError, match=":1: "):
        Take.load(tmp_path)


def test_the_folder_may_be_named_by_its_file(tmp_path):
    assert Take.load(write(tmp_path) / NAME).folder == tmp_path


def test_a_place_that_cannot_hold_a_take_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VjError, match=r"cannot keep a take in .*file"):
        TakeWriter.open(tmp_path / "file" / "take", HEADER)


def test_the_track_is_found_where_it_was_and_when_both_moved(tmp_path):
    house = tmp_path / "house"
    house.mkdir()
    track = house / "song.ogg"
    track.write_bytes(b"la la la")
    folder = house / "takes" / "one"
    write(folder, header=replace(HEADER, track=TrackRef.of(track, folder, 3.0), sound=""))
    assert Take.load(folder).sound() == track
    moved = tmp_path / "elsewhere"
    house.rename(moved)
    found = Take.load(moved / "takes" / "one").sound()
    assert found.resolve() == moved / "song.ogg"
    found.resolve().rename(moved / "takes" / "one" / "song.ogg")
    assert Take.load(moved / "takes" / "one").sound() == moved / "takes" / "one" / "song.ogg"


def test_a_missing_and_a_changed_track_are_told(tmp_path):
    track = tmp_path / "song.ogg"
    track.write_bytes(b"la la la")
    folder = write(tmp_path / "t", header=replace(HEADER, track=TrackRef.of(track, tmp_path / "t", 3.0)))
    track.write_bytes(b"la la li")
    with pytest.raises(VjError, match="has changed"):
        Take.load(folder).sound()
    track.unlink()
    with pytest.raises(VjError, match="neither") as trouble:
        Take.load(folder).sound()
    assert str(track) in str(trouble.value)
    assert str(folder / "../song.ogg") in str(trouble.value)


def test_its_own_sound_never_leads_out_of_the_folder(tmp_path):
    folder = write(tmp_path / "t", header=replace(HEADER, sound="../../secret.flac"))
    with pytest.raises(VjError, match="gone"):
        Take.load(folder).sound()
    (folder / "secret.flac").write_bytes(b"x")
    assert Take.load(folder).sound() == folder / "secret.flac"


def test_a_full_disk_ends_the_take_and_not_the_show(tmp_path):
    writer = TakeWriter(tmp_path, open("/dev/full", "wb", buffering=0))  # noqa: SIM115
    writer._thread.start()
    for tick, event in EVENTS:
        writer.event(tick, event)
    writer._thread.join(5.0)
    assert "No space left" in writer.error
    writer.event(*EVENTS[0])
    writer.close()


CHILD = """
    import os, sys, time
    from vj.record.take import Take, TakeHeader, TakeWriter
    from vj.types import ControlEvent, Tick
    writer = TakeWriter.open(sys.argv[1], TakeHeader("velvet", 1, (64, 36), 30.0))
    for n in range(1000):
        writer.event(Tick(n, n / 30, 1 / 30), ControlEvent("a/walk/speed", n, "keys"))
    for _ in range(400):  # a disk's time; nothing is closed meanwhile
        time.sleep(0.05)
        if len(Take.load(sys.argv[1]).events) == 1000:
            break
    print("written", flush=True)
    time.sleep(60)
"""


def test_every_event_is_there_after_a_kill(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(CHILD), str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"written\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    take = Take.load(tmp_path)
    assert [event.value for _, event in take.events] == list(range(1000))
    assert not take.complete
