"""Playback: sample n at second n / rate of the show, for real over a private PulseAudio, and without a card."""

import time

import numpy as np
import pytest
from sound import RATE, house, private_pulse, write_wav

from vj.audio.playback import Playback, Reel
from vj.audio.source import ArraySource
from vj.types import VjError


def counting(count):
    return np.repeat((np.arange(count, dtype=np.float32) / 2**17)[:, None], 2, 1)


class Wall:
    """A clock that is set."""

    def __init__(self):
        self.time = 100.0

    def __call__(self):
        return self.time


def emitted(playback, count=512):
    return np.frombuffer(playback.emit(count), np.float32).reshape(-1, 2)


def test_plays_every_sample_in_order_to_the_end():
    wall, track = Wall(), counting(100_000)
    playback = Playback(ArraySource(track, RATE), wall)
    out = []
    for _ in range(220):
        playback.fill()
        out.append(emitted(playback))
        wall.time += 512 / RATE
    out = np.concatenate(out)
    np.testing.assert_array_equal(out[:100_000], track)
    assert not out[100_000:].any()
    assert playback.underruns == 0


def test_position_counts_what_was_heard():
    wall = Wall()
    playback = Playback(ArraySource(counting(RATE * 20), RATE), wall)
    playback.latency = 0.05
    positions = []
    for n in range(int(5 * RATE / 512)):
        playback.fill()
        playback.emit(512)
        positions.append((n * 512 / RATE, playback.position()))
        wall.time += 512 / RATE
    shown = np.array(positions)
    assert (np.diff(shown[:, 1]) >= 0).all()
    np.testing.assert_allclose(shown[50:, 1], shown[50:, 0] - 0.05, atol=1e-3)


def test_after_a_stall_sound_and_position_fit_again():
    wall, track = Wall(), counting(RATE * 20)
    playback = Playback(ArraySource(track, RATE), wall)

    def play(seconds):
        for _ in range(round(seconds * RATE / 441)):
            while playback.reel.room > RATE // 2:
                playback.fill()
            block = emitted(playback, 441)
            wall.time += 0.01
            position = playback.position()
        return block[-1, 0] * 2**17 / RATE, position

    play(2.0)
    for _ in range(60):
        wall.time += 0.05
        playback.position()
    heard, position = play(5.0)
    assert position == pytest.approx(10.0, abs=0.05)
    assert heard == pytest.approx(position, abs=0.03)


def test_a_slow_disk_is_silence_and_then_in_time_again():
    reel = Reel(RATE)
    block = np.empty((512, 2), np.float32)
    reel.feed(counting(1000))
    for _ in range(4):
        reel.take(block)
    assert reel.underruns == 1
    reel.feed(counting(4000)[1000:])
    reel.take(block)
    np.testing.assert_array_equal(block, counting(4000)[2048:2560])


def test_the_reel_is_bounded():
    playback = Playback(ArraySource(counting(RATE * 60), RATE))
    for _ in range(100):
        playback.fill()
    assert playback.reel.room == 0
    assert playback.source._given <= 2 * RATE


def test_a_bad_track_says_so(tmp_path):
    with pytest.raises(VjError, match="no such file"):
        Playback.open(tmp_path / "none.wav")


def test_without_an_output_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr("vj.audio.output.devices_of", lambda port, direction: [])
    path = write_wav(tmp_path / "a.wav", np.zeros(RATE))
    assert Playback.open(path) is None
    with pytest.raises(VjError, match="there is no sound output"):
        Playback.open(path, "speakers")


def test_over_pulse_it_is_heard_and_its_position_is_true(tmp_path, monkeypatch):
    music, _ = house(120, 6.0)
    path = write_wav(tmp_path / "a.wav", np.stack([music, 0.5 * music], 1))
    with private_pulse(tmp_path, monkeypatch):
        with pytest.raises(VjError, match="there is no sound output called 'nope'"):
            Playback.open(path, "nope")
        playback = Playback.open(path)
        assert playback is not None
        shown = []
        start = time.perf_counter()
        while (wall := time.perf_counter() - start) < 3.0:
            shown.append((wall, playback.position()))
            time.sleep(1 / 60)
        assert playback.alive
        playback.close()
    shown = np.array(shown)
    assert (np.diff(shown[:, 1]) >= 0).all()
    assert shown[0, 1] < 0.2
    assert shown[-1, 1] == pytest.approx(shown[-1, 0], abs=0.2)


def test_over_pulse_a_server_that_dies_does_not_stop_the_show(tmp_path, monkeypatch):
    path = write_wav(tmp_path / "a.wav", np.zeros(RATE * 10))
    with private_pulse(tmp_path, monkeypatch) as pulse:
        playback = Playback.open(path)
        assert playback is not None
        time.sleep(0.5)
        pulse.stop()
        before = time.perf_counter(), playback.position()
        shown = []
        while time.perf_counter() - before[0] < 1.5:
            shown.append(playback.position())
            time.sleep(0.02)
        assert shown[-1] - before[1] == pytest.approx(1.5, abs=0.25)
        assert (np.diff(shown) >= 0).all()
        assert not playback.alive
        playback.close()
