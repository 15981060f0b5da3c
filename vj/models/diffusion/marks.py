"""Marks on a CUDA device's stream: what is waited for instead of the device, and what time is taken with."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Mark = torch.cuda.Event


def mark() -> Mark:
    """A mark at the end of what has been launched so far."""
    kind: Any = Mark
    made: Mark = kind(enable_timing=True)
    made.record()
    return made


def reached(which: Mark) -> bool:
    """The device has come so far; does not wait."""
    event: Any = which
    return bool(event.query())


def seconds(began: Mark, ended: Mark) -> float:
    """The device's time between two marks; waits for the second."""
    ended.synchronize()
    return float(began.elapsed_time(ended)) / 1e3


def span(run: Callable[[], object]) -> float:
    """The device's seconds for what ``run`` launches."""
    began = mark()
    run()
    return seconds(began, mark())


def sent(values: Tensor, device: object) -> Tensor:
    """Values of the host on the device; on CUDA without waiting for what it is at, as a plain copy would."""
    if str(device).startswith("cuda"):
        return values.pin_memory().to(str(device), non_blocking=True)
    return values.to(str(device))


@contextmanager
def beside(device: str) -> Iterator[None]:
    """Copies launched meanwhile go side by side with the pictures, and are done at the end; off CUDA there is one row
    of work only.
    """
    if not device.startswith("cuda"):
        yield
        return
    row = stream()
    with torch.cuda.stream(row):
        yield
    row.synchronize()


def stream() -> torch.cuda.Stream:
    """A stream beside the present one."""
    kind: Any = torch.cuda.Stream
    made: torch.cuda.Stream = kind()
    return made
