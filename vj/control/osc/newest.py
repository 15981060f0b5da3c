"""Of many values for one number that came in one go, only the last is opened: a flood costs what is new in it."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

from vj.control.osc.wire import Datagram

_PLAIN = {b",f\0\0": struct.Struct(">f"), b",i\0\0": struct.Struct(">i"), b",d\0\0": struct.Struct(">d")}
"""Type tags of a single number, and how it is written."""
KNOWN = 1024
"""Addresses whose kind is kept."""


class Newest:
    """Leaves out what a later packet of the same sender makes void, unopened.

    ``number`` says whether an address leads to a number that is simply set; whatever else comes (triggers, steps,
    questions, bundles, what is not sound) goes through as it is, for each of those counts. ``forget`` when addresses
    may lead elsewhere.
    """

    def __init__(self, number: Callable[[str], bool]) -> None:
        self._number = number
        self._known: dict[bytes, bool] = {}

    def forget(self) -> None:
        """Ask again where addresses lead."""
        self._known.clear()

    def of(self, packets: Sequence[Datagram]) -> list[Datagram]:
        """``packets`` in their order, without those that are void."""
        if len(packets) < 2:
            return list(packets)
        kept: list[Datagram] = []
        void = set()
        for datagram in reversed(packets):
            address = _set_plainly(datagram[0])
            if address is not None and self._is_number(address):
                key = (address, datagram[1])
                if key in void:
                    continue
                void.add(key)
            kept.append(datagram)
        kept.reverse()
        return kept

    def _is_number(self, address: bytes) -> bool:
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= KNOWN:  # a stranger's inventions shall not fill the memory
                self._known.clear()
            known = self._known[address] = self._number(address.decode("ascii", "replace"))
        return known


def _set_plainly(packet: bytes) -> bytes | None:
    """The address of a message that holds a single number; None for any other packet, and for what is no number."""
    end = packet.find(b"\0")
    tags = (end // 4 + 1) * 4
    form = _PLAIN.get(packet[tags:tags + 4]) if end > 0 else None
    if form is None or len(packet) != tags + 4 + form.size or not math.isfinite(form.unpack_from(packet, tags + 4)[0]):
        return None
    return packet[:end]
