"""The page: what four tablets that look at everything do to the frames, and how soon a wish is in the tree."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from benches.show import run
from benches.table import Row, under
from vj.config import bundled_track
from vj.control.ports import open_ports

TITLE = "The page"
HOW = ("A headless show of its own process, 640x360; another process opens websockets as the page does, each listening "
       "to the picture, to every knob and its modulated value, and to every meter. The same show with nobody "
       "listening beside it. What the clients themselves cost this machine is in the figure.")
CLIENTS = 4
START = 90.0
"""Seconds that a show may take until it answers."""


def measure(folder: Path, seconds: float) -> list[Row]:
    """Frame intervals without clients and with four."""
    length = min(max(seconds / 4, 20.0), 90.0)
    calm, _ = show(folder, length, 0)
    watched, heard = show(folder, length, CLIENTS)
    more = 100.0 * (watched["p99_ms"] / calm["p99_ms"] - 1.0)
    return [Row("nobody: frame interval p50, p99", words(calm)),
            Row(f"{CLIENTS} clients: frame interval p50, p99", words(watched)),
            under(f"{CLIENTS} clients: p99 moves by", more, 10.0, "%"),
            Row("each client hears", f"{heard['packets']:.0f} packets, {heard['bytes'] / 1000:.0f} kB and "
                                     f"{heard['pictures']:.1f} pictures a second")]


def words(told: dict[str, Any]) -> str:
    return f"{told['p50_ms']:.1f}, {told['p99_ms']:.1f} ms, {told['fps']:.1f} fps"


def show(folder: Path, seconds: float, clients: int) -> tuple[dict[str, Any], dict[str, float]]:
    """How a show went, and what its listeners heard of it."""
    ports = open_ports(None, 0)
    ports.close()  # free again, for the show
    command = ["play", str(bundled_track()), "--headless", "--size", "640x360", "--duration", f"{seconds:g}",
               "--port", str(ports.number)]
    result: dict[str, Any] = {}
    performance = threading.Thread(target=lambda: result.update(run(command, folder / "home").result))
    performance.start()
    heard = {"packets": 0.0, "bytes": 0.0, "pictures": 0.0}
    if clients:
        await_answer(ports.number)
        listeners = [sys.executable, "-m", "benches.web_sender", "listen", str(ports.number), str(clients)]
        with subprocess.Popen(listeners, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              cwd=Path(__file__).parent.parent) as process:
            performance.join(max(seconds - 2.0, 1.0))
            heard = json.loads(process.communicate("")[0])
    performance.join()
    if not result:
        raise RuntimeError("the show did not come to its end")
    return result, heard


def await_answer(port: int) -> None:
    """Until the show's server answers."""
    for _ in range(int(START / 0.2)):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/?HOST_INFO", timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the show's server does not answer")
