"""Two programs of one Link session, alone on a network of their own: how far vj's beats are from the other's.

    python -m benches.link_peers    prints ``name value`` lines; started where nothing but a loopback is
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vj.audio.beat import BeatClock
from vj.clock import now
from vj.control.clocks.link import LinkClock
from vj.control.clocks.watch import Watch
from vj.types import Tick, Value

BPM = 134.0
NETWORK = "ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo"
HERE = Path(__file__).resolve().parent.parent


def measured() -> dict[str, str] | None:
    """What ``main`` prints, run in a network namespace; None where there are none. Raises RuntimeError."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return None
    if subprocess.run(["unshare", "-n", "sh", "-c", NETWORK], capture_output=True, check=False).returncode:
        return None
    command = f"{NETWORK} && exec {sys.executable} -m benches.link_peers"
    done = subprocess.run(["unshare", "-n", "sh", "-c", command], cwd=HERE, capture_output=True, text=True, timeout=60,
                          check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


class Peer:
    """Another program in the session. Begun before vj is: of two tempi, Link keeps the older session's."""

    def __init__(self) -> None:
        self.link: Any = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._stay()))
        self._thread.start()
        while self.link is None:
            time.sleep(0.01)
        time.sleep(1.0)  # of two sessions born within half a second it keeps either

    async def _stay(self) -> None:
        import aalink  # noqa: PLC0415 - not every machine has it

        link = aalink.Link(BPM)
        link.quantum = 4.0
        link.enabled = True
        self.link = link
        while not self._ended.is_set():
            await asyncio.sleep(0.05)
        link.enabled = False

    def close(self) -> None:
        """Leave the session."""
        self._ended.set()
        self._thread.join()


class Show:
    """As much of a show as has a beat, 60 turns a second."""

    def __init__(self, clock: LinkClock) -> None:
        self.beat = BeatClock(100.0)
        self.watch = Watch([clock], [clock], now)
        self.start = now()
        self._index = 0

    def turn(self, hands: Callable[[float], dict[str, Value]], until: float) -> Tick | None:
        """One tick; None when it is ``until`` seconds."""
        if now() - self.start >= until:
            return None
        time.sleep(1 / 60)
        tick = Tick(self._index, now() - self.start, 1 / 60)
        self._index += 1
        for word in self.watch.read(tick, 0.0):
            self.beat.follow(word)
        self.beat.control(tick.time, hands(tick.time))
        self.beat.step(tick.time)
        self.watch.lead(tick, 0.0, self.beat.at(tick.time))
        return tick


def main() -> None:
    """Follow for six seconds, tap another tempo, then lead."""
    peer = Peer()
    show = Show(LinkClock.open(now))
    off, bars = follow(peer, show)
    print("source", show.beat.source)
    print("off_ms", sorted(off)[len(off) // 2])
    print("off_p99_ms", sorted(off)[int(0.99 * len(off))])
    print("bars_off", sorted(bars)[len(bars) // 2])
    print("bpm", show.beat.bpm)
    taps = [6.5, 7.0, 7.5]
    while show.turn(lambda time: {"tap": bool(taps) and time >= taps[0] and bool(taps.pop(0))}, 8.0):
        pass
    print("tapped", peer.link.tempo)
    while show.turn(lambda _: {"clock": "tap"}, 13.0):  # by hand, and its beat goes out too
        pass
    at = now() - show.start
    print("led_ms", abs((4 * show.beat.at(at).bar_phase - peer.link.beat + 2) % 4 - 2) * 60 / peer.link.tempo * 1000)
    show.watch.close()
    peer.close()


def follow(peer: Peer, show: Show) -> tuple[list[float], list[float]]:
    """Milliseconds from the peer's beat, and beats from its bar, once two seconds are over in which they meet."""
    off: list[float] = []
    bars: list[float] = []
    while show.turn(lambda _: {}, 6.0):
        before = now()
        place = show.beat.beats(before - show.start)
        true = peer.link.beat
        if before - show.start > 4.0 and now() - before < 5e-4:  # both were asked at one moment
            off.append(abs((place - true + 0.5) % 1 - 0.5) * 60 / peer.link.tempo * 1000)
            bars.append(abs((4 * show.beat.at(before - show.start).bar_phase - true + 2) % 4 - 2))
    return off, bars


if __name__ == "__main__":
    main()
