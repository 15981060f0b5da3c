"""What a network may say to a live show: one port number, opened on this machine alone unless asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vj.control.desk import Desk
from vj.control.osc.params import MOUNT
from vj.options import Options
from vj.types import Value, VjError

if TYPE_CHECKING:
    from vj.app.page import Page
    from vj.control.osc.server import OscServer
    from vj.control.ports import Ports


class Network:
    """The surfaces behind one port number; what can be read is OSC's.

    ``pages`` are the addresses of the page, with the token where one is needed: for the terminal, not for the wall.
    """

    mount = MOUNT

    def __init__(self, ports: Ports, osc: OscServer, page: Page | None = None) -> None:
        self.ports, self.osc, self.page = ports, osc, page

    @property
    def pages(self) -> list[str]:
        """Where the page is; empty where it is not."""
        return self.page.addresses if self.page else []

    def readings(self) -> Mapping[str, Value]:
        """The counts of OSC."""
        return self.osc.readings()

    def close(self) -> None:
        """End what listens, then give the port back."""
        if self.page is not None:
            self.page.close()
        self.osc.close()
        self.ports.close()


def open_network(desk: Desk, options: Options) -> Network | None:
    """OSC at the port of ``options`` or the next free one; None with ``--no-control``. Raises VjError."""
    if not options.control:
        return None
    from vj.control.osc.server import open_osc
    from vj.control.ports import open_ports

    ports = open_ports(options.listen, options.port)
    try:
        osc = open_osc(desk, ports.udp, options.allow, options.osc_out)
    except BaseException:
        ports.close()
        raise
    if ports.number != options.port:
        desk.say(f"port {options.port} is taken: OSC and the page are at {ports.number}")
    if not (ports.local or options.allow):
        desk.say(f"OSC at {ports.host} is heard from this machine only: --allow 192.168.1.0/24 lets a network in")
    return Network(ports, osc, _page(desk, ports, options))


def _page(desk: Desk, ports: Ports, options: Options) -> Page | None:
    """The page and OSCQuery; None, and a sentence, where they cannot be had: OSC goes on."""
    from vj.app.page import open_page

    try:
        return open_page(desk, ports, options)
    except VjError as error:
        desk.say(str(error))
        return None
