"""Who is told by OSC what has changed, and what can be read: everybody but the one who changed it."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from vj.control.mirror import Change, Mirror
from vj.control.osc.addresses import UNIT, Addresses
from vj.control.osc.aliases import BORROWED
from vj.control.osc.encode import bundled
from vj.control.osc.gate import Endpoint
from vj.control.osc.listening import OFTEN, Listening, asked, plain
from vj.control.osc.values import RefusedError
from vj.types import VjError

Form = Literal["plain", "unit", "resolume"]
"""At which addresses somebody is told: the parameters' own, those with ``UNIT`` before them, or Resolume's."""

LEASE, LONGEST_LEASE = 300.0, 86400.0
"""Seconds that a subscription lasts without a word from who asked."""
CROWD = 16
"""Subscribers at once."""
A_TURN = 256
"""Changes told in one turn, to all together; the rest waits for the next, with the values of then."""
HEARABLE = 4000.0
"""Readings told a second, to all together."""
AFRESH = 2.0
"""Seconds before somebody who subscribes again is told everything again."""
LOWEST_PORT = 1024


@dataclass(slots=True)
class Subscriber:
    """``to``: where packets go. ``source``: whose changes are its own, from any port where ``any_port``;
    ``until`` then it is forgotten; ``waiting``: the paths that it is to be told."""

    to: Endpoint
    source: str
    until: float
    form: Form = "plain"
    any_port: bool = False
    changes: bool = True
    filled: float = -math.inf
    waiting: dict[str, None] = field(default_factory=dict)
    listening: dict[str, Listening] = field(default_factory=dict)

    def made(self, change: Change) -> bool:
        """Was the change its own?"""
        return change.source.startswith(self.source) if self.any_port else change.source == self.source


def name(sender: Endpoint) -> str:
    """How a sender is called as the source of its events."""
    return f"osc {sender[0]}:{sender[1]}"


def parse_target(text: str) -> tuple[str, int, Form]:
    """``HOST:PORT``, or ``HOST:PORT/unit``: host, port and form. Raises VjError."""
    place, _, form = text.partition("/")
    host, _, port = place.rpartition(":")
    forms: tuple[Form, ...] = get_args(Form)
    if not host or not port.isdecimal() or not 0 < int(port) < 65536 or (form or "plain") not in forms:
        raise VjError(f"--osc-out takes HOST:PORT, perhaps with /unit or /resolume behind it, got {text!r}")
    return host.strip("[]"), int(port), next((known for known in forms if known == form), "plain")


class Audience:
    """Everybody who is told something. For one thread; ``turn`` gives the packets that are to go out."""

    def __init__(self, mirror: Mirror, own_port: int = 0) -> None:
        self._mirror, self._own_port = mirror, own_port
        self._addresses = Addresses(mirror)
        self._seen = mirror.newest
        self._by_sender: dict[Endpoint, Subscriber] = {}
        self._due = -math.inf

    def __len__(self) -> int:
        return len(self._by_sender)

    def add(self, to: Endpoint, form: Form = "plain") -> None:
        """Somebody who is told everything, always. The changes of another machine are its own from whichever port."""
        far = not ipaddress.ip_address(to[0].partition("%")[0]).is_loopback
        source = name(to).rpartition(":")[0] + ":" if far else name(to)
        one = self._by_sender[to] = Subscriber(to, source, math.inf, form, any_port=far)
        self._tell_all(one)

    # ------------------------------------------------------------------------------------ asked for

    def subscribe(self, values: Sequence[object], sender: Endpoint, now: float) -> None:
        """``[port] [seconds] [form]``: tell the sender's machine all changes from now on. Raises RefusedError."""
        forms: tuple[Form, ...] = get_args(Form)
        form: Form = next((known for known in forms if known in values), "plain")
        numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        if len(numbers) + (form in values) != len(values) or len(numbers) > 2:
            raise RefusedError("/subscribe takes a port, seconds, and unit or resolume; all may be left out")
        port = int(numbers[0]) if numbers else sender[1]
        lease = min(max(float(numbers[1]), 1.0), LONGEST_LEASE) if len(numbers) > 1 else LEASE
        one = self._of(sender, now, port)
        one.until, one.form, one.changes = max(one.until, now + lease), form, True
        if now - one.filled >= AFRESH:
            one.filled = now
            self._tell_all(one)

    def unsubscribe(self, sender: Endpoint) -> None:
        """Tell the sender nothing more; who is told always still is."""
        one = self._by_sender.get(sender)
        if one is not None and math.isfinite(one.until):
            del self._by_sender[sender]

    def listen(self, values: Sequence[object], sender: Endpoint, now: float) -> None:
        """``path [rate]``: tell the sender what can be read at the path or below it. Raises RefusedError."""
        path, rate = asked(values)
        wanted = Listening.of(self._mirror, path, rate, now)
        told = sum(each.load for other, one in self._by_sender.items() for key, each in one.listening.items()
                   if (other, key) != (sender, path))
        if told + wanted.load > HEARABLE:
            raise RefusedError(f"more than {HEARABLE:g} readings a second")
        one = self._by_sender.get(sender) or self._of(sender, now, sender[1], changes=False)
        one.listening[path] = wanted

    def ignore(self, values: Sequence[object], sender: Endpoint) -> None:
        """``path``: the end of ``listen``. Raises RefusedError."""
        one = self._by_sender.get(sender)
        match values:
            case [str(path)] if one is not None:
                one.listening.pop(plain(path), None)
            case _:
                raise RefusedError("/ignore takes a path that is listened to")

    def heard(self, sender: Endpoint, now: float) -> Endpoint:
        """The sender is there, so its subscription lasts on. Where it wants its answers."""
        one = self._by_sender.get(sender)
        if one is None:
            return sender
        one.until = max(one.until, now + LEASE)
        return one.to

    def _of(self, sender: Endpoint, now: float, port: int, *, changes: bool = True) -> Subscriber:
        """The sender's subscription, told at ``port`` of its own machine: nobody has packets sent to somebody else."""
        if not LOWEST_PORT <= port < 65536 or (port == self._own_port and sender[0] in ("127.0.0.1", "::1")):
            raise RefusedError(f"nothing is told to port {port}")
        one = self._by_sender.get(sender)
        if one is None:
            if len(self._by_sender) >= CROWD:
                raise RefusedError(f"more than {CROWD} subscribers")
            one = self._by_sender[sender] = Subscriber((sender[0], port), name(sender), now + LEASE, changes=changes)
        one.to = (sender[0], port)
        return one

    def _tell_all(self, one: Subscriber) -> None:
        one.waiting = dict.fromkeys(self._mirror.specs)

    # ----------------------------------------------------------------------------------- going out

    @property
    def due(self) -> float | None:
        """When the next turn may be; None when there is nobody to tell."""
        return self._due if self._by_sender else None

    def turn(self, now: float) -> Iterator[tuple[bytes, Endpoint]]:
        """The packets to send now, each with its receiver. Nothing before ``due``."""
        if now < self._due:
            return
        self._due = now + 1.0 / OFTEN
        self._end_leases(now)
        self._note()
        made: dict[tuple[Form, str], list[bytes]] = {}
        share = A_TURN // max(len(self._by_sender), 1)
        for one in self._by_sender.values():
            messages = self._news(one, share, made)
            for wanted in one.listening.values():
                messages += wanted.news(self._mirror, now)
            for packet in messages if len(messages) == 1 else bundled(messages):
                yield packet, one.to

    def _end_leases(self, now: float) -> None:
        for sender in [sender for sender, one in self._by_sender.items() if one.until < now]:
            del self._by_sender[sender]

    def _note(self) -> None:
        """What has changed since the last turn waits for everybody who has not changed it."""
        changes, self._seen = self._mirror.since(self._seen), self._mirror.newest
        for one in self._by_sender.values():
            if not one.changes:
                continue
            if changes is None:
                self._tell_all(one)
            for change in changes or ():
                if one.made(change):
                    one.waiting.pop(change.path, None)
                else:
                    one.waiting[change.path] = None

    def _news(self, one: Subscriber, share: int, made: dict[tuple[Form, str], list[bytes]]) -> list[bytes]:
        """At most ``share`` changes; ``made`` keeps their messages for the next who is told."""
        messages: list[bytes] = []
        while one.waiting and len(messages) < share:
            path = next(iter(one.waiting))
            del one.waiting[path]
            key = (one.form, path)
            if key not in made:
                made[key] = self._told(one.form, path)
            messages += made[key]
        return messages

    def _told(self, form: Form, path: str) -> list[bytes]:
        """How ``path``'s value is told in ``form``; a trigger has none to tell."""
        spec, value = self._mirror.specs.get(path), self._mirror.bases.get(path)
        if spec is None or value is None or spec.kind == "trigger":
            return []
        addresses = [path]
        if form == "resolume":
            addresses = list(BORROWED.get(path, ()))
        elif form == "unit" and spec.kind not in ("text", "colour"):
            addresses = [UNIT + path]
        ways = [way for address in addresses if (way := self._addresses.find(address))]
        return [way.answer(value) for way in ways]
