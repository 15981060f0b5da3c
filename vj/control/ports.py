"""One port number for everything a network may say: HTTP and websocket on TCP, OSC on UDP."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
from dataclasses import dataclass

from vj.types import VjError

LOOPBACK = "127.0.0.1"
PORT = 7700
TRIES = 10
BACKLOG = 64
SEND_BUFFER = 128 * 1024
"""Bytes that the system keeps for a slow client: a second of a small picture, not ten."""
RECEIVE_BUFFER = 1024 * 1024
"""Bytes of datagrams that wait while a thread sleeps: some 20 ms of a heavy flood."""
_TAKEN = (errno.EADDRINUSE, errno.EACCES)


@dataclass(frozen=True, slots=True)
class Ports:
    """Two bound sockets with one number; ``tcp`` does not listen yet. ``wished`` is the number that was asked for."""

    host: str
    number: int
    wished: int
    tcp: socket.socket
    udp: socket.socket

    @property
    def local(self) -> bool:
        """Can only this machine reach them?"""
        return ipaddress.ip_address(self.host).is_loopback

    def close(self) -> None:
        """Both, whether or not somebody else closed one already."""
        self.tcp.close()
        self.udp.close()


def open_ports(host: str | None, number: int = PORT, tries: int = TRIES) -> Ports:
    """The first of ``tries`` numbers from ``number`` on that is free for TCP and UDP at ``host`` (None: loopback).

    0 takes any. Raises VjError where the address is not this machine's, or nothing is free.
    """
    address = _address(host or LOOPBACK)
    for n in range(tries):
        wished = number + n if number else 0
        if wished > 65535:
            break
        pair = _pair(address, wished)
        if pair is not None:
            return Ports(address, pair[0].getsockname()[1], number, *pair)
    last = min(number + tries - 1, 65535)
    raise VjError(f"no port from {number} to {last} is free at {address}: nothing can be controlled over the network")


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError as error:
        raise VjError(f"--listen takes an address of this machine, like 192.168.1.5, got {text!r}") from error


def _pair(address: str, number: int) -> tuple[socket.socket, socket.socket] | None:
    """TCP first, then UDP with the same number; None where either is taken."""
    tcp = _bound(address, number, socket.SOCK_STREAM)
    if tcp is None:
        return None
    udp = _bound(address, tcp.getsockname()[1], socket.SOCK_DGRAM)
    if udp is None:
        tcp.close()
        return None
    return tcp, udp


def _bound(address: str, number: int, kind: socket.SocketKind) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    place = socket.socket(family, kind)
    try:
        if kind is socket.SOCK_STREAM:
            if sys.platform != "win32":  # there it would let two programs share the port
                place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        else:
            place.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        place.bind((address, number))
    except OSError as error:
        place.close()
        if error.errno in _TAKEN:
            return None
        raise VjError(f"the network cannot be had at {address}: {error.strerror or error}") from error
    return place
