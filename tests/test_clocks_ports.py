"""MIDI ports by name: found, lost and taken back; and over a real JACK server where there is one."""

import subprocess
import sys
import textwrap
import time
from contextlib import ExitStack

import pytest
from jack_kit import jack_server

from vj.app.clocks import as_chosen, open_clocks
from vj.control.clocks.double import FakePorts
from vj.control.clocks.ports import find, kept_input, kept_output, plain
from vj.engine import NoClocks
from vj.options import Options
from vj.types import VjError

NAMES = ["Midi Through:Midi Through Port-0 14:0", "nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0",
         "Digitakt:Digitakt MIDI 1 24:0"]


def test_a_name_without_its_numbers():
    assert plain("Digitakt:Digitakt MIDI 1 24:0") == "Digitakt:Digitakt MIDI 1"
    assert plain("IAC Driver Bus 1") == "IAC Driver Bus 1"


@pytest.mark.parametrize(("wanted", "found"), [
    (NAMES[1], NAMES[1]), ("Digitakt:Digitakt MIDI 1", NAMES[2]), ("Digitakt:Digitakt MIDI 1 36:0", NAMES[2]),
    ("digitakt", NAMES[2]), ("midi", None), ("Launchpad", None), ("through", NAMES[0])])
def test_what_is_meant(wanted, found):
    assert find(wanted, NAMES) == found


def test_a_port_that_is_not_there_is_told_with_the_nearest():
    port = kept_input(FakePorts(*NAMES), "Digitakt:Digitact MIDI 1", lambda *_: None, lambda: None)
    with pytest.raises(VjError, match="no MIDI input called 'Digitakt:Digitact MIDI 1'; did you mean 'Digitakt:Digi"):
        port.begin()
    with pytest.raises(VjError, match="no MIDI output called 'x'; there is none at all"):
        kept_output(FakePorts(), "x", lambda _: None).begin()


def test_a_port_is_missed_and_taken_back_under_another_number():
    ports, heard, renewed = FakePorts(*NAMES), [], []
    port = kept_input(ports, "digitakt", lambda kind, number: heard.append(kind), lambda: renewed.append(1))
    port.begin()
    port.look()
    ports.opened[0].say("clock")
    ports.names = NAMES[:2]
    port.look()
    port.look()
    assert ports.opened[0].closed
    assert port.news() == "MIDI input Digitakt:Digitakt MIDI 1 is gone: it is taken back when it returns"
    assert port.news() == ""
    ports.names = [*NAMES[:2], "Digitakt:Digitakt MIDI 1 32:0"]
    port.look()
    ports.opened[1].say("start")
    assert port.news() == "MIDI input Digitakt:Digitakt MIDI 1 is back"
    assert heard == ["clock", "start"]
    assert len(renewed) == 2
    port.close()
    assert ports.opened[1].closed


def test_a_system_that_answers_nothing_for_a_while_ends_nothing():
    ports, given = FakePorts(*NAMES), []
    port = kept_output(ports, "digitakt", given.append)
    port.begin()
    ports.fails = True
    port.look()
    port.look()
    assert "asleep" in port.news()
    ports.fails = False
    port.look()
    assert len(given) == 1
    port.broken()
    port.look()
    assert [opened.name if opened else None for opened in given] == [NAMES[2], None, NAMES[2]]
    port.close()


def test_the_thread_looks_by_itself_and_ends(monkeypatch):
    monkeypatch.setattr("vj.control.clocks.ports.EVERY", 0.01)
    ports = FakePorts(*NAMES)
    port = kept_input(ports, "digitakt", lambda *_: None, lambda: None)
    port.begin()
    port.start()
    ports.names = []
    deadline = time.monotonic() + 5
    while not ports.opened[0].closed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ports.opened[0].closed
    port.close()


# ------------------------------------------------------------------------------------ a show's clocks


def test_a_show_without_other_clocks_has_none():
    with ExitStack() as stack:
        assert isinstance(open_clocks(Options(), stack), NoClocks)


def test_clocks_are_opened_as_asked_and_closed_with_the_show():
    ports = FakePorts(*NAMES)
    with ExitStack() as stack:
        watch = open_clocks(Options(midi_clock="digitakt", midi_clock_out="nanokontrol"), stack, lambda: ports)
        assert [port.name for port in ports.opened] == [NAMES[2], NAMES[1]]
        assert watch.news() == ""
    assert all(port.closed for port in ports.opened)


def test_what_was_opened_is_closed_when_the_next_cannot_be():
    ports = FakePorts(*NAMES)
    with pytest.raises(VjError, match="no MIDI output called 'nothing'"), ExitStack() as stack:
        open_clocks(Options(midi_clock="digitakt", midi_clock_out="nothing"), stack, lambda: ports)
    assert ports.opened[0].closed


def test_a_clock_chosen_must_be_there():
    assert as_chosen(Options(clock="tap", sets=("/a=1",))).sets == ("/beat/clock=tap", "/a=1")
    assert as_chosen(Options()).sets == ()
    assert as_chosen(Options(clock="link", link=True)).sets == ("/beat/clock=link",)
    for name, needs in (("midi", "--midi-clock PORT"), ("link", "--link"), ("osc", "--osc-beat PORT")):
        with pytest.raises(VjError, match=f"--clock {name} needs {needs}"):
            as_chosen(Options(clock=name))
    with pytest.raises(VjError, match="--osc-address needs"):
        as_chosen(Options(osc_address=("beat=/x",)))


# ------------------------------------------------------------------------------------- over real JACK


SHOW = textwrap.dedent("""
    import sys, time
    import rtmidi
    from contextlib import ExitStack
    from vj.app.clocks import open_clocks
    from vj.audio.beat import BeatClock
    from vj.clock import now
    from vj.options import Options
    from vj.types import Tick

    # A port that is always there: what vj sends comes back to it through here.
    heard = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="listener")
    said = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="speaker")
    heard.ignore_types(timing=False)
    stamps = []
    heard.set_callback(lambda event, _: (stamps.append((now(), event[0])), said.send_message(event[0])))
    heard.open_virtual_port("in")
    said.open_virtual_port("out")
    time.sleep(0.3)

    with ExitStack() as stack:
        watch = open_clocks(Options(midi_clock_out="listener", midi_clock="speaker"), stack)
        leader, follower = BeatClock(126.0), BeatClock(90.0)
        start, index, off = now(), 0, []
        while (t := now() - start) < 7.0:
            tick = Tick(index, t, 1 / 60)
            for word in watch.read(tick, 0.0):
                follower.follow(word)
            leader.step(t)
            follower.step(t)
            beat, other = leader.at(t), follower.at(t)
            watch.lead(tick, 0.0, beat)
            if t > 5.5:
                off.append((other.bars + other.bar_phase - beat.bars - beat.bar_phase) % 1 * 4)
            index += 1
            time.sleep(1 / 60)
        print("source", other.source)
        print("bpm", other.bpm)
        wrapped = sorted(min(o, 4 - o) * 60 / 126 * 1000 for o in off)
        print("off_ms", wrapped[len(wrapped) // 2])
        ticks = [at for at, message in stamps if message[0] == 0xF8]
        gaps = sorted(b - a for a, b in zip(ticks, ticks[1:]))
        print("ticks", len(ticks))
        print("gap_ms", gaps[len(gaps) // 2] * 1000)
        kinds = [message[0] for _, message in stamps if message[0] != 0xF8]
        print("first", kinds[0])
    print("last", [message[0] for _, message in stamps if message[0] != 0xF8][-1])
    heard.close_port(); said.close_port()
    heard.delete(); said.delete()
    del heard, said
""")


@pytest.fixture
def jack(tmp_path):
    with jack_server("vj", tmp_path) as environment:
        yield environment


@pytest.mark.slow
@pytest.mark.alone
def test_vj_s_clock_goes_out_over_jack_and_comes_back_as_the_same_beat(jack):
    done = subprocess.run([sys.executable, "-c", SHOW], env=jack, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    assert said["source"] == "midi"
    assert float(said["bpm"]) == pytest.approx(126.0, rel=0.005)
    assert float(said["off_ms"]) < 25  # two buffers of JACK and a busy machine; its mean is a constant that nudge takes
    assert int(said["ticks"]) == pytest.approx(7 * 126 / 60 * 24, rel=0.05)
    assert float(said["gap_ms"]) == pytest.approx(60 / 126 / 24 * 1000, rel=0.2)
    assert int(said["first"]) in (0xFA, 0xF2)
    assert int(said["last"]) == 0xFC
