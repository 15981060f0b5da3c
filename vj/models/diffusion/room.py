"""Whether a model finds room, asked before it is read and told in words when it did not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vj.types import VjError

_WORK = 1.1
"""What drawing takes beside the weights, as a share of them; small pictures need no more."""
_CURE = "close other programs, or take a smaller model"


def check_room(name: str, needed: int, device: str, free: int | None = None) -> None:
    """VjError where ``needed`` bytes of weights don't fit. ``free`` bytes are asked for where not given."""
    free = free_memory(device) if free is None else free
    if free is not None and needed * _WORK > free:
        raise VjError(f"{name} needs {gigabytes(needed * _WORK)} of memory on {device} and {gigabytes(free)} are free: "
                      f"{_CURE}")


def free_memory(device: str) -> int | None:
    """Bytes free on ``cpu``, ``cuda`` or ``mps``; None where the system does not say."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    if device.startswith("mps"):
        import torch

        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    return _free_here()


@contextmanager
def out_of_memory(name: str, device: str) -> Iterator[None]:
    """Turns torch's and the system's ways to say that memory is out into a VjError."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise VjError(f"{name} found no room in the memory of {device}: {_CURE}") from error
    except RuntimeError as error:
        if "allocate memory" not in str(error) and "out of memory" not in str(error):
            raise
        raise VjError(f"{name} found no room in the memory of {device}: {_CURE}") from error


def _free_here(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """What a program can get without others being swapped out (Linux); elsewhere the pages that are free, if told."""
    if meminfo.is_file():
        for line in meminfo.read_text("ascii", "replace").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None if not hasattr(os, "sysconf") else _free_pages()


def _free_pages() -> int | None:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None


def gigabytes(count: float) -> str:
    """Bytes as a person reads them."""
    return f"{count / 1e9:.1f} GB" if count >= 5e7 else f"{count / 1e6:.1f} MB"
