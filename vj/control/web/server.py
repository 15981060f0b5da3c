"""The server: one thread with a loop of its own, between the network and the desk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from vj.control.osc.performer import Performer
from vj.control.web.connection import Connection
from vj.control.web.doors import Doors
from vj.control.web.hall import Hall
from vj.control.web.pictures import Pictures
from vj.control.web.site import Site
from vj.control.web.statics import read_statics
from vj.control.web.thumbs import Thumbs
from vj.types import ControlEvent, VjError

if TYPE_CHECKING:
    from uvicorn import Server

    from vj.control.desk import Desk
    from vj.control.ports import Ports
    from vj.types import Pixels

LONGEST_MESSAGE = 8192
"""Bytes of a websocket message from outside."""
LONGEST_HEAD = 8192
"""Bytes of a request's line and headers."""
START = 10.0
"""Seconds that the thread may take to be there on a very busy machine."""


class WebServer:
    """HTTP and websocket at one TCP port. ``close`` ends it."""

    def __init__(self, site: Site, server: Server, ports: Ports) -> None:
        self.site = site
        self._server, self._ports = server, ports
        self._thread = threading.Thread(target=self._work, name="web", daemon=True)
        self.pictures: Pictures | None = None
        self.error = ""

    @classmethod
    def open(cls, desk: Desk, ports: Ports, doors: Doors, *, encode: Callable[[Pixels], bytes] | None = None,
             thumbs: Thumbs | None = None) -> WebServer:
        """Serve at ``ports.tcp``, which is the server's from now on; pictures of the show only with an ``encode`` that
        makes JPEGs. Raises VjError where that fails.
        """
        from uvicorn import Config, Server

        hall = Hall(desk.mirror, desk.now, desk.views.names if encode else ())

        def emit(events: Sequence[ControlEvent]) -> bool:
            hall.wished(events)
            return desk.emit_all(events)

        site = Site(hall, doors, Performer(desk.mirror, emit, desk.now), desk.now, read_statics(),
                    thumbs=thumbs.pictures if thumbs else {})
        config = Config(
            site.app(), http=cast(Any, partial(Connection, doors)), ws="websockets-sansio", loop="asyncio",
            lifespan="off", log_config=None, log_level="critical", access_log=False, server_header=False,
            date_header=False, proxy_headers=False, ws_max_size=LONGEST_MESSAGE, ws_per_message_deflate=False,
            ws_ping_interval=10.0, ws_ping_timeout=20.0, h11_max_incomplete_event_size=LONGEST_HEAD,
            timeout_keep_alive=10, timeout_graceful_shutdown=1, backlog=64)
        server = cls(site, Server(config), ports)
        if encode is not None:
            server.pictures = Pictures(desk, encode, hall, thumbs or Thumbs(None))
        server.start()
        return server

    def start(self) -> None:
        """Begin to serve; back when connections are taken."""
        self._thread.start()
        waiting = threading.Event()
        for _ in range(int(START / 0.01)):
            if self._server.started or not self._thread.is_alive():
                break
            waiting.wait(0.01)
        if not self._server.started:
            raise VjError(f"the page cannot be served at port {self._ports.number}{self.error}")

    @property
    def port(self) -> int:
        """The port's number."""
        return self._ports.number

    def close(self) -> None:
        """End all connections and the thread."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(5.0)
        self._ports.tcp.close()

    def _work(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # a thread of the show must not end with a traceback on the performer's terminal
            self.error = f": {error}"

    async def _serve(self) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: self._count())
        steps = [self.site.performer.play, *([self.pictures.step] if self.pictures else [])]
        follower = asyncio.create_task(self.site.hall.follow(steps))
        try:
            await self._server.serve(sockets=[self._ports.tcp])
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
            if self.pictures is not None:
                self.pictures.close()

    def _count(self) -> None:
        """A connection broke in a way that nobody foresaw: no reason to say a word in a show."""
        self.site.refused += 1
