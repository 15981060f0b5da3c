"""One picture as one graph: it compiles whole, its buffers keep their places, and one bad picture stays one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import diffusion_kit as kit
import numpy as np
import pytest
import torch

from vj.models.diffusion import frame
from vj.models.diffusion.engine import Engine, Feedback, Shot
from vj.models.diffusion.letter import Letter
from vj.models.diffusion.loader import Parts, open_parts
from vj.models.diffusion.outlet import Outlet
from vj.models.diffusion.sources import fitted
from vj.types import LatentPoint

POINT = LatentPoint((0.6, 0.8))
SHOT = Shot(POINT, 1, (64, 64), (("a reef", 1.0),))
FED = replace(SHOT, feedback=Feedback(0.1))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    torch.set_num_threads(1)
    home = tmp_path_factory.mktemp("models")
    return open_parts(kit.sd2(home / "model"), tiny=kit.taesd(home / "tiny"))


@pytest.fixture
def eager_compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """torch.compile that traces and guards as ever but generates no code, and lets nothing compile twice."""
    real = torch.compile
    monkeypatch.setattr(torch, "compile", lambda f, *, fullgraph, dynamic, options:
                        real(f, fullgraph=fullgraph, dynamic=dynamic, backend="eager"))
    for begin_and_end in range(2):
        torch._dynamo.reset()
        frame.whole.cache_clear()
        if begin_and_end == 0:
            yield


@pytest.mark.slow
@pytest.mark.usefixtures("eager_compiler")
@pytest.mark.filterwarnings("ignore")
def test_it_compiles_whole_and_nothing_a_performer_turns_compiles_again(parts: Parts) -> None:
    engine = Engine.open(parts)
    engine.draw(FED)
    (press,) = engine._presses.values()
    plate = press.plate
    run, rehearse = frame.compiled(plate)
    rehearse()
    for more in ({"strength": 0.3, "feedback": Feedback(0.7, zoom=1.0, decay=0.3)}, {"calm": 0.8, "dt": 0.2},
                 {"prompt": (("dog", 0.4), ("", 0.6)), "point": LatentPoint((1.0,), 3, 0.4), "seed": 9}):
        engine._ink(press, [replace(FED, **more)], engine._decks["a"])
        before = {name: plate.buffers[name].clone() for name in frame.MEMORY}
        plate.print()
        called = {name: buffer.clone() for name, buffer in plate.buffers.items()}
        plate.remember(before)
        with torch._dynamo.config.patch(error_on_recompile=True):
            run()
        assert all(torch.equal(called[name], plate.buffers[name]) for name in called)
    other, _ = frame.compiled(frame.Plate(plate.model, replace(plate.kind, deck="b")))
    with torch._dynamo.config.patch(error_on_recompile=True):
        other()


def test_every_buffer_keeps_its_address(parts: Parts) -> None:
    engine = Engine.open(parts)
    engine.draw(FED)
    (press,) = engine._presses.values()
    at = {name: buffer.data_ptr() for name, buffer in press.plate.buffers.items()}
    for number, more in enumerate(({"seed": 2}, {"prompt": (("x", 1.0),)}, {"strength": 0.2}, {"calm": 1.0},
                                   {"feedback": Feedback(0.5)}, {"point": LatentPoint((1.0, 0.0), 5, 0.7)})):
        pixels = engine.draw(replace(FED, **more))
        assert pixels.shape == (64, 64, 4), number
    assert {name: buffer.data_ptr() for name, buffer in press.plate.buffers.items()} == at
    assert list(engine._presses.values()) == [press]


def test_without_graphs_what_is_not_fed_back_costs_nothing(parts: Parts) -> None:
    engine = Engine.open(parts)
    plain = engine.draw(SHOT)
    engine.draw(FED)
    assert [kind.fed for kind in engine._presses] == [False, True]
    assert np.array_equal(engine.draw(SHOT), plain)


def test_a_picture_that_overflowed_is_one_bad_picture(parts: Parts) -> None:
    engine = Engine.open(parts)
    shot = replace(SHOT, calm=1.0, feedback=Feedback(0.6, zoom=0.5, decay=0.5))
    for _ in range(3):
        engine.draw(shot)
    (press,) = engine._presses.values()
    for name in ("trail", "held", "shown"):
        press.plate.buffers[name].fill_(float("nan"))
    engine.draw(shot)
    for _ in range(3):
        engine.draw(shot)
    assert torch.isfinite(engine.latents()).all()
    assert all(torch.isfinite(press.plate.buffers[name]).all() for name in frame.MEMORY)


def test_what_is_printed_aside_leaves_no_memory(parts: Parts) -> None:
    engine = Engine.open(parts)
    engine.draw(SHOT)
    (press,) = engine._presses.values()
    before = {name: press.plate.buffers[name].clone() for name in frame.MEMORY}
    with press.plate.untouched():
        press.plate.letter.write("weights", 0.3)
        press.plate.letter.send()
        press.plate.print()
    assert all(torch.equal(before[name], press.plate.buffers[name]) for name in before)


def test_a_plate_of_another_size_takes_the_memory_over(parts: Parts) -> None:
    model = frame.Model(parts.unet, parts.vae, parts.dtype, "cpu")
    small, large = frame.Plate(model, frame.Kind((64, 64))), frame.Plate(model, frame.Kind((128, 96)))
    small.buffers["trail"].fill_(2.5)
    small.buffers["shown"][0].fill_(0.7)
    large.remember(small.buffers)
    assert torch.allclose(large.buffers["trail"], torch.full((4, 12, 16), 2.5))
    assert torch.allclose(large.buffers["shown"][0], torch.full((96, 128), 0.7))


@pytest.mark.parametrize(("size", "most", "expected"), [((512, 512), float("inf"), (512, 512)),
                                                        ((513, 520), float("inf"), (512, 520)),
                                                        ((1024, 512), 131072.0, (512, 256)),
                                                        ((3, 900), float("inf"), (8, 896))])
def test_sizes_are_rounded_and_fitted(size: tuple[int, int], most: float, expected: tuple[int, int]) -> None:
    assert frame.rounded(size, most) == expected


def test_a_letter_carries_what_was_written_and_keeps_the_rest() -> None:
    letter = Letter({"a": (2, 3), "b": (4,)}, "cpu")
    a, b = letter.on_device["a"], letter.on_device["b"]
    letter.write("a", [[1, 2, 3], [4, 5, 6]])
    letter.write("b", 7.0)
    assert not a.any()
    letter.send()
    letter.write("b", [1, 2, 3, 4])
    assert b.tolist() == [7.0] * 4
    letter.send()
    assert a.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert b.tolist() == [1, 2, 3, 4]


def test_a_taken_picture_is_the_taker_s_own() -> None:
    rgba = torch.zeros(1, 8, 8, 4, dtype=torch.uint8)
    ticket = Outlet("cpu").send(rgba)
    rgba.fill_(9)
    pixels = ticket.pixels()
    assert ticket.ready
    assert not pixels.any()
    assert ticket.pixels() is pixels


@pytest.mark.parametrize("shape", [(64, 96), (30, 200), (200, 31), (640, 480), (1, 1)])
def test_a_source_of_any_size_fits_unstretched(shape: tuple[int, int]) -> None:
    across = np.linspace(0.0, 255.0, shape[1])[None, :, None]
    source = np.broadcast_to(across, (*shape, 3)).astype(np.uint8)
    there = fitted(source, (96, 64), "cpu")
    assert there.shape == (64, 96, 3)
    assert there.dtype == torch.uint8
    middle = source[:, shape[1] // 2].mean()
    assert abs(float(there[:, 48].float().mean()) - float(middle)) < 4.0


def test_compiling_happens_on_buffers_that_are_not_the_show_s(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, torch.Tensor]] = []
    monkeypatch.setattr(torch, "compile", lambda *_, **__: lambda model, kind, buffers: seen.append(buffers))
    frame.whole.cache_clear()
    plate = frame.Plate(frame.Model(parts.unet, parts.vae, parts.dtype, "cpu"), frame.Kind((64, 64)))
    run, rehearse = frame.compiled(plate)
    thread = threading.Thread(target=rehearse)
    thread.start()
    thread.join()
    run()
    frame.whole.cache_clear()
    assert seen[1] is plate.buffers
    assert not {b.data_ptr() for b in seen[0].values()} & {b.data_ptr() for b in seen[1].values()}
