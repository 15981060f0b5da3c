"""MIDI over real ports: a box that is another JACK client, played, lit, learnt, pulled out and plugged in again."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest
from jack_kit import jack_server

from vj.control.midi import ports
from vj.control.midi.plugs import title_of
from vj.control.midi.ports import RtPorts
from vj.types import VjError

SHOW = textwrap.dedent("""
    import json, statistics, sys, time
    from pathlib import Path
    import rtmidi
    from vj.app.common import declared_tree
    from vj.clock import now
    from vj.config import data_dir
    from vj.control.desk import Desk
    from vj.control.midi.ports import RtPorts
    from vj.control.midi.shelf import Shelf
    from vj.control.midi.surface import MidiSurface
    from vj.control.mirror import Mirror
    from vj.mailbox import Inbox
    from vj.types import ControlEvent, Tick

    class Box:
        def __init__(self):
            self.heard = []
            self.ear = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="nanoKONTROL2")
            self.ear.set_callback(lambda event, _: self.heard.append(tuple(event[0])))
            self.ear.open_virtual_port("in")
            self.mouth = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="nanoKONTROL2")
            self.mouth.open_virtual_port("out")

        def pull(self):
            for port in (self.ear, self.mouth):
                port.close_port()
                port.delete()

    told = {"said": []}
    tree = declared_tree("velvet_hour")
    mirror, inbox = Mirror(tree), Inbox()
    desk = Desk(mirror, inbox.put, now)
    home = Path(sys.argv[1])
    surface = MidiSurface(desk, RtPorts(), Shelf(home, data_dir("presets") / "bindings"))
    landed, index = [], [0]

    def frames(seconds, until=lambda: False):
        end = now() + seconds
        while now() < end and not until():
            for event in inbox.drain():
                tree.apply(event)
                landed.append((now(), event))
            tree.advance(1 / 60)
            mirror.publish(Tick(index[0], index[0] / 60, 1 / 60), tree.snapshot({}))
            index[0] += 1
            told["said"] += desk.notes.drain()
            time.sleep(1 / 60)

    def said(words):
        return lambda: any(words in sentence for sentence in told["said"])

    box = Box()
    time.sleep(0.3)
    surface.start()
    frames(20, said("is here"))
    frames(20, lambda: (0xB0, 48, 0) in box.heard and any(message[2] == 127 for message in box.heard))
    told["lit"] = box.heard[:]
    for value in range(0, 128):
        box.mouth.send_message([0xB0, 4, value])          # the fifth fader: /a/walk/speed
        box.mouth.send_message([0xF8])
        if value % 16 == 0:
            box.mouth.send_message([0xF0, *[1] * 50, 0xF7])
        frames(0.004)
    frames(10, lambda: tree.base("/a/walk/speed") == 2.0)
    told["speed"] = tree.base("/a/walk/speed")
    told["moves"] = sum(event.path == "/a/walk/speed" for _, event in landed)
    told["bad"] = surface.readings()["bad"]
    box.heard.clear()
    box.mouth.send_message([0xB0, 48 + 1, 127])           # M of the second channel: the second look
    box.mouth.send_message([0xB0, 48 + 1, 0])
    frames(20, lambda: (0xB0, 49, 127) in box.heard)
    told["look"] = tree.base("/show/look") == tree.spec("/show/look").choices[1]
    told["look_lit"] = (0xB0, 49, 127) in box.heard
    tree.apply(ControlEvent("/midi/learn", "/mix/crossfade", "page"))
    frames(20, said("learning /mix/crossfade"))
    for value in range(20, 40):
        box.mouth.send_message([0xB3, 90, value])
        frames(0.01)
    frames(20, said("turns /mix/crossfade"))
    box.pull()
    frames(20, said("is unplugged"))
    box = Box()
    frames(20, said("is back"))
    frames(20, lambda: (0xB0, 49, 127) in box.heard)
    told["lit_again"] = (0xB0, 49, 127) in box.heard
    landed.clear()
    for value in (0, 0, 30, 60):
        box.mouth.send_message([0xB3, 90, value])
        frames(0.1)
    frames(20, lambda: abs(tree.base("/mix/crossfade") - 60 / 127) < 1e-6)
    told["crossfade"] = tree.base("/mix/crossfade")
    surface.close()
    box.pull()
    told["files"] = sorted(path.name for path in home.iterdir())
    print(json.dumps(told))
""")


@pytest.fixture
def jack(tmp_path):
    with jack_server("vjbox", tmp_path) as environment:
        yield environment


@pytest.mark.slow
@pytest.mark.alone
def test_a_box_over_jack(jack, tmp_path):
    home = tmp_path / "bindings"
    done = subprocess.run([sys.executable, "-c", SHOW, str(home)], env=jack, capture_output=True, text=True,
                          timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert [0xB0, 48, 0] in told["lit"]  # velvet_hour is not the first look: its light is off
    assert any(message[0] == 0xB0 and message[2] == 127 for message in told["lit"])
    assert told["speed"] == pytest.approx(2.0)
    assert told["moves"] >= 10
    assert told["bad"] == 0
    assert told["look"]
    assert told["look_lit"]
    assert "CC 90 of Korg nanoKONTROL2 turns /mix/crossfade" in told["said"]
    assert any("unplugged" in sentence for sentence in told["said"])
    assert any("is back" in sentence for sentence in told["said"])
    assert told["lit_again"]
    assert told["crossfade"] == pytest.approx(60 / 127)
    assert told["files"] == ["korg_nanokontrol2.toml"]


def test_a_linux_without_the_sequencer_is_told_before_a_library_complains(monkeypatch, tmp_path):
    mido = pytest.importorskip("mido")
    monkeypatch.setattr(ports, "SEQUENCER", tmp_path / "none")
    monkeypatch.setattr(ports.sys, "platform", "linux")
    monkeypatch.setattr(mido, "backend", SimpleNamespace(api=None))
    with pytest.raises(VjError, match="this machine offers no MIDI"):
        RtPorts().inputs()


@pytest.mark.parametrize(("port", "title"), [
    ("nanoKONTROL2:nanoKONTROL2 nanoKONTROL2 _ CTR 20:0", "nanoKONTROL2"), ("APC MINI", "APC MINI"),
    ("a2j:Box [24] (capture): Box MIDI 1", "a2j:Box [24] (capture): Box MIDI 1"), ("Box:out", "Box:out"),
    ("\x00\n", "a MIDI box"), ("x" * 500, "x" * 60),
])
def test_what_a_box_is_called(port, title):
    assert title_of(port) == title
