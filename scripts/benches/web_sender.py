"""What comes over the network at the page's server, from a process of its own: attackers, or listeners.

    python -m benches.web_sender fuzz PORT COUNT       JSON: what was answered
    python -m benches.web_sender listen PORT CLIENTS   until its standard input ends; JSON: what was heard
"""

from __future__ import annotations

import base64
import collections
import json
import os
import random
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from benches.osc_packets import strange

LINES = (*[b"GET"] * 12, b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"TRACE", b"CONNECT", b"PRI", b"get",
         b"\x16\x03\x01")
TARGETS = ("/", "/?HOST_INFO", "/?VALUE", "/a/walk/speed", "/a/walk/speed?VALUE", "/-/page.js", "/-/pair", "/-/thumb/x",
           "/-/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/-/thumb/%2e%2e%2fpairing", "/a//walk", "//", "*",
           "http://evil.example/", "/?%00", "/%ff%fe", "/a/walk/speed?VALUE&RANGE", "/?" + "A" * 5000,
           "/" + "x/" * 2000)
HEADERS = (b"Host: localhost", b"Host: evil.example", b"Host: ", b"Origin: http://evil.example", b"Origin: null",
           b"Content-Length: -1", b"Content-Length: 99999999999", b"Content-Length: 3", b"Transfer-Encoding: chunked",
           b"Cookie: " + b"vj-7700=x;" * 200, b"Upgrade: websocket", b"Connection: Upgrade", b"Connection: close",
           b"Sec-WebSocket-Key: AAAA", b"Sec-WebSocket-Version: 13", b"Expect: 100-continue", b"X: " + b"y" * 9000,
           b"If-None-Match: *", b"Accept: text/html", b"no colon here", b": empty", b"Range: bytes=0-1")


def requests(rng: random.Random, count: int) -> Iterator[bytes]:
    """Requests that are nearly right, and some that are nothing at all."""
    for _ in range(count):
        target = rng.choice(TARGETS).encode()
        lines = [rng.choice(LINES) + b" " + target + b" HTTP/1.1", *rng.sample(HEADERS, rng.choice((0, 0, 0, 1, 1, 4)))]
        if rng.random() < 0.8:
            lines.append(b"Host: 127.0.0.1")
        packet = bytearray(b"\r\n".join(lines) + b"\r\n\r\n" + rng.randbytes(rng.choice((0, 0, 3, 300))))
        for _ in range(rng.choice((0, 0, 0, 0, 0, 0, 1, 5, 40))):
            packet[rng.randrange(len(packet))] = rng.randrange(256)
        yield bytes(packet) if rng.random() < 0.9 else rng.randbytes(rng.randrange(1, 2000))


def frame(rng: random.Random, kind: int, payload: bytes) -> bytes:
    """A websocket frame, masked as a client's must be; now and then of another kind, or not quite a frame."""
    if rng.random() < 0.01:
        kind = rng.choice((0x80, 0x01, 0x81, 0x82, 0x89, 0x8A, 0xF3, 0x88))
    size = len(payload)
    head = bytes((kind, 0x80 | size)) if size < 126 else bytes((kind, 0x80 | 126)) + size.to_bytes(2, "big")
    mask = rng.randbytes(4)
    packet = bytearray(head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload)))
    if rng.random() < 0.005:
        packet[rng.randrange(min(len(packet), 8))] ^= 1 << rng.randrange(8)
    return bytes(packet)


def texts(rng: random.Random) -> bytes:
    """A command, or what is none."""
    data = rng.choice(("/", "/a/walk/speed", "/beat/phase", "/now/a/walk/speed", "", 5, None, [], "x" * 900))
    words = json.dumps({"COMMAND": rng.choice(("LISTEN", "IGNORE", "BUNDLE", "PATH_ADDED", "", None)), "DATA": data})
    return rng.choice((words, words, words[:rng.randrange(len(words))], "[" * 900, "{", "\ufffd")).encode()


def one(port: int, packet: bytes, statuses: collections.Counter[str]) -> None:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(packet)
            line.shutdown(socket.SHUT_WR)
            statuses[line.recv(12).decode("latin-1")[9:12] or "hung up"] += 1
    except TimeoutError:
        statuses["waiting"] += 1
    except OSError:
        statuses["hung up"] += 1


def talk(port: int, rng: random.Random, packets: Iterator[bytes], count: int) -> int:
    """One websocket that talks nonsense until it is hung up on; how much it could say."""
    key = base64.b64encode(rng.randbytes(16)).decode()
    said = 0
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
            if b" 101 " not in line.recv(4096):
                return 0
            line.setblocking(True)
            threading.Thread(target=_swallow, args=(line,), daemon=True).start()
            for said in range(1, count + 1):  # noqa: B007
                what = (0x82, next(packets)) if rng.random() < 0.7 else (0x81, texts(rng))
                line.sendall(frame(rng, *what))
            line.shutdown(socket.SHUT_RDWR)  # a thread still reads: closing alone would not tell the other side
    except OSError:
        return said
    return said


def _swallow(line: socket.socket) -> None:
    try:
        while line.recv(65536):
            pass
    except OSError:
        return


def fuzz(port: int, count: int) -> dict[str, object]:
    """Half requests, half websocket messages; between them honest questions, whose answers are timed."""
    rng = random.Random(11)
    statuses: collections.Counter[str] = collections.Counter()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
        paths = _paths(json.load(answer))
    packets = strange(rng, paths, 10 * count)
    probes, messages, wrong = [], 0, 0
    for n, packet in enumerate(requests(rng, count // 2)):
        one(port, packet, statuses)
        if n % 50 == 0:
            messages += talk(port, rng, packets, min(200, count // 2 - messages))
            began = time.perf_counter()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/?HOST_INFO", timeout=20) as answer:
                wrong += json.load(answer)["NAME"] != "vj"
            probes.append(time.perf_counter() - began)
    while messages < count // 2:
        messages += max(talk(port, rng, packets, min(200, count // 2 - messages)), 1)
    return {"requests": sum(statuses.values()), "messages": messages, "statuses": statuses, "probes": probes,
            "wrong": wrong}


def _paths(node: dict[str, object]) -> list[str]:
    found = [str(node["FULL_PATH"])] if node.get("ACCESS") == 3 else []
    for child in dict(node.get("CONTENTS") or {}).values():  # type: ignore[call-overload]
        found += _paths(child)
    return found


def listen(port: int, clients: int) -> dict[str, float]:
    """Pages that look at everything: the picture, every knob as it moves, every meter."""
    heard = collections.Counter[str]()
    ended = threading.Event()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
        root = json.load(answer)
    leaves: list[str] = []
    _leaves(root, leaves)

    def page() -> None:
        # The show ends before its listeners do.
        with suppress(ConnectionClosed), connect(f"ws://127.0.0.1:{port}/", compression=None, max_size=2**20) as line:
            line.send(json.dumps({"COMMAND": "BUNDLE", "DATA": True}))
            for path in leaves:
                line.send(json.dumps({"COMMAND": "LISTEN", "DATA": path}))
            while not ended.is_set():
                packet = line.recv(10.0)
                heard["packets"] += 1
                heard["bytes"] += len(packet)
                heard["pictures"] += isinstance(packet, bytes) and b"/preview/program\0" in packet

    began = time.perf_counter()
    pages = [threading.Thread(target=page, daemon=True) for _ in range(clients)]
    for one_page in pages:
        one_page.start()
    sys.stdin.read()
    ended.set()
    seconds = time.perf_counter() - began
    return {key: heard[key] / seconds / max(clients, 1) for key in ("packets", "bytes", "pictures")}


def _leaves(node: dict[str, object], found: list[str]) -> None:
    if "TYPE" in node:
        found.append(str(node["FULL_PATH"]))
    for child in dict(node.get("CONTENTS") or {}).values():  # type: ignore[call-overload]
        _leaves(child, found)


if __name__ == "__main__":
    what, port, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps(fuzz(port, number) if what == "fuzz" else listen(port, number)), flush=True)
    os._exit(0)
