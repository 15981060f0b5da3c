"""A device that is not there is told with the cure, before torch says it in its own words."""

from __future__ import annotations

import pytest
import torch

from vj.generators._canvas import Canvas
from vj.generators._models import open_engine
from vj.models.device import check_device
from vj.types import VjError


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A machine with so many CUDA devices."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: request.param)


@pytest.mark.parametrize("gpus", [0], indirect=True)
@pytest.mark.usefixtures("gpus")
@pytest.mark.parametrize(("device", "said"), [
    ("cuda", r"no GPU here that torch can use as cuda .*--device auto.*--device cpu"),
    ("cuda:0", "no GPU here that torch can use as cuda"), ("tpu", r"no device 'tpu': give auto, cuda, mps or cpu")])
def test_without_a_gpu_one_sentence_tells_the_cure(device: str, said: str) -> None:
    with pytest.raises(VjError, match=said):
        check_device(device)
    with pytest.raises(VjError, match=said):
        Canvas(device)
    with pytest.raises(VjError, match=said):
        open_engine("sd-turbo", {}, device, lambda _: None)


@pytest.mark.parametrize("gpus", [2], indirect=True)
@pytest.mark.usefixtures("gpus")
def test_a_gpu_is_one_that_there_is() -> None:
    check_device("cuda")
    check_device("cuda:1")
    with pytest.raises(VjError, match="no GPU cuda:2, the last one is cuda:1"):
        check_device("cuda:2")


def test_a_cpu_is_always_there_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: pytest.fail("asked"))
    check_device("cpu")


def test_mps_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(VjError, match="no GPU here that torch can use as mps"):
        check_device("mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    check_device("mps")
