"""A show without picture or sound for the web's tests: a real tree, mirror, desk and server."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from websockets.sync.client import ClientConnection, connect

from vj.clock import now
from vj.control.desk import Desk
from vj.control.mirror import Mirror
from vj.control.osc.packet import messages
from vj.control.ports import Ports, open_ports
from vj.control.web.doors import Doors
from vj.control.web.packets import said
from vj.control.web.server import WebServer
from vj.mailbox import Inbox
from vj.params.spec import choice, colour, integer, number, switch, text, trigger
from vj.params.tree import ParamTree
from vj.types import ControlEvent, ParamSpec, Tick, VjError

TOKEN = "t" * 32
PARAMS = {
    "a/walk": (number("speed", 0.5, 0.0, 2.0, unit="rad/s", help="How fast."),
               number("decay", 0.3, 0.01, 10.0, curve="log", unit="s"),
               integer("steps", 4, 1, 16)),
    "a/gen": (choice("world", "reef", ("reef", "dunes", "glass")), text("prompt", "a quiet reef"),
              text("negative"), colour("tint", "#ff8800")),
    "a/prompt": (text("text", "a quiet reef"), number("weight1", 1.0), text("text2"), number("weight2", 0.0)),
    "a/queue": (text("waiting"), text("add"), text("drop"), integer("bars", 4, 0, 64)),
    "master": (switch("freeze"), switch("blackout"), number("fade", 0.0)),
    "beat": (trigger("tap"), trigger("resync")),
    "midi": (text("learn"),),
    "show": (choice("look", "velvet", ("velvet", "iron")), trigger("quit", guarded=True)),
}
READINGS = {"stats": (number("fps", 0.0, 0.0, 1000.0, unit="fps"), text("message"), text("look", "velvet"),
                      text("look_b")),
            "midi": (text("learning"), text("last")),
            "beat": (number("phase", 0.0), number("bpm", 120.0, 0.0, 400.0, unit="bpm"))}


class Show:
    """The tree and what hangs on it. ``step`` is a tick: wishes land, the mirror is brought up to date."""

    def __init__(self) -> None:
        self.tree = ParamTree()
        for mount, specs in PARAMS.items():
            self.tree.declare(mount, specs)
        for mount, specs in READINGS.items():
            self.tree.declare_readings(mount, specs)
        self.inbox: Inbox[ControlEvent] = Inbox()
        self.landed: list[ControlEvent] = []
        self.refused: list[str] = []
        self.offsets: dict[str, float] = {}
        self.mirror = Mirror(self.tree)
        self.desk = Desk(self.mirror, self.inbox.put, now)
        self._ticks = 0
        self._came = threading.Condition()
        self._runs = False
        self._acts: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def step(self) -> None:
        while not self._acts.empty():
            self._acts.get()()
        for event in self.inbox.drain():
            try:
                self.tree.apply(event)
                with self._came:
                    self.landed.append(event)
                    self._came.notify_all()
            except VjError as error:
                self.refused.append(str(error))
        self.tree.advance(1 / 60)
        self.mirror.publish(Tick(self._ticks, self._ticks / 60, 1 / 60), self.tree.snapshot(self.offsets))
        self._ticks += 1

    def set(self, path: str, value: float | str, source: str = "hand") -> None:
        self.inbox.put(ControlEvent(path, value, source))

    def do(self, act: Callable[[], None]) -> None:
        """Between two ticks, on the thread that ticks: the tree is no matter for two."""
        done = threading.Event()

        def doing() -> None:
            act()
            done.set()

        self._acts.put(doing)
        if not self._runs:
            self.step()
        assert done.wait(60.0), "the show stands still"

    def declare(self, mount: str, *specs: ParamSpec) -> None:
        """More parameters under ``mount``."""
        self.do(lambda: self.tree.extend(mount, specs))

    def wait_for(self, path: str, timeout: float = 60.0) -> ControlEvent:
        """The newest landed event of ``path`` once there is one: for a show in which nobody turned it before."""
        def newest() -> ControlEvent | None:
            return next((event for event in reversed(self.landed) if event.path == path), None)

        with self._came:
            assert self._came.wait_for(lambda: newest() is not None, timeout), f"no {path}"
        return next(event for event in reversed(self.landed) if event.path == path)

    @contextmanager
    def awaits(self, path: str, timeout: float = 60.0) -> Iterator[list[ControlEvent]]:
        """Something that makes ``path`` land belongs inside; what then lands there is in the list afterwards, one event
        at least. What landed before does not count.
        """
        begins, came = len(self.landed), list[ControlEvent]()
        yield came

        def newly() -> list[ControlEvent]:
            return [event for event in self.landed[begins:] if event.path == path]

        with self._came:
            assert self._came.wait_for(lambda: bool(newly()), timeout), f"no {path}"
            came.extend(newly())

    @contextmanager
    def running(self) -> Iterator[None]:
        """Steps on a thread, about sixty a second."""
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(1 / 60):
                self.step()

        thread = threading.Thread(target=run, daemon=True)
        self._runs = True
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._runs = False


class Rig:
    """A show and its server."""

    def __init__(self, show: Show, doors: Doors | None, parts: dict[str, Any]) -> None:
        self.show, self._doors, self._parts = show, doors, parts
        self.port = 0
        self.again()

    def again(self) -> None:
        """Serve (again), at the same port once there was one."""
        ports: Ports = open_ports(None, self.port, tries=1)
        assert self.port in (0, ports.number)
        self.port = ports.number
        self.server = WebServer.open(self.show.desk, ports, self._doors or Doors(TOKEN, ports.number), **self._parts)
        ports.udp.close()

    def get(self, target: str, method: str = "GET", body: str | None = None,
            **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body; ``host_=`` stands for the Host header and so on."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, target, body, {k.strip("_").replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def json(self, target: str) -> Any:
        status, headers, body = self.get(target)
        assert status == 200, (status, body)
        assert headers["content-type"] == "application/json"
        return json.loads(body)

    def connect(self, **settings: Any) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self.port}/", compression=None, open_timeout=20, **settings)


@contextmanager
def open_rig(doors: Doors | None = None, **parts: Any) -> Iterator[Rig]:
    """A rig on a free port of this machine, its show running."""
    show = Show()
    show.step()
    rig = Rig(show, doors, parts)
    try:
        with show.running():
            yield rig
    finally:
        rig.server.close()


def message(path: str, kind: str, value: Any) -> bytes:
    """A packet of a parameter that need not be there."""
    return said(path, ParamSpec("x", kind, 0.0), value)  # type: ignore[arg-type]


def command(socket: ClientConnection, name: str, data: Any) -> None:
    socket.send(json.dumps({"COMMAND": name, "DATA": data}))


def told(socket: ClientConnection, path: str, timeout: float = 20.0) -> Any:
    """The next value of ``path``; other packets are passed over."""
    for _ in range(5000):
        packet = socket.recv(timeout)
        if isinstance(packet, bytes):
            for address, values in messages(packet):
                if address == path:
                    return values[0] if values else None
    raise AssertionError(f"nothing of {path}")


def silent(socket: ClientConnection, path: str, timeout: float = 0.4) -> bool:
    """Does nothing come of ``path`` for a while?"""
    try:
        told(socket, path, timeout)
    except TimeoutError:
        return True
    return False
