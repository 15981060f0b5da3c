"""The engine: the same picture for the same shots, decks that keep to themselves, a loop that lives, and bad nights."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import diffusion_kit as kit
import numpy as np
import pytest
import torch

from vj.models.diffusion import engine as engines
from vj.models.diffusion.engine import Engine, Feedback, Shot
from vj.models.diffusion.loader import Parts, open_parts
from vj.types import LatentPoint, VjError

SHOT = Shot(LatentPoint((0.6, 0.8)), 1, (64, 64), (("a reef", 1.0),), dt=1 / 30)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    torch.set_num_threads(1)
    home = tmp_path_factory.mktemp("models")
    return open_parts(kit.sd2(home / "model"), tiny=kit.taesd(home / "tiny"))


@pytest.fixture
def engine(parts: Parts) -> Engine:
    return Engine.open(parts)


def at(angle: float, **more: object) -> Shot:
    return replace(SHOT, point=LatentPoint((math.cos(angle), math.sin(angle))), **more)


def difference(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - two).mean())


# ------------------------------------------------------------------------------------ what a shot says


def test_the_same_shots_are_the_same_pictures(parts: Parts) -> None:
    shots = [at(0.1 * n, calm=0.5, feedback=Feedback(0.5, zoom=0.2)) for n in range(5)]
    first, second = Engine.open(parts), Engine.open(parts)
    assert all(np.array_equal(first.draw(shot), second.draw(shot)) for shot in shots)


@pytest.mark.parametrize("more", [{"seed": 2}, {"prompt": (("a wood", 1.0),)}, {"point": LatentPoint((0.8, 0.6))},
                                  {"point": LatentPoint((0.6, 0.8), 4, 0.5)}, {"steps": 2}, {"size": (72, 64)},
                                  {"prompt": (("a reef", 0.5), ("a wood", 0.5))}])
def test_what_is_asked_for_changes_the_picture(engine: Engine, more: dict[str, object]) -> None:
    before, latents = engine.draw(SHOT), engine.latents()
    after = engine.draw(replace(SHOT, **more))
    assert after.shape[:2] == replace(SHOT, **more).size[::-1]
    assert before.shape != after.shape or (engine.latents() - latents).abs().mean() > 1e-3
    assert np.array_equal(engine.draw(SHOT), before)


def test_a_small_step_of_the_walk_is_a_small_step_of_the_picture(engine: Engine) -> None:
    home = engine.draw(at(0.0))
    assert difference(home, engine.draw(at(0.005))) < 0.1 * difference(home, engine.draw(at(0.5)))


def test_strength_goes_from_the_source_to_a_free_picture(engine: Engine) -> None:
    source = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    plain = engine.draw(SHOT)
    held = engine.draw(replace(SHOT, source=source, strength=0.0))
    pulled = [difference(held, engine.draw(replace(SHOT, source=source, strength=s))) for s in (0.1, 0.4, 1.0)]
    assert pulled == sorted(pulled)
    assert difference(engine.draw(replace(SHOT, source=source, strength=1.0)), plain) < difference(held, plain)


def test_without_a_source_strength_has_nothing_to_hold(engine: Engine) -> None:
    assert np.array_equal(engine.draw(SHOT), engine.draw(replace(SHOT, strength=0.3)))


def test_pictures_are_the_taker_s_own(engine: Engine) -> None:
    first = engine.draw(SHOT)
    kept = first.copy()
    engine.draw(at(2.0))
    assert np.array_equal(first, kept)
    first[:] = 0
    assert engine.draw(SHOT).any()


def test_a_picture_may_be_taken_after_the_next_has_begun(engine: Engine) -> None:
    expected = [engine.draw(at(angle)) for angle in (0.0, 1.0)]
    first = engine.begin(at(0.0))
    second = engine.begin(at(1.0))
    assert np.array_equal(first.pixels()[0], expected[0])
    assert np.array_equal(second.pixels()[0], expected[1])


# --------------------------------------------------------------------------------------- looking ahead


@pytest.mark.parametrize("more", [{}, {"calm": 0.7}, {"steps": 2, "guidance": 3.0}])
def test_looking_ahead_draws_what_comes_one_by_one(parts: Parts, more: dict[str, object]) -> None:
    shots = [at(0.2 * n, **more) for n in range(6)]
    single, batch = Engine.open(parts), Engine.open(parts)
    expected = [single.draw(shot) for shot in shots]
    found = [*batch.begin_ahead(shots[:2]).pixels(), *batch.begin_ahead(shots[2:]).pixels()]
    assert max(np.abs(e.astype(int) - f).max() for e, f in zip(expected, found, strict=True)) <= 1


# ----------------------------------------------------------------------------------- memory and feedback


def test_decks_keep_to_themselves(parts: Parts) -> None:
    fed = {"feedback": Feedback(0.8, zoom=0.5), "calm": 0.6}
    alone, shared = Engine.open(parts), Engine.open(parts)
    expected = [alone.draw(at(0.1 * n, **fed)) for n in range(4)]
    found = []
    for n in range(4):
        found.append(shared.draw(at(0.1 * n, **fed)))
        shared.draw(at(2.0 + n, deck="b", seed=7, **fed))
    assert all(np.array_equal(e, f) for e, f in zip(expected, found, strict=True))


def test_what_is_fed_back_shows(engine: Engine) -> None:
    plain = [engine.draw(at(0.0)) for _ in range(2)][1]
    engine.draw(at(2.0))
    fed = engine.draw(at(0.0, feedback=Feedback(1.0)))
    assert difference(fed, plain) > 1.0
    engine.forget("a")
    assert np.array_equal(engine.draw(at(0.0, feedback=Feedback(1.0))), plain), "the first picture has none before it"


@pytest.mark.parametrize("feedback", [Feedback(1.0), Feedback(1.0, zoom=1.5, angle=1.0),
                                      Feedback(0.5, x=0.7, decay=1.0)])
def test_a_loop_neither_dies_nor_burns_out(engine: Engine, feedback: Feedback) -> None:
    fresh = engine.draw(SHOT)
    spread = engine.latents().std((2, 3))
    for n in range(50):
        picture = engine.draw(at(0.02 * n, feedback=feedback))
    latents = engine.latents()
    assert torch.isfinite(latents).all()
    assert 0.3 < float((latents.std((2, 3)) / spread).median()) < 3.0
    assert picture[..., :3].std() > 0.3 * fresh[..., :3].std()


def test_a_thrown_strength_glides_when_calm(engine: Engine) -> None:
    source = np.full((64, 64, 3), 90, np.uint8)
    held = [engine.draw(replace(SHOT, source=source, strength=0.1, calm=1.0)) for _ in range(3)][-1]
    thrown = engine.draw(replace(SHOT, source=source, strength=0.9, calm=1.0))
    engine.forget("a")
    at_once = engine.draw(replace(SHOT, source=source, strength=0.9, calm=1.0))
    assert difference(held, thrown) < 0.5 * difference(held, at_once)


# ------------------------------------------------------------------------------------------- bad nights


@pytest.mark.parametrize("size", [(100, 64), (64, 61), (8, 8), (0, 64)])
def test_a_size_that_is_none_names_the_nearest(engine: Engine, size: tuple[int, int]) -> None:
    with pytest.raises(VjError, match=f"multiples of 8 pixels, got {size[0]}x{size[1]}"):
        engine.draw(replace(SHOT, size=size))
    assert engine.draw(SHOT).any()


def test_any_text_is_a_prompt(engine: Engine) -> None:
    for text in ("", "x" * 10_000, "🎛️🔥 \x00 \u202e", "a (b:1.3) [c]"):
        assert engine.draw(replace(SHOT, prompt=((text, 1.0),))).shape == (64, 64, 4)
    assert engine.draw(replace(SHOT, prompt=(("a", 0.0), ("b", 0.0)))).any()


def test_in_a_show_an_unread_prompt_is_not_waited_for(parts: Parts) -> None:
    engine = Engine.open(parts)
    engine.waits = False
    unread = (("nobody has read this before", 1.0),)
    engine.draw(SHOT)
    before = engine.latents()
    engine.draw(replace(SHOT, prompt=unread))
    assert torch.equal(engine.latents(), before)
    parts.encoder.encode(unread[0][0])
    engine.draw(replace(SHOT, prompt=unread))
    assert not torch.equal(engine.latents(), before)


class Scarce:
    """Memory for pictures of at most so many pixels; the first failures may pass."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: float, passing: int = 0) -> None:
        self.most, self.passing, self.refused = most, passing, 0
        real = engines.frame.Plate.print
        monkeypatch.setattr(engines.frame.Plate, "print", lambda plate: self.check(plate, real))

    def check(self, plate: engines.frame.Plate, real: Callable[[object], None]) -> None:
        if math.prod(plate.kind.size) > self.most and (self.passing == 0 or self.refused < self.passing):
            self.refused += 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        real(plate)


def test_memory_that_runs_out_once_costs_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    scarce = Scarce(monkeypatch, 0, passing=1)
    assert engine.draw(SHOT).shape == (64, 64, 4)
    assert scarce.refused == 1


def test_without_memory_pictures_get_smaller_and_it_is_said_once(engine: Engine,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    Scarce(monkeypatch, 256 * 200)
    large = replace(SHOT, size=(256, 256))
    engine.draw(replace(SHOT, size=(128, 128)))
    with pytest.raises(VjError, match="not enough memory on cpu for pictures of 256x256: from now on they are drawn at "
                                      "192x192"):
        engine.draw(large)
    assert engine.draw(large).shape == (192, 192, 4)
    assert engine.draw(replace(SHOT, size=(128, 128))).shape == (128, 128, 4)


def test_without_any_memory_it_says_what_to_do(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    Scarce(monkeypatch, -1)
    with pytest.raises(VjError, match="even for pictures of 64x64: close other programs"):
        engine.draw(SHOT)


def test_another_error_is_not_taken_for_a_lack_of_memory(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("a broken model")

    monkeypatch.setattr(engines.frame.Plate, "print", broken)
    with pytest.raises(RuntimeError, match="a broken model"):
        engine.draw(SHOT)


def test_a_graph_that_fails_in_a_show_costs_no_picture(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A way that fails now and then, in the middle of a show with memory: every picture is as it would be without."""
    told: list[str] = []
    times = iter([2.0, 1.0])
    monkeypatch.setattr(engines.launch, "seconds_of", lambda run: (run(), next(times))[1])
    shots = [at(0.05 * n, calm=0.5, feedback=Feedback(0.6, zoom=0.4)) for n in range(12)]
    plain = Engine.open(parts)
    expected = [plain.draw(shot) for shot in shots]
    shaky = Engine(parts, tell=told.append)
    monkeypatch.setattr(shaky, "_ways_of", lambda plate: [Shaky(plate)])
    found = [shaky.draw(shot) for shot in shots]
    assert len(told) == 1
    assert all(np.array_equal(e, f) for e, f in zip(expected, found, strict=True))


class Shaky:
    """Takes over at once and fails at its fifth picture, before anything is drawn."""

    name = "graph"

    def __init__(self, plate: engines.frame.Plate) -> None:
        self.plate, self.printed = plate, 0

    def ready(self, paint: Callable[[], None]) -> Callable[[], None]:
        return self.print

    def print(self) -> None:
        self.printed += 1
        if self.printed == 5:
            raise RuntimeError("CUDA error: launch failed")
        self.plate.print()

    def wait(self) -> None: ...

    def forget(self) -> None: ...


def test_preparing_leaves_no_trace_but_speed(parts: Parts) -> None:
    prepared, plain = Engine.open(parts), Engine.open(parts)
    prepared.prepare([SHOT, replace(SHOT, size=(72, 64))])
    assert len(prepared._presses) == 2
    assert np.array_equal(prepared.draw(at(0.3, calm=0.5)), plain.draw(at(0.3, calm=0.5)))


def test_only_so_many_kinds_are_kept(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "PLATES", 2)
    for n in range(4):
        engine.draw(replace(SHOT, size=(64, 64 + 8 * n)))
    assert [kind.size[1] for kind in engine._presses] == [80, 88]
    engine.close()
    engine.close()
    with pytest.raises(VjError, match="drawn nothing"):
        engine.latents()
