"""The weights that ``terrain`` runs: found inside an installed package, checked, and named as the network calls them.

They are those of adaptive-terrain-diffusion (MIT), which keeps them as an ONNX file of 45 MB. Nothing of the package is
imported and nothing of what it depends on is needed, so it is installed without.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vj.models.onnx import read_tensors
from vj.types import VjError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

PACKAGE, VERSION = "adaptive-terrain-diffusion", "0.4.2"
CURE = f"pip install --no-deps {PACKAGE}=={VERSION}"
_MODULE, _FILE = "terrain_diffusion", "weights/terrain_consistency_unet_difficulty100.onnx"
_SHA256 = "95be54b4a39d58320e187a7ec533351c957f16a00be58773c86074828ee67887"


def find_weights() -> Path:
    """The weights' file inside the installed package. Raises VjError, with the cure, where there is none."""
    spec = importlib.util.find_spec(_MODULE)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (path := Path(folder) / _FILE).is_file():
            return path
    raise VjError(f"the generator terrain needs the weights in the package {PACKAGE}: {CURE}")


def missing() -> str:
    """What has to be done before the terrain can be drawn; nothing where its weights are here. Reads no weights."""
    try:
        find_weights()
    except VjError:
        return f"its weights: {CURE}"
    return ""


def read_weights(path: Path | None = None) -> dict[str, Tensor]:
    """The network's tensors by name. Raises VjError where they are missing or are not the ones that vj knows."""
    path = path or find_weights()
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise VjError(f"{path}: the weights of {PACKAGE} cannot be read ({error}): {CURE}") from error
    if found != _SHA256:
        raise VjError(f"{path}: these are not the weights of {PACKAGE} {VERSION}: {CURE}")
    return named(read_tensors(path))


def named(arrays: Mapping[str, NDArray[np.float32]]) -> dict[str, Tensor]:
    """The file's tensors as the network calls them. Norms lost their names in it, but not their order of use."""
    import torch

    tensors = {name.removeprefix("network."): torch.from_numpy(array.copy())
               for name, array in arrays.items() if name.startswith("network.")}
    norms = [torch.from_numpy(array.reshape(-1).copy()) for array in arrays.values() if array.ndim == 3]
    for place, weight, bias in zip(_norms(tensors), norms[::2], norms[1::2], strict=True):
        tensors[f"{place}.weight"], tensors[f"{place}.bias"] = weight, bias
    return tensors


def _norms(tensors: Mapping[str, Tensor]) -> list[str]:
    """Where norms stand, in the order of use: before each half of a residual block, before attention, at the end."""
    before = {"in_layers.2.weight": "in_layers.0", "out_layers.3.weight": "out_layers.0", "qkv.weight": "norm"}
    return [name.removesuffix(end) + norm for name in tensors for end, norm in before.items()
            if name.endswith("." + end)] + ["out.0"]
