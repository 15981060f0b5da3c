"""Inputs by name, and capture: real over a private PulseAudio, and its double."""

import os
import time

import numpy as np
import pytest
from sound import RATE, house, private_pulse, write_wav

from vj.audio.analyzer import Analyzer
from vj.audio.device import Capture, list_inputs, list_outputs
from vj.audio.fakecapture import FakeCapture
from vj.audio.portaudio import Device, choose, quiet_stderr
from vj.audio.ring import RingSource
from vj.audio.source import ArraySource
from vj.types import Tick, VjError


def device(name, default=False):
    return Device(name, "ALSA", 2, 48000, default, 0)


CARDS = [device("Built-in", True), device("USB Audio: left"), device("USB Audio: right"), device("pulse")]


@pytest.mark.parametrize(("name", "found"), [(None, "Built-in"), ("pulse", "pulse"), ("PUL", "pulse"),
                                             ("right", "USB Audio: right"), ("USB Audio: left", "USB Audio: left")])
def test_devices_are_chosen_by_name(name, found):
    assert choose(name, CARDS, "input").name == found


@pytest.mark.parametrize(("name", "words"), [
    ("USB", "more than one sound input is called 'USB': USB Audio: left (ALSA), USB Audio: right (ALSA)"),
    ("Bilt-in", "there is no sound input called 'Bilt-in'; did you mean 'Built-in'?"),
    ("xyzzy", "there is no sound input called 'xyzzy'; there are: Built-in (ALSA), ")])
def test_a_name_that_does_not_fit_names_what_does(name, words):
    with pytest.raises(VjError) as caught:
        choose(name, CARDS, "input")
    assert words in str(caught.value)


def test_no_device_at_all():
    with pytest.raises(VjError, match="there is no sound input"):
        choose(None, [], "input")


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
    capture = FakeCapture(ArraySource(np.full(RATE * 30, 0.5), RATE), wall)
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
    assert heard[-1].beat.confidence > 0.5
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
