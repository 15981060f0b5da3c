"""The page's server under attack: 10,000 requests and messages that nobody should send."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from unittest.mock import patch

from benches.osc_fuzz import in_silence, out_of_range
from benches.table import Row, percentile, under
from vj.app.common import declared_tree
from vj.clock import WallClock, now
from vj.control.desk import Desk
from vj.control.mirror import Mirror
from vj.control.ports import open_ports
from vj.control.web.doors import Doors
from vj.control.web.server import WebServer
from vj.mailbox import Inbox
from vj.options import DEFAULT_LOOK
from vj.performance import on_stage
from vj.types import ControlEvent, Tick, VjError

TITLE = "The page's server, fuzzed"
HOW = ("Another process sends HTTP requests and websocket messages, random and mutated, to a real server over the "
       "default look's tree; the ration of requests is lifted, so that every one is read. Meanwhile the engine's "
       "part runs 60 times a second on the main thread, and honest questions are asked between the others. *Late*: "
       "how far behind its time a tick was.")
COUNT = 10_000


class Attacked:
    """A tree, its server, and ticks that take in what comes."""

    def __init__(self) -> None:
        self.tree = declared_tree(DEFAULT_LOOK)
        self.mirror = Mirror(self.tree)
        self.inbox: Inbox[ControlEvent] = Inbox()
        self.late: list[float] = []
        self.landed = self.refused = 0
        ports = open_ports(None, 0)
        ports.udp.close()
        desk = Desk(self.mirror, self.inbox.put, now, together=self.inbox.put_all)
        self.server = WebServer.open(desk, ports, Doors("t" * 32, ports.number))

    def run(self, going: threading.Thread) -> None:
        """Tick until ``going`` has ended."""
        with on_stage():
            due = now()
            for tick in WallClock(60.0):
                self.late.append(max(now() - due, 0.0))
                due = max(due + 1 / 60, now())
                self.turn(tick)
                if not going.is_alive():
                    return

    def turn(self, tick: Tick) -> None:
        for event in self.inbox.drain():
            try:
                self.tree.apply(event)
                self.landed += 1
            except VjError:
                self.refused += 1
        self.tree.advance(tick.dt)
        self.mirror.publish(tick, self.tree.snapshot({}))


def measure(_folder: Path, _seconds: float) -> list[Row]:
    """No crash, no stall, nothing out of its range."""
    with patch("vj.control.web.site.REQUESTS_AT_ONCE", 1e9), in_silence():
        place = Attacked()
        told: dict[str, object] = {}
        command = [sys.executable, "-m", "benches.web_sender", "fuzz", str(place.server.port), str(COUNT)]
        done: list[subprocess.CompletedProcess[str]] = []
        sender = threading.Thread(target=lambda: done.append(
            subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent, check=False)))
        sender.start()
        place.run(sender)
        place.server.close()
    if done[0].returncode:
        raise RuntimeError(done[0].stderr[-2000:])
    told = json.loads(done[0].stdout)
    return rows(place, told)


def rows(place: Attacked, told: dict[str, object]) -> list[Row]:
    probes, statuses = list(told["probes"]), dict(told["statuses"])  # type: ignore[call-overload]
    outside, sent = out_of_range(place.tree), int(str(told["requests"])) + int(str(told["messages"]))
    broken = sum(count for status, count in statuses.items() if status.startswith("5"))
    return [Row("requests and messages", f"{told['requests']} + {told['messages']}", f"{COUNT}", sent >= COUNT),
            Row("answers", ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))),
            Row("server errors", f"{broken}", "0", broken == 0),
            Row("honest questions answered wrong", f"{told['wrong']} of {len(probes)}", "0", told["wrong"] == 0),
            Row("events that landed", f"{place.landed}", "some", place.landed > 100),
            Row("events that the tree refused", f"{place.refused}", "0", place.refused == 0),
            Row("parameters outside their range", f"{len(outside)}", "0", not outside),
            Row("an honest answer, median", f"{1000 * percentile(probes, 0.5):.1f} ms"),
            under("an honest answer, the longest", 1000 * max(probes), 50.0, "ms"),
            Row("a tick late, p99", f"{1000 * percentile(place.late, 0.99):.1f} ms"),
            under("a tick late, the most", 1000 * max(place.late), 50.0, "ms")]
