"""Who is heard, and how much of it: an allow-list of networks, and a ration for each sender and for all of them."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from vj.types import VjError

Endpoint = tuple[str, int]
"""Address and port of another program, as text and number."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

A_SECOND, AT_ONCE = 3000.0, 1500.0
"""Messages that one sender may send a second, and in one go: 300 faders that move at 10 Hz, all of them at once."""
ALL_A_SECOND, ALL_AT_ONCE = 5000.0, 2500.0
"""The same for everybody together."""
KNOWN = 64
"""Senders with a ration of their own; the one that was silent longest is forgotten first."""


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The allow-list that ``--allow`` says. Raises VjError."""
    try:
        return tuple(ipaddress.ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise VjError(f"--allow takes a network like 192.168.1.0/24 or an address: {error}") from error


class AllowList:
    """Which hosts are heard: this machine always, others where a network of the list has them."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._networks = tuple(allowed)
        self._known: dict[str, bool] = {}

    def __contains__(self, host: str) -> bool:
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= 16 * KNOWN:  # a forger of addresses shall not fill the memory
                self._known.clear()
            known = self._known[host] = self._judge(host)
        return known

    def _judge(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return address.is_loopback or any(address in network for network in self._networks)


@dataclass(slots=True)
class Ration:
    """So many a second and so many in one go; what was not used is kept up to that."""

    rate: float
    most: float
    left: float
    time: float

    def has(self, now: float) -> bool:
        """Is something left at ``now``?"""
        self.left = min(self.left + (now - self.time) * self.rate, self.most)
        self.time = now
        return self.left > 0.0

    def take(self, amount: int) -> None:
        """Use it, into debt where more was in a packet than was left."""
        self.left -= amount


class Gate:
    """Lets a packet in or leaves it outside. ``strangers`` and ``spared`` count those left outside: sent from no
    allowed network, or more than the ration.
    """

    def __init__(self, allowed: AllowList) -> None:
        self._allowed = allowed
        self._all = Ration(ALL_A_SECOND, ALL_AT_ONCE, ALL_AT_ONCE, 0.0)
        self._each: OrderedDict[Endpoint, Ration] = OrderedDict()
        self.strangers = self.spared = 0

    def welcomes(self, sender: Endpoint) -> bool:
        """Is ``sender`` on an allowed network?"""
        return sender[0] in self._allowed

    def admits(self, sender: Endpoint, now: float) -> bool:
        """May a packet of ``sender`` be opened at ``now`` seconds?"""
        if not self.welcomes(sender):
            self.strangers += 1
            return False
        if not (self._of(sender, now).has(now) and self._all.has(now)):
            self.spared += 1
            return False
        return True

    def took(self, sender: Endpoint, messages: int, now: float) -> None:
        """``messages`` were in it: charged to the sender and to all."""
        self._of(sender, now).take(max(messages, 1))
        self._all.take(max(messages, 1))

    def _of(self, sender: Endpoint, now: float) -> Ration:
        ration = self._each.get(sender)
        if ration is None:
            ration = self._each[sender] = Ration(A_SECOND, AT_ONCE, AT_ONCE, now)
            if len(self._each) > KNOWN:
                self._each.popitem(last=False)
        else:
            self._each.move_to_end(sender)
        return ration
