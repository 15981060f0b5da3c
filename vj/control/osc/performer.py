"""What packets do: wishes for the engine, answers for who asked. No socket here: UDP and the websocket both use it."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vj.clock import unix
from vj.control.mirror import Mirror
from vj.control.osc.addresses import Addresses, Way
from vj.control.osc.encode import encode
from vj.control.osc.packet import AT_ONCE, Argument, Message, moments
from vj.control.osc.values import ASK, RefusedError
from vj.types import ControlEvent

log = logging.getLogger(__name__)

SOON = 2.0
"""Seconds ahead that a bundle may be meant for."""
WAITING = 2048
"""Messages that may wait for their time."""
SAID = 10.0
"""Seconds between two words in the log about what was refused."""
_NTP = 2208988800
"""Seconds from 1900, where NTP begins, to 1970."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who speaks. ``source`` names each one apart, for what it changed is not told to it again.

    ``trusted``: it has shown who it is, so it may turn what is guarded. Plain OSC never is.
    """

    source: str
    trusted: bool = False


@dataclass(slots=True)
class Counts:
    """``messages`` understood, ``refused`` packets and messages, ``lost`` to a flood; ``trouble``: the last refusal."""

    messages: int = 0
    refused: int = 0
    lost: int = 0
    trouble: str = ""


Verb = Callable[[Sequence[Argument], Client], None]
"""What an address of the transport's own does; raises RefusedError."""


class Performer:
    """Turns packets into events. One for each transport, all of it on one thread.

    ``emit`` is ``Desk.emit_all``: what one bundle wishes comes in one call and lands in one frame. ``now`` is
    ``Desk.now``. ``verbs``: addresses of the transport's own, like ``/subscribe``. Who uses ``perform`` calls ``play``
    whenever ``due`` says so, or 60 times a second: bundles that are meant for later wait there.
    """

    def __init__(self, mirror: Mirror, emit: Callable[[Sequence[ControlEvent]], bool], now: Callable[[], float], *,
                 unix: Callable[[], float] = unix, verbs: Mapping[str, Verb] | None = None) -> None:
        self.counts = Counts()
        self._mirror, self._emit, self._now, self._unix = mirror, emit, now, unix
        self._verbs = verbs or {}
        self._addresses = Addresses(mirror)
        self._later: list[tuple[float, int, list[Message], Client]] = []
        self._order = itertools.count()
        self._waiting = 0
        self._said = -SAID

    def perform(self, packet: bytes, client: Client) -> list[bytes]:
        """Do what ``packet`` says, and give the OSC messages that answer its questions, for ``client`` alone.

        Never raises: what is wrong is refused, counted in ``counts`` and logged now and then. A packet whose shape is
        wrong does nothing at all; of a sound one, each message counts by itself.
        """
        try:
            found = moments(packet)
        except ValueError as error:
            self._refuse(client, str(error))
            return []
        replies: list[bytes] = []
        for moment in found:
            ahead = 0.0 if moment.tag <= AT_ONCE else moment.tag / 2**32 - _NTP - self._unix()
            if ahead <= 0.0:
                replies += self._do(moment.messages, client)
            else:
                self._keep(ahead, moment.messages, client)
        return replies

    @property
    def due(self) -> float | None:
        """When the next bundle is due, in seconds of ``now``; None when none waits."""
        return self._later[0][0] if self._later else None

    def play(self) -> None:
        """Do what is due by now."""
        now = self._now()
        while self._later and self._later[0][0] <= now:
            _, _, messages, client = heapq.heappop(self._later)
            self._waiting -= len(messages)
            self._do(messages, client)

    def find(self, address: str) -> Way | None:
        """Where ``address`` leads now."""
        return self._addresses.find(address)

    def _keep(self, ahead: float, messages: list[Message], client: Client) -> None:
        if ahead > SOON:
            self._refuse(client, f"a bundle is meant for {ahead:.0f} s from now: is that machine's clock right?")
        elif self._waiting + len(messages) > WAITING:
            self._refuse(client, "too many bundles are meant for later")
        else:
            self._waiting += len(messages)
            heapq.heappush(self._later, (self._now() + ahead, next(self._order), messages, client))

    def _do(self, messages: Sequence[Message], client: Client) -> list[bytes]:
        events: list[ControlEvent] = []
        replies: list[bytes] = []
        for address, values in messages:
            try:
                self._one(address, values, client, events, replies)
                self.counts.messages += 1
            except RefusedError as error:
                self._refuse(client, str(error))
        if events and not self._emit(events):
            self.counts.lost += len(events)
        return replies

    def _one(self, address: str, values: tuple[Argument, ...], client: Client, events: list[ControlEvent],
             replies: list[bytes]) -> None:
        way = self._addresses.find(address)
        if way is None:
            self._elsewhere(address, values, client, replies)
        elif values == (ASK,) or not (values or way.pulled):
            replies.append(way.answer(self._mirror.bases.get(way.path, way.spec.default)))
        elif way.spec.guarded and not client.trusted:
            raise RefusedError(f"{way.path} is guarded: it takes the page or a hand at the machine")
        else:
            event = way.event(values, self._mirror.bases.get(way.path, way.spec.default), client.source)
            if event is not None:
                events.append(event)

    def _elsewhere(self, address: str, values: tuple[Argument, ...], client: Client, replies: list[bytes]) -> None:
        """Not a parameter: something to read, an address of the transport's own, or nothing."""
        spec = self._mirror.readable.get(address)
        if spec is not None:
            if values not in ((), (ASK,)):
                raise RefusedError(f"{address} is read-only")
            value = self._mirror.reading(address)
            replies.append(encode(address, spec.default if value is None else value, spec, plain=True))
        elif address in self._verbs:
            self._verbs[address](values, client)
        else:
            raise RefusedError(f"there is nothing at {address}")

    def _refuse(self, client: Client, why: str) -> None:
        self.counts.refused += 1
        self.counts.trouble = f"{client.source}: {why}"[:200]
        if self._now() - self._said >= SAID:
            self._said = self._now()
            log.warning("OSC: %d refused so far, the last from %s", self.counts.refused, self.counts.trouble)
