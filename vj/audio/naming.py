"""Sound devices by name: chosen by what a person types, known again when they come back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

from vj.types import VjError

MOST_CHANNELS = 256
"""More than any card has."""


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device in one direction. ``index`` holds only until the next look: devices are known by name.

    ``loopback``: an output that is heard, silent when nothing plays. ``source``: what the sound server calls it.
    """

    name: str
    host_api: str
    channels: int
    rate: int
    default: bool
    index: int
    loopback: bool = False
    source: str = ""

    @property
    def label(self) -> str:
        """Name and host API, as they are shown."""
        return f"{self.name} ({self.host_api})"


@dataclass(frozen=True, slots=True)
class Wish:
    """The device that is wanted. Before it was found: what a person typed, None for the default one.

    Once ``known`` it is this name and this host API and no other; ``others`` were there beside it under a name of
    the same stem, ``source`` is what the sound server called it. ``channels`` are the first and the last, from 1;
    ``rate`` in Hz is preferred, 0 for the device's.
    """

    name: str | None = None
    channels: tuple[int, int] | None = None
    rate: int = 0
    known: bool = False
    host_api: str = ""
    others: tuple[str, ...] = ()
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Wish:
        """What ``as_dict`` told, after JSON."""
        channels = told["channels"]
        return cls(**{**told, "channels": tuple(channels) if channels else None, "others": tuple(told["others"])})

    def found(self, device: Device, among: Sequence[Device], rate: int) -> Wish:
        """The wish for ``device`` and no other, at ``rate`` if it can."""
        beside = tuple(d.name for d in among if d.name != device.name and _twins(d, device.name, device.host_api))
        return Wish(device.name, self.channels, rate, True, device.host_api, beside, device.source or self.source)


def pick(wish: Wish, found: Sequence[Device], direction: str = "input") -> Device:
    """The device of ``found`` that ``wish`` means. Raises VjError, one sentence, where there is none."""
    device = again(wish, found) if wish.known else choose(wish.name, found, direction)
    if device is None:
        raise VjError("it is not there")
    if wish.channels is not None and wish.channels[1] > device.channels and not wish.known:
        raise VjError(f"the sound {direction} {device.label} has {_count(device.channels)}, "
                      f"asked for {_span(wish.channels)}")
    return device


def choose(name: str | None, found: Sequence[Device], direction: str) -> Device:
    """The device called ``name``: exactly, else the only one containing it. None takes the default.

    ``name@host api`` looks only there; a label as it is shown, ``name (host api)``, is a name too. One name in several
    host APIs is the first of them, as PortAudio lists them. Raises VjError naming the nearest, or all there are.
    """
    if not found:
        raise VjError(f"there is no sound {direction}")
    if name is None:
        return next((device for device in found if device.default), found[0])
    matches = _matches(name, found)
    if len({device.name for device in matches}) == 1:
        return matches[0]
    labels = list(dict.fromkeys(device.label for device in matches or found))
    if matches:
        raise VjError(f"more than one sound {direction} is called {name!r}: {', '.join(labels)}")
    near = get_close_matches(name, [device.name for device in found], n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(labels)}"
    raise VjError(f"there is no sound {direction} called {name!r}; {hint}")


def _matches(name: str, found: Sequence[Device]) -> list[Device]:
    """Devices of exactly this name or label, else of this name in this host API, else those containing it."""
    exact = [device for device in found if name in (device.name, device.label, device.source)]
    if exact:
        return exact
    stem, at, api = name.rpartition("@")
    if at and (there := [d for d in found if api.strip().casefold() in d.host_api.casefold()]):
        return _matches(stem.strip(), there)
    wanted = name.casefold()
    return [d for d in found if wanted in d.label.casefold() or wanted in d.source.casefold()]


def again(wish: Wish, found: Sequence[Device]) -> Device | None:
    """The device that was here before, or None: never another one.

    A card that comes back may get another number in the system's list (``hw:1`` becomes ``hw:2``, a Windows name
    another count): its stem is still its name, but the one beside it, of the same make, stays who it is.
    """
    same = [device for device in found if (device.name, device.host_api) == (wish.name, wish.host_api)]
    if same:
        return same[0]
    stems = [d for d in found if _twins(d, str(wish.name), wish.host_api) and d.name not in wish.others]
    return stems[0] if len(stems) == 1 else None


def _twins(device: Device, name: str, host_api: str) -> bool:
    return device.host_api == host_api and _stem(device.name) == _stem(name)


def _stem(name: str) -> str:
    """A name without the numbers that the system counts its cards by."""
    return re.sub(r"\bhw:\d+,\d+|(?<=\()\d+- ", "", name)


def parse_channels(text: str) -> tuple[int, int]:
    """``3`` -> (3, 3), ``3-4`` -> (3, 4), counted from 1. Raises VjError for anything else."""
    first, dash, last = text.strip().partition("-")
    if first.isdecimal() and (last.isdecimal() if dash else not last):
        low, high = int(first), int(last or first)
        if 1 <= low <= MOST_CHANNELS and high in (low, low + 1):
            return low, high
    raise VjError(f"channels are one, like 3, or two beside each other, like 3-4, got {text!r}")


def _span(channels: tuple[int, int]) -> str:
    first, last = channels
    return f"channel {first}" if first == last else f"channels {first} and {last}"


def _count(channels: int) -> str:
    return "one channel" if channels == 1 else f"{channels} channels"
