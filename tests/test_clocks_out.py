"""vj as the MIDI clock: every tick at its moment, starts on the one, jitter measured."""

import math
import sys
import threading
import time

import numpy as np
import pytest

from vj.clock import now
from vj.control.clocks._base import Stretch
from vj.control.clocks.double import FakePort
from vj.control.clocks.midi_out import MidiClockOut, Ticker
from vj.control.clocks.ticks import Ticks


def play(ticker, ways, start, end, step=0.001):
    """Ask the ticker each ``step``; ``ways`` are (time, Stretch). (time, kind, number) of what was due."""
    sent, ways = [], sorted(ways, key=lambda item: item[0])
    for now_ in np.arange(start, end, step):
        messages = []
        while ways and ways[0][0] <= now_:
            messages += ticker.follow(ways.pop(0)[1])
        sent += [(now_, *message) for message in [*messages, *ticker.due(now_)]]
    return sent


def straight(bpm, start, end, one=0, every=1 / 60):
    return [(t, Stretch(t, t * bpm / 60, bpm, one, "audio")) for t in np.arange(start, end, every)]


def test_24_ticks_a_beat_at_their_moments():
    sent = play(Ticker(), straight(128, 0.01, 10.01), 0.01, 10.01)
    times = [t for t, kind, _ in sent if kind == "clock"]
    assert len(times) == pytest.approx(10 * 128 / 60 * 24, abs=1)
    due = np.round(np.array(times) * 128 / 60 * 24)
    assert np.abs(np.array(times) - due * 60 / 128 / 24).max() < 0.0011


def test_it_starts_on_a_bar_s_one_and_the_next_tick_is_it():
    sent = play(Ticker(), straight(120, 0.3, 9), 0.3, 9)
    kinds = [kind for _, kind, _ in sent]
    at = kinds.index("songpos")
    assert kinds[at:at + 3] == ["songpos", "continue", "clock"]
    time_, _, position = sent[at]
    assert time_ == pytest.approx(2.0, abs=0.002)
    assert position == 16
    assert {"start", "songpos", "continue", "stop"} & set(kinds[:at]) == set()


def test_a_one_in_the_future_is_a_start():
    sent = play(Ticker(), straight(120, 0.3, 9, one=6), 0.3, 9)
    started = [(t, kind) for t, kind, _ in sent if kind in ("start", "continue")]
    assert started[0][1] == "continue"  # a bar line before it: the song lies 16384 sixteenths round
    assert [n for _, kind, n in sent if kind == "songpos"] == [16384 - 16]


def test_the_one_now_is_a_start():
    ticker = Ticker()
    play(ticker, straight(120, 0.3, 5), 0.3, 5)
    sent = play(ticker, straight(120, 5, 9, one=11), 5, 9)  # the one comes at 5.5 s
    words = [(round(t, 2), kind) for t, kind, _ in sent if kind != "clock"]
    assert words == [(5.0, "stop"), (5.5, "start")]


def test_a_listener_has_the_show_s_beats():
    """What is sent, understood by vj's own ears for it."""
    ticks, bpm = Ticks(), 131.0
    sent = play(Ticker(), straight(bpm, 0.2, 12, one=3), 0.2, 12, step=0.0005)
    for t, kind, number in sent:
        ticks.hear(kind, number, t)
    reading = ticks.reading(12.0)
    beats = 12.0 * bpm / 60 - 3
    assert abs((reading.at(12.0) - beats + 2) % 4 - 2) < 0.01
    assert reading.downbeat_known


def test_no_tick_is_lost_or_said_twice_when_the_beats_bend():
    rng = np.random.default_rng(1)
    ticker, ways, beats = Ticker(), [], 0.0
    for t in np.arange(0, 20, 1 / 60):
        ways.append((t, Stretch(t, beats, 120 * (1 + 0.02 * rng.standard_normal()), 0, "audio")))
        beats += 2 / 60 * (1 + 0.4 * math.sin(t))
    sent = play(ticker, ways, 0, 20)
    assert sum(kind == "clock" for _, kind, _ in sent) == pytest.approx(beats * 24, abs=3)


def test_after_a_long_stall_it_says_the_new_position_instead_of_a_burst():
    ticker = Ticker()
    play(ticker, straight(120, 0, 5), 0, 5)
    sent = play(ticker, straight(120, 15, 20), 15, 20)
    assert [kind for t, kind, _ in sent if t < 15.01] in (["stop", "clock"], ["stop"])
    assert sum(kind == "clock" for t, kind, _ in sent if t < 16) == pytest.approx(48, abs=2)
    assert any(kind == "continue" for _, kind, _ in sent)


def test_closing_stops_the_listener():
    ticker = Ticker()
    play(ticker, straight(120, 0, 3), 0, 3)
    assert ticker.stop() == [("stop", 0)]
    assert ticker.stop() == []


class Stamped(FakePort):
    """Remembers when."""

    def __init__(self):
        super().__init__("stamped")
        self.times = []

    def send(self, kind, number=0):
        if kind == "clock":
            self.times.append(now())
        super().send(kind, number)


def test_the_thread_sends_each_tick_within_a_few_ms_while_another_thread_draws():
    port = Stamped()
    out = MidiClockOut(now, time.sleep)
    out.use(port)
    start, turns = now(), sys.getswitchinterval()
    out.start()
    while now() - start < 3.0:
        t = now()
        out.lead(Stretch(t, (t - start) * 2.2, 132.0, 0, "audio"))
        sum(k * k for k in range(30_000))  # a few ms of work that holds the interpreter
        time.sleep(0.01)
    out.close()
    assert sys.getswitchinterval() == turns
    moments = np.array(port.times[24:])
    due = start + np.round((moments - start) * 2.2 * 24) / 2.2 / 24
    late = moments - due
    assert len(port.times) == pytest.approx(3.0 * 2.2 * 24, abs=4)
    assert np.median(np.abs(late)) < 0.004  # 0.2 ms on a machine with nothing else to do
    assert port.sent[-1] == ("stop", 0)


def test_a_port_that_fails_or_goes_ends_nothing_and_the_new_one_is_started_anew():
    out = MidiClockOut(now, time.sleep)
    broken = threading.Event()
    out.broken = broken.set
    first, second = FakePort("a"), FakePort("b")
    out.use(first)
    out.start()
    start = now()

    def lead(seconds):
        end = now() + seconds
        while now() < end:
            t = now()
            out.lead(Stretch(t, (t - start) * 5, 300.0, 0, "audio"))
            time.sleep(0.01)

    lead(1.0)
    assert ("clock", 0) in first.sent
    first.fails = True
    lead(0.2)
    assert broken.is_set()
    out.use(None)
    lead(0.1)
    out.use(second)
    lead(1.2)
    out.close()
    kinds = [kind for kind, _ in second.sent]
    assert "continue" in kinds or "start" in kinds
    assert kinds.count("clock") == pytest.approx(1.2 * 5 * 24, abs=12)
