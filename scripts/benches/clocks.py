"""Other clocks: how near vj's beats are to a Link peer's and to a MIDI clock's, and how even its own ticks are."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benches import link_peers
from benches.table import Row, under
from vj.clock import now
from vj.clockface import wrap
from vj.control.clocks._base import Stretch
from vj.control.clocks.double import FakePort
from vj.control.clocks.midi_out import MidiClockOut
from vj.control.clocks.ticks import PER_BEAT, Ticks

TITLE = "Other clocks"
HOW = ("*Link*: vj and another program in one session, on a network of their own that is nothing but a loopback; the "
       "beat clock's place against the peer's, asked at one moment 60 times a second, after two seconds of meeting. "
       "*MIDI clock in*: two minutes of ticks at 90, 128 and 174 BPM that come early or late by 1 ms (standard "
       "deviation of a normal distribution), five times each; the worst of the fifteen is told. *MIDI clock out*: what "
       "the sending thread sends, against where the show's beats are, while the show looks 60 times a second.")
JITTER = 1e-3
TEMPI = (90.0, 128.0, 174.0)


def measure(_folder: Path, seconds: float) -> list[Row]:
    """All three."""
    return [*link(), *midi_in(), *midi_out(min(max(seconds / 4, 5.0), 30.0))]


def link() -> list[Row]:
    """Milliseconds between two peers."""
    told = link_peers.measured()
    if told is None:
        return [Row("Link", "not measured: this machine has no network namespaces")]
    return [under("Link: from the peer's beat, median", float(told["off_ms"]), 2.0, "ms"),
            Row("Link: from the peer's beat, p99", f"{float(told['off_p99_ms']):.3f} ms"),
            Row("Link: a peer's beat from ours when vj leads", f"{float(told['led_ms']):.2f} ms")]


def midi_in(seconds: float = 120.0) -> list[Row]:
    """Spread of the tempo, and where the beat is against the true one."""
    heard = [followed(bpm, seconds, seed) for bpm in TEMPI for seed in range(5)]
    what = f"MIDI clock with {1000 * JITTER:g} ms of jitter"
    return [under(f"{what}: tempo, standard deviation", max(spread for spread, _ in heard), 0.07, "bpm"),
            Row(f"{what}: from the true beat, p99", f"{max(late for _, late in heard):.2f} ms")]


def followed(bpm: float, seconds: float, seed: int) -> tuple[float, float]:
    """Standard deviation of the tempo, BPM, and the 99th percentile of the place's error, ms, after four beats."""
    rng = np.random.default_rng(seed)
    ticks, tempi, errors = Ticks(), [], []
    ticks.hear("start", 0, 0.0)
    for k in range(round(seconds * bpm / 60 * PER_BEAT)):
        true = 0.01 + k * 60 / bpm / PER_BEAT
        ticks.hear("clock", 0, true + float(rng.normal(0.0, JITTER)))
        reading = ticks.reading(true) if k >= 4 * PER_BEAT else None
        if reading is not None:
            tempi.append(reading.bpm)
            errors.append(1000 * abs(wrap(reading.at(true) - k / PER_BEAT)) * 60 / bpm)
    return float(np.std(tempi)), float(np.percentile(errors, 99))


class Stamped(FakePort):
    """A port that notes when a tick was sent."""

    def __init__(self) -> None:
        super().__init__("stamped")
        self.times: list[float] = []

    def send(self, kind: str, number: int = 0) -> None:
        """The moment of each tick."""
        if kind == "clock":
            self.times.append(now())


def midi_out(seconds: float, bpm: float = 128.0) -> list[Row]:
    """Milliseconds by which ticks are late."""
    port, out, start = Stamped(), MidiClockOut(now, time.sleep), now()
    out.use(port)
    out.start()
    while (at := now()) - start < seconds:
        out.lead(Stretch(at, (at - start) * bpm / 60, bpm, 0, "audio"))
        time.sleep(1 / 60)
    out.close()
    places = (np.array(port.times) - start) * bpm / 60 * PER_BEAT
    late = 1000 * (places - np.floor(places)) * 60 / bpm / PER_BEAT
    return [Row("MIDI clock out: a tick is late, median", f"{np.median(late):.3f} ms"),
            Row("MIDI clock out: a tick is late, p99", f"{np.percentile(late, 99):.3f} ms")]
