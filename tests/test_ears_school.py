"""The net in training: what it knows is kept when it grows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from ears.school import Net, net_of, save

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


def test_a_wider_net_learns_with_all_its_units(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    taught(16, path)
    wide = net_of(24, path, levels())
    wide(torch.from_numpy(levels())[None])[0].square().sum().backward()
    assert wide.output.weight.grad is not None
    assert bool((wide.output.weight.grad[:, 16:].abs().sum(0) > 0.0).all())
