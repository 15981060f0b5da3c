"""Latencies: measured, looked ahead by, and never in an offline render."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from test_engine import run, show

from vj.app.live import Sound
from vj.app.offline import job_of
from vj.clock import OfflineClock
from vj.latency import LATENCY_PARAMS, MOUNT, OFFSET, READINGS, Ahead, Latency, LatencyMeter, Smoothed, words
from vj.options import Options
from vj.performance import Performance
from vj.record.take import TakeHeader, TakeWriter
from vj.record.takesound import NAME, TakeSound
from vj.runner.double import FakeRunner
from vj.status import Status
from vj.types import Beat, ControlEvent, Tick

LATE = Latency(capture=0.02, analysis=0.016, generation=0.2, display=0.08)


def test_the_lead_is_capture_and_display_less_the_offset_and_never_wild():
    assert LATE.lead(0.0) == pytest.approx(0.1)
    assert LATE.lead(0.03) == pytest.approx(0.07)  # + is later
    assert LATE.lead(-0.15) == pytest.approx(0.25)
    assert LATE.total == pytest.approx(0.316)
    assert Latency(display=30.0).lead(0.0) == 1.0
    assert Latency().lead(0.5) == -0.5


def test_readings_are_what_is_declared_and_the_line_says_them():
    readings = LATE.readings(-0.02)
    assert set(readings) == {spec.name for spec in READINGS}
    assert readings["lead_ms"] == 120.0
    line = words(readings, -0.02)
    for said in ("316 ms", "capture 20", "ears 16", "image 200", "display 80", "beats +120 ahead", "offset -20"):
        assert said in line
    assert Status(latency=readings, offset_ms=-20.0).latency_line() == line
    assert Status().latency_line() == ""


@pytest.mark.parametrize("fps", [24, 60, 144])
def test_a_latency_is_averaged_by_time_whatever_the_frame_rate(fps):
    mean = Smoothed(2.0)
    for _ in range(4 * fps):
        mean.toward(0.1, 1 / fps)
    assert mean.value == pytest.approx(0.1)
    for _ in range(2 * fps):
        mean.toward(0.2, 1 / fps)
    assert mean.value == pytest.approx(0.2 - 0.1 * math.exp(-1.0), abs=0.003)


def test_one_bad_measurement_is_no_catastrophe():
    mean = Smoothed(2.0)
    mean.toward(9.0, 1 / 60)  # the first frame compiles its shaders
    assert mean.value == 1.0
    for _ in range(240):
        mean.toward(0.02, 1 / 60)
    assert mean.value == pytest.approx(0.02, abs=0.005)
    for n in range(600):
        mean.toward(0.5 if n % 4 == 0 else 0.02, 1 / 60)  # a machine that stumbles every fourth frame
    assert mean.value == pytest.approx(0.02, abs=0.001)
    before = mean.value
    for bad in (math.nan, math.inf, -math.inf):
        mean.toward(bad, 1 / 60)
    mean.toward(0.5, 0.0)
    assert mean.value == before


def test_the_meter_keeps_the_parts_apart():
    meter = LatencyMeter(lambda: 0.012)
    for n in range(60):
        meter.heard(0.02, 1 / 60)
        meter.shown(0.004, 1 / 60, 1 / 60)
        if n % 6 == 0:
            meter.imaged(0.15, n / 60)
    latency = meter.now()
    assert latency.capture == pytest.approx(0.012)
    assert latency.analysis == pytest.approx(0.02)
    assert latency.generation == pytest.approx(0.15)
    assert latency.display == pytest.approx(0.004 + 1 / 60 + 1 / 120)  # drawn, lit, and the middle of its time


# ------------------------------------------------------------------------------------- looking ahead


def at(place: float, bpm: float = 120.0, first: float = 0.0) -> Beat:
    bars = (place - first) / 4
    return Beat(bpm, math.floor(place), place % 1.0, bars % 1.0, 1.0, math.floor(bars), "link")


def test_ahead_is_where_the_beat_will_be():
    beat = Ahead().beat(at(6.75, first=1.0), 0.25)  # half a beat at 120
    assert (beat.count, beat.phase) == (7, pytest.approx(0.25))
    assert beat.bars + beat.bar_phase == pytest.approx((7.25 - 1.0) / 4)
    assert (beat.bpm, beat.confidence, beat.source) == (120.0, 1.0, "link")
    back = Ahead().beat(at(0.2), -0.25)
    assert (back.count, back.phase) == (-1, pytest.approx(0.7))


def test_nothing_to_look_ahead_by_is_the_same_beat_itself():
    ahead = Ahead()
    for n in range(100):
        beat = at(n / 15)
        assert ahead.beat(beat, 0.0) is beat


def test_the_beat_seen_never_runs_backwards_however_the_lead_and_the_tempo_move():
    rng = np.random.default_rng(2)
    ahead, place, last = Ahead(), 0.0, -math.inf
    for _ in range(3000):
        bpm = float(rng.uniform(60, 180))
        place += bpm / 60 / 60
        beat = ahead.beat(at(place, bpm), float(rng.uniform(-0.5, 0.5)))
        assert 0.0 <= beat.phase < 1.0
        assert 0.0 <= beat.bar_phase < 1.0
        assert beat.count + beat.phase >= last
        assert (beat.bars + beat.bar_phase) * 4 == pytest.approx(beat.count + beat.phase)
        last = beat.count + beat.phase


def amounts(latency: Latency, offset: float = 0.0) -> list[float]:
    """What a beat-locked wave does to an effect, tick by tick."""
    engine, _ = show()
    engine.parts.tree.declare(MOUNT, LATENCY_PARAMS)
    engine.parts.tree.apply(ControlEvent(OFFSET, offset, "test"))
    engine.parts.tree.settle()
    engine.latency = latency
    return [engine.advance(tick).params["fx/glow"]["amount"] for tick in OfflineClock(30, 90)]


def test_beat_locked_waves_are_drawn_for_the_moment_they_are_seen():
    plain = np.array(amounts(Latency()))
    assert np.ptp(plain) > 0.3
    early = np.array(amounts(Latency(capture=1 / 30, display=2 / 30, generation=0.3, analysis=0.1)))
    np.testing.assert_allclose(early[1:-3], plain[4:], atol=1e-6)
    np.testing.assert_allclose(amounts(Latency(display=3 / 30), 100.0)[4:], plain[4:], atol=1e-6)
    later = np.array(amounts(Latency(), 100.0))
    np.testing.assert_allclose(later[6:], plain[3:-3], atol=1e-6)


def test_a_hit_cannot_be_foreseen():
    kicks = []
    for latency in (Latency(), LATE):
        engine, _ = show()
        engine.latency = latency
        kicks.append([engine.advance(tick).features.kick for tick in OfflineClock(30, 90)])
    assert kicks[0] == kicks[1]


def test_quantised_changes_land_early_by_what_they_need():
    events = [(0.6, ControlEvent("/show/look", "two", "hand", when="bar")),
              (0.6, ControlEvent("/a/walk/speed", 0.5, "hand", when="bar")),
              (0.6, ControlEvent("/fx/glow/amount", 0.5, "hand", when="bar"))]
    engine, _ = show(events)
    engine.latency = LATE
    landed = {}
    engine.parts.landed.append(lambda tick, event: landed.setdefault(event.path, tick.time))
    for tick in OfflineClock(100, 250):
        engine.advance(tick)
    assert landed["/fx/glow/amount"] == pytest.approx(2.0 - 0.1, abs=0.011)
    assert landed["/a/walk/speed"] == landed["/show/look"] == pytest.approx(2.0 - 0.3, abs=0.011)


def test_a_tap_is_for_the_sound_in_the_room_that_is_still_on_its_way():
    engine, _ = show()
    told = []
    engine.parts.ears.control = lambda tick, _audio, _beat: told.append(tick.time)
    engine.advance(Tick(0, 0.5, 0.1))
    engine.latency = LATE
    engine.advance(Tick(1, 0.6, 0.1))
    assert told == [0.5, pytest.approx(0.62)]


# ------------------------------------------------------------------------------------- live, offline


class Glass:
    """A screen that costs nothing and is lit a little later."""

    def __init__(self, glass):
        self.glass = glass

    def present(self, frame):
        pass


def performed(glass, capture=0.015):
    engine, _ = show()
    engine.parts.ears.time, engine.parts.ears.latency = 0.0, 0.016
    engine.parts.tree.declare_readings(MOUNT, READINGS)
    process = engine.parts.ears.process

    def heard(tick, samples):
        engine.parts.ears.time = tick.time - 0.003
        return process(tick, samples)

    engine.parts.ears.process = heard
    performance = Performance(engine, OfflineClock(30, 90), FakeRunner(latency=0.1, rate=10.0), screen=Glass(glass),
                              capture=lambda: capture)
    performance.run()
    return performance, engine


def test_a_performance_measures_and_tells_every_part():
    performance, engine = performed(0.02)
    late = performance.status.latency
    assert late["capture_ms"] == pytest.approx(15.0, abs=0.1)
    assert late["analysis_ms"] == pytest.approx(19.0, abs=0.1)
    assert 90 < late["generation_ms"] < 180
    assert 20 + 1000 / 60 <= late["display_ms"] < 20 + 1000 / 60 + 20  # the double draws in no time
    assert late["total_ms"] == pytest.approx(sum(late[f"{name}_ms"] for name in (
        "capture", "analysis", "generation", "display")), abs=0.3)
    assert performance.status.as_dict()["latency"] == late == performance.summary()["latency"]
    assert engine.parts.tree.reading("/latency/total_ms") == late["total_ms"]
    assert engine.latency.lead(0.0) == pytest.approx((late["capture_ms"] + late["display_ms"]) / 1000, abs=1e-3)


def test_where_nobody_looks_the_picture_is_not_late():
    performance, _ = performed(None)
    assert performance.status.latency["capture_ms"] == pytest.approx(15.0, abs=0.1)
    assert performance.status.latency["display_ms"] == 0.0
    assert performance.status.latency["lead_ms"] == 0.0


def test_offline_nothing_is_late_and_what_only_hits_wait_for_moves_no_picture():
    engine, sink = show()
    run(engine)
    assert engine.latency == Latency()
    again, same = show()
    again.latency = Latency(generation=0.4, analysis=0.1)  # neither moves the picture
    run(again)
    assert same.digest == sink.digest


def test_a_take_keeps_the_room_out_of_its_render(tmp_path):
    header = replace(TakeHeader("velvet_hour", 1, (64, 36), 30.0), sound=NAME)
    writer = TakeWriter.open(tmp_path, header)
    for n, path in enumerate(("/a/walk/speed", OFFSET, "/master/fade")):
        writer.event(Tick(n, n / 30, 1 / 30), ControlEvent(path, 0.1, "hand"))
    writer.close(Tick(9, 0.3, 1 / 30))
    sound = TakeSound.open(tmp_path, 8000)
    sound.put(np.zeros((8000, 2), np.float32))
    sound.close()
    job = job_of(tmp_path, Options(record=tmp_path / "x.mp4", sets=(f"{OFFSET}=40",)))
    assert [event.path for _, event in job.events] == ["/a/walk/speed", "/master/fade"]
    assert job.options.sets == (f"{OFFSET}=40",)  # what is asked of the render itself stays


def test_a_track_is_heard_at_its_position_so_its_capture_takes_no_time():
    assert Sound(None, lambda _: None).capture() == 0.0
