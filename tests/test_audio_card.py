"""One stream's life in its own process: looked for, opened, passed on, ended; over a PortAudio that is not there."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from fakeport import OVERFLOW, Card, System, plugged

from vj.audio import card, wire
from vj.audio.card import WAITING
from vj.audio.card import Card as Process
from vj.audio.naming import Wish
from vj.audio.portaudio import devices
from vj.clock import now

SCARLETT = Card("Scarlett")
MICROPHONE = Card("Microphone")


class Life:
    """A card process run in a thread, and what it said."""

    def __init__(self, wish: Wish) -> None:
        self.said: list[tuple[bytes, bytes]] = []
        self.slept: list[float] = []
        self.listening = True
        self.between: Callable[[int], None] = lambda look: None
        self._process = Process(wish, self._hear, now, self._sleep)
        self._thread = threading.Thread(target=self._process.run, daemon=True)

    def start(self) -> Life:
        self._thread.start()
        return self

    def wait(self, state: str) -> dict[str, Any]:
        """The first message of ``state``, when it has come."""
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline:
            for told in self.states():
                if told["state"] == state:
                    return told
            time.sleep(0.005)
        raise AssertionError(f"never {state}: {self.states()}")

    def ended(self) -> list[dict[str, Any]]:
        """Everything it said once it is over."""
        self._thread.join(10.0)
        assert not self._thread.is_alive()
        return self.states()

    def states(self) -> list[dict[str, Any]]:
        return [json.loads(payload) for kind, payload in list(self.said) if kind == wire.STATE]

    def blocks(self) -> list[bytes]:
        return [payload for kind, payload in list(self.said) if kind in (wire.BLOCK, wire.OVERFLOWED)]

    def _hear(self, kind: bytes, wall: float, payload: bytes) -> None:
        if not self.listening:
            raise BrokenPipeError
        assert abs(now() - wall) < 60.0
        self.said.append((kind, payload))

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.between(len(self.slept))
        assert len(self.slept) < 50


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    system = plugged(monkeypatch, MICROPHONE, SCARLETT)
    yield system
    for stream in system.streams:
        stream.end()


def test_it_passes_on_what_the_callback_brings_and_says_when_it_ends(system: System) -> None:
    life = Life(Wish("Scarlett")).start()
    told = life.wait("open")
    assert (told["device"]["name"], told["rate"], told["channels"], told["latency"]) == ("Scarlett", 48000, 2, 0.012)
    assert Wish.from_dict(told["wish"]) == Wish("Scarlett", None, 48000, True, "ALSA")
    for value in (0.25, 0.5):
        assert system.streams[0].bring(value=value) == (None, 0)
    system.streams[0].end()
    assert life.ended()[-1] == {"state": "gone", "why": "it stopped"}
    samples = [np.frombuffer(block, np.float32) for block in life.blocks()]
    assert [(len(block), block[0]) for block in samples] == [(512, 0.25), (512, 0.5)]


def test_it_looks_until_the_device_is_there_and_takes_no_other(system: System) -> None:
    wish = Wish("Scarlett").found(devices("input")[1], devices("input"), 44100)
    system.cards.remove(SCARLETT)
    life = Life(wish)
    life.between = lambda look: system.cards.append(SCARLETT) if look == 5 else None
    told = life.start().wait("open")
    assert (told["device"]["name"], told["rate"]) == ("Scarlett", 44100), "the show's rate, where the card takes it"
    assert [(said["why"], said["mistake"]) for said in life.states()[:5]] == [("it is not there", False)] * 5
    assert system.lives - system.ended == 1, "every look but the last let PortAudio go: its list is of its start"
    assert life.slept == [0.25, 0.25, 0.25, 0.7, 0.7]


def test_an_empty_list_just_after_a_close_is_no_mistake_of_the_person(system: System) -> None:
    cards, system.cards = system.cards, []
    life = Life(Wish("Scarlett"))
    life.between = lambda look: system.cards.extend(cards) if look == 2 else None
    life.start().wait("open")
    assert [said.get("mistake") for said in life.states()[:2]] == [False, False]


def test_a_wrong_name_is_a_mistake(system: System) -> None:
    life = Life(Wish("Scarlet 4i4"))
    life.between = lambda look: setattr(life, "listening", False)
    life.start().ended()
    assert life.states() == [{"state": "refused", "mistake": True,
                              "why": "there is no sound input called 'Scarlet 4i4'; did you mean 'Scarlett'?"}]


def test_a_portaudio_that_is_poisoned_at_its_start_is_started_again(system: System) -> None:
    system.poisoned = 2
    life = Life(Wish()).start()
    assert life.wait("open")["device"]["name"] == "Microphone"
    assert "PortAudio does not start" in life.states()[0]["why"]


def test_a_busy_card_is_tried_again(system: System) -> None:
    busy = Card("Busy", busy=True)
    system.cards.append(busy)
    life = Life(Wish("Busy"))
    life.between = lambda look: setattr(busy, "busy", look < 3)
    life.start().wait("open")
    assert "the sound input Busy (ALSA) cannot be opened" in life.states()[0]["why"]


@pytest.mark.parametrize(("takes", "wish", "opened"), [
    ({(44100, 2)}, Wish("odd"), (44100, 2)), ({(96000, 2)}, Wish("odd"), (96000, 2)),
    ({(48000, 18)}, Wish("odd"), (48000, 18)), ({(48000, 18)}, Wish("odd", (3, 4)), (48000, 18)),
    (set(), Wish("odd", (3, 4)), (48000, 4)), (set(), Wish("odd", (7, 7), 44100), (44100, 7))])
def test_a_card_is_opened_as_it_allows(system: System, takes: set[tuple[int, int]], wish: Wish,
                                       opened: tuple[int, int]) -> None:
    system.cards.append(Card("odd", ins=18, rate=96000 if (96000, 2) in takes or not takes else 48000, takes=takes))
    told = Life(wish).start().wait("open")
    assert (told["rate"], told["channels"]) == opened


def test_samples_lost_in_the_driver_or_on_the_way_are_marked(system: System) -> None:
    gate = threading.Event()
    life = Life(Wish("Scarlett"))
    passed = life._process._say

    def slow(kind: bytes, wall: float, payload: bytes) -> None:
        if kind == wire.BLOCK:
            gate.wait(10.0)
        passed(kind, wall, payload)

    life._process._say = slow
    life.start().wait("open")
    stream = system.streams[0]
    for _ in range(WAITING + 50):
        stream.bring(16)
    gate.set()
    deadline = time.monotonic() + 10.0
    while len(life.blocks()) < WAITING and time.monotonic() < deadline:
        time.sleep(0.01)
    stream.bring(16)
    stream.bring(16, OVERFLOW)
    stream.end()
    life.ended()
    kinds = [kind for kind, _ in life.said if kind in (wire.BLOCK, wire.OVERFLOWED)]
    assert WAITING <= len(kinds) <= WAITING + 4, "a show that does not read costs no memory without end"
    assert kinds[-2:] == [wire.OVERFLOWED] * 2


def test_a_stream_that_falls_silent_is_given_up(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "GONE", 0.15)
    life = Life(Wish("Scarlett")).start()
    life.wait("open")
    system.streams[0].bring()
    assert life.ended()[-1]["why"] == "it sends nothing"
    assert not system.streams[0].closed, "closing a dead stream may take ten seconds: the process ends instead"
    assert wire.PULSE in [kind for kind, _ in life.said]


def test_an_output_that_plays_nothing_is_no_loss(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "GONE", 0.05)
    system.cards.append(Card("Speakers [Loopback]", "Windows WASAPI", loopback=True))
    life = Life(Wish("speakers")).start()
    assert life.wait("open")["device"]["loopback"] is True
    system.streams[0].bring()
    time.sleep(0.4)
    assert [told["state"] for told in life.states()] == ["open"]
    system.streams[0].end()
    assert life.ended()[-1]["why"] == "it stopped"


def test_it_ends_when_nobody_listens_any_more(system: System) -> None:
    life = Life(Wish("Scarlett")).start()
    life.wait("open")
    life.listening = False
    life.ended()


def test_on_windows_outputs_are_heard_where_the_package_for_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from vj.audio import portaudio

    system = System(Card("Microphone", "Windows WASAPI"), Card("Speakers [Loopback]", "Windows WASAPI", loopback=True))
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(portaudio.importlib.util, "find_spec", lambda name: name == "pyaudiowpatch")
    monkeypatch.setitem(sys.modules, "pyaudiowpatch", system.module())
    assert [(found.name, found.loopback) for found in portaudio.devices("input")] == [
        ("Microphone", False), ("Speakers [Loopback]", True)]
    monkeypatch.setattr(portaudio.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "pyaudio", System(Card("Plain")).module())
    assert [found.name for found in portaudio.devices("input")] == ["Plain"]


def test_a_list_that_is_empty_for_a_moment_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from vj.audio import portaudio

    system = plugged(monkeypatch)
    monkeypatch.setattr(portaudio.time, "sleep", lambda seconds: system.cards.append(MICROPHONE))
    assert [found.name for found in devices("input")] == ["Microphone"]
    assert system.lives == system.ended == 2


