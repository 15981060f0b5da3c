"""What the server answers: OSCQuery to programs, the page to people, a websocket to both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from vj.control.osc.performer import Client as Speaker
from vj.control.osc.performer import Performer
from vj.control.web.client import BURST, RATE, Bucket, Client
from vj.control.web.doors import COOKIE_AGE, TOKEN, Doors, Role
from vj.control.web.hall import Hall
from vj.control.web.nodes import ATTRIBUTES, written
from vj.control.web.statics import INDEX, PREFIX, Static

PAIR = PREFIX + "pair"
THUMBS = PREFIX + "thumb/"
LONGEST_BODY = 256
LONGEST_TEXT = 1024
"""Bytes of a command over the websocket."""
REQUESTS, REQUESTS_AT_ONCE = 60.0, 300.0
"""HTTP requests a second that one address may make for ever, and at once."""
ADDRESSES = 256
"""Addresses whose requests are counted."""
PAIR_PAUSE = 0.5
"""Seconds that a wrong token waits for its answer."""
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; manifest-src 'self'; "
          "connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
HEADERS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
           "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"}
EXTENSIONS = dict.fromkeys(ATTRIBUTES[3:], True) | {
    "LISTEN": True, "PATH_CHANGED": True, "PATH_ADDED": True, "PATH_REMOVED": True, "PATH_RENAMED": False,
    "HTML": True, "BUNDLE": True, "OVERLOADS": False}
REFUSED = 4403
"""Websocket close codes of our own: not paired."""
FULL = 4429


@dataclass(slots=True)
class Site:
    """``thumbs``: JPEGs of looks by name. ``refused`` counts connections and commands that were turned away."""

    hall: Hall
    doors: Doors
    performer: Performer
    now: Callable[[], float]
    statics: Mapping[str, Static]
    name: str = "vj"
    thumbs: Mapping[str, bytes] = field(default_factory=dict)
    refused: int = 0
    _met: int = 0
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(routes=[
            Route(PAIR, self._guarded(self._pair), methods=["POST"]),
            Route("/{path:path}", self._guarded(self._get), methods=["GET", "HEAD"]),
            WebSocketRoute("/{path:path}", self._listen),
        ])

    # ------------------------------------------------------------------------------------- at the door

    def _guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            host = request.headers.get("host", "")
            if not self.doors.is_ours(host, request.headers.get("origin")):
                self.refused += 1
                response = _words(421, "this server is reached by its address")
            elif not self._has_time_for(_peer(request)):
                response = _words(429, "that is too many requests")
            else:
                response = await answer(request)
                response.headers["Content-Security-Policy"] = POLICY.format(host=host)
            response.headers.update(HEADERS)
            return response

        return guarded

    def _has_time_for(self, peer: str) -> bool:
        now = self.now()
        if peer not in self._buckets:
            if len(self._buckets) >= ADDRESSES:
                self._buckets.clear()
            self._buckets[peer] = Bucket(REQUESTS, REQUESTS_AT_ONCE, now)
        return self._buckets[peer].take(now)

    def _role(self, connection: HTTPConnection) -> Role:
        return self.doors.role(_peer(connection), connection.cookies)

    # -------------------------------------------------------------------------------------------- HTTP

    async def _get(self, request: Request) -> Response:
        path, query = request.url.path, _attribute(request)
        if path == "/" and (query == "HTML" or (not query and "text/html" in request.headers.get("accept", ""))):
            path = INDEX
        if path in self.statics:
            return _static(request, self.statics[path])
        if self._role(request) is Role.STRANGER:
            return _words(401, "this device is not paired: open the address that vj shows")
        if path.startswith(PREFIX):
            return self._thumb(path.removeprefix(THUMBS)) if path.startswith(THUMBS) else _words(404, "nothing is here")
        return self._query(request, path, query)

    def _thumb(self, look: str) -> Response:
        """A look's picture, or nothing yet."""
        picture = self.thumbs.get(look)
        if picture is None:
            return Response(status_code=204)
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-cache"})

    def _query(self, request: Request, path: str, attribute: str) -> Response:
        if attribute == "HOST_INFO":
            return _json(written(self.host_info(request.scope.get("server") or ("127.0.0.1", self.doors.port))))
        if attribute and attribute not in ATTRIBUTES:
            return _words(400, "an attribute is one of HOST_INFO, " + ", ".join(ATTRIBUTES))
        node = self.hall.space.find(path)
        if node is None:
            return _words(404, "there is no such address")
        if not attribute:
            return _json(node.text())
        value = node.attribute(attribute)
        return Response(status_code=204) if value is None else _json(f'{{"{attribute}":{value}}}')

    def host_info(self, server: tuple[str, int]) -> dict[str, Any]:
        """What OSCQuery's HOST_INFO says, seen from who reached us at ``server``."""
        return {"NAME": self.name, "EXTENSIONS": EXTENSIONS, "OSC_IP": server[0], "OSC_PORT": self.doors.port,
                "OSC_TRANSPORT": "UDP", "WS_IP": server[0], "WS_PORT": self.doors.port}

    async def _pair(self, request: Request) -> Response:
        """The token for a cookie. A wrong one waits, so that nobody tries many."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_BODY:
                return _words(413, "a token is shorter")
        token = bytes(body).decode("ascii", "replace").strip()
        if not (TOKEN.fullmatch(token) and self.doors.pairs(token)):
            self.refused += 1
            await asyncio.sleep(PAIR_PAUSE)
            return _words(403, "this is not the token of this show")
        response = Response(status_code=204)
        response.set_cookie(self.doors.cookie_name, self.doors.cookie, max_age=COOKIE_AGE, httponly=True,
                            samesite="strict")
        return response

    # --------------------------------------------------------------------------------------- websocket

    async def _listen(self, socket: WebSocket) -> None:
        if not self.doors.is_ours(socket.headers.get("host", ""), socket.headers.get("origin")):
            self.refused += 1
            await socket.close()
            return
        await socket.accept()
        role = self._role(socket)
        if role is Role.STRANGER or self.hall.full:
            self.refused += 1
            await socket.close(REFUSED if role is Role.STRANGER else FULL)
            return
        await self._attend(socket, role)

    async def _attend(self, socket: WebSocket, role: Role) -> None:
        """Talk with a client until it goes, or is too slow to be told anything."""
        self._met += 1
        peer = f"page {self._met}" if "origin" in socket.headers else f"oscquery {_peer(socket)} {self._met}"
        client = Client(peer, role, socket, Bucket(RATE, BURST, self.now()))
        self.hall.clients.add(client)
        talks = [asyncio.create_task(self._hear(client, socket)), asyncio.create_task(client.pump())]
        try:
            done, _ = await asyncio.wait(talks, return_when=asyncio.FIRST_COMPLETED)
            for talk in done:
                talk.exception()  # whatever it was, the client is gone
        finally:
            self.hall.clients.discard(client)
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks, return_exceptions=True)
            await _hang_up(socket)

    async def _hear(self, client: Client, socket: WebSocket) -> None:
        while True:
            message = await socket.receive()
            if message["type"] != "websocket.receive":
                return
            while not client.bucket.take(self.now()):
                await asyncio.sleep(0.02)  # the network holds back what is too much
            data, text = message.get("bytes"), message.get("text")
            if data is not None:
                client.answer(self.performer.perform(data, Speaker(client.source, client.role is Role.HAND)))
            elif text is not None:
                self._command(client, text)
            await asyncio.sleep(0)  # to whoever else has something to say

    def _command(self, client: Client, text: str) -> None:
        try:
            command = json.loads(text) if len(text) <= LONGEST_TEXT else None
        except (ValueError, RecursionError):
            command = None
        match command:
            case {"COMMAND": "LISTEN", "DATA": str(path)} if path in self.hall.space and client.listen(path):
                self.hall.greet(client, path)
            case {"COMMAND": "IGNORE", "DATA": str(path)}:
                client.ignore(path)
            case {"COMMAND": "BUNDLE", "DATA": bool(wish)}:
                client.bundled = wish
            case _:
                self.refused += 1


async def _hang_up(socket: WebSocket) -> None:
    with suppress(RuntimeError, TimeoutError, OSError, WebSocketDisconnect):  # it may be gone already
        await asyncio.wait_for(socket.close(1001), 1.0)


def _peer(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


def _attribute(request: Request) -> str:
    """The one attribute that a query asks for; several are one that nobody knows."""
    return unquote_plus(request.scope.get("query_string", b"").decode("ascii", "replace")).removesuffix("=")


def _words(status: int, sentence: str) -> Response:
    return Response(sentence + "\n", status, media_type="text/plain")


def _json(text: str) -> Response:
    body = text.encode("utf-8", "replace")
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _static(request: Request, static: Static) -> Response:
    headers = {"ETag": static.tag, "Cache-Control": "no-cache", "Vary": "Accept"}
    if request.headers.get("if-none-match") == static.tag:
        return Response(status_code=304, headers=headers)
    return Response(static.body, media_type=static.media_type, headers=headers)
