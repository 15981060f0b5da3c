"""Another program that sends OSC: started by the benchmark, so that it has an interpreter of its own.

    python -m benches.osc_sender values PORT COUNT    a value for PATH now and then; prints it and when it was sent
    python -m benches.osc_sender flood PORT SECONDS   20,000 packets a second; prints how many in how many seconds
"""

from __future__ import annotations

import random
import socket
import sys
import time

from benches.osc_packets import KNOWN_BAD, message

PATH, FIRST = "/beat/fastest", 100
"""A number that glides not, and the first value it is given; one more each time."""
A_SECOND = 20_000
AT_ONCE = 20


def values(port: int, count: int) -> None:
    """Send at moments that have nothing to do with frames."""
    chance = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        for k in range(count):
            time.sleep(0.02 + 0.04 * chance.random())
            packet = message(PATH, float(FIRST + k % 190))
            sent = time.perf_counter()
            place.sendto(packet, ("127.0.0.1", port))
            print(FIRST + k % 190, sent, flush=True)


def flood(port: int, seconds: float) -> None:
    """Values of many parameters from one port, and one bad packet among eight."""
    packets = [message(f"/a/gen/{name}", 0.1 * k) for name in ("hue", "vivid", "scale", "detail") for k in range(10)]
    packets += [bad for bad in KNOWN_BAD if bad][:6]
    began, sent, told = time.perf_counter(), 0, 1.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        while (spent := time.perf_counter() - began) < seconds:
            due = min(round(spent * A_SECOND), sent + AT_ONCE)  # in small heaps, also after a pause
            for k in range(sent, due):
                place.sendto(packets[k % len(packets)], ("127.0.0.1", port))
            sent = max(sent, due)
            if spent > told:
                told += 1.0
                print(sent, spent, flush=True)
            time.sleep(AT_ONCE / A_SECOND / 4)


if __name__ == "__main__":
    if sys.argv[1] == "values":
        values(int(sys.argv[2]), int(sys.argv[3]))
    else:
        flood(int(sys.argv[2]), float(sys.argv[3]))
