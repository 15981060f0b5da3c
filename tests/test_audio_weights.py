"""Weights from files: right, wrong, missing."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from vj.audio import weights
from vj.types import VjError

SHAPES = {"inner": (None, 4), "rest": (3,)}


def test_what_is_there_is_read_as_float32(tmp_path):
    save_file({"inner": np.ones((5, 4)), "rest": np.arange(3.0), "more": np.zeros(1)}, tmp_path / "net.safetensors")
    read = weights.read(tmp_path / "net.safetensors", SHAPES)
    assert set(read) == set(SHAPES)
    assert read["inner"].shape == (5, 4)
    assert all(tensor.dtype == np.float32 for tensor in read.values())


@pytest.mark.parametrize(("made", "says"), [
    ({"inner": np.ones((5, 4))}, "has no 'rest'"),
    ({"inner": np.ones((5, 3)), "rest": np.ones(3)}, "inner must be any x 4"),
    ({"inner": np.ones((5, 4)), "rest": np.ones((3, 1))}, "rest must be 3"),
    ({"inner": np.full((5, 4), np.nan), "rest": np.ones(3)}, "finite"),
    ({"inner": np.ones((2**16, 4)), "rest": np.ones(3)}, "larger than"),
])
def test_what_does_not_fit_is_refused_with_its_name(tmp_path, made, says):
    save_file({name: tensor.astype(np.float32) for name, tensor in made.items()}, tmp_path / "net.safetensors")
    with pytest.raises(VjError, match=says) as refused:
        weights.read(tmp_path / "net.safetensors", SHAPES)
    assert "net.safetensors" in str(refused.value)


@pytest.mark.parametrize("content", [None, b"", b"not weights at all", b"\xff" * 64])
def test_a_broken_or_missing_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "net.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VjError, match="cannot be read as weights"):
        weights.read(path, SHAPES)
