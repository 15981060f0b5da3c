"""A PortAudio that is not there: devices come and go, refuse, lie and stall as a test wants."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

OVERFLOW = 2


@dataclass
class Card:
    """One device of the fake. ``takes``: the rates and channel counts that it opens with; empty takes any."""

    name: str
    api: str = "ALSA"
    ins: int = 2
    outs: int = 0
    rate: int = 48000
    takes: set[tuple[int, int]] = field(default_factory=set)
    busy: bool = False
    loopback: bool = False


class Stream:
    """An open stream; ``bring`` calls its callback, ``end`` is the device going away."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.active = bool(options.get("start", True))
        self.closed = False

    def bring(self, frames: int = 256, flags: int = 0, value: float = 0.25) -> Any:
        """One callback with ``frames`` samples of ``value`` on every channel."""
        data = struct.pack("<f", value) * frames * int(self.options["channels"])
        return self.options["stream_callback"](data, frames, {}, flags)

    def end(self) -> None:
        self.active = False

    def start_stream(self) -> None:
        self.active = True

    def is_active(self) -> bool:
        return self.active

    def stop_stream(self) -> None:
        self.active = False

    def close(self) -> None:
        self.closed = True

    def get_input_latency(self) -> float:
        return 0.012

    def get_output_latency(self) -> float:
        return 0.02


class Port:
    """One life of PortAudio: the list of devices stays as it was when it began."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._cards = list(system.cards)
        system.lives += 1

    def get_device_count(self) -> int:
        return len(self._cards)

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        card = self._cards[index]
        info = {"name": card.name, "index": index, "hostApi": index, "maxInputChannels": card.ins,
                "maxOutputChannels": card.outs, "defaultSampleRate": float(card.rate)}
        return info | ({"isLoopbackDevice": True} if card.loopback else {})

    def get_host_api_info_by_index(self, index: int) -> dict[str, Any]:
        return {"name": self._cards[index].api}

    def get_default_input_device_info(self) -> dict[str, Any]:
        return self._first("maxInputChannels")

    def get_default_output_device_info(self) -> dict[str, Any]:
        return self._first("maxOutputChannels")

    def _first(self, key: str) -> dict[str, Any]:
        infos = [self.get_device_info_by_index(index) for index in range(len(self._cards))]
        for info in infos:
            if info[key]:
                return info
        raise OSError("no default device")

    def open(self, **options: Any) -> Stream:
        card = self._cards[options.get("input_device_index", options.get("output_device_index"))]
        if card not in self._system.cards or card.busy:
            raise OSError(-9985, "Device unavailable")
        if card.takes and (options["rate"], options["channels"]) not in card.takes:
            raise OSError(-9997, "Invalid sample rate")
        stream = Stream(options)
        self._system.streams.append(stream)
        self._system.opened(stream)
        return stream

    def terminate(self) -> None:
        self._system.ended += 1


class System:
    """The machine: its cards now, what was opened, how often PortAudio was started, and how often it may fail."""

    def __init__(self, *cards: Card) -> None:
        self.cards = list(cards)
        self.streams: list[Stream] = []
        self.lives = self.ended = 0
        self.poisoned = 0
        self.opened: Callable[[Stream], None] = lambda stream: None

    def module(self) -> SimpleNamespace:
        """What stands in for the ``pyaudio`` module."""
        return SimpleNamespace(PyAudio=self._start, paFloat32=1)

    def _start(self) -> Port:
        if self.poisoned:
            self.poisoned -= 1
            raise OSError(-9999, "Unanticipated host error")
        return Port(self)


def plugged(monkeypatch: pytest.MonkeyPatch, *cards: Card) -> System:
    """A system with ``cards``, in the place of the real PortAudio."""
    system = System(*cards)
    module = system.module()
    for user in ("portaudio", "card", "output"):
        monkeypatch.setattr(f"vj.audio.{user}.library", lambda: module)
    monkeypatch.setattr("vj.audio.soundserver._ask", lambda what: [])
    return system
