"""One number for TCP and UDP, the next one where it is taken."""

from __future__ import annotations

import socket

import pytest

from vj.control.ports import LOOPBACK, open_ports
from vj.types import VjError


def test_both_sockets_have_the_same_number() -> None:
    ports = open_ports(None, 0)
    assert ports.tcp.getsockname() == ports.udp.getsockname() == (LOOPBACK, ports.number)
    assert ports.local
    ports.close()
    ports.close()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_taken_number_is_passed_over(kind: socket.SocketKind) -> None:
    first = open_ports(None, 0)
    (first.udp if kind is socket.SOCK_STREAM else first.tcp).close()  # one of the two is enough to be taken
    if kind is socket.SOCK_STREAM:
        first.tcp.listen()
    second = open_ports(None, first.number)
    assert first.number < second.number < first.number + 10
    assert second.wished == first.number
    first.close()
    second.close()


def test_nothing_free_is_one_sentence() -> None:
    first = open_ports(None, 0)
    first.tcp.listen()
    with pytest.raises(VjError, match=f"no port from {first.number} to {first.number} is free"):
        open_ports(None, first.number, tries=1)
    first.close()


@pytest.mark.parametrize("host", ["the club", "192.0.2.7", "127.0.0.1/8"])
def test_an_address_that_is_not_ours(host: str) -> None:
    with pytest.raises(VjError):
        open_ports(host, 0)
