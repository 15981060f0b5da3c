"""The net in training: what it knows is kept when it grows."""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from ears.gated import layers
from ears.school import Net, School, agree, net_of, save

from vj.audio.tracker.front import SIZE
from vj.audio.tracker.net import STACK

FRAMES = 40 * STACK


@pytest.fixture(autouse=True)
def _same_dice() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(3)


def levels() -> np.ndarray:
    return np.random.default_rng(1).random((FRAMES, SIZE), np.float32)


def taught(hidden: int, path: Path) -> Net:
    """A net of random weights, saved and read again."""
    save(net_of(hidden, None, levels()), 0.06, path)
    return net_of(hidden, path, levels()).eval()


def test_a_wider_net_hears_what_it_heard(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    small, wide = taught(16, path), net_of(24, path, levels()).eval()
    told = torch.from_numpy(levels())[None]
    with torch.no_grad():
        for heard, before in zip(wide(told), small(told), strict=True):
            torch.testing.assert_close(heard, before, rtol=0.0, atol=1e-6)


def test_a_net_with_a_wider_first_layer_hears_what_it_heard(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    small, wide = taught(16, path), net_of(0, path, levels(), 80).eval()
    assert wide.input.weight.shape[0] == 80
    told = torch.from_numpy(levels())[None]
    with torch.no_grad():
        torch.testing.assert_close(wide(told)[0], small(told)[0], rtol=0.0, atol=1e-6)


def test_a_wider_net_learns_with_all_its_units(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    taught(16, path)
    wide = net_of(24, path, levels())
    wide(torch.from_numpy(levels())[None])[0].square().sum().backward()
    assert wide.output.weight.grad is not None
    assert bool((wide.output.weight.grad[:, 16:].abs().sum(0) > 0.0).all())


def gradients(gru: torch.nn.GRU, told: torch.Tensor, kind: torch.dtype | None) -> list[torch.Tensor]:
    """The answer, then what is to change for it: of what was told and of each weight."""
    gru.zero_grad()
    told = told.clone().requires_grad_()
    heard = gru(told)[0] if kind is None else layers(gru, told, kind)
    (heard * torch.linspace(-1.0, 1.0, heard.numel()).view_as(heard)).sum().backward()
    assert told.grad is not None
    return [heard.detach(), told.grad, *(weight.grad.clone() for weight in gru.parameters() if weight.grad is not None)]


def test_the_quick_layers_are_torchs_and_with_fewer_digits_nearly() -> None:
    gru, told = torch.nn.GRU(12, 20, 2, batch_first=True), torch.randn(5, 30, 12)
    right = gradients(gru, told, None)
    assert len(right) == 2 + 8
    for kind, away in ((torch.float32, 1e-5), (torch.bfloat16, 0.02)):
        for found, true in zip(gradients(gru, told, kind), right, strict=True):
            assert float((found - true).abs().max()) < away * float(true.abs().max())


def test_a_coarse_school_teaches_the_same_and_its_net_answers_exactly() -> None:
    aim = (np.arange(FRAMES) % 50 == 0).astype(np.float32)[None, :, None] * np.ones(5, np.float32)
    schools = [School(net_of(16, None, levels()), 1e-3, coarse) for coarse in (False, True)]
    schools[1].net.load_state_dict(schools[0].net.state_dict())
    schools[1].wise.load_state_dict(schools[0].net.state_dict())
    for school in schools:
        torch.manual_seed(1)
        for _ in range(3):
            school.learn(levels()[None], aim, share=0.0)
    plain, coarse = (school.hear(levels()) for school in schools)
    assert float((plain - coarse).abs().max()) < 0.02
    assert not schools[1].wise.coarse


def _alone(rank: int, meeting: Path, told: Any) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    parts = [torch.full((2, 3), float(rank)), torch.tensor([4.0 * rank])]
    agree(parts)
    told.put((rank, [part.tolist() for part in parts]))
    torch.distributed.destroy_process_group()


def test_who_learns_side_by_side_takes_the_mean(tmp_path: Path) -> None:
    way = multiprocessing.get_context("fork")
    told = way.Queue()
    both = [way.Process(target=_alone, args=(rank, tmp_path / "all", told)) for rank in range(2)]
    for one in both:
        one.start()
    said = dict(told.get(timeout=60) for _ in both)
    for one in both:
        one.join(60)
    assert said == {rank: [[[0.5] * 3] * 2, [2.0]] for rank in range(2)}


def test_who_learns_alone_agrees_with_itself() -> None:
    parts = [torch.ones(3)]
    agree(parts)
    assert parts[0].tolist() == [1.0] * 3
