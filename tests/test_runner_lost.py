"""A device that is lost to the process is told from one that is full, and from a call that failed."""

import sys
from types import SimpleNamespace

import pytest

from vj.runner.lost import lost
from vj.types import VjError


class AcceleratorError(RuntimeError):
    """As torch names them."""


class OutOfMemoryError(RuntimeError):
    """As torch names it."""


@pytest.mark.parametrize("words", [
    "CUDA error: an illegal memory access was encountered", "CUDA error: device-side assert triggered",
    "CUDA error: unspecified launch failure", "CUDA error: driver shutting down",
    "CUDA error: all CUDA-capable devices are busy or unavailable", "CUDA error: misaligned address",
    "CUDA error: uncorrectable ECC error encountered", "CUDA error: the launch timed out and was terminated",
    "HIP error: an illegal memory access was encountered", "CUDA error: no CUDA-capable device is detected"])
@pytest.mark.parametrize("kind", [RuntimeError, AcceleratorError])
def test_what_no_call_outlives_is_lost(words: str, kind: type[Exception]) -> None:
    why = lost(kind(f"{words}. CUDA kernel errors might be asynchronously reported"))
    assert why == f"the graphics device is lost to it: {words}"


@pytest.mark.parametrize("error", [
    OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), AcceleratorError("CUDA error: out of memory"),
    MemoryError(), RuntimeError("CUDA error: operation not permitted when stream is capturing"),
    ValueError("an illegal memory access"), VjError("a model is missing"),
    RuntimeError("The size of tensor a must match the size of tensor b")])
def test_what_is_outlived_is_not(error: Exception) -> None:
    assert lost(error) == ""


@pytest.mark.parametrize("alive", [True, False])
def test_where_the_words_leave_it_open_the_device_is_asked(monkeypatch: pytest.MonkeyPatch, alive: bool) -> None:
    def synchronize() -> None:
        if not alive:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")

    cuda = SimpleNamespace(is_available=lambda: True, synchronize=synchronize)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert bool(lost(RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"))) is not alive
    assert lost(RuntimeError("a shape is wrong")) == "", "the device is not asked for everything"


def test_a_sentence_made_of_it_is_still_it() -> None:
    error = VjError("the model could not be opened")
    error.__cause__ = RuntimeError("CUDA error: misaligned address")
    assert "misaligned address" in lost(error)
