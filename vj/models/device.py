"""Whether torch can draw on the device that was asked for, said in words before the first tensor goes there."""

from __future__ import annotations

from vj.types import VjError

_CURE = "start with --device auto, which takes what there is, or --device cpu"


def check_device(device: str) -> None:
    """Raises VjError, with the cure, for ``cuda``, ``cuda:1``, ``mps`` where there is none, and for other words."""
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return
    import torch

    if kind == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            raise VjError(f"there is no GPU here that torch can use as cuda (torch {torch.__version__}): {_CURE}")
        if number and not (number.isdigit() and int(number) < count):
            raise VjError(f"there is no GPU {device}, the last one is cuda:{count - 1}: {_CURE}")
    elif kind != "mps":
        raise VjError(f"there is no device {device!r}: give auto, cuda, mps or cpu")
    elif not torch.backends.mps.is_available():
        raise VjError(f"there is no GPU here that torch can use as mps: {_CURE}")
