"""Reading a trained net's weights from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vj.types import VjError

if TYPE_CHECKING:
    from pathlib import Path

    from vj.audio.spectrum import Floats

BIGGEST = 2**20
"""Bytes that a file of weights may have."""


def read(path: Path, shapes: dict[str, tuple[int | None, ...]]) -> dict[str, Floats]:
    """The tensors named in ``shapes``, float32; None stands for any length. Raises VjError naming the file when one of
    them is missing, of another shape, or not finite.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        if path.stat().st_size > BIGGEST:
            raise VjError(f"{path} cannot be read as weights: it is larger than {BIGGEST} bytes")
        found = load_file(path)
        return {name: _checked(path, name, np.asarray(found[name], np.float32), shape)
                for name, shape in shapes.items()}
    except KeyError as error:
        raise VjError(f"{path} cannot be read as weights: it has no {error}") from error
    except (OSError, SafetensorError, TypeError) as error:
        raise VjError(f"{path} cannot be read as weights: {error}") from error


def _checked(path: Path, name: str, tensor: Floats, shape: tuple[int | None, ...]) -> Floats:
    fits = tensor.ndim == len(shape) and all(want in (None, got) for want, got in zip(shape, tensor.shape, strict=True))
    if not fits or not np.isfinite(tensor).all():
        wanted = " x ".join("any" if size is None else str(size) for size in shape)
        raise VjError(f"{path} cannot be read as weights: {name} must be {wanted} finite numbers, not {tensor.shape}")
    return tensor
