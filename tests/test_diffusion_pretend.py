"""The ways of a CUDA device, walked on a CPU that pretends to be one: pinned rings, marks, graphs that are replayed.

What no pretending shows is told in docs/benchmarks/gpu.md: these ways have not run on a GPU yet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import diffusion_kit as kit
import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

from vj.models.diffusion import engine as engines
from vj.models.diffusion import letter, marks, outlet
from vj.models.diffusion.engine import Engine, Feedback, Shot
from vj.models.diffusion.foresight import Foresight
from vj.models.diffusion.loader import Parts, open_parts
from vj.types import LatentPoint


class PretendedMode(TorchFunctionMode):
    """Makes on the CPU, and in plain memory, what is asked for on a CUDA device or pinned."""

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.pin_memory:
            return args[0]
        kwargs.pop("pin_memory", None)
        if kwargs.get("device") == "cuda":
            kwargs["device"] = "cpu"
        args = tuple("cpu" if isinstance(arg, str) and arg == "cuda" else arg for arg in args)
        return func(*args, **kwargs)


class Device:
    """What the host asked of the device: marks made and waited for, pictures recorded and replayed."""

    def __init__(self) -> None:
        self.waited = self.recorded = self.replayed = 0
        self.fails_at = math.inf

    def capture(self, paint: Callable[[], None], pool: object) -> Device.Graph:
        self.recorded += 1
        paint()
        return Device.Graph(self, paint)

    class Graph:
        def __init__(self, device: Device, paint: Callable[[], None]) -> None:
            self.device, self.paint = device, paint

        def replay(self) -> None:
            self.device.replayed += 1
            if self.device.replayed == self.device.fails_at:
                raise RuntimeError("CUDA error: operation failed due to a previous error during capture")
            self.paint()

    class Mark:
        def __init__(self, device: Device) -> None:
            self.device = device

        def synchronize(self) -> None:
            self.device.waited += 1

        def elapsed_time(self, other: Device.Mark) -> float:
            return 1.0


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    pretended = Device()
    for module in (letter, outlet):
        monkeypatch.setattr(module, "mark", lambda: Device.Mark(pretended))
    monkeypatch.setattr(outlet, "reached", lambda _: False)
    monkeypatch.setattr(engines.launch, "capture", pretended.capture)
    speeds = iter([2.0, 1.0] * 100)
    monkeypatch.setattr(engines.launch, "seconds_of", lambda run: (run(), next(speeds))[1])
    for name in ("set_device", "empty_cache"):
        monkeypatch.setattr(torch.cuda, name, lambda *_: None)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, 1))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda *_: pytest.fail("waits for the whole device"))
    with PretendedMode():
        yield pretended


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    torch.set_num_threads(1)
    home = tmp_path_factory.mktemp("models")
    return open_parts(kit.sdxl(home / "model"), tiny=kit.taesd(home / "tiny"))


SHOT = Shot(LatentPoint((0.6, 0.8)), 1, (64, 64), (("a reef", 1.0),), dt=1 / 30)


def shots(count: int) -> list[Shot]:
    """A walk with everything in it: kicks, feedback, calm, strength, prompts, sizes, seeds."""
    walk = []
    for n in range(count):
        point = LatentPoint((math.cos(n / 9), math.sin(n / 9)), n // 5, 0.3 * 0.6 ** (n % 5))
        prompt = (("a reef", 1.0 - n / count), ("a wood", n / count))
        walk.append(replace(SHOT, point=point, prompt=prompt, calm=0.4, strength=1.0 - 0.01 * n, seed=1 + n // 15,
                            feedback=Feedback(0.4, zoom=0.3, decay=0.2), size=(64, 64) if n < 12 else (72, 64)))
    return walk


def expected(parts: Parts, walk: list[Shot]) -> list[np.ndarray]:
    engine = Engine.open(parts)
    return [engine.draw(shot) for shot in walk]


def test_captured_pictures_are_those_drawn_call_by_call(parts: Parts, device: Device) -> None:
    engine = Engine.open(replace(parts, device="cuda"), ways=("graph",))
    walk = shots(24)
    found = [engine.draw(shot) for shot in walk]
    assert device.recorded == 2, "one for each size"
    assert device.replayed > 15
    assert max(int(np.abs(a.astype(int) - b).max()) for a, b in zip(found, expected(parts, walk), strict=True)) <= 1


def test_a_replay_that_fails_costs_no_picture(parts: Parts, device: Device) -> None:
    device.fails_at = 9
    told: list[str] = []
    engine = Engine.open(replace(parts, device="cuda"), ways=("graph",), tell=told.append)
    walk = shots(12)
    found = [engine.draw(shot) for shot in walk]
    assert [sentence.partition(",")[0] for sentence in told] == ["the graph failed"]
    assert max(int(np.abs(a.astype(int) - b).max()) for a, b in zip(found, expected(parts, walk), strict=True)) <= 1


def test_pictures_under_way_are_never_overwritten(parts: Parts, device: Device) -> None:
    engine = Engine.open(replace(parts, device="cuda"), ways=("graph",))
    walk = [replace(SHOT, point=LatentPoint((math.cos(n), math.sin(n)))) for n in range(3 * outlet.SLOTS)]
    tickets = [engine.begin(shot) for shot in walk]
    assert not tickets[-1].ready
    found = [ticket.pixels()[0] for ticket in tickets]
    kept = [pixels.copy() for pixels in found]
    for shot in walk:
        engine.draw(shot)
    assert all(np.array_equal(a, b) for a, b in zip(found, kept, strict=True))
    plain = Engine.open(parts)
    assert max(int(np.abs(a.astype(int) - plain.draw(s)).max()) for a, s in zip(found, walk, strict=True)) <= 1


def test_a_letter_on_its_way_is_not_written_over(device: Device) -> None:
    box = letter.Letter({"a": (3,)}, "cuda")
    slots = [slot.data_ptr() for slot in box._slots]
    assert len(set(slots)) == letter.SLOTS
    seen = []
    for n in range(2 * letter.SLOTS):
        box.write("a", n)
        at = box.read("a").__array_interface__["data"][0]
        seen.append(at)
        box.send()
        assert box.on_device["a"].tolist() == [n] * 3
        assert box.read("a").tolist() == [n] * 3, "what is not written anew stays"
    assert seen[:letter.SLOTS] == slots
    assert device.waited > 0


def test_a_device_is_timed_by_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    class Event:
        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing

        def record(self) -> None: ...

        def synchronize(self) -> None: ...

        def query(self) -> bool:
            return True

        def elapsed_time(self, other: Event) -> float:
            return 7.0

    monkeypatch.setattr(marks, "Mark", Event)
    assert marks.span(lambda: None) == 0.007
    assert marks.reached(marks.mark())


def test_batches_ahead_are_captured_and_are_the_pictures_of_one_by_one(parts: Parts, device: Device) -> None:
    engine = Engine.open(replace(parts, device="cuda"), ways=("graph",))
    ahead = Foresight(engine)
    walk = [replace(SHOT, point=LatentPoint((math.cos(n / 60), math.sin(n / 60)), 1, 0.5 * 0.8 ** (n - 30)
                                            if n >= 30 else 0.0), calm=0.4, dt=1 / 60) for n in range(44)]
    picks = [ahead.begin(shot, n / 60, 4) for n, shot in enumerate(walk)]
    found = [pick.pixels() for pick in picks if pick is not None]
    assert len(found) == len(walk)
    assert ahead.used > 30
    assert ahead.wasted > 0, "the kick was no part of the plan"
    assert device.recorded >= 1, "the batch of four"
    assert max(int(np.abs(a.astype(int) - b).max()) for a, b in zip(found, expected(parts, walk), strict=True)) <= 2
