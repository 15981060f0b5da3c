"""One HTTP connection: only from who may, not too many of them, and not for ever."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from vj.control.web.doors import Doors

CONNECTIONS = 96
"""Open connections, websockets among them."""
FROM_ONE = 48
"""Open connections from one address."""
LIFE = 20.0
"""Seconds that a connection may last which does not become a websocket; who needs another opens it."""
GRACE = 10.0
"""Seconds more for an answer that is on its way."""
AT_A_TIME = 2048
"""Bytes that are read in one go. With asyncio's 256 kB one line could bring thousands of messages, and all the others,
and the show's thread, would wait until the last was read.
"""


class Connection(H11Protocol):
    """uvicorn's connection with a bouncer. Who may not come in gets no answer at all."""

    def __init__(self, doors: Doors, **settings: Any) -> None:
        super().__init__(**settings)
        self._doors = doors
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let it in, or hang up."""
        if hasattr(transport, "max_size"):  # Windows has none; there 64 kB come in one go
            cast(Any, transport).max_size = AT_A_TIME
        super().connection_made(transport)
        if not self._welcome():
            transport.abort()
            return
        self._end = self.loop.call_later(LIFE, self._grow_old)

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone; nothing to wait for."""
        self._forget()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: Any) -> None:
        """A websocket may last as long as it likes."""
        self._forget()
        super().handle_websocket_upgrade(event)

    def _welcome(self) -> bool:
        peer = self.client[0] if self.client else ""
        peers = [client[0] for other in self.connections if (client := getattr(other, "client", None))]
        return len(peers) <= CONNECTIONS and peers.count(peer) <= FROM_ONE and self._doors.may_connect(peer)

    def _grow_old(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering:
            self._end = self.loop.call_later(GRACE, self.transport.abort)
        else:
            self.transport.close()

    def _forget(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
