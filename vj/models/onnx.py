"""Reading the tensors out of an ONNX file, and nothing else of it: no graph is run, no package is needed.

The format is protobuf (onnx.proto3 of ONNX 1.x): a message is a row of fields, each a number and a kind, then a
variable-length integer, four or eight bytes, or a length and so many bytes. Whatever isn't asked for is stepped over.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vj.types import VjError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GRAPH, _INITIALIZER = 7, 5
"""Of the model the graph, of the graph a tensor that it starts with."""
_DIMS, _KIND, _NAME, _RAW = 1, 2, 8, 9
"""Of a tensor: its sides, its numbers' kind, its name, and its numbers in little-endian order."""
_FLOAT = 1
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
"""What may follow a field's number."""
LARGEST = 1 << 30
"""Bytes of a file that is read."""

Field = tuple[int, int | memoryview]


def read_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every float32 tensor by name, in the file's order, read-only. Raises VjError where it is no such file."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("too large")
        model = memoryview(path.read_bytes())
        tensors = (_tensor(part) for graph in _parts(model, _GRAPH) for part in _parts(graph, _INITIALIZER))
        found = dict(tensor for tensor in tensors if tensor is not None)
    except (OSError, ValueError) as error:
        raise VjError(f"{path}: expected a network in ONNX format ({error})") from error
    if not found:
        raise VjError(f"{path}: expected a network in ONNX format, and it holds no tensors")
    return found


def _tensor(message: memoryview) -> tuple[str, NDArray[np.float32]] | None:
    """Name and numbers; None for one of another kind or that keeps its numbers elsewhere."""
    dims: list[int] = []
    kind, name, raw = 0, "", None
    for number, value in _fields(message):
        if number == _DIMS:
            dims += [value] if isinstance(value, int) else _packed(value)
        elif number == _KIND and isinstance(value, int):
            kind = value
        elif number == _NAME and isinstance(value, memoryview):
            name = bytes(value).decode()
        elif number == _RAW and isinstance(value, memoryview):
            raw = value
    if kind != _FLOAT or raw is None:
        return None
    if len(raw) != 4 * prod(dims):
        raise ValueError(f"the tensor {name!r} has {len(raw)} bytes for the sides {dims}")
    return name, np.frombuffer(raw, "<f4").reshape(dims)


def _parts(message: memoryview, wanted: int) -> Iterator[memoryview]:
    """The messages inside a message that carry one number."""
    return (value for number, value in _fields(message) if number == wanted and isinstance(value, memoryview))


def _fields(message: memoryview) -> Iterator[Field]:
    """A message's fields in order. Raises ValueError where it ends too soon or is none."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        length, at = _varint(message, at) if kind == _BYTES else ({_EIGHT: 8, _FOUR: 4}.get(kind, -1), at)
        if length < 0 or at + length > len(message):
            raise ValueError("it is damaged or cut short")
        yield number, message[at:at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A whole number, seven bits a byte, the lowest first; and where it ends."""
    value = 0
    for place in range(10):
        if at + place >= len(message):
            break
        byte = message[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("it is damaged or cut short")


def _packed(message: memoryview) -> list[int]:
    numbers, at = [], 0
    while at < len(message):
        number, at = _varint(message, at)
        numbers.append(number)
    return numbers
