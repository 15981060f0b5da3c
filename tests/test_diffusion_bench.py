"""The two benchmarks of the engine: that they measure what they say, and run where there is no GPU."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from benches import calm, gpu, gpu_measure, machine
from benches.gaussian import gaussian_parts, spectrum
from benches.steadiness import carried, closure, motion, steadiness

from vj.models.diffusion.engine import Engine


def landscape(side: int) -> np.ndarray:
    """Something soft to look at, levels."""
    rng = np.random.default_rng(0)
    waves = rng.standard_normal((side, side, 3))
    y, x = np.fft.fftfreq(side)[:, None, None], np.fft.fftfreq(side)[None, :, None]
    soft = np.fft.ifft2(np.fft.fft2(waves, axes=(0, 1)) * np.exp(-(x**2 + y**2) * 400), axes=(0, 1)).real
    return ((soft - soft.min()) / np.ptp(soft) * 255).astype(np.float32)


def pan(right: int, down: int, count: int = 6, side: int = 64) -> np.ndarray:
    """A window that moves over it, so that what it shows moves the other way."""
    large = landscape(160)
    return np.stack([large[40 + n * down:40 + n * down + side, 40 + n * right:40 + n * right + side]
                     for n in range(count)])


@pytest.mark.parametrize(("right", "down"), [(1, 0), (0, 2), (3, -1)])
def test_motion_is_found(right: int, down: int) -> None:
    before, after = pan(right, down)[:2]
    way = motion(before, after)[:, 16:48, 16:48]
    assert way[0].mean() == pytest.approx(-right, abs=0.15)
    assert way[1].mean() == pytest.approx(-down, abs=0.15)


def test_what_only_moves_is_hardly_an_error_and_noise_is_one() -> None:
    walk = pan(1, 2)
    noisy = walk + np.random.default_rng(1).standard_normal(walk.shape).astype(np.float32) * 4
    plain, grainy = steadiness(walk), steadiness(noisy)
    assert plain.warped < 0.25 * plain.change
    assert grainy.warped > 2.5 * plain.warped
    assert grainy.jitter > plain.jitter


def test_a_jump_pops_and_a_still_picture_does_not() -> None:
    walk = pan(1, 0, 12)
    walk[6:] += 40.0
    assert steadiness(walk).pops == pytest.approx(1 / 11)
    assert steadiness(walk).largest == pytest.approx(40.0, abs=8.0)
    assert steadiness(np.repeat(walk[:1], 5, 0))[:5] == (0.0, 0.0, 0.0, 0.0, 0.0)


def test_a_loop_closes_or_does_not() -> None:
    round_ = pan(1, 0, 8)
    assert closure(np.concatenate([round_, round_[:3]]), 8) == 0.0
    assert closure(np.concatenate([round_, round_[:3] + 2.0]), 8) == pytest.approx(2.0, abs=1e-4)


def test_nothing_is_carried_by_no_motion() -> None:
    picture = pan(0, 0, 1)[0]
    assert np.allclose(carried(picture, np.zeros((2, 64, 64), np.float32)), picture, atol=1e-3)


def test_the_gaussian_model_draws_what_it_says() -> None:
    """One step from noise has the spectrum of the data, whatever the noise; at strength 0 the source stays."""
    torch.set_num_threads(1)
    engine = Engine.open(gaussian_parts())
    powers = []
    for number in range(12):
        shot = calm._with(calm.steady(engine, number * 37, 0.0), steps=1, seed=number)
        engine.draw(shot)
        powers.append(torch.fft.fft2(engine.latents()[0]).abs() ** 2 / 256)
    found = torch.stack(powers).mean((0, 1))
    expected = spectrum(16, 16)
    assert ((found / expected).log().abs() < 1.0).float().mean() > 0.95
    source = np.full((128, 128, 3), 180, np.uint8)
    held = engine.draw(calm._with(calm.steady(engine, 0, 0.0), source=source, strength=0.0, steps=1))
    assert abs(float(held[..., :3].mean()) - 180) < 25


@pytest.mark.slow
def test_calm_is_shown_to_fall(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(calm, "SETTLING", 6)
    monkeypatch.setattr(calm, "SIDE", 64)
    for name, count in (("a grainy camera", 10), ("a strength thrown to and fro", 24)):
        scene, share = calm.SCENES[name]
        walks = [calm.played(Engine.open(gaussian_parts()), scene, level, count) for level in calm.CALMS]
        usual = float(np.abs(np.diff(walks[0], axis=0)).mean())
        rows = list(calm.judged(name, [steadiness(walk, usual) for walk in walks], share))
        assert all(row.reached for row in rows), rows


def test_a_figure_falls_only_where_no_calm_has_more_than_none() -> None:
    assert calm.falls([2.0, 1.0, 0.5], 0.3)
    assert not calm.falls([2.0, 2.5, 0.5], 0.3)
    assert not calm.falls([2.0, 1.0, 0.8], 0.3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_gpu_benchmark_runs_without_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(machine, "busy", lambda: 0.0)
    monkeypatch.setattr(machine, "describe", lambda: ["a test"])
    monkeypatch.setattr(gpu_measure, "LEAST", 2)
    rows = tmp_path / "rows.json"
    gpu.main(["--tiny", "--models", "sd-turbo", "--seconds", "0.1", "--no-show", "--rows", str(rows), "-o",
              str(tmp_path)], tmp_path)
    page = (tmp_path / "gpu.md").read_text("utf-8")
    assert "every figure of a GPU is still owed" in page.replace("\n", " ")
    measured = json.loads(rows.read_text())["sd-turbo 64x64"]
    names = " ".join(row["what"] for row in measured)
    for wanted in ("UNet", "decoder", "a prompt read", "into the mailbox, eager", "looking ahead 8", "diffusers, stock",
                   "stream batch", "a typed prompt", "to a texture through pinned"):
        assert wanted in names
    assert all(second > 0.0 for row in measured for second in row["seconds"])
