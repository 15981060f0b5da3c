"""Inputs by name, and capture: real over a private PulseAudio, and its double."""

import os
import time

import numpy as np
import pytest
from sound import RATE, house, private_pulse, write_wav

from vj.audio.analyzer import Analyzer
from vj.audio.cable import Opened
from vj.audio.device import Capture, Device, list_inputs, list_outputs
from vj.audio.fakecapture import FakeCapture
from vj.audio.portaudio import quiet_stderr
from vj.audio.ring import RingSource
from vj.audio.source import ArraySource
from vj.types import Tick, VjError


def test_noise_on_stderr_is_silenced_and_comes_back(capfd):
    with quiet_stderr():
        os.write(2, b"ALSA lib pcm.c: unknown\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_listing_prints_nothing(capfd):
    for found in (list_inputs(), list_outputs()):
        assert all(card.channels > 0 and card.rate > 0 for card in found)
    assert capfd.readouterr() == ("", "")


class Wall:
    def __init__(self):
        self.time = 50.0

    def __call__(self):
        return self.time


def square(seconds, rate=RATE):
    """A square wave at half of full scale, 100 Hz."""
    return np.where(np.arange(int(seconds * rate)) % (rate // 100) < rate // 200, 0.5, -0.5)


def frames(capture, wall, seconds, fps=60):
    """Positions and blocks, frame by frame, as a show asks for them."""
    out = []
    for _ in range(round(seconds * fps)):
        position = capture.position()
        out.append((position, capture.source.read(position)))
        wall.time += 1 / fps
    return out


def test_the_double_plays_its_sound_in_wall_time():
    wall, (music, beats) = Wall(), house(120, 8.0)
    capture = FakeCapture(ArraySource(music, RATE), wall)
    analyzer = Analyzer(RATE)
    heard = [analyzer.process(Tick(n, position, 1 / 60), block)
             for n, (position, block) in enumerate(frames(capture, wall, 8.0))]
    assert capture.alive
    assert heard[-1].beat.bpm == pytest.approx(120, rel=0.01)
    assert abs(len([f for f in heard if f.kick]) - len(beats)) <= 1
    assert capture.overruns == 0


def test_a_pulled_cable_leaves_time_running_and_the_sound_comes_back():
    wall = Wall()
    capture = FakeCapture(ArraySource(square(20), RATE), wall)
    frames(capture, wall, 2.0)
    capture.unplug()
    silent = frames(capture, wall, 3.0)
    assert not capture.alive
    capture.plug()
    again = frames(capture, wall, 3.0)
    assert capture.alive
    positions = np.array([position for position, _ in silent + again])
    assert np.diff(positions).min() > 0.8 / 60
    assert positions[-1] == pytest.approx(8.0, abs=0.1)
    assert not np.concatenate([block for _, block in silent[30:]]).any()
    samples = np.concatenate([block for _, block in again[10:]])
    assert (np.abs(np.abs(samples) - 0.5) < 0.02).mean() > 0.99
    total = capture.source.delivered / RATE
    assert total == pytest.approx(positions[-1], abs=0.06)


def test_a_show_that_hangs_counts_an_overrun_and_is_back_in_time():
    wall = Wall()
    capture = FakeCapture(ArraySource(square(30), RATE), wall)
    frames(capture, wall, 1.0)
    wall.time += 10.0
    frames(capture, wall, 1.0)
    assert capture.overruns == 1
    assert capture.source.delivered / RATE == pytest.approx(12.0, abs=0.06)


def test_the_show_starts_now_not_when_the_device_was_opened():
    wall = Wall()
    capture = FakeCapture(ArraySource(np.full(RATE * 30, 0.5), RATE), wall)
    wall.time += 3.0
    assert capture.alive
    assert capture.position() == 0.0
    wall.time += 0.1
    assert capture.position() == pytest.approx(0.1, abs=0.005)
    assert len(capture.source.read(0.1)) <= 4410


# ---------------------------------------------------------------------- devices that come and go


def clicks(seconds, rate=RATE, every=0.5):
    """A click each half second; its height tells which."""
    sound = np.zeros(int(seconds * rate), np.float32)
    for n, at in enumerate(np.arange(every, seconds, every)):
        sound[round(at * rate):round(at * rate) + 30] = 0.2 + 0.01 * (n % 50)
    return sound


def click_times(out):
    """Where the show heard clicks, in show seconds, from (position, block) pairs whose blocks follow each other."""
    samples = np.concatenate([block for _, block in out])[:, 0]
    begin = out[0][0] - len(out[0][1]) / RATE
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    first = loud[np.diff(loud, prepend=-RATE) > RATE // 10]
    return begin + first / RATE


@pytest.mark.parametrize("fps", [30, 144])
def test_unplugged_is_noticed_within_300_ms_and_named(fps):
    wall = Wall()
    capture = FakeCapture(ArraySource(square(60), RATE), wall, "Scarlett")
    frames(capture, wall, 2.0, fps)
    assert capture.message == ""
    pulled, capture._plugged = wall.time, False  # the worst driver: it says nothing
    capture._pulled = 1e9
    while not capture.message:
        frames(capture, wall, 1 / fps, fps)
    assert wall.time - pulled < 0.3
    assert capture.message == "no sound from Scarlett (Fake): it sends nothing"
    assert not capture.alive


def test_a_driver_that_says_so_is_believed_sooner():
    wall = Wall()
    capture = FakeCapture(ArraySource(square(60), RATE), wall, "Scarlett")
    frames(capture, wall, 2.0)
    capture.unplug()
    frames(capture, wall, 0.1)
    assert capture.message == "no sound from Scarlett (Fake): it stopped; it is taken back when it returns"
    assert capture.losses == 1
    capture.plug()
    frames(capture, wall, 0.1)
    assert capture.message == "Scarlett (Fake) is back"
    frames(capture, wall, 6.0)
    assert capture.message == ""
    assert capture.losses == 1


def test_features_decay_to_rest_while_it_is_gone_and_come_back():
    wall, (music, _) = Wall(), house(120, 40.0)
    capture = FakeCapture(ArraySource(music, RATE), wall)
    analyzer, index = Analyzer(RATE), 0

    def hear(seconds):
        nonlocal index
        said = []
        for position, block in frames(capture, wall, seconds):
            said.append(analyzer.process(Tick(index, position, 1 / 60), block))
            index += 1
        return said

    playing = hear(8.0)
    capture.unplug()
    gone = hear(5.0)
    capture.plug()
    again = hear(6.0)
    assert max(f.rms for f in playing[-120:]) > 0.3
    assert max(f.rms for f in gone[-60:]) < 0.02
    assert all(f.onset == f.kick == 0.0 for f in gone[-120:]), "a dead cable strobes nothing"
    assert all(b.level < 0.02 for b in gone[-1].bands.values())
    counts = np.array([f.beat.count + f.beat.phase for f in playing + gone + again])
    assert (np.diff(counts) >= 0).all(), "the beat runs free, never back"
    assert counts[len(playing) + len(gone) - 1] - counts[len(playing)] == pytest.approx(10, abs=1.5)
    assert max(f.rms for f in again[-120:]) > 0.3
    assert sum(f.kick > 0 for f in again[-240:]) >= 6


@pytest.mark.parametrize("stall", [0.1, 0.24, 0.26, 0.4, 1.0, 3.0])
def test_after_a_stall_and_a_burst_sound_is_where_it_belongs(stall):
    """Every click after it is at its second of the show again, soon, and not a second late for ever."""
    wall = Wall()
    capture = FakeCapture(ArraySource(clicks(60), RATE), wall)
    began = wall.time
    frames(capture, wall, 3.2)
    capture.stall()
    frames(capture, wall, stall)
    capture.burst()
    frames(capture, wall, 4.0)
    times = click_times(frames(capture, wall, 6.0))
    assert capture.source.available < RATE * 0.05, "nothing waits in the ring"
    assert capture.position() == pytest.approx(wall.time - began, abs=0.03)
    assert len(times) >= 11
    assert np.abs(times - np.round(times * 2) / 2).max() < 0.03


@pytest.mark.parametrize("away", [0.1, 0.26, 1.0, 20.0])
def test_after_an_unplugging_sound_is_where_it_belongs(away):
    wall = Wall()
    capture = FakeCapture(ArraySource(clicks(90), RATE), wall)
    began = wall.time
    frames(capture, wall, 3.2)
    capture.unplug()
    frames(capture, wall, away)
    capture.plug()
    frames(capture, wall, 4.0)
    times = click_times(frames(capture, wall, 6.0))
    times += wall.time - began - capture.position()  # a tenth of a second of missing samples is no loss of the device
    assert len(times) >= 11
    assert np.abs(times - np.round(times * 2) / 2).max() < 0.03


@pytest.mark.parametrize("rate", [44100, 96000, 16000])
def test_it_comes_back_at_another_rate_and_sounds_the_same(rate):
    wall = Wall()
    tone = 0.4 * np.sin(2 * np.pi * 440 * np.arange(40 * 48000) / 48000)
    capture = FakeCapture(ArraySource(tone, 48000), wall)
    frames(capture, wall, 2.0)
    capture.unplug()
    frames(capture, wall, 1.0)
    capture.plug(rate)
    frames(capture, wall, 3.0)
    out = np.concatenate([block for _, block in frames(capture, wall, 2.0)])[:, 0]
    assert len(out) == pytest.approx(2 * 48000, rel=0.02)
    spectrum = np.abs(np.fft.rfft(out[:48000] * np.hanning(48000)))
    assert int(spectrum.argmax()) == 440
    assert "says" not in capture.message, "another rate is no lie"
    assert capture.alive


@pytest.mark.parametrize(("said", "real"), [(48000, 44100), (44100, 48000), (48000, 96000)])
def test_a_card_that_lies_about_its_rate_is_found_out_and_heard_right(said, real):
    wall, (music, _) = Wall(), house(120, 60.0, rate=said)
    capture = FakeCapture(ArraySource(music, said), wall, "Liar")
    frames(capture, wall, 1.0)
    capture.lie(real)
    began, start = wall.time, capture.position()
    frames(capture, wall, 9.0)
    assert capture.message == f"Liar (Fake) says {said} Hz but delivers {real} Hz, and is heard at that"
    frames(capture, wall, 3.0)
    before, wall_before = capture.position(), wall.time
    analyzer = Analyzer(said)
    heard = [analyzer.process(Tick(n, position, 1 / 60), block)
             for n, (position, block) in enumerate(frames(capture, wall, 12.0))]
    assert heard[-1].beat.bpm == pytest.approx(120, rel=0.015)
    assert capture.position() - before == pytest.approx(wall.time - wall_before, rel=0.01)
    assert capture.source.delivered / said == pytest.approx(capture.position(), abs=0.1), "picture and sound together"
    assert wall.time - began - (capture.position() - start) < 1.2, "it ran slow while it was believed, and no longer"


def test_a_device_that_delivers_nothing_is_named_within_a_second_and_the_show_runs():
    wall = Wall()
    capture = FakeCapture(ArraySource(square(30), RATE), wall, "Dead", deaf=True)
    shown = frames(capture, wall, 1.0)
    assert capture.message == "no sound from Dead (Fake): it sends nothing"
    assert shown[-1][0] == pytest.approx(1.0, abs=0.03)
    capture.plug()
    shown = frames(capture, wall, 2.0)
    assert capture.alive
    assert np.abs(shown[-1][1]).max() > 0.4


@pytest.mark.parametrize("poison", [np.nan, -np.inf, 1e-42, 0.7, 1e20])
def test_poison_leaves_no_trace(poison):
    wall, (music, _) = Wall(), house(120, 20.0)
    capture = FakeCapture(ArraySource(music, RATE), wall)
    analyzer, said = Analyzer(RATE), []
    for value, seconds in ((None, 5.0), (poison, 1.0), (None, 6.0)):
        capture.poison(value)
        for position, block in frames(capture, wall, seconds):
            assert np.isfinite(block).all()
            said.append(analyzer.process(Tick(len(said), position, 1 / 60), block))
    last = said[-1]
    assert np.isfinite([last.rms, last.centroid, *last.chroma, *(b.level for b in last.bands.values())]).all()
    assert last.beat.bpm == pytest.approx(120, rel=0.02)
    assert sum(f.kick > 0 for f in said[-300:]) >= 8


def test_hours_asleep_are_not_caught_up_with():
    wall = Wall()
    capture = FakeCapture(ArraySource(square(30), RATE), wall)
    frames(capture, wall, 2.0)
    capture.unplug()
    wall.time += 9 * 3600.0
    before = capture.position()
    assert before < 35.0
    assert len(capture.source.read(before)) <= 35 * RATE
    capture.plug()
    shown = frames(capture, wall, 3.0)
    assert capture.alive
    assert shown[-1][0] - shown[0][0] == pytest.approx(3.0, abs=0.05)
    assert np.diff([position for position, _ in shown]).max() < 0.05


def test_what_the_driver_lost_counts():
    capture = Capture(RingSource(RATE, 2))
    block = np.zeros((256, 2), np.float32)
    for lossy in (False, True, False, True):
        capture.heard(block, lossy=lossy)
    assert capture.overruns == 2


def test_a_loopback_that_brings_nothing_is_only_quiet():
    wall = Wall()
    capture = Capture(RingSource(RATE, 2), wall=wall)
    capture.found(Opened(Device("Speakers [Loopback]", "Windows WASAPI", 2, RATE, False, 0, True), RATE, 2, 0.01))
    capture.heard(np.ones((256, 2), np.float32) / 2)
    wall.time += 5.0
    assert capture.message == ""
    capture.lost("it stopped")
    assert "Speakers [Loopback] (Windows WASAPI): it stopped" in capture.message


@pytest.mark.parametrize(("pair", "expected"), [((3, 4), [0.3, 0.4]), ((2, 2), [0.2]), (None, [0.1, 0.2])])
def test_the_channels_asked_for_are_heard(pair, expected):
    ring = RingSource(RATE, len(expected))
    capture = Capture(ring, pair=pair)
    capture.heard(np.tile(np.array([0.1, 0.2, 0.3, 0.4], np.float32), (441, 1)))
    assert ring.read(0.01)[0] == pytest.approx(expected, abs=1e-2)
    assert capture.levels()[0] == pytest.approx(max(expected))


def test_the_callback_only_copies():
    ring = RingSource(RATE, 2)
    capture = Capture(ring)
    capture.heard(np.ones((256, 2), np.float32))
    assert (ring.captured, ring.available) == (256, 256)
    assert capture.alive


def test_capture_over_pulse_hears_both_channels_and_the_tempo(tmp_path, monkeypatch):
    music, _ = house(120, 12.0)
    path = write_wav(tmp_path / "a.wav", np.stack([0.9 * music, 0.3 * music], 1))
    with private_pulse(tmp_path, monkeypatch) as pulse:
        assert "pulse" in [card.name for card in list_inputs()]
        assert "pulse" in [card.name for card in list_outputs()]
        with pytest.raises(VjError, match="did you mean 'pulse'"):
            Capture.open("pulze")
        capture = Capture.open("pulse")
        analyzer = Analyzer(capture.source.rate)
        pulse.play(path)
        heard, energy = [], np.zeros(2)
        while (position := capture.position()) < 9.0:
            block = capture.source.read(position)
            energy += np.square(block).sum(axis=0)
            heard.append(analyzer.process(Tick(len(heard), position, 1 / 60), block))
            time.sleep(1 / 60)
        assert capture.alive
        assert capture.overruns == 0
        lag = position - capture.source.delivered / capture.source.rate
        capture.close()
    assert 118 < heard[-1].beat.bpm < 122
    assert heard[-1].beat.confidence > 0.3
    assert np.sqrt(energy[1] / energy[0]) == pytest.approx(1 / 3, rel=0.02)
    assert lag < 0.15


def test_a_dead_server_leaves_the_show_running(tmp_path, monkeypatch):
    with private_pulse(tmp_path, monkeypatch) as pulse:
        capture = Capture.open("pulse")
        start = time.perf_counter()
        capture.position()
        time.sleep(0.5)
        pulse.stop()
        got = 0
        while time.perf_counter() - start < 2.0:
            got += len(capture.source.read(capture.position()))
            time.sleep(0.02)
        assert not capture.alive
        assert got / capture.source.rate == pytest.approx(2.0, abs=0.35)
        capture.close()
