"""The page and OSCQuery of a live show: the server, its announcement, and how a tablet finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vj.config import data_dir, user_dir
from vj.control.desk import Desk
from vj.options import Options
from vj.types import VjError

if TYPE_CHECKING:
    from pathlib import Path

    from vj.console import Console
    from vj.control.ports import Ports
    from vj.control.web.announce import Announcer
    from vj.control.web.server import WebServer


@dataclass(frozen=True, slots=True)
class Page:
    """The server at work; ``addresses`` lead to it, with the token where one is needed."""

    server: WebServer
    addresses: list[str]
    announcer: Announcer | None = None

    def close(self) -> None:
        """Say goodbye, then serve no more."""
        if self.announcer is not None:
            self.announcer.close()
        self.server.close()


def open_page(desk: Desk, ports: Ports, options: Options) -> Page:
    """Serve at ``ports.tcp``. Raises VjError."""
    from vj.control.web.announce import Announcer, own_addresses
    from vj.control.web.doors import Doors, kept_token
    from vj.control.web.invite import invitations
    from vj.control.web.server import WebServer
    from vj.control.web.thumbs import Thumbs
    from vj.record.still import Stills

    doors = Doors.of(kept_token(user_dir() / "pairing"), ports.number, options.allow)
    thumbs = Thumbs(user_dir() / "thumbs", _shipped())
    server = WebServer.open(desk, ports, doors, encode=Stills().jpeg, thumbs=thumbs)
    addresses = own_addresses(ports.host)
    announcer = None if ports.local else Announcer.open(addresses, ports.number, desk.say)
    return Page(server, invitations(addresses, doors, local=ports.local), announcer)


def _shipped() -> list[Path]:
    """The folder of the looks' pictures that came with vj, where there is one."""
    try:
        return [data_dir("presets") / "thumbs"]
    except VjError:
        return []


def invite(pages: list[str], console: Console) -> None:
    """Tell in the terminal where the page is. The token is in it: on the wall everybody would read it."""
    from vj.control.web.invite import qr_code

    for page in pages:
        console.message(f"the page is at {page}")
    if pages and "#" in pages[0] and console.draws:
        console.message(qr_code(pages[0]))
