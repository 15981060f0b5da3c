"""PortAudio's manners: loaded late, silenced while it looks around, devices found by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from vj.types import VjError


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device in one direction. ``index`` holds only until the next look: devices are known by name."""

    name: str
    host_api: str
    channels: int
    rate: int
    default: bool
    index: int


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere: ALSA and JACK print some 80 lines while PortAudio looks around."""
    try:
        kept = os.dup(2)
    except OSError:  # no stderr to protect
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def start() -> Any:
    """A running ``pyaudio.PyAudio``; ``terminate()`` it. Raises VjError when PortAudio cannot be had."""
    try:
        import pyaudio
    except ImportError as error:
        raise VjError(f"sound devices need PyAudio and the system's portaudio library ({error})") from error
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    try:
        with quiet_stderr():
            return pyaudio.PyAudio()
    except OSError as error:
        raise VjError(f"PortAudio does not start: {error}") from error


def stop(port: Any, stream: Any = None) -> None:
    """Close a stream and let PortAudio go; a device that was pulled out may complain, which no one needs."""
    with quiet_stderr():
        if stream is not None:
            with suppress(OSError):
                stream.stop_stream()
            with suppress(OSError):
                stream.close()
        with suppress(OSError):
            port.terminate()


def devices(direction: str) -> list[Device]:
    """The ``"input"`` or ``"output"`` devices there are now; none where PortAudio cannot be had."""
    try:
        port = start()
    except VjError:
        return []
    try:
        return devices_of(port, direction)
    finally:
        stop(port)


def devices_of(port: Any, direction: str) -> list[Device]:
    """The devices of a running PortAudio, the default first."""
    default = _default_index(port, direction)
    found = []
    for index in range(port.get_device_count()):
        info = port.get_device_info_by_index(index)
        channels = int(info[f"max{direction.capitalize()}Channels"])
        if channels > 0:
            api = port.get_host_api_info_by_index(info["hostApi"])["name"]
            found.append(Device(str(info["name"]), str(api), channels, round(info["defaultSampleRate"]),
                                index == default, index))
    return sorted(found, key=lambda device: not device.default)


def _default_index(port: Any, direction: str) -> int:
    try:
        return int(getattr(port, f"get_default_{direction}_device_info")()["index"])
    except OSError:
        return -1


def choose(name: str | None, found: list[Device], direction: str) -> Device:
    """The device called ``name``: exactly, else the only one containing it. None takes the default.

    Raises VjError naming the nearest, or all there are.
    """
    if not found:
        raise VjError(f"there is no sound {direction}")
    if name is None:
        return found[0]
    exact = [device for device in found if device.name == name]
    wanted = name.casefold()
    matches = exact or [device for device in found if wanted in device.name.casefold()]
    if len(matches) == 1 or exact:
        return matches[0]
    names = [device.name for device in matches or found]
    if matches:
        raise VjError(f"more than one sound {direction} is called {name!r}: {', '.join(names)}")
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
    raise VjError(f"there is no sound {direction} called {name!r}; {hint}")
