"""Who may come in. Nobody outside is believed: not where a request comes from, nor what it says it is for.

A *stranger* gets the page's own files and may pair. A *guest* comes from an address on the allow-list and may do what
plain OSC may. A *hand* is on this machine, or has the token; it may also do what is guarded.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from vj.control.osc.gate import Network, networks
from vj.types import VjError

TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
COOKIE_AGE = 30 * 24 * 3600
"""Seconds that a paired tablet stays paired."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Role(IntEnum):
    """How far a connection is trusted."""

    STRANGER = 0
    GUEST = 1
    HAND = 2


def kept_token(path: Path) -> str:
    """The token of this machine, made at the first show, so that a paired tablet finds back after a crash.

    Raises VjError where it can neither be read nor written.
    """
    try:
        if path.is_file() and TOKEN.fullmatch(text := path.read_text("ascii").strip()):
            path.chmod(0o600)
            return text
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
        token = secrets.token_urlsafe(24)
        path.write_text(token + "\n", "ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise VjError(f"{path}: the pairing token cannot be kept: {error}") from error
    return token


@dataclass(frozen=True, slots=True)
class Doors:
    """The rules of one server. ``names`` are host names that mean this machine, beside any address."""

    token: str
    port: int
    allow: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset({"localhost"})

    @classmethod
    def of(cls, token: str, port: int, allow: Sequence[str]) -> Doors:
        """With this machine's own names. Raises VjError for a bad allow-list."""
        name = socket.gethostname().lower()
        return cls(token, port, networks(allow), frozenset({"localhost", name, f"{name}.local"} - {""}))

    @property
    def cookie_name(self) -> str:
        """One for each port: cookies don't know about ports."""
        return f"vj-{self.port}"

    @property
    def cookie(self) -> str:
        """What the token is exchanged for: from the cookie nobody can tell the token."""
        return hmac.new(self.token.encode(), b"the page's cookie", hashlib.sha256).hexdigest()

    def pairs(self, token: str) -> bool:
        """Is this the token? Takes as long whether it is nearly right or not at all."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def may_connect(self, client: str) -> bool:
        """Does the allow-list let ``client`` talk to the server at all? Without a list everybody may ask."""
        address = _address(client)
        return address is not None and (address.is_loopback or not self.allow or self._listed(address))

    def role(self, client: str, cookies: Any) -> Role:
        """How far to trust ``client``, with these ``cookies`` (a mapping)."""
        address = _address(client)
        if address is None:
            return Role.STRANGER
        offered = str(cookies.get(self.cookie_name, ""))
        if address.is_loopback or hmac.compare_digest(offered.encode(), self.cookie.encode()):
            return Role.HAND
        return Role.GUEST if self._listed(address) else Role.STRANGER

    def is_ours(self, host: str, origin: str | None) -> bool:
        """Is a request meant for this server, and not sent by some other site's page?

        Who makes a name of theirs point here (DNS rebinding) still sends that name; an address cannot be lent.
        """
        name = _without_port(host)
        if name is None or not (name in self.names or _address(name)):
            return False
        return origin is None or origin.lower() == f"http://{host}".lower()

    def _listed(self, address: Address) -> bool:
        return any(address in network for network in self.allow)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(:[0-9]{1,5})?")


def _without_port(host: str) -> str | None:
    match = _HOST.fullmatch(host.lower())
    return match[1].strip("[]").rstrip(".") if match else None
