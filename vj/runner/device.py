"""Which device a generator runs on, decided in the process that runs it."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

_GPU_SIGNS = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def pick_device(wish: str = "auto") -> str:
    """``cuda``, ``mps`` or ``cpu`` for ``auto``; any other wish as it is.

    torch is asked only where there are signs of a GPU: importing it takes seconds that a small generator saves.
    """
    if wish != "auto":
        return wish
    if not _signs_of_gpu():
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _signs_of_gpu() -> bool:
    match sys.platform:
        case "darwin":
            return platform.machine() == "arm64"
        case "win32":
            return (Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvcuda.dll").exists()
        case _:
            return any(Path(sign).exists() for sign in _GPU_SIGNS)


def default_threads() -> int:
    """Threads for a generator that leaves the show its core: 1 on one or two cores, else half, at most 4."""
    cores = os.cpu_count() or 1
    return 1 if cores <= 2 else min(4, cores // 2)


def limit_threads(count: int) -> None:
    """Hold torch, where it is loaded, to ``count`` threads for work of the calling thread."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(count)


def free_memory() -> None:
    """Give unused memory back to the device after an out-of-memory."""
    import gc

    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
