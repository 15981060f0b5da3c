"""PortAudio's manners: loaded late, silenced while it looks around, its list of devices read."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from vj.audio import soundserver
from vj.audio.naming import Device, choose
from vj.types import VjError

__all__ = ["Device", "choose", "devices", "devices_of", "library", "quiet_stderr", "start", "stop"]

TRIES = 4
TRY_AGAIN = 0.25
"""Seconds: just after a device was closed, ALSA may list none for a moment."""
GO_ON = 0
"""pyaudio.paContinue, without importing it."""


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


def library() -> Any:
    """The module that speaks to PortAudio: on Windows the one that hears outputs too, where it is installed.

    Raises VjError when there is none.
    """
    try:
        if sys.platform == "win32" and importlib.util.find_spec("pyaudiowpatch") is not None:
            return importlib.import_module("pyaudiowpatch")
        return importlib.import_module("pyaudio")
    except ImportError as error:
        raise VjError(f"sound devices need PyAudio and the system's portaudio library ({error})") from error


def start() -> Any:
    """A running ``PyAudio``; ``terminate()`` it. Raises VjError when PortAudio cannot be had."""
    module = library()
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    try:
        with quiet_stderr():
            return module.PyAudio()
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
    found: list[Device] = []
    for attempt in range(TRIES):
        if attempt:
            time.sleep(TRY_AGAIN)
        try:
            port = start()
        except VjError:
            return []
        try:
            found = devices_of(port, direction)
        finally:
            stop(port)
        if found:
            break
    return found


def devices_of(port: Any, direction: str) -> list[Device]:
    """The devices of a running PortAudio, the default first, and the sound server's own inputs last."""
    default = _default_index(port, direction)
    found = []
    for index in range(port.get_device_count()):
        info = port.get_device_info_by_index(index)
        channels = int(info[f"max{direction.capitalize()}Channels"])
        if channels > 0:
            api = port.get_host_api_info_by_index(info["hostApi"])["name"]
            found.append(Device(str(info["name"]), str(api), channels, round(info["defaultSampleRate"]),
                                index == default, index, bool(info.get("isLoopbackDevice", False))))
    found.sort(key=lambda device: not device.default)
    return found + (soundserver.inputs(found) if direction == "input" else [])


def _default_index(port: Any, direction: str) -> int:
    try:
        return int(getattr(port, f"get_default_{direction}_device_info")()["index"])
    except OSError:
        return -1
