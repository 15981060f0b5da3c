"""A JACK server for tests: private, without a sound card, and really there when it is given."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROBE = "import rtmidi; rtmidi.MidiIn(rtmidi.API_UNIX_JACK).delete()"
PATIENCE = 40.0


@contextmanager
def jack_server(name: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which clients find it. Skips the test where there is no jackd, or where it does not run."""
    if shutil.which("jackd") is None:
        pytest.skip("jackd is not installed")
    pytest.importorskip("rtmidi")
    name = f"{name}{os.getpid()}"
    environment = {**os.environ, "JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1",
                   "JACK_DEFAULT_SERVER": name, "MIDO_BACKEND": "mido.backends.rtmidi/UNIX_JACK"}
    with (folder / "jack.log").open("wb") as log:
        server = subprocess.Popen(["jackd", "-r", "-S", "-n", name, "-d", "dummy", "-r", "44100", "-p", "256"],
                                  env=environment, stdout=log, stderr=log)
        try:
            _await(server, environment, folder / "jack.log")
            yield environment
        finally:
            _end(server)


def _await(server: subprocess.Popen[bytes], environment: dict[str, str], log: Path) -> None:
    """The log tells of a server before its socket is there: a client must have come in."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.skip(f"jackd does not run here: {log.read_text()[-300:]}")
        probe = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, timeout=60,
                               check=False)
        if probe.returncode == 0:
            return
        time.sleep(0.2)
    pytest.fail(f"jackd lets nobody in: {log.read_text()[-300:]}")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
