"""The output: taken back by name, at any rate, and never another in its place."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakeport import Card, System, plugged
from sound import write_wav

from vj.audio import output
from vj.audio.naming import Device
from vj.audio.output import Output
from vj.audio.playback import Playback
from vj.audio.portaudio import devices
from vj.audio.source import TrackSource
from vj.types import VjError

SPEAKERS = Card("Speakers", ins=0, outs=2)
LAPTOP = Card("Laptop", ins=0, outs=2)
RATE = 44100


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    monkeypatch.setattr(output, "AGAIN", 0.03)
    monkeypatch.setattr(output, "LOOK", 0.02)
    return plugged(monkeypatch, SPEAKERS, LAPTOP)


def silence(_data: object, count: int, _times: object, _flags: int) -> tuple[bytes, int]:
    return bytes(count * 8), 0


def outputs() -> list[Device]:
    return devices("output")


def playing(system: System, name: str | None) -> Output:
    """An open output that is watched."""
    made = Output(name, silence, outputs)
    assert made.open(lambda device: [RATE, device.rate]) == RATE
    made.start()

    def again() -> None:
        made.open(lambda device: [RATE, device.rate])
        made.start()

    made.watch(lambda: 0.0, again)
    return made


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("name", ["Speakers", None])
def test_the_same_output_is_taken_back(system: System, name: str | None) -> None:
    made = playing(system, name)
    others, system.cards = system.cards[1:], []
    system.streams[0].end()
    until(lambda: made.message.startswith("no sound through Speakers (ALSA)"))
    assert "taken back when it returns" in made.message
    system.cards = [*others, SPEAKERS] if name else [SPEAKERS]
    until(lambda: len(system.streams) == 2)
    until(lambda: made.message == "sound through Speakers (ALSA) again")
    assert system.streams[1].is_active()
    made.close()
    assert system.lives == system.ended


def test_no_other_output_takes_the_place_of_one_that_was_named(system: System) -> None:
    made = playing(system, "Speakers")
    system.cards = [LAPTOP]
    system.streams[0].end()
    time.sleep(0.3)
    assert len(system.streams) == 1
    assert made.message == "no sound through Speakers (ALSA): it is not there; it is taken back when it returns"
    made.close()


def test_where_the_default_was_asked_for_the_default_of_the_moment_does(system: System) -> None:
    made = playing(system, None)
    system.cards = [LAPTOP]
    system.streams[0].end()
    until(lambda: len(system.streams) == 2)
    until(lambda: made.label == "Laptop (ALSA)")
    made.close()


def test_an_output_that_asks_for_nothing_is_opened_again(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    made = playing(system, "Speakers")
    monkeypatch.setattr(output, "GONE", 0.1)
    until(lambda: len(system.streams) >= 2)
    assert system.streams[0].closed
    made.close()


def test_one_that_is_not_there_or_does_not_open_says_so(system: System) -> None:
    with pytest.raises(VjError, match="there is no sound output called 'Speekers'; did you mean 'Speakers'"):
        Output("Speekers", silence, outputs).open(lambda device: [RATE])
    SPEAKERS.busy = True
    try:
        with pytest.raises(VjError, match=r"the sound output Speakers \(ALSA\) cannot be opened"):
            Output("Speakers", silence, outputs).open(lambda device: [RATE])
    finally:
        SPEAKERS.busy = False
    assert system.lives == system.ended


def test_the_outputs_of_this_moment_are_asked_of_another_process() -> None:
    assert all(isinstance(found, Device) and found.channels > 0 for found in output.outputs_now())


def heard(system: System, count: int) -> np.ndarray:
    """What the newest stream is given, (count, 2)."""
    data, _ = system.streams[-1].options["stream_callback"](None, count, {}, 0)
    return np.frombuffer(data, np.float32).reshape(-1, 2)


class Wall:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.mark.parametrize("rate", [RATE, 48000])
def test_the_track_goes_on_where_it_is_though_the_card_comes_back_another(
        system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: int) -> None:
    """Two seconds played, three away: what is heard then is second five, and the position never went back."""
    monkeypatch.setattr(output, "outputs_now", outputs)
    ramp = np.linspace(0.0, 0.9, 20 * RATE).astype(np.float32)
    track = write_wav(tmp_path / "ramp.wav", np.stack([ramp, ramp], 1))
    wall = Wall()
    made = Playback(TrackSource.open(track), wall)
    monkeypatch.setattr("vj.audio.playback.FIRST", 0.01)
    monkeypatch.setattr("vj.audio.playback.Output", lambda name, callback: Output(name, callback, outputs, Wall()))
    made._start("Speakers")
    positions = []

    def play(seconds: float, at: int) -> np.ndarray:
        for _ in range(round(seconds * 100)):
            until(lambda: made.reel.room < made.reel._size // 2)
            block = heard(system, at // 100)
            wall.time += 0.01
            positions.append(made.position())
        return block

    play(2.0, RATE)
    system.cards = []
    system.streams[0].end()
    until(lambda: made.message)
    for _ in range(300):
        wall.time += 0.01
        positions.append(made.position())
    SPEAKERS.takes = {(rate, 2)}
    try:
        system.cards = [SPEAKERS]
        until(lambda: len(system.streams) == 2 and system.streams[1].is_active())
        block = play(3.0, rate)
    finally:
        SPEAKERS.takes = set()
        made.close()
    assert made.source.rate == rate
    assert positions[-1] == pytest.approx(8.0, abs=0.1)
    assert float(block[-1, 0]) / 0.9 * 20.0 == pytest.approx(positions[-1], abs=0.1)
    assert (np.diff(positions) >= 0.0).all()


