"""OSC over UDP: one thread that hears, answers, keeps time and tells what has changed."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Mapping, Sequence

from vj.control.desk import Desk
from vj.control.osc.audience import Audience, name, parse_target
from vj.control.osc.encode import bundled
from vj.control.osc.gate import AllowList, Endpoint, Gate, networks
from vj.control.osc.gather import Gather
from vj.control.osc.newest import Newest
from vj.control.osc.packet import Argument
from vj.control.osc.params import MOUNT
from vj.control.osc.performer import Client, Performer
from vj.control.osc.wire import Datagram, UdpWire, Wire
from vj.types import Value, VjError

log = logging.getLogger(__name__)

IDLE = 0.25
"""Seconds without a packet until the thread looks round."""
HELD = 0.05
"""The same while something waits for its ration."""
AT_A_STRETCH = 128
"""Packets taken before anything else is done."""
MANY, REST = 48, 0.012
"""After so many in one go there is a flood: the thread leaves the machine to the picture for so many seconds, while
the system keeps what comes or drops it. Hands send less: 3000 messages a second are 36 in that time.
"""
TOLD_EVERY = 0.1
"""Seconds between two looks at the counts."""


class OscServer:
    """A surface: what comes over ``wire`` is performed, what changes is told to the audience.

    ``step`` is one turn of its thread, which ``start`` starts.
    """

    mount = MOUNT

    def __init__(self, desk: Desk, wire: Wire, allowed: AllowList | None = None, *, own_port: int = 0) -> None:
        self._desk, self._wire = desk, wire
        self._gate = Gate(allowed or AllowList(()))
        self._gather = Gather()
        self.audience = Audience(desk.mirror, own_port)
        self.performer = Performer(desk.mirror, self._gather.add, desk.now, verbs={
            "/subscribe": self._subscribe, "/unsubscribe": self._unsubscribe,
            "/listen": self._listen, "/ignore": self._ignore})
        self._newest, self._revision = Newest(self._is_number), desk.mirror.revision
        self._sender: Endpoint = ("", 0)
        self._told: Mapping[str, Value] = {}
        self._tell = 0.0
        self._warned = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="osc", daemon=True)

    def start(self) -> None:
        """Hear from now on."""
        self._thread.start()

    def readings(self) -> Mapping[str, Value]:
        """The counts, as ``params.READINGS`` declares them."""
        return self._told

    def close(self) -> None:
        """Hear no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        self._wire.close()

    # ---------------------------------------------------------------------------------- one thread

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                if self.step() >= MANY:
                    self._ended.wait(REST)
            except OSError as error:  # the network has gone; it may come back
                log.warning("OSC: %s", error)
                self._ended.wait(1.0)
            except Exception:  # whatever a packet found that nobody thought of: it is no end of OSC on stage
                log.exception("OSC: a packet was left out")
                self._ended.wait(1.0)

    def step(self) -> int:
        """Wait for packets, or for what is due; do it; tell. How many packets there were.

        The first is handed over before anybody looks for more: each call of the system lets the show's thread go on,
        perhaps past the moment at which it takes what hands have wished.
        """
        first = self._wire.wait(self._patience(self._desk.now()))
        now = self._desk.now()
        stretch: list[Datagram] = []
        if first is not None:
            self._hear(*first, now)
            self._hand_over(now)
            stretch = self._stretch()
        for packet, sender in self._worth_opening(stretch):
            self._hear(packet, sender, now)
        self.performer.play()
        self._hand_over(now)
        for packet, to in self.audience.turn(now):
            self._wire.send(packet, to)
        if now >= self._tell:
            self._tell = now + TOLD_EVERY
            self._look()
        return len(stretch) + (first is not None)

    def _stretch(self) -> list[Datagram]:
        """What else is there, as far as one turn takes it."""
        stretch: list[Datagram] = []
        while len(stretch) < AT_A_STRETCH - 1 and (got := self._wire.next()) is not None:
            stretch.append(got)
        return stretch

    def _worth_opening(self, stretch: Sequence[Datagram]) -> Sequence[Datagram]:
        """All of it, without values that others of it make void: those count as heard. Strangers' stays, to be told."""
        if not stretch:
            return stretch
        if self._revision != self._desk.mirror.revision:
            self._revision = self._desk.mirror.revision
            self._newest.forget()
        welcome = [one for one in stretch if self._gate.welcomes(one[1])]
        kept = self._newest.of(welcome)
        self.performer.counts.messages += len(welcome) - len(kept)
        return kept + [one for one in stretch if not self._gate.welcomes(one[1])]

    def _is_number(self, address: str) -> bool:
        way = self.performer.find(address)
        return way is not None and way.alias is None and way.spec.kind in ("number", "integer")

    def _patience(self, now: float) -> float:
        due = [time for time in (self.performer.due, self.audience.due) if time is not None]
        longest = HELD if self._gather.waiting else IDLE
        return min([longest, *(max(time - now, 0.0) for time in due)])

    def _hear(self, packet: bytes, sender: Endpoint, now: float) -> None:
        if not self._gate.admits(sender, now):
            self._warn(sender)
            return
        self._sender = sender
        counts = self.performer.counts
        before = counts.messages + counts.refused
        replies = self.performer.perform(packet, Client(name(sender)))
        self._gate.took(sender, counts.messages + counts.refused - before, now)
        to = self.audience.heard(sender, now)
        for reply in replies if len(replies) == 1 else bundled(replies):
            self._wire.send(reply, to)

    def _hand_over(self, now: float) -> None:
        events = self._gather.take(self._desk.mirror.specs, now)
        if events and not self._desk.emit_all(events):
            self.performer.counts.lost += len(events)

    def _warn(self, sender: Endpoint) -> None:
        if not self._warned and self._gate.strangers:
            self._warned = True
            self._desk.say(f"OSC from {sender[0]} is not heard: --allow {sender[0]} lets it in")

    def _look(self) -> None:
        counts = self.performer.counts
        lost = counts.lost + self._gate.spared + self._gather.lost
        self._told = {"messages": counts.messages, "refused": counts.refused, "lost": lost, "trouble": counts.trouble,
                      "strangers": self._gate.strangers, "subscribers": len(self.audience)}

    # ----------------------------------------------------------------------------------- own addresses

    def _subscribe(self, values: Sequence[Argument], _: Client) -> None:
        self.audience.subscribe(values, self._sender, self._desk.now())

    def _unsubscribe(self, _values: Sequence[Argument], _: Client) -> None:
        self.audience.unsubscribe(self._sender)

    def _listen(self, values: Sequence[Argument], _: Client) -> None:
        self.audience.listen(values, self._sender, self._desk.now())

    def _ignore(self, values: Sequence[Argument], _: Client) -> None:
        self.audience.ignore(values, self._sender)


def open_osc(desk: Desk, place: socket.socket, allow: Sequence[str] = (), out: Sequence[str] = ()) -> OscServer:
    """OSC at the bound UDP socket ``place``, heard from this machine and from the networks of ``allow``; all changes
    go to each of ``out``, HOST:PORT. Its thread runs, and closes the socket in the end. Raises VjError.
    """
    here = place.getsockname()
    server = OscServer(desk, UdpWire(place), AllowList(networks(allow)), own_port=int(here[1]))
    for text in out:
        host, port, form = parse_target(text)
        to = _resolved(host, port, place.family)
        if port == here[1] and to[0] in (here[0], "127.0.0.1", "::1"):
            raise VjError(f"--osc-out {text} is where vj itself listens: name the port of another program")
        server.audience.add(to, form)
    server.start()
    return server


def _resolved(host: str, port: int, family: int) -> Endpoint:
    """The address of ``host``, as a socket of that family sends to it. Raises VjError."""
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_DGRAM,
                                   flags=socket.AI_V4MAPPED if family == socket.AF_INET6 else 0)
    except OSError as error:
        raise VjError(f"--osc-out: there is no {host!r} to be found: {error.strerror or error}") from error
    return str(found[0][4][0]), port
