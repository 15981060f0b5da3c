"""Whether a device is lost to this process: after some errors every call to it fails until the process has ended."""

from __future__ import annotations

import sys

EXIT = 75
"""The exit code of a process that left because its device was lost."""
_SIGNS = ("CUDA error", "CUDA driver error", "HIP error", "CUDNN_STATUS", "CUBLAS_STATUS", "cuDNN error")
"""Words of errors that come from a device."""
_FINAL = (
    "illegal memory access", "device-side assert", "unspecified launch failure", "misaligned address",
    "illegal instruction", "hardware stack error", "invalid program counter", "not supported on global/shared",
    "launch timed out", "driver shutting down", "context is destroyed", "busy or unavailable", "uncorrectable",
    "no CUDA-capable device", "GPU is lost", "fallen off the bus", "initialization error")
"""Words of errors that no call to the device outlives (the CUDA runtime's ``cudaError_t`` says which)."""


def lost(error: BaseException) -> str:
    """Why the device is lost, in one sentence, or "". Where the words leave it open the device is asked."""
    for cause in _chain(error):
        text = " ".join(str(cause).split())
        device = type(cause).__name__ == "AcceleratorError" or any(sign in text for sign in _SIGNS)
        if device and not _is_memory(cause, text) and (any(word in text for word in _FINAL) or _dead()):
            return f"the graphics device is lost to it: {_first(cause)}"
    return ""


def _first(error: BaseException) -> str:
    """What happened; what follows is advice for programmers."""
    return str(error).strip().splitlines()[0].partition(". ")[0][:200]


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < 5:
        found.append(error)
        error = error.__cause__
    return found


def _is_memory(error: BaseException, text: str) -> bool:
    return type(error).__name__ == "OutOfMemoryError" or "out of memory" in text


def _dead() -> bool:
    """The device does not do so much as wait for itself."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return False
    try:
        torch.cuda.synchronize()
    except Exception:
        return True
    return False
