"""Told to the local network: here is an OSCQuery server, and an OSC one behind it (mDNS, DNS-SD)."""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vj.control.ports import LOOPBACK

if TYPE_CHECKING:
    from zeroconf import ServiceInfo, Zeroconf

log = logging.getLogger(__name__)

KINDS = ("_oscjson._tcp.local.", "_osc._udp.local.")
AGAIN = 60.0
"""Seconds between two announcements: some programs look only once, and find who speaks up later."""


def own_addresses(host: str) -> list[str]:
    """The addresses at which this machine is reached when it listens at ``host``: that one, or all it has."""
    address = ipaddress.ip_address(host)
    if not address.is_unspecified:
        return [host]
    import ifaddr

    found = [ipaddress.ip_address(str(ip.ip)) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return [str(ip) for ip in found if not (ip.is_loopback or ip.is_link_local)] or [LOOPBACK]


class Announcer:
    """Keeps the announcement up on a thread of its own. What goes wrong is said once and never raised."""

    def __init__(self, addresses: Sequence[str], port: int, say: Callable[[str], None], *, name: str = "vj") -> None:
        self._addresses, self._port, self._say = list(addresses), port, say
        self.name = f"{name} {socket.gethostname().partition('.')[0]} {port}"
        self._ended = threading.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._work, name="announce", daemon=True)

    @classmethod
    def open(cls, addresses: Sequence[str], port: int, say: Callable[[str], None]) -> Announcer:
        """Begin to announce; back at once."""
        announcer = cls(addresses, port, say)
        announcer._thread.start()
        return announcer

    def wait(self, timeout: float) -> bool:
        """Is it up, after at most ``timeout`` seconds?"""
        return self._up.wait(timeout)

    def close(self) -> None:
        """Say goodbye and end."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _services(self) -> list[ServiceInfo]:
        from zeroconf import ServiceInfo

        return [ServiceInfo(kind, f"{self.name}.{kind}", port=self._port, parsed_addresses=self._addresses,
                            server=f"vj-{self._port}.local.") for kind in KINDS]

    def _work(self) -> None:
        try:
            from zeroconf import Zeroconf

            with Zeroconf(interfaces=self._addresses) as speaker:
                self._speak(speaker)
        except Exception as error:  # no network, no multicast, a firewall: a show does not depend on it
            log.warning("the network is not told of vj: %s", error)
            if not self._ended.is_set():
                self._say("other programs will not find vj by themselves (mDNS is not to be had): "
                          "give them its address and port")

    def _speak(self, speaker: Zeroconf) -> None:
        services = self._services()
        for service in services:
            speaker.register_service(service, allow_name_change=True)
        self._up.set()
        while not self._ended.wait(AGAIN):
            for service in services:
                speaker.update_service(service)
        speaker.unregister_all_services()
